"""A house with a meter, as the tests of this folder need it: the program between meter and Core."""

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.meters.sensors import SENSORS
from app.mqtt.topics import Topics
from simulator.ciphering import AUTH_KEY, KEY
from simulator.meters import Truth
from tests.home_assistant.expected import UNAVAILABLE, Value, device_of, only, showing, values
from tests.support.core import Core
from tests.support.core_client import TIMEOUT, Client
from tests.support.mosquitto import Mosquitto
from tests.support.program import Program, running
from tests.support.simulated import Adapter, SimulatedMeter

TOPICS = Topics()

_serials = itertools.count(1_000_001)


def new_meter(adapter: Adapter, family: str = "kaifa", name: str | None = None) -> SimulatedMeter:
    """Give a meter that Core has never heard of, in the zone where the program believes to be."""
    now = datetime.now(UTC).replace(microsecond=0)
    return SimulatedMeter(adapter, family, name, serial=next(_serials), zone=UTC, start=now)


def options(broker: Mosquitto, adapter: Adapter, **more: object) -> dict[str, Any]:
    """Give the options of somebody with one meter, both keys, and a broker with a password.

    Every value follows every telegram, unless it is said otherwise.
    """
    mqtt = {
        "host": broker.host,
        "port": broker.port,
        "username": broker.username,
        "password": broker.password,
    }
    keys = {"key": KEY.hex(), "auth_key": AUTH_KEY.hex()}
    return {"url": str(adapter.path), **keys, "mqtt": mqtt, "detail_interval": 0, **more}


@asynccontextmanager
async def reading(
    broker: Mosquitto, adapter: Adapter, directory: Path, **more: object
) -> AsyncGenerator[Program]:
    """Start the program, and wait until it reads the meter and has found the broker."""
    async with running(options(broker, adapter, **more), directory) as program:
        await program.ready()
        yield program


async def introduce(home: Client, meter: SimulatedMeter) -> Truth:
    """Let a meter be heard until Core shows what it says; give what it said last.

    The first telegram only makes Core listen: what it says goes by while Core is at that still.
    """
    await meter.push()
    await available(home, meter)
    return await heard(home, meter)


async def available(home: Client, meter: SimulatedMeter) -> None:
    """Wait until Core knows a meter's entities and listens to what it says.

    Core hears that a meter is online by the same subscription as what it says.
    """

    async def listens() -> bool:
        # Diagnostics have a topic of their own and are there before anything is heard.
        found = [
            value
            for unique_id, value in (await showing(home, device_of(meter))).items()
            if value and unique_id.removeprefix(f"{device_of(meter)}_") in SENSORS
        ]
        return bool(found) and UNAVAILABLE not in found

    await home.until(listens, f"the entities of {device_of(meter)}")


async def heard(home: Client, meter: SimulatedMeter) -> Truth:
    """Let a meter push a telegram, and wait until Core shows what it says."""
    truth = (await meter.push()).truth
    await shows(home, meter, values(meter, truth))
    return truth


async def shows(
    home: Client,
    meter: SimulatedMeter,
    wanted: Mapping[str, Value],
    patience: float = TIMEOUT,
) -> None:
    """Wait until the entities of a meter show what is wanted."""

    async def right() -> bool:
        return only(await showing(home, device_of(meter)), wanted) == wanted

    try:
        await home.until(right, "the values of a telegram", patience)
    except AssertionError:
        assert only(await showing(home, device_of(meter)), wanted) == wanted
        raise


async def announcement(broker: Mosquitto, meter: SimulatedMeter) -> dict[str, Any]:
    """Give what the program has announced of a meter."""
    async with broker.watch(TOPICS.discovery(meter.id)) as watcher:
        seen = await watcher.wait(TOPICS.discovery(meter.id))
    found: dict[str, Any] = json.loads(seen.payload)
    return found


async def reload(home: Client, core: Core) -> None:
    """Have Core set up its integration MQTT anew, as a user can do it."""
    [entry] = await home.call("config_entries/get", domain="mqtt")
    path = f"/api/config/config_entries/entry/{entry['entry_id']}/reload"
    await asyncio.to_thread(core.ask, path, {})


async def clear(broker: Mosquitto) -> None:
    """Have the broker forget every retained message, as if no meter had ever been."""
    async with broker.watch() as watcher:
        # Comes after everything that was retained.
        await watcher.publish("fence", "here")
        await watcher.wait("fence")
        for topic in {message.topic for message in watcher.messages if message.retain}:
            await watcher.publish(topic, "", retain=True)
