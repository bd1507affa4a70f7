"""With thousands of meters, what has to be done for one of them is what it is with a hundred."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from app.config.options import MeterOptions, MqttOptions
from app.line.line_ids import lines_of
from app.line.sections import carry_over, labels_of
from app.mqtt.layout import Message
from app.mqtt.outbox import Outbox
from app.mqtt.rights import Rights
from tests.support.memory import Memory
from tests.support.publishing import GAS, KAIFA, publishing

if TYPE_CHECKING:
    from _typeshed import TraceFunction

HUNDRED = 100


def steps(work: Callable[[], object]) -> int:
    """Count the lines that are run, each turn of a loop on one line, too."""
    count = 0

    def traced(_frame: FrameType, event: str, _argument: object) -> "TraceFunction":
        nonlocal count
        count += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def assert_each_takes_the_same(does: Callable[[int], object]) -> None:
    """Do something for one meter after the other, and compare the fourth hundred with the first."""

    def work(numbers: Iterable[int]) -> Callable[[], object]:
        return lambda: [does(number) for number in numbers]

    first, *_, last = [
        steps(work(range(begin, begin + HUNDRED))) for begin in range(0, 4 * HUNDRED, HUNDRED)
    ]
    assert last < 1.3 * first


def assert_work_grows_with_their_number(does: Callable[[int], object]) -> None:
    """Do something for all meters together, for a hundred and for four hundred."""
    does(1)  # what is learned once
    assert steps(lambda: does(4 * HUNDRED)) < 4.5 * steps(lambda: does(HUNDRED))


def test_meters_that_are_announced() -> None:
    made = publishing(MqttOptions(host="nowhere"))

    def hear(number: int) -> None:
        meter = replace(KAIFA, id=f"meter{number}", number=f"METER{number}")
        made.publish(meter, power_import="1")
        made.publish(replace(GAS, id=f"gas{number}", via=meter.id), gas="1")

    assert_each_takes_the_same(hear)


def test_announcements_that_are_sent() -> None:
    outbox = Outbox(Memory())

    def announce(count: int) -> None:
        for n in range(count):
            outbox.announce([Message(f"{count}/{n}", "x", retain=True)])
        outbox.make_all_due()
        while message := outbox.take():
            outbox.sent(message)
        outbox.clear(f"{count}/{n}" for n in range(count))
        outbox.clear_some(count)
        while message := outbox.take():
            outbox.sent(message)

    assert_work_grows_with_their_number(announce)


def test_topics_that_are_subscribed_to() -> None:
    rights = Rights(lambda: None)
    rights.answered(["status", "meters/+/status"], [1, 1])

    def subscribe(number: int) -> None:
        assert not rights.is_known(f"config/{number}")
        rights.answered([f"config/{number}"], [1])
        assert rights.is_known(f"config/{number}")

    assert_each_takes_the_same(subscribe)


def test_lines_that_are_in_the_options() -> None:
    def start(count: int) -> None:
        state = Memory()
        meters = [MeterOptions(url=f"tcp://10.0.{n >> 8}.{n & 255}") for n in range(count)]
        for _ in range(2):
            lines_of(state, meters[::-1])
            carry_over(state, meters)
            assert len(labels_of(meters)) == count

    assert_work_grows_with_their_number(start)
