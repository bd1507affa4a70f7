"""The command ``fleet`` as a process."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.line.lasting import HEARTBEAT
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.fleet_process import APP, done, process
from tests.support.fleets import Pusher, until
from tests.support.nats import TIMEOUT, Node, connect, engine, unclaimed_port

METER = {"key": KEY.hex(), "auth_key": AUTH_KEY.hex()}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


@pytest.fixture
def options(tmp_path: Path, node: Node) -> str:
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps({"servers": [node.url], "replicas": 1, "partitions": 2}))
    (tmp_path / "meters.json").write_text(json.dumps({"m1": METER}))
    return str(file)


async def test_a_reader_reads_takes_new_meters_and_ends(
    node: Node, options: str, tmp_path: Path
) -> None:
    client = await connect(node)
    status, told = done("fleet", "setup", "--options", options)
    assert status == 0, told
    assert done("fleet", "setup", "--options", options)[1].count("INFO") == 1
    pusher = Pusher(client, ["m1", "m2"])
    subscription = await client.subscribe("readings.*.*")
    with process("fleet", "--options", options) as reader:
        await pusher.round()
        assert (await subscription.next_msg(TIMEOUT)).subject.startswith("readings.m1.")
        await until(lambda: reader.logged("m2: there is no meter of this name"))
        (tmp_path / "meters.json").write_text(json.dumps({"m1": METER, "m2": METER}))
        reader.process.send_signal(signal.SIGHUP)
        await until(lambda: reader.logged("the file of meters is read again: 1 meter changed"))
        status, told = done("fleet", "status", "--options", options)
        assert (status, told.splitlines()[0]) == (0, "partitions: 2, 2 with a reader"), told
        (tmp_path / "meters.json").write_text("{")
        reader.process.send_signal(signal.SIGHUP)
        await until(lambda: reader.logged("the meters stay as they were"))
        await pusher.round()
        names = {(await subscription.next_msg(TIMEOUT)).subject.split(".")[1] for _ in range(2)}
        assert names == {"m1", "m2"}
        reader.process.terminate()
        assert reader.wait() == 0
        assert not any(re.search("Traceback|ERROR.*mistake", line) for line in reader.lines)
        assert KEY.hex() not in "".join(reader.lines).lower()
    await client.close()


async def test_a_reader_waits_for_the_set_up(node: Node, options: str) -> None:
    await (await connect(node)).close()
    begin = time.time()
    with process("fleet", "--options", options) as reader:
        await until(lambda: reader.logged("run fleet setup first; waiting"))
        assert HEARTBEAT.stat().st_mtime > begin - 1.0
        reader.process.send_signal(signal.SIGHUP)
        await until(lambda: reader.logged("the file of meters is read again: 0 meters changed"))
        reader.process.terminate()
        assert reader.wait() == 0


@pytest.mark.parametrize("seconds", [0.0, 0.5])
async def test_a_reader_ends_while_the_engine_is_away(
    node: Node, options: str, seconds: float
) -> None:
    await (await connect(node)).close()
    status, told = done("fleet", "setup", "--options", options)
    assert status == 0, told
    with process("fleet", "--options", options) as reader:
        await until(lambda: reader.logged("reading as"))
        node.kill()
        await asyncio.sleep(seconds)
        reader.process.terminate()
        assert reader.wait() == 0
        assert not any(re.search("Traceback|FATAL", line) for line in reader.lines)


async def test_a_reader_ends_before_there_is_an_engine(tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps({"servers": [f"nats://127.0.0.1:{unclaimed_port()}"]}))
    (tmp_path / "meters.json").write_text("{}")
    with process("fleet", "--options", str(file)) as reader:
        await until(lambda: reader.logged("the engine: a server refuses the connection"))
        reader.process.terminate()
        assert reader.wait() == 0


def test_wrong_options_are_told(tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    file.write_text("{}")
    status, told = done("fleet", "--options", str(file))
    assert status == 1
    assert "servers: nothing is given" in told


def without_nats(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program where nats-py is not installed."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['nats'] = None\n{program}"],
        env={**os.environ, "PYTHONPATH": str(APP)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["fleet", "forward"])
def test_without_nats_it_says_what_it_needs(command: str) -> None:
    result = without_nats(f"from app.cli import main; main(['{command}', '--options', 'x'])")
    assert result.returncode == 2
    assert "nats-py" in result.stderr


def test_the_app_in_home_assistant_does_without_nats() -> None:
    result = without_nats(
        "import app.run, app.commands.run, app.cli, app.influxdb.writer, app.console.printer\n"
        "print([name for name in sys.modules if name.startswith('app.fleet')])"
    )
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr
    assert "nats" not in (APP / "requirements.txt").read_text()
