"""The real program with other outputs than MQTT: a database, and lines on standard output."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic

import pytest

from app.meters.sensors import SENSORS
from app.mqtt.topics import Topics
from simulator.ciphering import KEY
from simulator.families import FAMILIES
from tests.support.database import Database, Reply, database
from tests.support.influxdb import InfluxDB, with_influxdb
from tests.support.line_protocol import parse
from tests.support.mosquitto import TIMEOUT, Mosquitto, free_port
from tests.support.program import ADDON, bare_environment, options, running
from tests.support.simulated import SILENT, Adapter, SimulatedMeter, state

TOPICS = Topics()
TOKEN = "t0p-s3cret-t0ken"
QUICK = """
import app.influxdb.writer as w
w.Writer.__init__.__kwdefaults__.update(gather=0.1, delays=(0.2,))
"""
"""Lets the program wait less than it does in life."""

FIRST = [
    (family, next(name for name in lists if (family, name) not in SILENT))
    for family, lists in FAMILIES.items()
    if any((family, name) not in SILENT for name in lists)
]
"""A list of each family."""


def own_options(influxdb: InfluxDB | Database) -> dict[str, str]:
    return {"url": influxdb.url, "database": "smartmeter"}


def as_read_back(payload: str) -> dict[str, object]:
    """Give what a database has to give back for a state message."""
    said: dict[str, object] = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    return {
        key: str(value) if SENSORS[key].precision is None else float(str(value))
        for key, value in said.items()
        if key != "timestamp" and value is not None and not key.endswith("_details")
    }


# From the meter to MQTT and the database


@with_influxdb
@pytest.mark.parametrize(("family", "variant"), FIRST)
async def test_every_family_reaches_broker_and_database_alike(
    broker: Mosquitto,
    influxdb: InfluxDB,
    adapter: Adapter,
    tmp_path: Path,
    family: str,
    variant: str,
) -> None:
    meter = SimulatedMeter(adapter, family, variant, zone=UTC)
    both = options(broker, adapter.path, influxdb=own_options(influxdb), name="House, 1")
    if not FAMILIES[family][variant].ciphered:
        both |= {"key": "", "auth_key": ""}
    async with broker.watch() as home, running(both, tmp_path) as program:
        await program.ready()
        for _ in range(5):
            await meter.push()
            with suppress(TimeoutError):  # a first telegram may have to be confirmed
                async with asyncio.timeout(1):
                    await home.wait(TOPICS.state(meter.id))
        assert (await program.stop()).status == 0
        await home.wait(TOPICS.status, "offline")
        # After an announcement, MQTT's messages are sent once more.
        said = list(dict.fromkeys(home.payloads(TOPICS.state(meter.id))))
    points = [row for row in influxdb.points() if row["meter"] == meter.id]
    assert {point["name"] for point in points} == {"House, 1"}
    assert [
        {key: value for key, value in point.items() if key not in ("time", "meter", "name")}
        for point in points
    ] == [as_read_back(one) for one in said]
    assert points


# A database that is slow, away, or refuses


async def test_a_database_that_hangs_delays_neither_mqtt_nor_the_end(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    latencies = []
    async with database() as slow:
        slow.hangs = True
        both = options(broker, adapter.path, influxdb=own_options(slow), log_level="debug")
        async with broker.watch() as home, running(both, tmp_path, before=QUICK) as program:
            await program.ready()
            for _ in range(20):
                telegram = await meter.push()
                written = monotonic()
                seen = await home.wait(TOPICS.state(meter.id))
                latencies.append(monotonic() - written)
                assert json.loads(seen.payload)["timestamp"] == telegram.truth.timestamp.isoformat()
            await slow.requested(1)
            ended = await program.stop()
    assert ended.status == 0
    assert ended.seconds < 8  # the Supervisor gives ten
    assert "did not take all: points that are lost: 20" in program.output
    figure(
        "with a database that hangs: last byte to state message"
        f" {1000 * max(latencies):.0f} ms at the longest"
    )
    assert max(latencies) < 5  # not what is waited for a database


async def test_a_database_that_comes_later_gets_everything(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    port = free_port()
    away = {"url": f"http://127.0.0.1:{port}", "database": "smartmeter"}
    both = options(broker, adapter.path, influxdb=away)
    async with broker.watch() as home, running(both, tmp_path, before=QUICK) as program:
        await program.ready()
        for _ in range(5):
            await meter.push()
            await home.wait(TOPICS.state(meter.id))
        await program.logs("nothing answers at http://127.0.0.1")
        async with database(port) as back:
            await program.logs("writing to the database smartmeter")
            lines = await back.takes(5)
            await program.stop()
    assert [parse(line).tags["meter"] for line in lines] == [meter.id] * 5


async def test_a_wrong_token_is_a_problem_in_home_assistant_and_is_never_shown(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    async with database() as refusing:
        refusing.reply = lambda request: Reply(401, f"no: {request.headers['authorization']}")
        given = {"url": refusing.url, "org": "home", "bucket": "b", "token": TOKEN}
        both = options(broker, adapter.path, influxdb=given, log_level="trace")
        before = f"{QUICK}\nimport app.influxdb.writer as w\nw.PROBLEM_AFTER = 0.0"
        environment = {"RUNTIME_DIRECTORY": str(tmp_path)}
        async with (
            broker.watch() as home,
            running(both, tmp_path, environment, before=before) as program,
        ):
            await program.ready()
            await meter.push()
            told = await program.logs("refuses the token; check influxdb.token")
            assert "the bucket b at http://127.0.0.1" in told
            while (
                json.loads((await home.wait(f"smartmeter/{meter.id}/diagnostics")).payload)[
                    "problem"
                ]
                == "OFF"
            ):
                pass
            kept = ""
            async with asyncio.timeout(20):  # a status is written each few seconds
                while not kept or json.loads(kept)["outputs"]["database"]["works"]:
                    await asyncio.sleep(0.1)
                    kept = (tmp_path / "status.json").read_text("utf-8")
            await program.stop()
        problem = json.loads(home.payloads(f"smartmeter/{meter.id}/diagnostics")[-1])
    assert refusing.requests[0].headers["authorization"] == f"Token {TOKEN}"
    details = problem["problem_details"]
    assert details["kind"] == "database"
    assert "refuses the token" in details["message"]
    for text in (program.output, kept, *(seen.payload for seen in home.messages)):
        assert TOKEN not in text


# Without MQTT


async def test_a_database_alone_needs_no_broker(adapter: Adapter, tmp_path: Path) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC, start=datetime.now(UTC))
    async with database() as alone:
        given = {"url": str(adapter.path), "key": KEY.hex(), "influxdb": own_options(alone)}
        async with running(given, tmp_path, before=QUICK) as program:
            await program.logs("mqtt.host is not set, so nothing is published by MQTT")
            await program.logs(" reading ")
            await meter.push()
            await alone.takes(1)
            await program.stop()
    assert "broker" not in program.output
    assert "WARNING" not in program.output


async def test_what_is_not_asked_for_is_not_imported(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    before = (
        "import atexit, sys\natexit.register(lambda: print('imported', *(name for name in"
        " sys.modules if name.startswith(('app.influxdb', 'app.console')))))"
    )
    async with running(options(broker, adapter.path), tmp_path, before=before) as program:
        await program.ready()
        await program.stop()
    assert program.lines[-1] == "imported\n"


# Lines on standard output


async def printed(
    adapter: Adapter, directory: Path, *arguments: str, console: str = "json"
) -> asyncio.subprocess.Process:
    """Start the program with variables alone."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "run", "--options", str(directory / "options.json")),
        cwd=ADDON,
        env={
            **bare_environment(),
            "TZ": "UTC",
            "NO_COLOR": "1",
            "SMARTMETER_URL": str(adapter.path),
            "SMARTMETER_KEY": KEY.hex(),
            "SMARTMETER_CONSOLE": console,
            "SMARTMETER_NAME": "House",
            **dict(one.split("=", 1) for one in arguments),
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def line_of(stream: asyncio.StreamReader | None, words: str = "") -> str:
    """Wait for a line with some words."""
    assert stream
    async with asyncio.timeout(TIMEOUT):
        while line := (await stream.readline()).decode():
            if words in line:
                return line.rstrip("\n")
    raise AssertionError(f"no line with {words!r}")


async def test_json_lines_stand_on_standard_output_and_the_log_beside_it(
    adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    program = await printed(adapter, tmp_path)
    await line_of(program.stderr, " reading ")
    for _ in range(3):
        truth = (await meter.push()).truth
        said = json.loads(await line_of(program.stdout), parse_float=Decimal, parse_int=Decimal)
        assert (said.pop("meter"), said.pop("name")) == (meter.id, "House")
        assert datetime.fromisoformat(said.pop("received")).tzinfo
        assert said == state(truth)
    program.send_signal(signal.SIGTERM)
    out, errors = await program.communicate()
    assert (program.returncode, out) == (0, b"")
    assert b"stopped" in errors
    assert KEY.hex().encode() not in errors.lower()


async def test_when_the_reader_ends_so_does_the_program(adapter: Adapter, tmp_path: Path) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    read, write = os.pipe()
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "run", "--options", str(tmp_path / "options.json")),
        cwd=ADDON,
        env={
            **bare_environment(),
            "NO_COLOR": "1",
            "SMARTMETER_CONSOLE": "text",
            "SMARTMETER_URL": str(adapter.path),
            "SMARTMETER_KEY": KEY.hex(),
        },
        stdout=write,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(write)
    await line_of(program.stderr, " reading ")
    os.close(read)
    await meter.push()
    _, errors = await asyncio.wait_for(program.communicate(), TIMEOUT)
    assert program.returncode == 0
    assert b"standard output takes no more lines (broken pipe)" in errors
    assert errors.rstrip().endswith(b"stopped")


async def test_wrong_options_are_told_beside_the_lines(adapter: Adapter, tmp_path: Path) -> None:
    program = await printed(adapter, tmp_path, "SMARTMETER_KEY=00")
    out, errors = await program.communicate()
    assert (program.returncode, out) == (1, b"")
    assert b"key: the key has 2 hexadecimal digits" in errors
