"""The real program in a process of its own, between a simulated meter and a real Mosquitto."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest

from app import __version__
from app.meters.sensors import DIAGNOSTICS
from app.mqtt.topics import Topics
from simulator.ciphering import AUTH_KEY, KEY
from simulator.families import FAMILIES
from simulator.wires import TcpServer
from tests.support.mosquitto import TIMEOUT, Mosquitto, Watcher
from tests.support.program import Program, options, running
from tests.support.simulated import (
    EVERY_LIST,
    SILENT,
    UNITS_TO_BE_FOUND,
    Adapter,
    SimulatedMeter,
    reset,
    state,
)
from tests.support.supervised import TOKEN, service, supervised

BAUD = 2400
TOPICS = Topics()

MOST_TELEGRAMS = 20
"""Telegrams of which the last one says the number of the meter."""

PROMISED = 0.05
"""Seconds from a telegram's last byte to its state message."""

ENOUGH = 1.0
"""Seconds that a machine may take that is busy with something else just then."""

LONGEST_END = 2.0
"""Seconds that the program may take to end; or twice as long as it took to start, on a machine that
is busy with something else just then."""


async def said(home: Watcher, meter: SimulatedMeter) -> dict[str, object]:
    """Wait for a meter's next state message; give what it says, its numbers as decimals."""
    seen = await home.wait(TOPICS.state(meter.id))
    assert not seen.retain
    found: dict[str, object] = json.loads(seen.payload, parse_float=Decimal, parse_int=Decimal)
    return found


async def end(program: Program, number: signal.Signals = signal.SIGTERM) -> None:
    """Stop the program, as the Supervisor does, and see that it ends well and soon."""
    ended = await program.stop(number)
    assert ended.status == 0, f"exit status {ended.status}\n{program.output}"
    assert ended.seconds < max(LONGEST_END, 2 * program.start)
    assert program.lines[-1].rstrip().endswith("stopped")


# From the meter to Home Assistant


@pytest.mark.parametrize("family", ["kaifa", "sagemcom", "e450"])
async def test_a_telegram_at_2400_baud_is_published_at_once(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, family: str, figure: Callable[[str], None]
) -> None:
    meter = SimulatedMeter(adapter, family, zone=UTC)
    latencies = []
    async with (
        broker.watch() as home,
        running(options(broker, adapter.path), tmp_path) as program,
    ):
        await program.ready()
        for baud in (0, BAUD, 0, 0, 0):
            telegram = await meter.push(baud=baud)
            written = monotonic()
            assert await said(home, meter) == state(telegram.truth)
            latencies.append(monotonic() - written)
        await end(program)
        await home.wait(TOPICS.status, "offline")
    assert len(home.payloads(TOPICS.state(meter.id))) == len(latencies)
    first, slow, *others = (f"{1000 * latency:.1f}" for latency in latencies)
    figure(
        f"{family}: last byte to state message {slow} ms at {BAUD} baud, {first} ms for the first"
        f" telegram with its discovery, {', '.join(others)} ms for the others"
    )
    assert max(latencies) < ENOUGH
    assert min(latencies) < PROMISED


@pytest.mark.parametrize(
    ("family", "variant"),
    [
        *(("am550", name) for name in FAMILIES["am550"] if name.startswith("slovenia")),
        *(("ie5", name) for name in FAMILIES["ie5"]),
        *(("dsmr", "hungary-holley"), ("dsmr", "hungary-aux")),
    ],
)
async def test_lists_and_dialects_in_the_clear_are_published_as_the_meter_means_them(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, family: str, variant: str
) -> None:
    meter = SimulatedMeter(adapter, family, variant, zone=UTC)
    unkeyed = options(broker, adapter.path, key="")
    async with broker.watch() as home, running(unkeyed, tmp_path) as program:
        await program.ready()
        truth = (await meter.push()).truth
        assert await said(home, meter) == state(truth)
        await end(program)


PUBLISHED = [one for one in EVERY_LIST if one not in SILENT]
ONE_OF_EACH = {family: (family, variant) for family, variant in reversed(PUBLISHED)}.values()
PATIENCE = 0.5
"""Seconds after which a telegram is taken to wait for the next one."""


