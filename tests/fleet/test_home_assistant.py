"""Home Assistant is told of chosen meters, as the app tells it of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt

from app.fleet.home_assistant import AGAIN_EVERY, Described, HomeAssistant
from app.fleet.message import Message
from app.fleet.meters_file import FleetMeter
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS
from tests.support.fleets import Fleet, Pusher, fleet, options
from tests.support.nats import TIMEOUT, connect, engine, unclaimed_port
from tests.support.telegrams import BOTH_KEYS

METER = Meter("181221234567", "181221234567", "kaifa", "Kaifa", "MA309M", None)
GAS = replace(METER, id="gas-1", number="gas-1", manufacturer="", model="Gas", via=METER.id)
CHOSEN = FleetMeter(BOTH_KEYS, home_assistant=True, device_name="Flat 3")


def reading(meter: Meter = METER, **values: int) -> Reading:
    return Reading(meter, None, values or {"energy_import": 5})


class Telling:
    """Home Assistant with one name, at a time of the test's own."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - of any option
        self.now = 10_000.0
        self.home_assistant = HomeAssistant(options(**given), clock=lambda: self.now)
        self.described = Described(self.home_assistant, "Flat 3")

    async def says(self, payload: bytes) -> None:
        subject = self.home_assistant.subject
        await self.home_assistant.hear(Message(subject, "", payload, {}))

    def message(self, one: Reading) -> tuple[str, dict[str, Any]]:
        description = self.described.take(one)
        assert description
        return description.subject, json.loads(description.payload)


def test_a_meter_is_a_device_whose_entities_expire_as_nobody_says_that_it_is_offline() -> None:
    telling = Telling(silent_after=300)
    subject, said = telling.message(reading(power=7))
    assert subject == "homeassistant.device.smartmeter_181221234567.config"
    assert said["dev"]["name"] == "Flat 3"
    assert said["state_topic"] == "smartmeter/181221234567/state"
    assert "availability" not in said
    assert {one["expire_after"] for one in said["cmps"].values()} == {300}
    topics = {one.get("state_topic", said["state_topic"]) for one in said["cmps"].values()}
    assert topics == {"smartmeter/181221234567/state"}, "there is no other one"


def test_names_are_in_the_language_and_topics_as_they_are_wanted() -> None:
    telling = Telling(language="de", base_topic="house/meters", discovery_prefix="ha")
    subject, said = telling.message(reading())
    assert telling.home_assistant.subject == "ha.status"
    assert subject == "ha.device.smartmeter_181221234567.config"
    assert said["cmps"]["energy_import"]["name"] == SENSORS["energy_import"].name("de")
    assert said["cmps"]["energy_import"]["state_topic"] == "house/meters/181221234567/state"


async def test_it_is_described_again_when_that_is_of_use_and_no_more() -> None:
    telling = Telling()
    assert telling.described.take(reading())
    telling.now += AGAIN_EVERY - 1
    assert not telling.described.take(reading())
    telling.now += 1
    assert telling.described.take(reading())
    await telling.says(b"offline")
    assert not telling.described.take(reading())
    telling.now += 5
    await telling.says(b"online")
    assert telling.described.take(reading())
    telling.now += 5
    assert not telling.described.take(reading())


def test_what_each_list_has_is_described_together() -> None:
    telling = Telling()
    telling.message(reading(power=7))
    _, said = telling.message(reading(energy_import=5))
    assert set(said["cmps"]) == {"power", "energy_import"}
    assert not telling.described.take(reading(power=7))


def test_a_meter_behind_another_one_is_shown_behind_it() -> None:
    telling = Telling()
    telling.message(reading())
    _, said = telling.message(reading(GAS, gas=5))
    assert said["dev"]["via_device"] == "smartmeter_181221234567"


@asynccontextmanager
async def mqtt(directory: Path) -> AsyncIterator[tuple[Fleet, aiomqtt.Client]]:
    """A fleet, and a client at the MQTT port of its engine."""
    port = unclaimed_port()
    with engine(directory, f'mqtt {{listen: "127.0.0.1:{port}"}}') as node:
        await (await connect(node)).close()  # which waits until it runs
        async with (
            fleet(node, partitions=1) as one,
            aiomqtt.Client("127.0.0.1", port, timeout=TIMEOUT) as client,
        ):
            yield one, client


async def next_config(client: aiomqtt.Client) -> dict[str, Any]:
    """The next description; readings may come before it."""
    async with asyncio.timeout(TIMEOUT):
        async for message in client.messages:
            if message.topic.matches("homeassistant/device/+/config"):
                assert isinstance(message.payload, bytes)
                return dict(json.loads(message.payload))
    raise AssertionError


async def test_an_mqtt_client_hears_it_before_the_reading_and_again_when_it_starts(
    tmp_path: Path,
) -> None:
    async with mqtt(tmp_path) as (one, client):
        await client.subscribe("homeassistant/#")
        await client.subscribe("smartmeter/#")
        await one.join({"m1": CHOSEN, "m2": FleetMeter(BOTH_KEYS)})
        pusher = Pusher(one.client, ["m1", "m2"])
        await pusher.round()
        topics = [(await anext(aiter(client.messages))).topic.value for _ in range(3)]
        config = "homeassistant/device/smartmeter_181221234567/config"
        state = "smartmeter/181221234567/state"
        assert topics.index(config) < topics.index(state)
        assert [topic for topic in topics if topic.startswith("homeassistant")] == [config]
        await client.publish("homeassistant/status", "online")
        while (await anext(aiter(client.messages))).topic.value != "homeassistant/status":
            pass
        await pusher.round()
        assert (await next_config(client))["dev"]["name"] == "Flat 3"


async def test_nobody_is_told_of_a_meter_of_another_name(tmp_path: Path) -> None:
    async with mqtt(tmp_path) as (one, client):
        await client.subscribe("homeassistant/#")
        await one.join({"m1": FleetMeter(BOTH_KEYS), "forger": CHOSEN})
        await Pusher(one.client, ["m1"]).round()
        await one.settle()
        await Pusher(one.client, ["forger"]).round()
        await one.settle()
        await Pusher(one.client, ["forger"], serial=7_654_321).round()
        await one.settle()
        assert (await next_config(client))["dev"]["serial_number"] != METER.number
