"""Two programs with the same options at one gateway and one broker."""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.wires import TcpServer
from tests.support.mosquitto import TIMEOUT, Mosquitto, Watcher
from tests.support.program import Program, options, running
from tests.support.pushing import TOPICS, Pushing, pushing
from tests.support.simulated import START, SimulatedMeter

pytestmark = pytest.mark.slow

AT_REST = 4.0
"""Seconds without a change of status after which there will be none: longer than the interval in
which a status is contradicted."""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Give a folder for each program."""
    folders = tmp_path / "first", tmp_path / "second"
    for folder in folders:
        folder.mkdir()
    return folders


@asynccontextmanager
async def gateway(start: datetime = START) -> AsyncGenerator[tuple[TcpServer, Pushing]]:
    """Give a gateway that serves every client, with a meter that pushes all the time."""
    with closing(await TcpServer.listen(0)) as server:
        meter = SimulatedMeter(server, "e450", zone=UTC, start=start)
        async with pushing(meter) as stream:
            yield server, stream


@asynccontextmanager
async def copy(broker: Mosquitto, server: TcpServer, folder: Path) -> AsyncGenerator[Program]:
    """Give a program that reads the gateway's meter."""
    url = f"tcp://127.0.0.1:{server.port}"
    async with running(options(broker, url), folder) as program:
        await program.ready()
        await program.logs("first telegram of")
        yield program


async def online(home: Watcher, stream: Pushing) -> None:
    """See that program and meter come to rest online, while readings are published."""
    topics = (TOPICS.status, TOPICS.meter_status(stream.meter.id))

    def said() -> list[list[str]]:
        return [home.payloads(topic) for topic in topics]

    async with asyncio.timeout(3 * TIMEOUT):
        before = None
        while said() != before:
            before = said()
            await asyncio.sleep(AT_REST)
    assert [payloads[-1] for payloads in said()] == ["online", "online"]
    await stream.recovery(home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_meter_stays_online_when_one_of_two_copies_ends_and_starts_again(
    broker: Mosquitto, folders: tuple[Path, Path], number: signal.Signals
) -> None:
    first, second = folders
    async with (
        gateway() as (server, stream),
        broker.watch() as home,
        copy(broker, server, first) as one,
    ):
        async with copy(broker, server, second) as other:
            await other.stop(number)
        await online(home, stream)
        async with copy(broker, server, second):  # which first says that it hears nothing
            await online(home, stream)
            await one.stop(number)
            await online(home, stream)


async def test_the_program_has_one_device_whose_values_come_to_rest(
    broker: Mosquitto, folders: tuple[Path, Path]
) -> None:
    """Each copy counts for itself, and the second one gets nothing over its own line."""
    first, second = folders
    hasty = (
        "from app.line import diagnostics, health, reader; health.SILENT_AFTER = 0.5;"
        "health.MISSED_PUSHES = 0; diagnostics.INTERVAL = diagnostics.KNOWN_INTERVAL = 0.5;"
        "reader.WATCH_INTERVAL = 0.5"
    )
    topic = TOPICS.line("1")

    def tell(home: Watcher, since: int) -> list[tuple[str, str]]:
        said = [json.loads(payload) for payload in home.payloads(topic)[since:]]
        return [(one["program"], one["problem"]) for one in said]

    now = datetime.now(UTC).replace(microsecond=0)
    async with gateway(now) as (server, _), broker.watch() as home:
        url = f"tcp://127.0.0.1:{server.port}"
        with closing(await TcpServer.listen(0)) as silent:
            async with (
                running(options(broker, url), first, before=hasty) as one,
                running(
                    options(broker, f"tcp://127.0.0.1:{silent.port}"), second, before=hasty
                ) as other,
            ):
                await one.ready()
                await other.ready()
                await asyncio.sleep(2 * AT_REST)
                since = len(home.payloads(topic))
                await asyncio.sleep(AT_REST)
                told = tell(home, since)
                assert len(told) > 3
                assert len(set(told)) == 1
                assert told[0][1] == "OFF"
                await one.stop(signal.SIGKILL)
                home.pass_over(topic)
                seen = json.loads((await home.wait(topic)).payload)
                assert seen["program"] != told[0][0]
        topics = {seen.topic for seen in home.messages}
        devices = {name for name in topics if name.startswith("homeassistant/device/")}
        assert TOPICS.program_discovery in devices
        assert len([name for name in devices if "smartmeter-reader" in name]) == 1


async def test_a_meter_is_online_again_after_the_broker_of_two_copies_was_restarted(
    broker: Mosquitto, folders: tuple[Path, Path]
) -> None:
    first, second = folders
    async with (
        gateway() as (server, stream),
        copy(broker, server, first) as one,
        copy(broker, server, second) as other,
    ):
        broker.restart()
        for program in (one, other):
            await program.logs("connected to the MQTT broker")
        async with broker.watch() as home:
            await stream.recovery(home)
            await online(home, stream)


async def test_a_meter_stays_online_when_the_line_of_one_of_two_copies_falls_silent(
    broker: Mosquitto, folders: tuple[Path, Path]
) -> None:
    first, second = folders
    hasty = "from app.line import health; health.SILENT_AFTER = 0.5; health.MISSED_PUSHES = 0"
    async with gateway() as (server, stream), broker.watch() as home:
        with closing(await TcpServer.listen(0)) as own:
            async with (
                copy(broker, server, first),
                running(options(broker, f"tcp://127.0.0.1:{own.port}"), second, before=hasty) as it,
            ):
                await it.ready()
                own.write(stream.meter.telegram().data)
                await it.logs("first telegram of")
                home.pass_over(TOPICS.meter_status(stream.meter.id))
                await home.wait(TOPICS.meter_status(stream.meter.id), "offline")
                await online(home, stream)
