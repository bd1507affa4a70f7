"""The real program as a service of systemd: what it says, where its files are, what it shows."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import status
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.mosquitto import Mosquitto
from tests.support.program import ADDON, bare_environment, options, running
from tests.support.simulated import Adapter, SimulatedMeter
from tests.support.systemd import environment, listening

BWRAP = shutil.which("bwrap")

WATCHDOG = 0.9
"""Seconds; the program feeds it every 0.3."""

BLOCKED = 3.0
"""Seconds for which the loop is held up."""

# A signal's handler runs in the loop's thread, and as long as it does, nothing else runs there.
BLOCKING = f"""
import signal, time
signal.signal(signal.SIGUSR1, lambda *_: time.sleep({BLOCKED}))
"""


def run(command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself, with nothing to read."""
    return subprocess.run(
        [sys.executable, "-m", "app", *command],
        input="",
        capture_output=True,
        text=True,
        check=False,
        cwd=ADDON,
        env={**bare_environment(), **variables},
        timeout=30,
    )


async def test_systemd_is_told_that_the_service_starts_lives_and_ends(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    with listening(tmp_path) as systemd:
        variables = environment(systemd, tmp_path, WATCHDOG)
        async with running(options(broker, adapter.path), tmp_path, variables) as program:
            await systemd.wait("READY=1")
            for _ in range(5):
                await systemd.wait("WATCHDOG=1", within=WATCHDOG)
            await program.ready()
            await meter.push()
            await program.logs("first telegram")
            assert (await program.stop()).status == 0
            await systemd.wait("STOPPING=1")
        told = [message for _, message in systemd.messages]
        assert told.count("READY=1") == told.count("STOPPING=1") == 1
        assert any(message.startswith("STATUS=0 telegrams read; ") for message in told)
    assert (Path(variables["STATE_DIRECTORY"]) / "state.json").exists()
    assert not (tmp_path / "state.json").exists()


async def test_the_watchdog_is_not_fed_while_the_event_loop_is_blocked(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    with listening(tmp_path) as systemd:
        variables = environment(systemd, tmp_path, WATCHDOG)
        async with running(
            options(broker, adapter.path), tmp_path, variables, before=BLOCKING
        ) as program:
            await systemd.wait("READY=1")
            await systemd.wait("WATCHDOG=1")
            os.kill(program.pid, signal.SIGUSR1)
            await asyncio.sleep(WATCHDOG / 3)
            systemd.drop()  # what was on its way
            with pytest.raises(TimeoutError):
                await systemd.wait("", within=2 * WATCHDOG)
            await systemd.wait("WATCHDOG=1")  # the loop turns again
            assert (await program.stop()).status == 0


@pytest.mark.skipif(
    BWRAP is None or os.geteuid() != 0,
    reason="bwrap is missing (on Debian: apt-get install bubblewrap), or this is not root",
)
async def test_under_the_restrictions_of_the_unit_it_reads_and_ends_when_told(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    """Nothing to write to but its own folders, one device, no capability, no new privileges."""
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    with listening(tmp_path) as systemd:
        variables = environment(systemd, tmp_path, WATCHDOG)
        own = [variables[f"{kind}_DIRECTORY"] for kind in ("STATE", "RUNTIME")]
        restricted = [
            *(str(BWRAP), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"),
            *("--dev-bind", os.path.realpath(adapter.path), "/dev/ttyMeter"),  # noqa: ASYNC240
            *(part for folder in own for part in ("--bind", folder, folder)),
            *("--cap-drop", "ALL", "--die-with-parent", "--"),
        ]
        async with running(
            options(broker, "/dev/ttyMeter"), tmp_path, variables, prefix=restricted
        ) as program:
            await systemd.wait("READY=1")
            await program.ready()
            await meter.push()
            await program.logs("first telegram")
            await systemd.wait("WATCHDOG=1")
            children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
            inside = children.read_text("ascii").strip()  # noqa: ASYNC240 - once, and quick
            rights = Path(f"/proc/{inside}/status").read_text("ascii")  # noqa: ASYNC240
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert f"\n{name}:\t0000000000000000\n" in rights
            assert "\nNoNewPrivs:\t1\n" in rights
            os.kill(int(inside), signal.SIGTERM)
            assert await program.ends() == 0
            await systemd.wait("STOPPING=1")
    assert "cannot be written" not in program.output
    assert (tmp_path / "state" / "state.json").exists()
    assert (tmp_path / "runtime" / status.NAME).exists()


async def test_status_shows_what_the_running_service_wrote(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC, start=datetime.now(UTC))
    with listening(tmp_path) as systemd:
        variables = environment(systemd, tmp_path, WATCHDOG)
        before = f"import app.status as own\nown.FIRST_INTERVAL = own.INTERVAL = {WATCHDOG}"
        async with running(
            options(broker, adapter.path), tmp_path, variables, before=before
        ) as program:
            await program.ready()
            await meter.push()
            await program.logs("first telegram")
            await systemd.wait("STATUS=1 telegram read; connected to the MQTT broker")
            result = run(["status"], variables)
    assert result.returncode == 0, result
    assert f"broker: connected to the MQTT broker {broker.host}:{broker.port}\n" in result.stdout
    assert f"{adapter.path} (2400 8E1)\n  problem: none\n  1 telegram, 0 errors" in result.stdout
    assert "\n    Voltage L1  " in result.stdout
    file = Path(variables["RUNTIME_DIRECTORY"]) / status.NAME
    for secret in (broker.password, KEY.hex(), AUTH_KEY.hex()):
        assert secret not in file.read_text("utf-8")


async def test_status_names_a_line_that_is_left_out(tmp_path: Path) -> None:
    url = "tcp://127.0.0.1:1"
    two = {
        "name": "Cellar",
        "url": url,
        "additional_meters": [{"name": "Roof", "url": url}],
        "mqtt": {"host": "127.0.0.1", "port": 1},
    }
    variables = {"RUNTIME_DIRECTORY": str(tmp_path)}
    async with running(two, tmp_path, variables) as program:
        await program.logs("Cellar: the gateway tcp://127.0.0.1:1 refuses the connection")
        shown = run(["status"], variables)
        assert (await program.stop()).status == 0
    assert shown.returncode == 1
    assert "\nCellar: " in shown.stdout
    left_out = shown.stdout.partition("\nRoof: no line is open\n  problem: ")[2]
    assert left_out.startswith("the first meter (Cellar) and additional_meters[0] (Roof) have the")
    assert "(Roof) is not read" in left_out
    assert left_out.endswith("\n  0 telegrams, 0 errors\n")


async def test_options_come_from_variables_and_secret_files(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "e450", zone=UTC)
    secrets = {"KEY": KEY.hex(), "AUTH_KEY": AUTH_KEY.hex(), "MQTT_PASSWORD": broker.password}
    for name, secret in secrets.items():
        (tmp_path / name).write_text(secret + "\n")
    async with running(
        {"mqtt": {"host": "to be overridden"}},
        tmp_path,
        {
            "SMARTMETER_URL": str(adapter.path),
            "SMARTMETER_LOG_LEVEL": "trace",
            "SMARTMETER_MQTT_HOST": broker.host,
            "SMARTMETER_MQTT_PORT": str(broker.port),
            "SMARTMETER_MQTT_USERNAME": broker.username,
            **{f"SMARTMETER_{name}_FILE": str(tmp_path / name) for name in secrets},
        },
    ) as program:
        await program.ready()
        await meter.push()
        await program.logs("first telegram")
        await program.stop()
    for secret in secrets.values():
        assert secret not in program.output


async def test_a_profile_of_the_service_is_found_by_every_command(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "mine.toml").write_text('manufacturer = "Example"\nmodel = "X1"')
    folder = {"CONFIGURATION_DIRECTORY": str(tmp_path)}
    other = tmp_path / "other"
    other.mkdir()
    raw = {"meter_type": "mine", "url": "tcp://127.0.0.1:1", "mqtt": {"host": "h"}}
    async with running(raw, other, folder) as program:
        await program.logs("meter type mine")
    command = ["decode", "--meter-type", "mine"]
    for variables, ended in ((folder, 1), ({}, 2)):  # 1: nothing to decode
        assert run(command, variables).returncode == ended


async def test_without_systemd_nothing_is_written_and_status_says_so(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    async with running(options(broker, adapter.path), tmp_path) as program:
        await program.ready()
        await program.stop()
    assert not list(tmp_path.glob(f"**/{status.NAME}"))  # noqa: ASYNC240 - nothing runs any more
    result = run(["status"], {"RUNTIME_DIRECTORY": str(tmp_path)})
    assert result.returncode == 1
    assert result.stderr == f"the program does not run: there is no {tmp_path / status.NAME}\n"
