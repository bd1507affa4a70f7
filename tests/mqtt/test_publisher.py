"""The publisher against a real Mosquitto, seen by a second client."""

import asyncio
import datetime as dt
import gc
import json
import socket
import tempfile
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from logging import DEBUG, ERROR
from pathlib import Path
from time import monotonic
from typing import Any

import aiomqtt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.config.options import MqttOptions
from app.line.trouble import Problem, Trouble
from app.log import TRACE
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS
from app.mqtt.connection import Connection
from app.mqtt.layout import Layout
from app.mqtt.legacy_layouts import Burgenland
from app.mqtt.publisher import RETAINED, UNSTEADY, BrokerState, Connected, Disconnected, Publisher
from app.mqtt.topics import Topics
from app.state import State
from tests.support.certificates import Certificates, text
from tests.support.memory import Memory
from tests.support.mosquitto import TIMEOUT, Mosquitto
from tests.support.relay import Relay

KAIFA = Meter("1kfm02", "1KFM02", "kaifa", "Kaifa", "MA309M", "4b464d1020000011")
E450 = Meter("12345678", "12345678", "e450", "Landis+Gyr", "E450", None)

STATUS = "smartmeter/status"
KAIFA_STATUS = "smartmeter/1kfm02/status"
KAIFA_STATE = "smartmeter/1kfm02/state"
KAIFA_CONFIG = "homeassistant/device/smartmeter_1kfm02/config"
HOME_ASSISTANT = "homeassistant/status"
TOPICS = Topics()


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test after which asyncio finds an exception that nobody took, or a lost task."""
    yield
    gc.collect()
    records = [*caplog.get_records("setup"), *caplog.get_records("call"), *caplog.records]
    assert [r.getMessage() for r in records if r.name == "asyncio" and r.levelno >= ERROR] == []


def reading(meter: Meter = KAIFA, /, **values: str) -> Reading:
    return Reading(meter, None, {key: Decimal(value) for key, value in values.items()})


@dataclass
class Program:
    """A publisher at work, and all it has reported."""

    publisher: Publisher
    states: asyncio.Queue[BrokerState]
    asked: int = 0
    looks_for_broker: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, meter: Meter = KAIFA, /, **values: str) -> None:
        self.publisher.publish(reading(meter, **values), name=None)

    async def connected(self) -> Connected:
        async with asyncio.timeout(TIMEOUT):
            while True:
                if isinstance(state := await self.states.get(), Connected):
                    return state

    async def disconnected(self) -> Disconnected:
        async with asyncio.timeout(TIMEOUT):
            while True:
                if isinstance(state := await self.states.get(), Disconnected):
                    return state


def program(
    find: MqttOptions | Callable[[], Awaitable[MqttOptions]],
    *,
    delays: Sequence[float] = (0.01,),
    timeout: float = TIMEOUT,
    language: str = "en",
    state: State | None = None,
    today: Callable[[], dt.date] = dt.date.today,
    topics: Topics = TOPICS,
    repeat_after: float = 3600.0,
    layout: type[Layout] = Layout,
) -> Program:
    async def find_broker() -> MqttOptions:
        made.asked += 1
        made.looks_for_broker.set()
        return find if isinstance(find, MqttOptions) else await find()

    states = asyncio.Queue[BrokerState]()
    publisher = Publisher(
        find_broker=find_broker,
        layout=layout(topics, language=language, version="1.2.3"),
        state=state or Memory(),
        today=today,
        repeat_after=repeat_after,
        on_state=states.put_nowait,
        delays=delays,
        timeout=timeout,
    )
    made = Program(publisher, states)
    return made


@asynccontextmanager
async def running(made: Program) -> AsyncGenerator[Program]:
    task = asyncio.create_task(made.publisher.run())
    try:
        yield made
    finally:
        await stop(task)


async def stop(task: asyncio.Task[Any]) -> float:
    """Cancel a task and give the seconds that it took to end."""
    begin = monotonic()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return monotonic() - begin


# Connecting


async def test_a_connection_is_reported_and_the_program_is_online(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        assert await made.connected() == Connected(broker.host, broker.port)
        assert (await home.wait(STATUS)).payload == "online"


async def test_online_is_retained(broker: Mosquitto) -> None:
    async with running(program(broker.options)) as made:
        await made.connected()
        async with broker.watch(STATUS) as early:
            await early.wait(STATUS, "online")
        async with broker.watch(STATUS) as late:
            assert (await late.wait(STATUS)).retain


async def test_a_wrong_password_is_told_in_plain_words(broker: Mosquitto) -> None:
    async with running(program(replace(broker.options, password="wrong"))) as made:
        told = await made.disconnected()
    assert told.reason == (
        f"the MQTT broker at 127.0.0.1:{broker.port} refuses the user name or the password; check"
        " the options mqtt.username and mqtt.password, or restart the broker if both came from"
        " Home Assistant"
    )


async def test_a_missing_user_name_is_told_in_plain_words(broker: Mosquitto) -> None:
    options = replace(broker.options, username=None, password=None)
    async with running(program(options)) as made:
        told = await made.disconnected()
    assert "wants a user name and a password; fill in the options mqtt.username" in told.reason


async def test_an_absent_broker_is_told_in_plain_words(broker: Mosquitto) -> None:
    broker.stop()
    async with running(program(broker.options)) as made:
        told = await made.disconnected()
    assert told.reason == (
        f"nothing answers at 127.0.0.1:{broker.port}, where the MQTT broker should be; start the"
        " broker, or check the options mqtt.host and mqtt.port"
    )
    assert told.retry_in == 0.01


@pytest.mark.parametrize("host", ["broker..invalid", "x" * 64])
async def test_an_impossible_host_name_is_told_in_plain_words(host: str) -> None:
    async with running(program(MqttOptions(host=host))) as made:
        told = await made.disconnected()
    assert f"the MQTT broker's name {host} is not known in the network" in told.reason


async def test_an_unknown_host_name_is_told_in_plain_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with running(program(MqttOptions(host="brocker"))) as made:
        told = await made.disconnected()
    assert "the MQTT broker's name brocker is not known in the network" in told.reason


async def test_a_silent_name_server_neither_hangs_nor_holds_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = threading.Event()

    def silent(*_: object, **__: object) -> None:
        answer.wait(TIMEOUT)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    try:
        made = program(MqttOptions(host="broker.lan"), timeout=0.05, delays=(60.0,))
        async with running(made):
            assert "does not answer" in (await made.disconnected()).reason
        made = program(MqttOptions(host="broker.lan"))
        task = asyncio.create_task(made.publisher.run())
        await asyncio.sleep(0)
        assert await stop(task) < 0.5
        resolvers = [thread for thread in threading.enumerate() if thread.name == "resolver"]
        assert len(resolvers) == 2
        assert all(thread.daemon for thread in resolvers)
    finally:
        answer.set()
        for thread in threading.enumerate():
            if thread.name == "resolver":
                thread.join()


@pytest.mark.parametrize("dead_family", [socket.AF_INET, socket.AF_APPLETALK])
async def test_the_second_address_of_a_host_is_tried_when_the_first_is_dead(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, dead_family: socket.AddressFamily
) -> None:
    with socket.create_server((broker.host, 0)) as server:
        dead = server.getsockname()

    def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [
            (dead_family, socket.SOCK_STREAM, 0, "", dead),
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", (broker.host, broker.port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    async with running(program(replace(broker.options, host="broker.lan"))) as made:
        assert await made.states.get() == Connected("broker.lan", broker.port)


async def test_what_the_finder_of_the_broker_says_is_told_and_it_is_asked_again(
    broker: Mosquitto,
) -> None:
    async def find() -> MqttOptions:
        if made.asked == 1:
            raise LookupError("there is no broker yet; install one")
        return broker.options

    async with running(made := program(find)):
        assert await made.states.get() == Disconnected("there is no broker yet; install one", 0.01)
        await made.connected()
    assert made.asked == 2


async def test_the_broker_is_looked_for_before_every_attempt(broker: Mosquitto) -> None:
    async def find() -> MqttOptions:
        return replace(broker.options, password="old" if made.asked == 1 else broker.password)

    async with running(made := program(find)):
        assert "refuses" in (await made.disconnected()).reason
        await made.connected()


async def test_delays_grow_are_bounded_and_start_over_after_success(broker: Mosquitto) -> None:
    broker.stop()
    async with running(program(broker.options, delays=(0.001, 0.002, 0.003))) as made:
        delays = [(await made.disconnected()).retry_in for _ in range(5)]
        assert delays == [0.001, 0.002, 0.003, 0.003, 0.003]
        broker.start()
        await made.connected()
        async with broker.watch() as home:
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
        broker.stop()
        assert (await made.disconnected()).retry_in == 0.001


# What is published


async def test_a_state_has_every_digit_and_the_meters_time(broker: Mosquitto) -> None:
    vienna = dt.timezone(dt.timedelta(hours=1))
    moment = dt.datetime(2026, 11, 21, 15, 22, 5, tzinfo=vienna)
    values: dict[str, Decimal | int | str] = {
        "energy_import": Decimal("4408.736"),
        "power": 230,
        "voltage_l1": Decimal("233.70"),
    }
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publisher.publish(Reading(KAIFA, moment, values), name="Keller")
        seen = await home.wait(KAIFA_STATE)
        described = json.loads((await home.wait(KAIFA_CONFIG)).payload)
    assert seen.payload == (
        '{"energy_import": 4408.736, "power": 230, "voltage_l1": 233.7,'
        ' "timestamp": "2026-11-21T15:22:05+01:00"}'
    )
    assert seen.qos == 1
    assert set(described["cmps"]) == {"energy_import", "power", "voltage_l1", "timestamp"}
    assert described["dev"]["name"] == "Keller"
    assert described["o"]["sw_version"] == "1.2.3"


async def test_a_reading_that_the_meter_has_no_value_for_is_null(broker: Mosquitto) -> None:
    """An absent key would leave Home Assistant with the last value."""
    now = Reading(KAIFA, None, {"power": 230}, frozenset({"phase_angle_l1"}))
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publisher.publish(now, name=None)
        seen = await home.wait(KAIFA_STATE)
    assert seen.payload == '{"power": 230, "phase_angle_l1": null}'


async def test_an_entity_is_announced_before_its_first_value(broker: Mosquitto) -> None:
    async with broker.watch("homeassistant/#", "smartmeter/1kfm02/#") as home:
        async with running(program(broker.options, language="de")) as made:
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
        assert [seen.topic for seen in home.messages][:3] == [
            KAIFA_CONFIG,
            KAIFA_STATUS,
            KAIFA_STATE,
        ]
        assert '"name": "Wirkleistung"' in home.messages[0].payload


async def test_values_are_told_again_after_an_announcement_and_only_then(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch() as home,
        running(program(broker.options, repeat_after=0.05)) as made,
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


async def test_discovery_and_status_are_retained_and_the_state_is_not(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        async with broker.watch() as late:
            await late.publish("end", "")
            await late.wait("end")
            retained = {seen.topic for seen in late.messages if seen.retain}
    assert retained == {STATUS, KAIFA_STATUS, KAIFA_CONFIG}


async def test_discovery_grows_with_what_the_meter_sends_and_only_then(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        for value in ("1", "2"):
            made.publish(power=value)
            await home.wait(KAIFA_STATE)
        made.publish(reactive_energy_import="3", no_such_reading="4")
        await home.wait(KAIFA_STATE)
        made.publish(power="5")
        await home.wait(KAIFA_STATE)
        described = [list(json.loads(text)["cmps"]) for text in home.payloads(KAIFA_CONFIG)]
    assert described == [["power"], ["power", "reactive_energy_import"]]


async def test_a_new_entity_is_announced_before_a_value_that_was_due_already(
    broker: Mosquitto,
) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        home.messages.clear()
        made.publish(power="2")
        made.publish(power="3", voltage_l1="230.1")
        await home.wait(KAIFA_STATE)
        assert [seen.topic for seen in home.messages] == [KAIFA_CONFIG, KAIFA_STATE]


async def test_a_status_that_does_not_change_is_not_sent_again(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        for value in ("1", "2", "3"):
            made.publish(power=value)
            await home.wait(KAIFA_STATE)
        assert home.payloads(KAIFA_STATUS) == ["online"]


async def test_a_meter_without_any_known_reading_is_not_announced(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publish(no_such_reading="4")
        assert (await home.wait(KAIFA_STATE)).payload == '{"no_such_reading": 4}'
        assert home.payloads(KAIFA_CONFIG) == []


async def test_a_meter_is_online_when_it_is_heard_and_offline_when_told(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publish(power="1")
        assert (await home.wait(KAIFA_STATUS)).payload == "online"
        made.publisher.meter_online(KAIFA.id, online=False)
        assert (await home.wait(KAIFA_STATUS)).payload == "offline"
        async with broker.watch(KAIFA_STATUS) as late:
            seen = await late.wait(KAIFA_STATUS)
            assert (seen.payload, seen.retain) == ("offline", True)
        made.publish(power="2")
        assert (await home.wait(KAIFA_STATUS)).payload == "online"


async def test_the_readings_of_many_meters_all_arrive(broker: Mosquitto) -> None:
    meters = [replace(E450, id=f"m{n}") for n in range(100)]
    async with broker.watch() as home, running(program(broker.options)) as made:
        for number, meter in enumerate(meters):
            made.publish(meter, power=str(number))
        for number, meter in enumerate(meters):
            seen = await home.wait(f"smartmeter/{meter.id}/state")
            assert seen.payload == f'{{"power": {number}}}'
            assert len(home.payloads(f"homeassistant/device/smartmeter_{meter.id}/config")) == 1


# Home Assistant's birth


async def test_diagnostics_are_announced_and_told_and_make_no_meter_online(
    broker: Mosquitto,
) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        await made.connected()
        made.publisher.diagnose(KAIFA, {"problem": "ON", "problem_details": {}}, name=None)
        described = json.loads((await home.wait(KAIFA_CONFIG)).payload)
        assert list(described["cmps"]) == ["problem"]
        told = await home.wait("smartmeter/1kfm02/diagnostics")
        assert (json.loads(told.payload), told.retain) == (
            {"problem": "ON", "problem_details": {}},
            False,
        )
        made.publish(power="1")
        await home.wait("smartmeter/1kfm02/state")
        assert home.payloads(KAIFA_STATUS) == ["online"]


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_restarted_program_announces_at_once_what_it_knows_and_that_nothing_is_heard(
    broker: Mosquitto, language: str
) -> None:
    state = Memory()
    async with broker.watch() as home, running(program(broker.options, state=state)) as made:
        made.publish(frequency="50", power="1")
        await home.wait(KAIFA_STATE)
    async with broker.watch() as home:
        await home.wait(KAIFA_CONFIG)  # what the first run left
        async with running(program(broker.options, state=state, language=language)) as made:
            seen = await home.wait(KAIFA_CONFIG)
    assert set(home.payloads(KAIFA_STATUS)) == {"offline"}
    described = json.loads(seen.payload)["cmps"]
    assert described.keys() == {"power", "frequency"}
    assert described["frequency"]["name"] == SENSORS["frequency"].name(language)


async def test_a_program_that_was_killed_leaves_no_meter_online_after_its_restart(
    broker: Mosquitto,
) -> None:
    state = Memory()
    relay = Relay(broker)
    async with relay, running(program(relay.options, state=state)) as made, broker.watch() as home:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        relay.stop_serving()
    async with broker.watch() as home:
        assert (await home.wait(KAIFA_STATUS)).payload == "online"
        async with running(program(broker.options, state=state)):
            assert (await home.wait(KAIFA_STATUS)).payload == "offline"


@pytest.mark.parametrize(
    ("topics", "cleared"),
    [
        (Topics(base="meters"), [STATUS, KAIFA_STATUS]),
        (Topics(discovery_prefix="ha"), [KAIFA_CONFIG]),
        (Topics(base="a", discovery_prefix="b"), [STATUS, KAIFA_STATUS, KAIFA_CONFIG]),
    ],
    ids=["base", "prefix", "both"],
)
async def test_what_was_retained_under_other_topics_is_cleared(
    broker: Mosquitto, topics: Topics, cleared: list[str]
) -> None:
    state = Memory()
    async with broker.watch() as home, running(program(broker.options, state=state)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
    async with broker.watch() as home:
        for topic in (STATUS, KAIFA_STATUS, KAIFA_CONFIG):
            assert (await home.wait(topic)).payload
        async with running(program(broker.options, state=state, topics=topics)) as made:
            for topic in cleared:
                assert (await home.wait(topic)).payload == ""
            made.publish(power="2")
            await home.wait(topics.state(KAIFA.id))  # what was sent before is acknowledged
    left = state.section(RETAINED).keys()
    assert left == {topics.status, topics.meter_status(KAIFA.id), topics.discovery(KAIFA.id)}


async def test_another_program_s_entities_are_taken_over_once_before_the_first_announcement(
    broker: Mosquitto,
) -> None:
    state, config = Memory(), "homeassistant/device/smartmeter/config"
    async with broker.watch() as home:
        for _ in range(2):
            made = program(broker.options, state=state, repeat_after=0.01, layout=Burgenland)
            async with running(made):
                made.publish(power_import="1")
                while "cmps" not in (await home.wait(config)).payload:
                    pass
    told = [json.loads(payload) for payload in home.payloads(config)]
    assert told[0] == {"migrate_discovery": True}
    assert len(told) == 3
    assert all("cmps" in one for one in told[1:])


async def test_what_no_broker_takes_is_not_cleared(broker: Mosquitto) -> None:
    """A file that was damaged would end every connection, or the program."""
    state = Memory()
    for damaged in ("smartmeter/+/state", "#", "", "a\0b", "x" * 70_000):
        state.set(RETAINED, damaged, "")
    async with broker.watch() as home, running(program(broker.options, state=state)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)


async def test_a_meter_that_was_not_heard_for_a_week_is_taken_back(broker: Mosquitto) -> None:
    state, day = Memory(), dt.date(2026, 6, 1)
    made = program(broker.options, state=state, today=lambda: day)
    async with broker.watch() as home, running(made):
        made.publish(KAIFA, power="1")
        made.publish(E450, power="2")
        await home.wait("smartmeter/12345678/state")
        for _ in range(8):
            day += dt.timedelta(days=1)
            made.publish(E450, power="2")
        assert made.publisher.forget_unheard() == [KAIFA]
        await home.wait(KAIFA_CONFIG)
        for topic in (KAIFA_CONFIG, KAIFA_STATUS):
            await home.wait(topic, "")
        async with broker.watch() as late:
            await late.wait("smartmeter/12345678/status")
            assert late.payloads(KAIFA_CONFIG) == []


async def test_a_reading_that_is_gone_for_good_is_taken_back(broker: Mosquitto) -> None:
    day = dt.date(2026, 6, 1)
    made = program(broker.options, today=lambda: day)
    async with broker.watch() as home, running(made):
        made.publish(power="1", frequency="50")
        assert (
            "unique_id" in json.loads((await home.wait(KAIFA_CONFIG)).payload)["cmps"]["frequency"]
        )
        for _ in range(8):
            day += dt.timedelta(days=1)
            made.publish(power="1")
        described = json.loads((await home.wait(KAIFA_CONFIG)).payload)["cmps"]
    assert described["frequency"] == {"p": "sensor"}
    assert "unique_id" in described["power"]


async def test_a_connection_that_was_lost_three_times_is_a_problem(broker: Mosquitto) -> None:
    async with Relay(broker) as relay, running(program(relay.options)) as made:
        for _ in range(UNSTEADY):
            await made.connected()
            assert made.publisher.problem() is None
            relay.cut()
            await made.disconnected()
    assert made.publisher.problem() == Problem(Trouble.BROKER, parameters={"count": 3})


async def test_everything_is_told_again_when_home_assistant_has_started(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publish(power="1")
        before = [await home.wait(topic) for topic in (KAIFA_CONFIG, KAIFA_STATE)]
        await home.publish(HOME_ASSISTANT, "online")
        again = [await home.wait(topic) for topic in (KAIFA_CONFIG, KAIFA_STATE)]
    assert again == before


async def test_home_assistants_end_is_no_birth(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        await home.publish(HOME_ASSISTANT, "offline")
        made.publish(power="2")
        await home.wait(KAIFA_STATE, '{"power": 2}')
    assert home.payloads(KAIFA_STATE) == ['{"power": 1}', '{"power": 2}']
    assert len(home.payloads(KAIFA_CONFIG)) == 1


async def test_a_birth_that_is_retained_does_no_harm(broker: Mosquitto) -> None:
    async with broker.watch() as home:
        await home.publish(HOME_ASSISTANT, "online", retain=True)
        async with running(program(broker.options)) as made:
            made.publish(power="1")
            await home.wait(KAIFA_CONFIG)
            await home.wait(KAIFA_STATE, '{"power": 1}')
            assert isinstance(made.states.get_nowait(), Connected)
            assert made.states.empty()


# When things break


@pytest.mark.parametrize("persistent", [False, True])
async def test_a_restarted_broker_is_told_everything_again(
    tmp_path: Path, *, persistent: bool
) -> None:
    broker = Mosquitto(tmp_path, persistent=persistent).start()
    try:
        async with running(program(broker.options)) as made:
            async with broker.watch() as home:
                made.publish(power="1")
                await home.wait(KAIFA_STATE)
            broker.stop()
            told = await made.disconnected()
            assert "was lost" in told.reason
            made.publish(power="2")
            broker.start()
            await made.connected()
            async with broker.watch() as home:
                for topic in (STATUS, KAIFA_STATUS):
                    await home.wait(topic, "online")
                assert '"power"' in (await home.wait(KAIFA_CONFIG)).payload
                made.publish(power="3")
                await home.wait(KAIFA_STATE, '{"power": 3}')
    finally:
        broker.stop()


async def test_the_broker_speaks_the_last_will_when_the_socket_dies(broker: Mosquitto) -> None:
    async with (
        broker.watch(STATUS) as home,
        Relay(broker) as relay,
        running(program(relay.options)) as made,
    ):
        await home.wait(STATUS, "online")
        relay.cut()
        assert (await home.wait(STATUS)).payload == "offline"
        assert (await home.wait(STATUS)).payload == "online"
        assert "was lost" in (await made.disconnected()).reason


async def test_the_last_will_is_retained(broker: Mosquitto) -> None:
    async with (
        broker.watch(STATUS) as home,
        Relay(broker) as relay,
        running(program(relay.options, delays=(60.0,))),
    ):
        await home.wait(STATUS, "online")
        relay.cut()
        await home.wait(STATUS, "offline")
        async with broker.watch(STATUS) as late:
            seen = await late.wait(STATUS)
            assert (seen.payload, seen.retain) == ("offline", True)


async def test_only_the_newest_reading_of_each_meter_waits_for_the_broker(
    broker: Mosquitto,
) -> None:
    broker.stop()
    made = program(broker.options)
    for value in ("1", "2", "3"):
        made.publish(power=value)
    made.publish(E450, power="9")
    broker.start()
    async with broker.watch() as home, running(made):
        await home.wait(KAIFA_STATE)
        await home.wait("smartmeter/12345678/state")
        made.publish(power="4")
        await home.wait(KAIFA_STATE, '{"power": 4}')
    assert home.payloads(KAIFA_STATE) == ['{"power": 3}', '{"power": 4}']
    assert home.payloads("smartmeter/12345678/state") == ['{"power": 9}']


async def test_what_was_in_flight_when_the_connection_broke_is_sent_again(
    broker: Mosquitto,
) -> None:
    async with (
        broker.watch() as home,
        Relay(broker) as relay,
        running(program(relay.options)) as made,
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
        running(program(relay.options)) as made,
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


async def test_a_broker_that_stalls_before_it_answers_is_left_and_tried_again(
    broker: Mosquitto,
) -> None:
    async with running(program(broker.options, timeout=0.2)) as made:
        await made.connected()
        made.publish(power="1")
        with broker.stalled():
            await made.disconnected()
            told = await made.disconnected()
            assert told.reason == (
                f"the MQTT broker at 127.0.0.1:{broker.port} does not answer; see whether it runs,"
                " whether mqtt.host and mqtt.port are right, and whether a firewall is in between"
            )
        async with broker.watch() as home:
            await home.wait(STATUS, "online")
            await home.wait(KAIFA_STATE)


async def test_a_broker_that_stalls_later_is_left_and_told_the_newest_when_it_wakes(
    broker: Mosquitto,
) -> None:
    async with running(program(broker.options, timeout=0.2)) as made:
        await made.connected()
        async with broker.watch() as home:
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
            with broker.stalled():
                made.publish(power="2")
                assert "does not answer" in (await made.disconnected()).reason
                made.publish(power="3")
            await home.wait(KAIFA_STATE, '{"power": 3}')
            await made.connected()


async def test_a_host_that_answers_nothing_neither_hangs_nor_holds_up_the_end() -> None:
    with socket.socket() as server, ExitStack() as stack:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        options = MqttOptions(host="127.0.0.1", port=server.getsockname()[1])
        for _ in range(4):  # fill its queue: it takes no further call
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(server.getsockname())
        begin = monotonic()
        async with running(program(options, timeout=0.05, delays=(60.0,))) as made:
            assert "does not answer" in (await made.disconnected()).reason
        task = asyncio.create_task((made := program(options)).publisher.run())
        await made.looks_for_broker.wait()
        await stop(task)
        assert monotonic() - begin < 1


async def test_something_that_is_no_broker_and_hangs_up_is_told_at_once() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with running(program(MqttOptions(host="127.0.0.1", port=port))) as made:
            told = await made.disconnected()
    assert "hangs up instead of answering; check the options mqtt.port and mqtt.tls" in told.reason


# The end


async def test_a_cancelled_program_leaves_offline_behind_for_itself_and_its_meters(
    broker: Mosquitto,
) -> None:
    made = program(broker.options)
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
    async with running(program(broker.options)) as made:
        await made.connected()
    await broker.logs(f"Received DISCONNECT from {made.publisher._identifier}\n")


async def test_readings_that_are_still_due_at_the_end_are_sent_before(broker: Mosquitto) -> None:
    made = program(broker.options)
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
    # While they are online: Home Assistant keeps no value of what is unavailable.
    told = [(seen.topic, seen.payload) for seen in home.messages]
    assert told.index((KAIFA_STATE, '{"power": 2}')) < told.index((STATUS, "offline"))
    assert told.index((KAIFA_STATE, '{"power": 2}')) < told.index((KAIFA_STATUS, "offline"))


async def test_a_last_will_that_comes_late_is_contradicted(broker: Mosquitto) -> None:
    async with broker.watch() as home, running(program(broker.options)) as made:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        await home.publish(STATUS, "offline", retain=True)
        await home.wait(STATUS, "offline")
        await home.wait(STATUS, "online")
        async with broker.watch() as late:
            assert (await late.wait(STATUS)).payload == "online"
        assert len(home.payloads(KAIFA_CONFIG)) == 1


async def test_the_end_is_quick_when_the_connection_breaks_meanwhile(broker: Mosquitto) -> None:
    async with broker.watch() as home, Relay(broker) as relay:
        task = asyncio.create_task(program(relay.options).publisher.run())
        await home.wait(STATUS, "online")
        relay.lose_answers_from("offline")
        ending = asyncio.create_task(stop(task))
        await home.wait(STATUS, "offline")
        relay.cut()
        assert await ending < 1


async def test_the_end_is_quick_when_the_broker_stalls(broker: Mosquitto) -> None:
    made = program(broker.options)
    task = asyncio.create_task(made.publisher.run())
    async with broker.watch() as home:
        made.publish(power="1")
        await home.wait(KAIFA_STATE)
        with broker.stalled():
            assert await stop(task) < 1
        await home.wait(STATUS, "offline")


async def test_the_end_is_quick_while_connecting_to_a_broker_that_stalls(
    broker: Mosquitto,
) -> None:
    with broker.stalled():
        made = program(broker.options)
        task = asyncio.create_task(made.publisher.run())
        await made.looks_for_broker.wait()
        assert await stop(task) < 1


async def test_the_end_is_quick_without_a_broker(broker: Mosquitto) -> None:
    broker.stop()
    made = program(broker.options, delays=(60.0,))
    task = asyncio.create_task(made.publisher.run())
    await made.disconnected()
    assert await stop(task) < 1


async def test_nothing_stays_open_after_the_end(broker: Mosquitto) -> None:
    def left_open() -> tuple[set[asyncio.Task[Any]], list[Path]]:
        return asyncio.all_tasks(), list(Path("/proc/self/fd").iterdir())

    before = left_open()
    async with running(program(broker.options)) as made:
        await made.connected()
    async with running(program(replace(broker.options, password="wrong"))) as made:
        await made.disconnected()
    with broker.stalled():
        async with running(program(broker.options, timeout=0.05)) as made:
            await made.disconnected()
            await made.disconnected()
    await asyncio.sleep(0)  # a task that was cancelled ends when the loop comes round
    assert left_open() == before


# Secrets


async def test_no_password_is_logged_or_reported(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(TRACE)
    wrong = replace(broker.options, password="open sesame")
    states: list[BrokerState] = []
    async with running(program(wrong)) as made:
        states.append(await made.disconnected())
    async with Relay(broker) as relay, running(program(relay.options)) as made:
        states.append(await made.connected())
        async with broker.watch() as home:
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
            relay.cut()
            states.append(await made.disconnected())
    broker.stop()
    async with running(program(broker.options)) as made:
        states.append(await made.disconnected())
    written = caplog.text + repr(states) + repr(broker.options)
    assert "Sending CONNECT" in caplog.text
    for secret in ("open sesame", broker.password):
        assert secret not in written


@pytest.mark.parametrize(("level", "shown"), [(DEBUG, False), (TRACE, True)])
async def test_the_wire_is_logged_below_debug_only(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture, level: int, *, shown: bool
) -> None:
    caplog.set_level(level)
    caplog.handler.setLevel(0)  # as in the program, where it is the loggers that have a level
    async with Relay(broker) as relay, running(program(relay.options)) as made:
        await made.connected()
        relay.cut()
        await made.disconnected()
    levels = {record.levelno for record in caplog.records if record.name == "app.mqtt.wire"}
    assert levels == ({TRACE} if shown else set())


async def test_a_message_that_was_not_sent_any_more_leaves_nothing_behind(
    broker: Mosquitto,
) -> None:
    """The socket's number may be another one's when the loop would get to writing."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, found: complaints.append(found))
    will = aiomqtt.Will("t", "offline")
    async with Connection(broker.options, identifier="x", will=will, timeout=TIMEOUT) as connection:
        connection._client.publish("t", b"x", qos=1)
    await asyncio.sleep(0)
    assert complaints == []


