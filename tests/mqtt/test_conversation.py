"""What is said over a connection to a real Mosquitto, seen by a second client."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace

import aiomqtt
import pytest

from app.mqtt.connection import Connection
from app.mqtt.conversation import REPEATED_AT_ONCE, Conversation
from app.mqtt.copies import Copies
from app.mqtt.layout import Layout, Message
from app.mqtt.outbox import Outbox
from app.mqtt.publisher import Connected
from app.mqtt.rights import Rights
from app.mqtt.takeover import Takeover
from tests.support.memory import Memory
from tests.support.mosquitto import TIMEOUT, Mosquitto
from tests.support.publishing import (
    E450,
    KAIFA,
    KAIFA_CONFIG,
    KAIFA_STATE,
    KAIFA_STATUS,
    STATUS,
    TOPICS,
    publishing,
    running,
    stop,
)
from tests.support.relay import Relay

pytestmark = pytest.mark.usefixtures("nothing_goes_wrong_unseen")

HOME_ASSISTANT = "homeassistant/status"


class TakingOver(Layout):
    """A layout that has something to take over."""

    def takeover(self) -> Iterable[Message]:
        yield Message("old/config", "{}", retain=False)


async def test_a_conversation_sends_what_takes_over_then_what_is_due_then_says_goodbye(
    broker: Mosquitto,
) -> None:
    outbox = Outbox(Memory())
    layout = TakingOver(TOPICS, language="en", version="1.2.3")
    takeover = Takeover(layout, outbox, Memory())
    outbox.put([Message(KAIFA_STATE, "1", retain=False)])
    will = aiomqtt.Will(STATUS, "offline", qos=1, retain=True)
    async with (
        broker.watch() as home,
        Connection(broker.options, identifier="x", will=will, timeout=TIMEOUT) as connection,
    ):
        conversation = Conversation(
            connection,
            outbox,
            layout,
            rights=Rights(lambda: None),
            copies=Copies(outbox, "x"),
            takeover=takeover,
            repeat_after=(0.0,),
        )
        task = asyncio.create_task(conversation.run())
        await home.wait(KAIFA_STATE, "1")
        outbox.put([Message(KAIFA_STATE, "2", retain=False)])
        await home.wait(KAIFA_STATE, "2")
        await stop(task)
        await home.wait(STATUS, "offline")
        assert conversation.delivered
        assert takeover.messages == []
        assert [seen[:2] for seen in home.messages] == [
            ("old/config", "{}"),
            (STATUS, "online"),
            (KAIFA_STATE, "1"),
            (KAIFA_STATE, "2"),
            (STATUS, "offline"),
        ]


async def test_a_new_connection_begins_with_the_status_of_the_program(broker: Mosquitto) -> None:
    async with (
        broker.watch() as home,
        Relay(broker) as relay,
        running(publishing(relay.options)) as made,
    ):
        made.publish(power="1")
        await home.wait(KAIFA_CONFIG)
        await home.wait(KAIFA_STATE)
        relay.cut()
        await home.wait(STATUS, "offline")
        begin = len(home.messages)
        await home.wait(KAIFA_CONFIG)
        assert home.messages[begin][:2] == (STATUS, "online")


# After an announcement


async def test_values_are_sent_again_after_an_announcement_and_only_then(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch() as home,
        running(publishing(broker.options, repeat_after=(0.05,))) as made,
    ):
        made.publish(power="1")
        for _ in range(2):
            await home.wait(KAIFA_STATE, '{"power": 1}')
        for n in range(2, 9):
            made.publish(power=str(n))
            await home.wait(KAIFA_STATE, f'{{"power": {n}}}')
        made.publish(power="9", frequency="50")
        for _ in range(2):
            await home.wait(KAIFA_STATE, '{"power": 9, "frequency": 50}')
    assert len(home.payloads(KAIFA_STATE)) == 11
    assert len(home.payloads(KAIFA_CONFIG)) == 2


async def test_values_are_sent_again_as_often_as_it_is_said(broker: Mosquitto) -> None:
    """A Core that is slow to subscribe hears them the second or third time."""
    async with (
        broker.watch() as home,
        running(publishing(broker.options, repeat_after=(0.1, 0.2, 0.3))) as made,
    ):
        made.publish(power="1")
        for _ in range(4):
            await home.wait(KAIFA_STATE, '{"power": 1}')
        made.publish(power="2")
        await home.wait(KAIFA_STATE, '{"power": 2}')
    assert len(home.payloads(KAIFA_STATE)) == 5


async def test_an_announcement_while_values_are_still_sent_again_begins_that_anew(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch() as home,
        running(publishing(broker.options, repeat_after=(0.01, 3600.0))) as made,
    ):
        made.publish(power="1")
        for _ in range(2):
            await home.wait(KAIFA_STATE, '{"power": 1}')
        made.publish(power="2", frequency="50")
        for _ in range(2):
            await home.wait(KAIFA_STATE, '{"power": 2, "frequency": 50}')
    assert len(home.payloads(KAIFA_STATE)) == 4


async def test_values_of_many_meters_are_sent_again_in_portions(broker: Mosquitto) -> None:
    meters = [replace(KAIFA, id=f"meter{n}") for n in range(REPEATED_AT_ONCE)]
    states = [f"smartmeter/{meter.id}/state" for meter in meters]
    async with (
        broker.watch("smartmeter/+/state", "smartmeter/+/details") as home,
        running(publishing(broker.options, repeat_after=(0.5,))) as made,
    ):
        for meter in meters:
            made.publish(meter, power="1")
        for topic in states:
            await home.wait(topic)
        await home.wait(states[0])
        made.publish(meters[-1], power="2")  # goes past what is to be sent again
        assert await home.wait(states[-1], '{"power": 2}')
        details = [topic.replace("/state", "/details") for topic in states]
        for topic in (*states[1:], *details, *details):
            await home.wait(topic)
    assert all(len(home.payloads(topic)) == 2 for topic in states[:-1])


# Home Assistant's birth


async def test_everything_is_sent_again_when_home_assistant_has_started(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publish(power="1")
        before = [await home.wait(topic) for topic in (KAIFA_CONFIG, KAIFA_STATE)]
        await home.publish(HOME_ASSISTANT, "online")
        again = [await home.wait(topic) for topic in (KAIFA_CONFIG, KAIFA_STATE)]
    assert again == before


async def test_home_assistant_going_offline_has_nothing_sent_again(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        await home.publish(HOME_ASSISTANT, "offline")
        made.publish(power="2")
        await home.wait(KAIFA_STATE, '{"power": 2}')
    assert home.payloads(KAIFA_STATE) == ['{"power": 1}', '{"power": 2}']
    assert len(home.payloads(KAIFA_CONFIG)) == 1


async def test_a_retained_birth_message_does_no_harm(broker: Mosquitto) -> None:
    async with broker.watch() as home:
        await home.publish(HOME_ASSISTANT, "online", retain=True)
        async with running(publishing(broker.options)) as made:
            made.publish(power="1")
            await home.wait(KAIFA_CONFIG)
            await home.wait(KAIFA_STATE, '{"power": 1}')
            assert isinstance(made.states.get_nowait(), Connected)
            assert made.states.empty()


# When things break


async def test_what_was_in_flight_when_the_connection_broke_is_sent_again(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch() as home,
        Relay(broker) as relay,
        running(publishing(relay.options)) as made,
    ):
        relay.lose_answers_from('{"power": 2}')
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        made.publish(power="2")
        await home.wait(KAIFA_STATE, '{"power": 2}')
        relay.cut()
        await home.wait(KAIFA_STATE, '{"power": 2}')


async def test_of_what_came_while_another_was_in_flight_only_the_newest_is_sent(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch() as home,
        Relay(broker) as relay,
        running(publishing(relay.options)) as made,
    ):
        relay.lose_answers_from('{"power": 2}')
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        made.publish(power="2")
        await home.wait(KAIFA_STATE, '{"power": 2}')
        made.publish(power="3")
        made.publish(power="4")
        relay.cut()
        await home.wait(KAIFA_STATE, '{"power": 4}')
        made.publish(power="5")
        await home.wait(KAIFA_STATE, '{"power": 5}')
    states = [json.loads(text)["power"] for text in home.payloads(KAIFA_STATE)]
    assert states == [1, 2, 4, 5]


async def test_a_last_will_that_comes_late_is_contradicted(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(publishing(broker.options)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        await home.publish(STATUS, "offline", retain=True)
        await home.wait(STATUS, "offline")
        await home.wait(STATUS, "online")
        async with broker.watch() as late:
            assert (await late.wait(STATUS)).payload == "online"
        assert len(home.payloads(KAIFA_CONFIG)) == 1


# The goodbye


async def test_a_cancelled_program_leaves_offline_behind_for_itself_and_its_meters(
    broker: Mosquitto,
) -> None:
    made = publishing(broker.options)
    task = asyncio.create_task(made.publisher.run())
    async with broker.watch() as home:
        made.publish(power="1")
        made.publish(E450, power="1")
        await home.wait(KAIFA_STATE)
        await home.wait("smartmeter/12345678/state")
        assert await stop(task) < 1
        assert task.cancelled()
        for topic in (STATUS, KAIFA_STATUS, "smartmeter/12345678/status"):
            await home.wait(topic, "offline")
    async with broker.watch() as late:
        for topic in (STATUS, KAIFA_STATUS, "smartmeter/12345678/status"):
            seen = await late.wait(topic)
            assert (seen.payload, seen.retain) == ("offline", True)


async def test_the_end_is_a_goodbye_and_not_a_broken_connection(broker: Mosquitto) -> None:
    async with running(publishing(broker.options)) as made:
        await made.connected()
    await broker.logs(f"Received DISCONNECT from {made.publisher._identifier}\n")


async def test_readings_that_are_still_due_at_the_end_are_sent_before(broker: Mosquitto) -> None:
    made = publishing(broker.options)
    task = asyncio.create_task(made.publisher.run())
    async with broker.watch() as home:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        made.publish(power="2")
        made.publish(E450, power="3")
        await stop(task)
        await home.wait(KAIFA_STATE, '{"power": 2}')
        await home.wait("smartmeter/12345678/state", '{"power": 3}')
        await home.wait(STATUS, "offline")
        await home.wait(KAIFA_STATUS, "offline")
    # While they are online: Home Assistant keeps no value of what is unavailable.
    told = [(seen.topic, seen.payload) for seen in home.messages]
    assert told.index((KAIFA_STATE, '{"power": 2}')) < told.index((STATUS, "offline"))
    assert told.index((KAIFA_STATE, '{"power": 2}')) < told.index((KAIFA_STATUS, "offline"))


async def test_the_end_is_quick_when_the_connection_breaks_meanwhile(broker: Mosquitto) -> None:
    async with broker.watch() as home, Relay(broker) as relay:
        task = asyncio.create_task(publishing(relay.options).publisher.run())
        await home.wait(STATUS, "online")
        relay.lose_answers_from("offline")
        ending = asyncio.create_task(stop(task))
        await home.wait(STATUS, "offline")
        relay.cut()
        assert await ending < 1


async def test_the_end_is_quick_when_the_broker_stalls(broker: Mosquitto) -> None:
    made = publishing(broker.options)
    task = asyncio.create_task(made.publisher.run())
    async with broker.watch() as home:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        with broker.stalled():
            assert await stop(task) < 1
        await home.wait(STATUS, "offline")
