"""The newest message of each topic, and the order in which they are due; without a broker."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from app.mqtt.layout import Message
from app.mqtt.outbox import RETAINED, Outbox
from app.state import State
from tests.support.memory import Memory
from tests.support.mosquitto import TIMEOUT


def value(topic: str, payload: str = "1") -> Message:
    return Message(topic, payload, retain=False)


def kept(topic: str, payload: str = "online") -> Message:
    return Message(topic, payload, retain=True)


@pytest.fixture
def state() -> State:
    return Memory()


@pytest.fixture
def outbox(state: State) -> Outbox:
    return Outbox(state)


def send_all(outbox: Outbox) -> list[Message]:
    """Send what is due to a broker that acknowledges everything."""
    sent = []
    while message := outbox.take():
        outbox.sent(message)
        sent.append(message)
    return sent


class AtOnce:
    """A connection that takes what is sent at once."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def __call__(self, message: Message) -> bool:
        self.sent.append(message)
        return True


def clear(outbox: Outbox, *topics: str) -> None:
    """Make the clearing of topics due."""
    outbox.clear(topics)
    outbox.clear_some(len(topics))


async def waits(outbox: Outbox) -> bool:
    """Tell whether nothing is due to wait for."""
    waiting = asyncio.create_task(outbox.wait_until_due())
    await asyncio.sleep(0)
    waits = not waiting.done()
    waiting.cancel()
    return waits


def test_messages_are_due_in_the_order_in_which_they_came(outbox: Outbox) -> None:
    outbox.put([kept("status"), value("b")])
    outbox.put([value("a")])
    assert send_all(outbox) == [kept("status"), value("b"), value("a")]
    assert outbox.take() is None


def test_only_the_newest_message_of_a_topic_is_sent_in_the_turn_of_the_first(
    outbox: Outbox,
) -> None:
    outbox.put([value("a", "1"), value("b"), value("a", "2")])
    assert send_all(outbox) == [value("a", "2"), value("b")]


def test_a_value_is_sent_again_and_a_retained_message_only_when_it_changes(outbox: Outbox) -> None:
    for _ in range(2):
        outbox.put([value("a"), kept("status")])
        send_all(outbox)
    outbox.put([value("a"), kept("status")])
    assert send_all(outbox) == [value("a")]
    outbox.put([kept("status", "offline")])
    assert send_all(outbox) == [kept("status", "offline")]


def test_an_announcement_goes_before_what_was_due_already(outbox: Outbox) -> None:
    outbox.put([value("a"), kept("config", "old")])
    outbox.announce([kept("config", "new")])
    assert send_all(outbox) == [kept("config", "new"), value("a")]


def test_what_is_put_last_goes_after_what_was_due_already(outbox: Outbox) -> None:
    outbox.put([kept("status"), value("a")])
    outbox.put_last([kept("status", "offline")])
    assert send_all(outbox) == [value("a"), kept("status", "offline")]


def test_all_can_be_made_due_again_or_the_values_or_one_topic(outbox: Outbox) -> None:
    messages = [kept("status"), value("a"), kept("config"), value("b")]
    outbox.put(messages)
    send_all(outbox)
    outbox.make_all_due()
    assert send_all(outbox) == messages == outbox.messages()
    outbox.make_values_due(outbox.values())
    assert send_all(outbox) == [value("a"), value("b")]
    outbox.make_due("config")
    assert send_all(outbox) == [kept("config")]


def test_when_all_is_due_announcements_are_first_but_for_what_goes_before_them(
    outbox: Outbox,
) -> None:
    outbox.put([kept("status"), value("a")])
    outbox.describe([kept("config")])
    outbox.make_all_due()
    assert send_all(outbox) == [kept("config"), kept("status"), value("a")]
    outbox.make_all_due(first="status")
    assert send_all(outbox) == [kept("status"), kept("config"), value("a")]


def test_what_is_held_is_sent_only_with_all_or_when_it_is_made_due(outbox: Outbox) -> None:
    outbox.put([value("details", "1")])
    send_all(outbox)
    outbox.hold("details", lambda: value("details", "2"))
    assert send_all(outbox) == []
    outbox.make_held_due()
    assert send_all(outbox) == [value("details", "2")]
    outbox.make_held_due()
    assert send_all(outbox) == []
    ways: tuple[Callable[[], None], ...] = (
        outbox.make_all_due,
        lambda: outbox.make_values_due(outbox.values()),
    )
    for make_due in ways:
        outbox.hold("details", lambda: value("details", "3"))
        make_due()
        assert send_all(outbox) == [value("details", "3")]
        outbox.make_held_due()
        assert send_all(outbox) == []