# TLS


@contextmanager
def encrypting(
    directory: Path, certificates: Certificates, *settings: str
) -> Iterator[tuple[Mosquitto, MqttOptions]]:
    """Run a broker that speaks TLS only; gives it and what the program must know to get in."""
    broker = Mosquitto(
        directory,
        f"cafile {certificates.ca}",
        f"certfile {certificates.server[0]}",
        f"keyfile {certificates.server[1]}",
        *settings,
    ).start()
    try:
        yield broker, replace(broker.options, tls=True, ca=certificates.ca)
    finally:
        broker.stop()


async def attempt(options: MqttOptions) -> str | None:
    """Connect once; gives why it failed, or None."""
    async with running(program(options, delays=(60.0,))) as made, asyncio.timeout(TIMEOUT):
        state = await made.states.get()
        return state.reason if isinstance(state, Disconnected) else None


async def test_tls_with_an_authority_of_ones_own(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        assert await attempt(options) is None


async def test_messages_of_any_size_go_through_tls(
    tmp_path: Path, certificates: Certificates
) -> None:
    every_key = dict.fromkeys(SENSORS, "1")
    with encrypting(tmp_path, certificates) as (broker, options):
        made = program(options)
        for number in range(20):
            made.publish(replace(E450, id=f"m{number}"), **every_key)
        async with running(made):
            await broker.logs("'smartmeter/m19/state'")
            assert isinstance(made.states.get_nowait(), Connected)
            assert made.states.empty()


async def test_an_unknown_certificate_is_told_in_plain_words(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        reason = await attempt(replace(options, ca=None))
    assert reason is not None
    assert "is not to be trusted" in reason
    assert "option mqtt.ca" in reason


async def test_a_certificate_for_another_name_is_told_in_plain_words(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        reason = await attempt(replace(options, host="localhost"))
    assert reason is not None
    assert "is not to be trusted (Hostname mismatch" in reason


async def test_any_certificate_will_do_when_asked_for(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        insecure = replace(options, host="localhost", ca=None, tls_insecure=True)
        assert await attempt(insecure) is None


async def test_a_client_certificate_is_shown_where_the_broker_wants_one(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates, "require_certificate true") as (_, options):
        assert await attempt(options) is not None
        cert, key = certificates.client
        assert await attempt(replace(options, client_cert=cert, client_key=key)) is None


async def test_authority_certificate_and_key_can_be_text_instead_of_files(
    tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    (tmp_path / "broker").mkdir()
    with encrypting(tmp_path / "broker", certificates, "require_certificate true") as (_, options):
        ca, cert, key = map(text, (certificates.ca, *certificates.client))
        given = replace(options, ca=ca, client_cert=cert, client_key=key)
        assert await attempt(given) is None
        assert list(folder.iterdir()) == []  # the key was there for a moment only
        assert await attempt(replace(given, ca=cert)) is not None
        wrong = await attempt(replace(given, client_key=text(certificates.server[1])))
    assert wrong == (
        "the text entered cannot be used (it holds no PEM text that fits); check the option"
        " mqtt.client_cert and mqtt.client_key"
    )


async def test_speaking_plainly_to_a_broker_that_wants_tls_is_told_at_once(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        reason = await attempt(replace(options, tls=False, ca=None))
    assert reason is not None
    assert "check the options mqtt.port and mqtt.tls" in reason


async def test_speaking_tls_to_a_broker_that_does_not_is_told_at_once(
    broker: Mosquitto, certificates: Certificates
) -> None:
    reason = await attempt(replace(broker.options, tls=True, ca=certificates.ca))
    assert reason is not None
    assert "mqtt.tls" in reason


async def test_a_stalled_broker_with_tls_neither_hangs_nor_holds_up_the_end(
    broker: Mosquitto,
) -> None:
    options = replace(broker.options, tls=True)
    with broker.stalled():
        async with running(program(options, timeout=0.1, delays=(60.0,))) as made:
            assert "does not answer" in (await made.disconnected()).reason
        made = program(options)
        task = asyncio.create_task(made.publisher.run())
        await made.looks_for_broker.wait()
        assert await stop(task) < 1


async def test_files_that_cannot_be_used_are_named_with_their_option(
    tmp_path: Path, certificates: Certificates
) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    missing = tmp_path / "missing.pem"
    options = MqttOptions(host="127.0.0.1", port=1, tls=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        options = replace(options, port=server.getsockname()[1])
        assert await attempt(replace(options, ca=str(missing))) == (
            f"{missing} cannot be used (no such file or directory); check the option mqtt.ca"
        )
        assert await attempt(replace(options, ca=str(nonsense))) == (
            f"{nonsense} cannot be used (it holds no PEM text that fits); check the option mqtt.ca"
        )
        key = certificates.server[1]
        cert = certificates.client[0]
        assert await attempt(replace(options, client_cert=cert, client_key=key)) == (
            f"{cert} and {key} cannot be used (it holds no PEM text that fits); check the option"
            " mqtt.client_cert and mqtt.client_key"
        )


async def test_a_key_with_a_pass_phrase_is_named_with_its_option(
    tmp_path: Path, certificates: Certificates
) -> None:
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"phrase"),
        )
    )
    options = MqttOptions(
        host="127.0.0.1",
        port=1,
        tls=True,
        client_cert=certificates.client[0],
        client_key=str(locked),
    )
    reason = await attempt(options)
    assert reason is not None
    assert str(locked) in reason
