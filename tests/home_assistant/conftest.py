"""One Core and one broker for all tests of this folder; each test cleans up behind its meters."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.home_assistant.house import clear
from tests.support.core import Core, core_with
from tests.support.core_client import Client, connected
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter

HERE = Path(__file__).parent

PATIENCE = 20.0
"""Seconds within which Core forgets meters whose messages were cleared."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a Core."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.home_assistant)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """Give the broker of the house, which keeps retained messages over a restart."""
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"), persistent=True)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def core(house: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """Give a Core with a user and the integration MQTT, freshly made."""
    with core_with(house, tmp_path_factory.mktemp("core")) as core:
        yield core


@pytest.fixture(autouse=True)
async def tidy(core: Core, house: Mosquitto) -> AsyncIterator[None]:
    """See that nothing is left of a meter after the test, also after one that failed."""
    yield
    async with connected(core) as client:
        await clear(house)

        async def left() -> list[dict[str, Any]]:
            devices = await client.call("config/device_registry/list")
            return [one for one in devices if any(kind == "mqtt" for kind, _ in one["identifiers"])]

        async def nothing() -> bool:
            return not await left()

        try:
            await client.until(nothing, "a Core without any meter", PATIENCE)
        except AssertionError:
            # Core did not listen when the messages were cleared, and hears of that no more.
            for device in await left():
                (entry,) = device["config_entries"]
                remove = {"device_id": device["id"], "config_entry_id": entry}
                await client.call("config/device_registry/remove_config_entry", **remove)
            raise


@pytest.fixture
async def home(core: Core) -> AsyncIterator[Client]:
    """Give a client of Core."""
    async with connected(core) as client:
        yield client


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[Adapter]:
    """Give a serial adapter."""
    with closing(Adapter(tmp_path / "ttyMeter")) as adapter:
        yield adapter
