"""Which broker it is: that of the options, or the one that the Supervisor knows."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.config.options import MqttOptions
from app.config.supervisor import SupervisorError
from app.log import Redactor
from app.mqtt.broker import find_broker
from tests.support.supervised import BROKER, TOKEN, FakeSupervisor, supervised


@pytest_asyncio.fixture
async def supervisor() -> AsyncIterator[FakeSupervisor]:
    async with supervised() as (fake, _):
        yield fake


async def find(wanted: MqttOptions, url: str, redactor: Redactor | None = None) -> MqttOptions:
    environment = {"SUPERVISOR_URL": url, "SUPERVISOR_TOKEN": TOKEN}
    return await find_broker(wanted, environment, redactor or Redactor())


async def test_a_broker_in_the_options_is_used_without_asking_the_supervisor(
    supervisor: FakeSupervisor,
) -> None:
    wanted = MqttOptions("broker", 8883, "me", "pw", tls=True)
    assert await find(wanted, supervisor.url) is wanted
    assert supervisor.requests == []


async def test_without_a_broker_in_the_options_the_supervisor_is_asked(
    supervisor: FakeSupervisor,
) -> None:
    supervisor.replies({"result": "ok", "data": BROKER | {"ssl": True, "port": 8883}})
    wanted = MqttOptions(ca="/ssl/ca.pem", tls_insecure=True, base_topic="house")
    assert await find(wanted, supervisor.url) == MqttOptions(
        "core-mosquitto",
        8883,
        "addons",
        "pw",
        tls=True,
        ca="/ssl/ca.pem",
        tls_insecure=True,
        base_topic="house",
    )


async def test_user_and_password_of_the_options_override_the_supervisor_s(
    supervisor: FakeSupervisor,
) -> None:
    supervisor.replies({"result": "ok", "data": BROKER})
    found = await find(MqttOptions(username="me", password="mine"), supervisor.url)
    assert (found.host, found.username, found.password) == ("core-mosquitto", "me", "mine")


async def test_a_password_from_the_supervisor_is_hidden_in_the_log(
    supervisor: FakeSupervisor,
) -> None:
    supervisor.replies({"result": "ok", "data": BROKER | {"password": "swordfish"}})
    redactor = Redactor()
    await find(MqttOptions(), supervisor.url, redactor)
    assert redactor("login with swordfish") == "login with ***"


async def test_without_broker_and_supervisor_the_error_names_the_option_to_set() -> None:
    with pytest.raises(SupervisorError, match=r"set the option mqtt\.host"):
        await find_broker(MqttOptions(), {}, Redactor())
