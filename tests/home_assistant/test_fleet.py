"""A real Core at the MQTT port of a real nats-server finds the chosen meters of a fleet."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest

from app.fleet.meters_file import FleetMeter
from tests.home_assistant.expected import registered, showing
from tests.support.core import Core, core_with
from tests.support.core_client import Client, connected
from tests.support.fleets import Pusher, fleet
from tests.support.nats import Node, connect, engine, unclaimed_port
from tests.support.telegrams import BOTH_KEYS

DEVICE = "smartmeter_181221234567"
UNAVAILABLE = "unavailable"
SILENT = 20
"""Seconds; Core has to start within them for what is to be seen after it."""


class Port(NamedTuple):
    """The MQTT port of the server, which lets everybody in."""

    node: Node
    port: int
    host: str = "127.0.0.1"
    username: str = "homeassistant"
    password: str = "a password"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    port = unclaimed_port()
    folder = tmp_path_factory.mktemp("nats")
    with engine(folder, f'mqtt {{listen: "127.0.0.1:{port}"}}') as node:
        yield Port(node, port)


@pytest.fixture(scope="module")
def core(house: Port, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    with core_with(house, tmp_path_factory.mktemp("core")) as core:
        yield core


@pytest.fixture(autouse=True)
def tidy() -> None:
    """Leave all to the end of this Core."""


async def test_a_chosen_meter_is_there_goes_and_comes_with_its_telegrams_and_outlives_a_restart(
    home: Client, core: Core, house: Port
) -> None:
    await (await connect(house.node)).close()
    before = core.position
    async with fleet(house.node, partitions=1, silent_after=SILENT, language="de") as one:
        chosen = FleetMeter(BOTH_KEYS, home_assistant=True, device_name="Top 3")
        await one.join({"m1": chosen, "m2": FleetMeter(BOTH_KEYS)})
        pusher = Pusher(one.client, ["m1", "m2"])
        pushing = asyncio.create_task(push(pusher))

        await home.until(partial(is_read, home), "a value of the chosen meter")
        device = await registered(home, DEVICE)
        assert device
        assert device["name"] == "Top 3"
        assert await registered(home, "smartmeter_181221234568") is None
        names = {one["attributes"]["friendly_name"] for one in home.states.values()}
        assert any(name.startswith("Top 3 ") and "Bezug" in name for name in names), names
        pushing.cancel()
        await home.until(partial(is_gone, home), "that it is silent")
        pushing = asyncio.create_task(push(pusher))
        await home.until(partial(is_read, home), "a value after its silence")
        await asyncio.to_thread(core.restart)
        async with connected(core) as again:
            await again.until(partial(is_read, again), "a value after Core was started again")
        pushing.cancel()
    assert not core.complaints(before)


async def is_read(home: Client) -> bool:
    value = (await showing(home, DEVICE)).get(f"{DEVICE}_energy_import")
    return value not in (None, UNAVAILABLE, "unknown")


async def is_gone(home: Client) -> bool:
    return (await showing(home, DEVICE)).get(f"{DEVICE}_energy_import") == UNAVAILABLE


async def push(pusher: Pusher) -> None:
    while True:
        await pusher.round()
        await asyncio.sleep(2)