def test_what_is_held_takes_the_place_of_what_is_due(outbox: Outbox) -> None:
    outbox.put([value("details", "1")])
    outbox.hold("details", lambda: value("details", "2"))
    assert send_all(outbox) == [value("details", "2")]


def test_what_is_held_is_made_only_when_it_is_sent(outbox: Outbox) -> None:
    made = []

    def make() -> Message:
        made.append(True)
        return value("details")

    for _ in range(3):
        outbox.hold("details", make)
    assert not made
    outbox.make_all_due()
    assert (send_all(outbox), made) == ([value("details")], [True])


def test_what_is_withdrawn_is_not_held_any_more(outbox: Outbox) -> None:
    outbox.put([value("details", "1")])
    send_all(outbox)
    outbox.hold("details", lambda: value("details", "2"))
    topics = outbox.values()
    outbox.withdraw("details")
    outbox.make_values_due(topics)
    outbox.make_all_due()
    assert send_all(outbox) == []


def test_what_was_taken_and_not_acknowledged_is_sent_again_with_all(outbox: Outbox) -> None:
    outbox.put([value("a")])
    assert outbox.take() == value("a")
    outbox.make_all_due()
    assert outbox.take() == value("a")


def test_a_value_is_sent_at_once_whatever_else_is_due(outbox: Outbox) -> None:
    at_once = AtOnce()
    outbox.put([kept("status"), value("a", "1"), value("b")])
    outbox.send_at_once = at_once
    outbox.put([value("a", "2"), kept("other")])
    assert at_once.sent == [value("a", "2")]
    assert send_all(outbox) == [kept("status"), value("b"), kept("other")]


def test_a_value_that_cannot_be_sent_at_once_is_due(outbox: Outbox) -> None:
    outbox.send_at_once = lambda _: False
    outbox.put([value("a")])
    assert send_all(outbox) == [value("a")]


def test_a_value_waits_while_announcements_are_not_sent(outbox: Outbox) -> None:
    outbox.send_at_once = at_once = AtOnce()
    outbox.announce([kept("config")])
    outbox.put([value("a", "1")])
    assert send_all(outbox) == [kept("config"), value("a", "1")]
    outbox.make_all_due()  # Home Assistant knows the entities
    outbox.put([value("a", "2")])
    assert at_once.sent == [value("a", "2")]


def test_topics_of_retained_messages_are_remembered_until_they_are_cleared(
    outbox: Outbox, state: State
) -> None:
    outbox.put([kept("config"), value("a")])
    assert Outbox(state).is_retained("config")
    assert not Outbox(state).is_retained("a")
    clear(outbox, "config")
    assert [outbox.take(), outbox.take()] == [value("a"), kept("config", "")]
    assert outbox.is_retained("config")  # the broker has not acknowledged it


def test_a_cleared_topic_is_forgotten_once_the_broker_has_acknowledged_it(
    outbox: Outbox, state: State
) -> None:
    outbox.put([kept("config")])
    clear(outbox, "config")
    send_all(outbox)
    assert outbox.messages() == []
    assert state.section(RETAINED) == {}
    outbox.make_all_due()
    assert outbox.take() is None


def test_a_topic_that_is_used_again_while_it_is_cleared_is_kept(
    outbox: Outbox, state: State
) -> None:
    clear(outbox, "config")
    clearing = outbox.take()
    assert clearing is not None
    outbox.put([kept("config", "new")])
    outbox.sent(clearing)
    assert send_all(outbox) == [kept("config", "new")]
    assert state.section(RETAINED).keys() == {"config"}


def test_a_topic_that_is_made_due_while_it_is_cleared_is_not_sent_again(outbox: Outbox) -> None:
    clear(outbox, "config")
    clearing = outbox.take()
    assert clearing is not None
    outbox.make_all_due()  # Home Assistant has started meanwhile
    outbox.sent(clearing)
    assert send_all(outbox) == []


def test_what_an_earlier_run_left_at_other_topics_is_cleared(state: State) -> None:
    Outbox(state).put([kept("old/status"), kept("status")])
    for damaged in ("smartmeter/+/state", "#", "", "a\0b", "x" * 70_000):
        state.set(RETAINED, damaged, "")
    outbox = Outbox(state)
    outbox.put([kept("status")])
    outbox.clear_others()
    outbox.clear_some(9)
    assert send_all(outbox) == [kept("status"), kept("old/status", "")]
    assert not outbox.is_retained("old/status")