@pytest.mark.parametrize(
    ("family", "variant"),
    [
        one if one in ONE_OF_EACH else pytest.param(*one, marks=pytest.mark.slow)
        for one in PUBLISHED
    ],
)
async def test_every_family_is_published_to_the_broker(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, family: str, variant: str
) -> None:
    """Without its type, and as soon as its first telegrams are confirmed."""
    meter = SimulatedMeter(adapter, family, variant, zone=UTC)
    async with (
        broker.watch(TOPICS.state(meter.id)) as home,
        running(options(broker, adapter.path), tmp_path) as program,
    ):
        await program.ready()
        for _ in range(MOST_TELEGRAMS):
            truth = (await meter.push()).truth
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    found = await said(home, meter)
                    break
        wanted = state(truth)
        if family in UNITS_TO_BE_FOUND:
            wanted = {
                key: one for key, one in wanted.items() if key in found or "energy" not in key
            }
        # Beside the values stand those that are unknown, and what is an attribute.
        assert {key: found.get(key) for key in wanted} == wanted
        others = {key for key in found.keys() - wanted.keys() if found[key] is not None}
        assert all(key.endswith("_details") for key in others)
        await end(program)


async def test_several_meters_on_several_lines_are_read_side_by_side(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        kaifa = SimulatedMeter(adapter, "kaifa", "tinetz", zone=UTC)
        e450 = SimulatedMeter(gateway, "e450", "steiermark", zone=UTC, key=AUTH_KEY)
        second = {"url": f"tcp://127.0.0.1:{gateway.port}", "key": AUTH_KEY.hex(), "name": "Stall"}
        both = options(broker, adapter.path, additional_meters=[second])
        async with broker.watch() as home, running(both, tmp_path) as program:
            await program.logs(f"{adapter.path}: reading ")
            await program.logs(f"Stall: reading tcp://127.0.0.1:{gateway.port}")
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            for meter in (kaifa, e450):
                truth = (await meter.push()).truth
                assert await said(home, meter) == state(truth)
            await end(program)
            for meter in (kaifa, e450):
                await home.wait(TOPICS.meter_status(meter.id), "offline")


async def test_a_meter_on_the_line_of_another_is_not_read_and_the_rest_is(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        kaifa = SimulatedMeter(adapter, "kaifa", "tinetz", zone=UTC)
        e450 = SimulatedMeter(gateway, "e450", "steiermark", zone=UTC)
        others = [{"device": str(adapter.path)}, {"url": f"tcp://127.0.0.1:{gateway.port}"}]
        others[1]["key"] = KEY.hex()
        given = options(broker, adapter.path, additional_meters=others)
        async with broker.watch() as home, running(given, tmp_path) as program:
            assert (
                f"the first meter and additional_meters[0] have the same device, {adapter.path};"
                " additional_meters[0] is not read"
            ) in await program.logs(" ERROR ")
            await program.logs(f"{adapter.path}: reading ")
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            for meter in (kaifa, e450):
                truth = (await meter.push()).truth
                assert await said(home, meter) == state(truth)
            await end(program)
    assert "in use by another program" not in program.output


async def test_a_meter_on_two_lines_is_published_once(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        meter = SimulatedMeter(adapter, "kaifa", "tinetz", zone=UTC)
        second = {"url": f"tcp://127.0.0.1:{gateway.port}", "key": KEY.hex()}
        given = options(broker, adapter.path, additional_meters=[second])
        async with broker.watch() as home, running(given, tmp_path) as program:
            await program.ready()
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            for _ in range(2):
                telegram = await meter.push()
                assert await said(home, meter) == state(telegram.truth)
                gateway.write(telegram.data)
            told = await program.logs("is read on two lines")
            assert f"{adapter.path} and tcp://127.0.0.1:{gateway.port}" in told
            await end(program)
            await home.wait(TOPICS.meter_status(meter.id), "offline")
    states = [seen for seen in home.messages if seen.topic == TOPICS.state(meter.id)]
    assert len(states) == 2
    assert program.output.count("is read on two lines") == 1


async def test_home_assistant_started_later_finds_the_meter(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "sagemcom")
    async with (
        broker.watch() as home,
        running(options(broker, adapter.path, name="Keller", language="de"), tmp_path) as program,
    ):
        await program.ready()
        truth = (await meter.push()).truth
        await said(home, meter)
        async with broker.watch() as late:
            seen = await late.wait(TOPICS.discovery(meter.id))
            assert seen.retain
            for topic in (TOPICS.status, TOPICS.meter_status(meter.id)):
                assert (await late.wait(topic)).payload == "online"
            await late.publish(TOPICS.home_assistant, "online")
            assert (await late.wait(TOPICS.discovery(meter.id))).payload == seen.payload
            assert await said(late, meter) == state(truth)
    described = json.loads(seen.payload)
    assert described["dev"]["name"] == "Keller"
    assert described["dev"]["identifiers"] == [f"smartmeter_{meter.id}"]
    assert described["o"]["sw_version"] == __version__
    assert described["state_topic"] == TOPICS.state(meter.id)
    assert described["availability_mode"] == "all"
    assert [one["topic"] for one in described["availability"]] == [
        TOPICS.status,
        TOPICS.meter_status(meter.id),
    ]
    assert described["cmps"].keys() - DIAGNOSTICS.keys() == state(truth).keys()
    assert described["cmps"].keys() >= DIAGNOSTICS.keys()
    assert described["cmps"]["energy_import"]["name"] == "Bezug"


async def test_a_killed_program_leaves_its_last_will(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    async with (
        broker.watch() as home,
        running(options(broker, adapter.path), tmp_path) as program,
    ):
        await program.ready()
        await meter.push()
        await said(home, meter)
        await home.wait(TOPICS.status, "online")
        await program.stop(signal.SIGKILL)
        await home.wait(TOPICS.status, "offline")
        async with broker.watch(TOPICS.status) as late:
            seen = await late.wait(TOPICS.status)
    assert (seen.payload, seen.retain) == ("offline", True)


async def test_a_throttled_reading_is_published_at_the_end(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    seldom = options(broker, adapter.path, update_interval=3600, log_level="trace")
    async with broker.watch() as home, running(seldom, tmp_path) as program:
        await program.ready()
        first = await meter.push()
        assert await said(home, meter) == state(first.truth)
        await meter.push()
        last = await meter.push()
        await program.received(3 * len(last.data))
        await end(program)
        assert await said(home, meter) == state(last.truth)
    assert len(home.payloads(TOPICS.state(meter.id))) == 2


# Recovery


async def test_everything_is_published_again_to_a_restarted_broker(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "e450", zone=UTC)
    async with running(options(broker, adapter.path), tmp_path) as program:
        await program.ready()
        async with broker.watch() as home:
            before = state((await meter.push()).truth)
            assert await said(home, meter) == before
            broker.stop()
        assert " was lost; " in await program.logs("WARNING ")
        broker.start()
        await program.logs("connected to the MQTT broker")
        async with broker.watch() as home:
            await home.wait(TOPICS.status, "online")
            await home.wait(TOPICS.discovery(meter.id))
            await home.wait(TOPICS.meter_status(meter.id), "online")
            after = state((await meter.push()).truth)
            found = await said(home, meter)
            if found == before:  # told again, and the second client was there in time to see it
                found = await said(home, meter)
            assert found == after


async def test_an_unplugged_adapter_is_read_again(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    async with (
        broker.watch() as home,
        running(options(broker, adapter.path), tmp_path) as program,
    ):
        await program.ready()
        await meter.push()
        await said(home, meter)
        adapter.close()
        await program.logs(f"the serial adapter {adapter.path} is gone")
        adapter.plug_in()
        await program.logs(" reading ")
        truth = (await meter.push()).truth
        assert await said(home, meter) == state(truth)
        await program.logs("the meter is read again")


async def test_a_restarted_gateway_is_read_again(broker: Mosquitto, tmp_path: Path) -> None:
    with closing(await TcpServer.listen(0)) as gateway:
        meter = SimulatedMeter(gateway, "e450", "wien", zone=UTC)
        url = f"tcp://127.0.0.1:{gateway.port}"
        async with (
            broker.watch() as home,
            running(options(broker, url), tmp_path) as program,
        ):
            await program.ready()
            await meter.push()
            await said(home, meter)
            reset(gateway)
            await program.logs(f"the gateway {url} ended the connection (connection reset by peer)")
            await program.logs(f" reading {url}")
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            truth = (await meter.push()).truth
            assert await said(home, meter) == state(truth)


# The end of the program


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_program_that_ends_publishes_offline_everywhere(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, number: signal.Signals
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    async with (
        broker.watch() as home,
        running(options(broker, adapter.path), tmp_path) as program,
    ):
        await program.ready()
        await meter.push()
        await said(home, meter)
        await end(program, number)
        topics = (TOPICS.status, TOPICS.meter_status(meter.id))
        for topic in topics:
            await home.wait(topic, "offline")
        async with broker.watch() as late:
            for topic in topics:
                assert (await late.wait(topic)).payload == "offline"


async def test_the_program_ends_in_the_middle_of_a_telegram(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    trace = options(broker, adapter.path, log_level="trace")
    async with broker.watch() as home, running(trace, tmp_path) as program:
        await program.ready()
        adapter.write(meter.telegram().data[:100])
        await program.received(100)
        await end(program)
        await home.wait(TOPICS.status, "offline")


async def test_the_program_ends_while_the_broker_is_absent(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    broker.stop()
    async with running(options(broker, adapter.path), tmp_path) as program:
        await program.logs(" reading ")
        await program.logs(
            f"WARNING nothing answers at 127.0.0.1:{broker.port}, where the MQTT broker should be;"
            " start the broker, or check the options mqtt.host and mqtt.port (next attempt in 1 s)"
        )
        await end(program)


async def test_the_program_ends_while_the_device_is_absent(
    broker: Mosquitto, tmp_path: Path
) -> None:
    missing = tmp_path / "ttyNowhere"
    async with (
        broker.watch() as home,
        running(options(broker, missing), tmp_path) as program,
    ):
        await home.wait(TOPICS.status, "online")
        await program.logs(f"WARNING the serial device {missing} is missing; plug the adapter in")
        await end(program)
        await home.wait(TOPICS.status, "offline")


async def test_the_program_ends_while_the_broker_stalls(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    async with (
        broker.watch() as home,
        running(options(broker, adapter.path), tmp_path) as program,
    ):
        await program.ready()
        await meter.push()
        await said(home, meter)
        with broker.stalled():
            await meter.push()
            await end(program)
        await home.wait(TOPICS.status, "offline")


async def test_the_program_ends_while_a_broker_accepts_and_never_answers(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    async with silent_server() as (port, asked):
        given = options(broker, adapter.path)
        given["mqtt"]["port"] = port
        async with running(given, tmp_path) as program:
            await program.logs(" reading ")
            async with asyncio.timeout(TIMEOUT):
                await asked.wait()
            await end(program)


async def test_the_program_ends_while_the_supervisor_stalls(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    given = options(broker, adapter.path, mqtt={})
    async with supervised() as (supervisor, environment):
        supervisor.stalls = True
        async with running(given, tmp_path, environment) as program:
            await program.logs(" reading ")
            async with asyncio.timeout(TIMEOUT):
                await supervisor.asked.wait()
            await end(program)


@asynccontextmanager
async def silent_server() -> AsyncGenerator[tuple[int, asyncio.Event]]:
    """Give the port of a server that takes what comes and never answers, and an event: it came."""
    asked = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read(1)
        asked.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], asked
        for writer in writers:
            writer.close()


# Under the Supervisor


async def test_the_broker_is_the_one_that_the_supervisor_names(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    """As soon as there is one: the broker add-on may well be installed after this one."""
    meter = SimulatedMeter(adapter, "sagemcom")
    given = options(broker, adapter.path, mqtt={"base_topic": "house/meters"})
    topics = Topics("house/meters")
    async with supervised() as (supervisor, environment), broker.watch() as home:
        supervisor.replies({"result": "error", "message": "Service not enabled"}, 400)
        async with running(given, tmp_path, environment) as program:
            await program.logs(
                "WARNING Home Assistant has no MQTT broker yet; install and start the app (add-on)"
                " Mosquitto broker, or set the option mqtt.host to a broker of your own"
            )
            supervisor.replies({"result": "ok", "data": service(broker)})
            await program.ready()
            await home.wait(topics.status, "online")
            truth = (await meter.push()).truth
            seen = await home.wait(topics.state(meter.id))
            assert json.loads(seen.payload, parse_float=Decimal) == state(truth)
            assert all(
                f"Authorization: Bearer {TOKEN}\r\n" in request for request in supervisor.requests
            )
            await end(program)
            await home.wait(topics.status, "offline")


@pytest.mark.slow
async def test_the_supervisor_is_asked_again_after_a_password_change(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    """As the broker add-on does: it makes a new one and may tell the Supervisor a little later."""
    meter = SimulatedMeter(adapter, "kaifa")
    given = options(broker, adapter.path, mqtt={})
    async with supervised() as (supervisor, environment):
        supervisor.replies({"result": "ok", "data": service(broker)})
        async with running(given, tmp_path, environment) as program:
            await program.ready()
            await meter.push()
            await program.logs("first telegram of")
            broker.stop()
            broker.lets_in("another horse")
            broker.start()
            await program.logs(
                "refuses the user name or the password; check the options mqtt.username and"
                " mqtt.password, or restart the broker if both came from Home Assistant"
            )
            asked = len(supervisor.requests)
            supervisor.replies({"result": "ok", "data": service(broker)})
            await program.logs("connected to the MQTT broker")
            assert len(supervisor.requests) > asked
            async with broker.watch() as home:
                await home.wait(TOPICS.meter_status(meter.id), "online")
                truth = (await meter.push()).truth
                await home.wait(TOPICS.discovery(meter.id))
                while await said(home, meter) != state(truth):
                    pass  # the newest from before is told again
            await end(program)
            assert broker.password not in program.output


async def test_the_supervisor_is_asked_again_after_it_forbids(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    async with supervised() as (supervisor, environment), broker.watch() as home:
        supervisor.replies(b"403: Forbidden", 403)
        given = options(broker, adapter.path, mqtt={})
        async with running(given, tmp_path, environment) as program:
            assert "does not let this app ask" in await program.logs("WARNING ")
            supervisor.replies({"result": "ok", "data": service(broker)})
            await program.ready()
            await home.wait(TOPICS.status, "online")
            await end(program)


async def test_meters_are_read_while_the_supervisor_is_slow(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa")
    given = options(broker, adapter.path, mqtt={})
    async with supervised() as (supervisor, environment), broker.watch() as home:
        supervisor.stalls = True
        async with running(given, tmp_path, environment) as program:
            await program.logs(" reading ")
            async with asyncio.timeout(TIMEOUT):
                await supervisor.asked.wait()
            truth = (await meter.push()).truth
            await program.logs("first telegram of")
            supervisor.replies({"result": "ok", "data": service(broker)})
            supervisor.resumes()
            assert await said(home, meter) == state(truth)
            await end(program)


async def test_credentials_of_the_options_override_the_supervisor_s(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    own = {"username": broker.username, "password": broker.password}
    given = options(broker, adapter.path, mqtt=own)
    async with supervised() as (supervisor, environment), broker.watch() as home:
        other = service(broker) | {"username": "homeassistant", "password": "not this one"}
        supervisor.replies({"result": "ok", "data": other})
        async with running(given, tmp_path, environment) as program:
            await program.ready()
            await home.wait(TOPICS.status, "online")
            await end(program)


async def test_with_a_broker_in_the_options_the_supervisor_is_not_asked(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    async with supervised() as (supervisor, environment), broker.watch() as home:
        async with running(options(broker, adapter.path), tmp_path, environment) as program:
            await program.ready()
            await home.wait(TOPICS.status, "online")
            await end(program)
        assert supervisor.requests == []
