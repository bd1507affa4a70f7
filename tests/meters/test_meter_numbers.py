"""A meter's number is remembered, and waited for where only some of its lists say it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.cosem.items import Shape
from app.dlms.receiver import Push
from app.fault import Fault, Kind
from app.link.frame import Frame
from app.meters import profile_files
from app.meters.interpreter import Interpreter
from app.meters.limits import MOST_SENDERS
from app.meters.meter_numbers import MeterNumbers
from app.meters.profile import AUTO
from simulator import axdr
from tests.support.bodies import VOLTAGE, pair
from tests.support.interpreted import KAM, LGZ, from_meter, interpreter, push
from tests.support.simulated import LISTS
from tests.support.telegrams import ZONE, notification

# --- A number that is remembered ---


def test_a_number_that_only_one_list_of_several_says_is_remembered() -> None:
    lines = interpreter()
    with_number = notification(pair("0-0:96.1.0", axdr.octet_string(b"56800003")), VOLTAGE)
    without = notification(VOLTAGE)
    before, said, behind = (lines.read(push(one, LGZ)) for one in (without, with_number, without))
    assert [one.number for one in (before, said, behind)] == [None, "56800003", "56800003"]
    assert before.reading
    assert behind.reading
    assert before.reading.meter.id == LGZ.hex()
    assert behind.reading.meter.id == "56800003"


def test_a_number_is_not_remembered_for_another_meter() -> None:
    lines = interpreter()
    with_number = notification(pair("0-0:96.1.0", axdr.octet_string(b"56800003")), VOLTAGE)
    lines.read(push(with_number, LGZ))
    assert lines.read(push(notification(VOLTAGE), KAM)).number is None
    assert lines.read(push(notification(VOLTAGE), address="cf0223")).number is None


def test_meters_without_cipher_are_told_apart_by_their_addresses() -> None:
    lines = interpreter()
    with_number = notification(pair("0-0:96.1.0", axdr.octet_string(b"56800003")), VOLTAGE)
    lines.read(push(with_number, address="ceff03"))
    assert lines.read(push(notification(VOLTAGE), address="ceff03")).number == "56800003"
    assert lines.read(push(notification(VOLTAGE), address="cf0223")).number is None


def test_a_line_cannot_invent_meters_without_end() -> None:
    lines = interpreter()
    with_number = notification(pair("0-0:96.1.0", axdr.octet_string(b"56800003")), VOLTAGE)
    for serial in range(MOST_SENDERS + 9):
        assert lines.read(push(with_number, b"LGZ" + bytes((0, 0, 0, 0, serial)))).number
    assert len(lines._numbers._known) == MOST_SENDERS


# --- A number that only some lists say ---

WATTS = notification(axdr.uint32(1207))
"""Kaifa's list 1 in Norway; the second names maker and number."""
NUMBERED = notification(
    axdr.octet_string(b"KFM_001"),
    axdr.octet_string(b"6970631401234567"),
    axdr.octet_string(b"MA304H3E"),
    *(axdr.uint32(value) for value in (1207, 0, 0, 42, 5000, 4000, 3000, 2310, 2320, 2330)),
)
NORDIC = "010001"


def with_memory(numbers: dict[str, str]) -> Interpreter:
    return Interpreter(profile_files.load(), AUTO, ZONE, numbers=numbers)


def ids(one: Interpreter, plaintexts: Sequence[bytes]) -> list[str | None]:
    """The names under which telegrams are published, None for those that are not."""
    read_ones = [one.read(push(plaintext, address=NORDIC)) for plaintext in plaintexts]
    assert all(telegram.registers for telegram in read_ones)
    assert all(telegram.waiting is (telegram.reading is None) for telegram in read_ones)
    return [telegram.reading.meter.id if telegram.reading else None for telegram in read_ones]


def test_a_meter_is_not_published_before_the_list_that_says_its_number() -> None:
    numbers: dict[str, str] = {}
    found = ids(with_memory(numbers), [WATTS, WATTS, NUMBERED, WATTS])
    assert found == [None, None, "6970631401234567", "6970631401234567"]
    assert ids(with_memory(numbers), [WATTS]) == ["6970631401234567"]  # after a restart


def test_a_number_that_never_comes_is_not_waited_for_for_ever_and_not_again() -> None:
    numbers: dict[str, str] = {}
    within = profile_files.load()["kaifa-nordic"].number_within[Shape.VALUES]
    assert within < 20
    found = ids(with_memory(numbers), [WATTS] * (within + 2))
    assert found == [None] * within + ["kaifa-nordic"] * 2
    assert ids(with_memory(numbers), [WATTS]) == ["kaifa-nordic"]


def test_a_number_that_comes_with_the_next_telegram_is_waited_for_once() -> None:
    watts = with_memory({}).read(push(WATTS, address=NORDIC))
    assert watts.profile
    soon = replace(watts.profile, number_within={Shape.VALUES: 1})
    numbers, waits = MeterNumbers({}), []
    for _ in range(2):
        waits.append(numbers.awaited(watts.sender, soon, watts.push))
        numbers.remember(watts)
    assert waits == [True, False]


def test_no_number_is_waited_for_after_a_text_or_what_cannot_be_read() -> None:
    """A family may send lists at one interface and P1 texts at another."""
    watts = with_memory({}).read(push(WATTS, address=NORDIC))
    assert watts.profile
    text = Push(Frame("p1", 0, b"/KFM5", ""), None, b"/KFM5", is_text=True)
    broken = Push(Frame("hdlc", 0, b"", NORDIC), None, None, Fault(Kind.DAMAGED, "apdu", 0, "cut"))
    for other in (text, broken):
        assert not MeterNumbers({}).awaited("a", watts.profile, other)


def test_of_too_many_meters_no_number_is_waited_for() -> None:
    watts = with_memory({}).read(push(WATTS, address=NORDIC))
    assert watts.profile
    numbers, waits = MeterNumbers({}), []
    for serial in range(MOST_SENDERS + 1):
        waits.append(numbers.awaited(f"{serial}", watts.profile, watts.push))
        numbers.remember(watts._replace(sender=f"{serial}"))
    assert waits == [True] * MOST_SENDERS + [False]


def test_a_list_that_nobody_knows_does_not_end_the_wait() -> None:
    one = with_memory({})
    unknown = notification(axdr.visible_string("abc"), axdr.visible_string("def"))
    assert one.read(push(WATTS, address=NORDIC)).waiting
    assert one.read(push(unknown, address=NORDIC)).reading is None
    assert one.read(push(WATTS, address=NORDIC)).waiting


def test_a_number_that_comes_late_counts_all_the_same() -> None:
    one = with_memory({NORDIC: ""})
    assert ids(one, [WATTS, NUMBERED, WATTS]) == [
        "kaifa-nordic",
        "6970631401234567",
        "6970631401234567",
    ]


def test_without_a_memory_nothing_is_waited_for() -> None:
    """As in `decode`, which shows each telegram for itself."""
    assert ids(interpreter(), [WATTS]) == ["kaifa-nordic"]


@pytest.mark.parametrize(("family", "variant"), LISTS)
def test_a_meter_whose_lists_say_their_number_always_or_never_is_published_at_once(
    family: str, variant: str
) -> None:
    one = with_memory({})
    assert one.read(push(*from_meter(family, variant))).reading
