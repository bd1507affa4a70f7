"""The newest message of each topic, and the order in which they are due; without a broker."""

import asyncio

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
    outbox.make_values_due()
    assert send_all(outbox) == [value("a"), value("b")]
    outbox.make_due("config")
    assert send_all(outbox) == [kept("config")]


def test_what_was_taken_and_not_acknowledged_is_sent_again_with_all(outbox: Outbox) -> None:
    outbox.put([value("a")])
    assert outbox.take() == value("a")
    outbox.make_all_due()
    assert outbox.take() == value("a")


def test_topics_of_retained_messages_are_remembered_until_they_are_cleared(
    outbox: Outbox, state: State
) -> None:
    outbox.put([kept("config"), value("a")])
    assert Outbox(state).is_retained("config")
    assert not Outbox(state).is_retained("a")
    outbox.clear(["config"])
    assert outbox.take() == kept("config", "")
    assert outbox.is_retained("config")  # the broker has not acknowledged it


def test_a_cleared_topic_is_forgotten_once_the_broker_has_acknowledged_it(
    outbox: Outbox, state: State
) -> None:
    outbox.put([kept("config")])
    outbox.clear(["config"])
    send_all(outbox)
    assert outbox.messages() == []
    assert state.section(RETAINED) == {}
    outbox.make_all_due()
    assert outbox.take() is None


def test_a_topic_that_is_used_again_while_it_is_cleared_is_kept(
    outbox: Outbox, state: State
) -> None:
    outbox.clear(["config"])
    clearing = outbox.take()
    assert clearing is not None
    outbox.put([kept("config", "new")])
    outbox.sent(clearing)
    assert send_all(outbox) == [kept("config", "new")]
    assert state.section(RETAINED).keys() == {"config"}


def test_a_topic_that_is_made_due_while_it_is_cleared_is_not_sent_again(outbox: Outbox) -> None:
    outbox.clear(["config"])
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
    assert send_all(outbox) == [kept("status"), kept("old/status", "")]
    assert not outbox.is_retained("old/status")


async def test_who_waits_is_woken_by_whatever_becomes_due(outbox: Outbox) -> None:
    assert await waits(outbox)
    outbox.put([value("a")])
    assert not await waits(outbox)
    send_all(outbox)
    assert await waits(outbox)
    for make_due in (outbox.make_all_due, outbox.make_values_due, lambda: outbox.make_due("a")):
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