def test_a_topic_is_cleared_when_nothing_else_is_due(outbox: Outbox) -> None:
    clear(outbox, "old/status", "old/config")
    outbox.put([value("a"), kept("status")])
    assert send_all(outbox) == [
        value("a"),
        kept("status"),
        kept("old/status", ""),
        kept("old/config", ""),
    ]


def test_topics_are_cleared_some_at_a_time(outbox: Outbox) -> None:
    outbox.clear(f"old/{n}" for n in range(5))
    for count in (2, 2, 1, 0):
        for _ in range(2):  # the next ones only after those
            outbox.clear_some(2)
            outbox.make_all_due()
        assert len(send_all(outbox)) == count


def test_the_file_is_written_once_for_the_topics_that_were_cleared_at_once(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = State(path)
    state.update(RETAINED, dict.fromkeys((f"old/{n}" for n in range(4)), ""))
    outbox = Outbox(state)
    outbox.clear_others()
    outbox.clear_some(3)
    path.unlink()
    for last in (False, False, True):
        message = outbox.take()
        assert message is not None
        outbox.sent(message)
        assert path.exists() is last
    assert len(State(path).section(RETAINED)) == 1


def test_a_topic_to_clear_that_is_used_again_is_not_cleared(outbox: Outbox, state: State) -> None:
    outbox.clear(["config", "status"])
    outbox.put([kept("config", "new")])
    outbox.clear_some(9)
    outbox.put([kept("status")])
    assert send_all(outbox) == [kept("config", "new"), kept("status")]
    assert state.section(RETAINED).keys() == {"config", "status"}


def test_a_topic_that_was_cleared_and_is_used_again_is_remembered(
    outbox: Outbox, state: State
) -> None:
    outbox.put([kept("config"), kept("status")])
    clear(outbox, "config", "status")
    first = outbox.take()
    assert first is not None
    outbox.sent(first)
    outbox.put([kept(first.topic, "new")])
    send_all(outbox)
    assert state.section(RETAINED).keys() == {first.topic}


def test_a_topic_can_be_cleared_while_its_message_is_on_its_way(
    outbox: Outbox, state: State
) -> None:
    outbox.put([kept("config")])
    for _ in range(2):
        on_its_way = outbox.take()
        assert on_its_way is not None
        clear(outbox, "config")
        outbox.sent(on_its_way)
    assert send_all(outbox) == [kept("config", "")]
    assert state.section(RETAINED) == {}
    outbox.make_all_due()
    assert outbox.take() is None


async def test_who_waits_is_woken_by_whatever_becomes_due(outbox: Outbox) -> None:
    assert await waits(outbox)
    outbox.put([value("a")])
    assert not await waits(outbox)
    send_all(outbox)
    assert await waits(outbox)
    ways: tuple[Callable[[], None], ...] = (
        outbox.make_all_due,
        lambda: outbox.make_values_due(["a"]),
        lambda: outbox.make_due("a"),
    )
    for make_due in ways:
        waiting = asyncio.create_task(outbox.wait_until_due())
        await asyncio.sleep(0)
        make_due()
        async with asyncio.timeout(TIMEOUT):
            await waiting
        send_all(outbox)
    outbox.put([kept("status")])
    send_all(outbox)
    outbox.put([kept("status")])
    assert await waits(outbox)


async def test_who_clears_waits_until_there_is_something_to_clear(outbox: Outbox) -> None:
    waiting = asyncio.create_task(outbox.wait_until_to_clear())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.clear(["a"])
    async with asyncio.timeout(TIMEOUT):
        await waiting
    assert await waits(outbox)


async def test_an_announcement_that_says_nothing_new_is_not_sent_again(outbox: Outbox) -> None:
    outbox.announce([kept("meter", "1"), kept("sensors", "1")])
    send_all(outbox)
    outbox.announce([kept("meter", "2"), kept("sensors", "1")])
    assert send_all(outbox) == [kept("meter", "2")]
    outbox.announce([kept("meter", "2")])
    assert await waits(outbox)


async def test_an_announcement_that_was_sent_is_told_once(outbox: Outbox) -> None:
    waiting = asyncio.create_task(outbox.wait_for_announcement())
    outbox.put([value("a")])
    send_all(outbox)
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.announce([kept("config")])
    send_all(outbox)
    async with asyncio.timeout(TIMEOUT):
        await waiting
    waiting = asyncio.create_task(outbox.wait_for_announcement())
    outbox.make_all_due()
    send_all(outbox)
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
