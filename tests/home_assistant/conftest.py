"""One Core and one broker for all tests of this folder; each test cleans up behind its meters."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.home_assistant.client import Client, connected
from tests.home_assistant.core import Core, environment
from tests.home_assistant.house import clear
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter

HERE = Path(__file__).parent


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
    where = environment()
    if where is None:
        pytest.skip("there is no Home Assistant Core here; script/home-assistant installs one")
    core = Core(where, tmp_path_factory.mktemp("core"))
    try:
        core.start()
        core.onboard()
        core.connect_mqtt(house)
        yield core
    finally:
        core.stop()


@pytest.fixture(autouse=True)
async def tidy(core: Core, house: Mosquitto) -> AsyncIterator[None]:
    """See that nothing is left of a meter after the test."""
    yield
    async with connected(core) as client:
        await clear(house)

        async def nothing() -> bool:
            devices = await client.call("config/device_registry/list")
            return not any(kind == "mqtt" for one in devices for kind, _ in one["identifiers"])

        await client.until(nothing, "a Core without any meter")


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
