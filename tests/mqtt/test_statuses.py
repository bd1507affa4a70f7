"""Statuses that others overwrite: without a broker, and with two copies at a real Mosquitto."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.mqtt.layout import Message
from app.mqtt.outbox import Outbox
from app.mqtt.statuses import Statuses
from app.state import State
from tests.support.memory import Memory
from tests.support.mosquitto import Mosquitto, Watcher
from tests.support.publishing import (
    KAIFA,
    KAIFA_CONFIG,
    KAIFA_STATE,
    KAIFA_STATUS,
    STATUS,
    Publishing,
    publishing,
    running,
)
from tests.support.relay import Relay

pytestmark = pytest.mark.usefixtures("nothing_goes_wrong_unseen")

INTERVAL = 0.05
SILENT, SILENT_STATUS = "silent", "smartmeter/silent/status"


@pytest.fixture
def outbox() -> Outbox:
    """Give what a program has sent that hears one of its two meters."""
    outbox = Outbox(Memory())
    outbox.put(
        [
            Message(STATUS, "online", retain=True),
            Message(KAIFA_CONFIG, "{}", retain=True),
            Message(KAIFA_STATUS, "online", retain=True),
            Message(SILENT_STATUS, "offline", retain=True),
            Message(KAIFA_STATE, "1", retain=False),
        ]
    )
    sent(outbox)
    return outbox


@pytest.fixture
def statuses(outbox: Outbox) -> Statuses:
    return Statuses(outbox, STATUS, INTERVAL)


def sent(outbox: Outbox) -> list[tuple[str, str]]:
    """Send what is due; give topics and payloads."""
    sent = []
    while message := outbox.take():
        outbox.sent(message)
        sent.append((message.topic, message.payload))
    return sent


async def test_an_offline_is_contradicted_where_online_was_said(
    outbox: Outbox, statuses: Statuses
) -> None:
    statuses.said(KAIFA_STATUS, "offline")
    assert sent(outbox) == [(KAIFA_STATUS, "online")]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (KAIFA_STATUS, "online"),
        (SILENT_STATUS, "offline"),
        (SILENT_STATUS, "online"),
        ("smartmeter/other/status", "offline"),
    ],
    ids=["online", "our offline", "another's online", "another's meter"],
)
async def test_nothing_else_is_contradicted(
    outbox: Outbox, statuses: Statuses, topic: str, payload: str
) -> None:
    statuses.said(topic, payload)
    assert sent(outbox) == []


async def test_with_the_program_s_status_the_offlines_of_its_meters_are_said_again(
    outbox: Outbox, statuses: Statuses
) -> None:
    statuses.said(STATUS, "offline")
    assert sorted(sent(outbox)) == [(SILENT_STATUS, "offline"), (STATUS, "online")]


async def test_after_a_status_was_cleared_everything_is_sent_again(
    outbox: Outbox, statuses: Statuses
) -> None:
    statuses.said(KAIFA_STATUS, "")
    assert sent(outbox) == [(topic, payload) for topic, payload, _ in outbox.messages()]


async def test_a_topic_is_contradicted_once_an_interval_and_each_by_itself(
    outbox: Outbox, statuses: Statuses
) -> None:
    for _ in range(3):
        statuses.said(KAIFA_STATUS, "offline")
    statuses.said(STATUS, "offline")
    assert [topic for topic, _ in sent(outbox)] == [KAIFA_STATUS, SILENT_STATUS, STATUS]
    await asyncio.sleep(2 * INTERVAL)
    assert sent(outbox) == [(KAIFA_STATUS, "online")]
    await asyncio.sleep(2 * INTERVAL)
    assert sent(outbox) == []
    statuses.said(KAIFA_STATUS, "offline")
    assert sent(outbox) == [(KAIFA_STATUS, "online")]


async def test_an_offline_that_was_replaced_within_the_interval_is_not_contradicted(
    outbox: Outbox, statuses: Statuses
) -> None:
    for payload in ("offline", "offline", "online"):
        statuses.said(KAIFA_STATUS, payload)
    assert len(sent(outbox)) == 1
    await asyncio.sleep(2 * INTERVAL)
    assert sent(outbox) == []


async def test_a_meter_that_fell_silent_within_the_interval_stays_offline(
    outbox: Outbox, statuses: Statuses
) -> None:
    for _ in range(2):
        statuses.said(KAIFA_STATUS, "offline")
    outbox.put([Message(KAIFA_STATUS, "offline", retain=True)])
    sent(outbox)
    await asyncio.sleep(2 * INTERVAL)
    assert sent(outbox) == []


# Two copies with the same options


@asynccontextmanager
async def hearing(
    broker: Mosquitto, home: Watcher, through: Relay | None = None, state: State | None = None
) -> AsyncGenerator[Publishing]:
    """Give a copy that hears the meter."""
    made = publishing((through or broker).options, delays=(60.0,), state=state)
    async with running(made):
        await made.connected()
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        yield made


async def comes_to_rest(home: Watcher, topic: str, payload: str) -> None:
    """See that the newest message of a topic says something, and that nothing is said after it."""
    while home.payloads(topic)[-1] != payload:
        await home.wait(topic, payload)
    await asyncio.sleep(0.3)
    assert home.payloads(topic)[-1] == payload


async def test_a_copy_that_ends_leaves_online_what_the_other_hears(broker: Mosquitto) -> None:
    async with broker.watch() as home, hearing(broker, home):
        async with hearing(broker, home):
            pass
        for topic in (STATUS, KAIFA_STATUS):
            await home.wait(topic, "offline")
            await comes_to_rest(home, topic, "online")
        async with broker.watch() as late:
            for topic in (STATUS, KAIFA_STATUS):
                assert (await late.wait(topic)).payload == "online"
        assert home.payloads(KAIFA_STATUS).count("offline") == 1


async def test_a_copy_that_is_killed_leaves_online_what_the_other_hears(broker: Mosquitto) -> None:
    async with (
        broker.watch() as home,
        Relay(broker) as relay,
        hearing(broker, home),
        hearing(broker, home, relay),
    ):
        relay.stop_serving()
        await home.wait(STATUS, "offline")
        await comes_to_rest(home, STATUS, "online")
        assert home.payloads(KAIFA_STATUS)[-1] == "online"


async def test_a_copy_that_is_killed_leaves_offline_what_the_other_does_not_hear(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch() as home,
        Relay(broker) as relay,
        hearing(broker, home) as deaf,
        hearing(broker, home, relay),
    ):
        deaf.publisher.meter_online(KAIFA.id, online=False)
        await home.wait(KAIFA_STATUS, "offline")
        await comes_to_rest(home, KAIFA_STATUS, "online")
        relay.stop_serving()
        await comes_to_rest(home, STATUS, "online")
        await comes_to_rest(home, KAIFA_STATUS, "offline")


async def test_a_copy_that_starts_leaves_online_what_the_other_hears(broker: Mosquitto) -> None:
    state = Memory()
    async with broker.watch() as home:
        async with hearing(broker, home, state=state):
            pass
        async with hearing(broker, home):
            home.pass_over(KAIFA_STATUS)
            async with running(publishing(broker.options, state=state)):
                await home.wait(KAIFA_STATUS, "offline")
                await comes_to_rest(home, KAIFA_STATUS, "online")


async def test_two_copies_do_not_fight_when_one_hears_the_meter_and_the_other_does_not(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch() as home,
        hearing(broker, home) as deaf,
        hearing(broker, home) as other,
    ):
        deaf.publisher.meter_online(KAIFA.id, online=False)
        await home.wait(KAIFA_STATUS, "offline")
        await comes_to_rest(home, KAIFA_STATUS, "online")
        deaf.publish(power="2")
        other.publisher.meter_online(KAIFA.id, online=False)
        await home.wait(KAIFA_STATUS, "offline")
        await comes_to_rest(home, KAIFA_STATUS, "online")
        assert len(home.payloads(KAIFA_STATUS)) <= 8


@pytest.mark.parametrize("persistent", [False, True])
async def test_after_a_restart_of_the_broker_the_copy_that_hears_the_meter_prevails(
    tmp_path: Path, *, persistent: bool
) -> None:
    broker = Mosquitto(tmp_path, persistent=persistent).start()
    try:
        async with (
            running(publishing(broker.options)) as hears,
            running(publishing(broker.options)) as deaf,
        ):
            async with broker.watch() as home:
                for made in (hears, deaf):
                    await made.connected()
                    made.publish(power="1")
                    await home.wait(KAIFA_STATE)
                deaf.publisher.meter_online(KAIFA.id, online=False)
                await home.wait(KAIFA_STATUS, "offline")
            broker.restart()
            for made in (hears, deaf):
                await made.connected()
            async with broker.watch() as home:
                for topic in (STATUS, KAIFA_STATUS):
                    await home.wait(topic)
                    await comes_to_rest(home, topic, "online")
    finally:
        broker.stop()


async def test_a_meter_that_another_copy_has_taken_back_is_announced_again(
    broker: Mosquitto,
) -> None:
    async with broker.watch() as home, hearing(broker, home):
        home.pass_over(KAIFA_CONFIG)
        for topic in (KAIFA_CONFIG, KAIFA_STATUS):
            await home.publish(topic, "", retain=True)
        await home.wait(KAIFA_CONFIG, "")
        assert '"power"' in (await home.wait(KAIFA_CONFIG)).payload
        await comes_to_rest(home, KAIFA_STATUS, "online")
