"""The command line of the simulator, as a process."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator import meters
from simulator.household import Household
from tests.support.simulated import NIGHT, moments
from tests.support.terminals import read_some

ROOT = Path(__file__).parents[2]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *arguments]


def made(family: str, variant: str | None, count: int, seed: int = 1) -> list[bytes]:
    """Make the telegrams that the command makes from NIGHT on."""
    meter = meters.build(family, variant)
    meter.invocation_counter = int((NIGHT - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds())
    household = Household(seed, NIGHT, phases=meter.phases)
    return [meter.telegram(household.at(moment)).data for moment in moments(count)]


FROM_START = ("--start", NIGHT.isoformat())


@pytest.mark.parametrize(
    ("family", "variant"), [("kaifa", "netznoe-1ph"), ("sagemcom", None), ("e450", "klagenfurt")]
)
def test_the_command_writes_telegrams_to_a_file(
    tmp_path: Path, family: str, variant: str | None
) -> None:
    output = tmp_path / "capture.bin"
    lists = ["--list", variant] if variant else []
    arguments = ["--meter", family, *lists, "--output", str(output), *FROM_START]
    subprocess.run(command(*arguments, "--count", "3", "--seed", "7"), cwd=ROOT, check=True)

    assert output.read_bytes() == b"".join(made(family, variant, 3, seed=7))


def test_the_command_writes_one_telegram_to_standard_output() -> None:
    arguments = command("--meter", "kaifa", "--output", "-", *FROM_START)
    done = subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True)

    assert done.stdout == made("kaifa", None, 1)[0]
    assert done.stderr == b"simulated kaifa (netznoe), 2400 8E1, on standard output\n"


def test_the_command_uses_the_given_keys_and_shows_none() -> None:
    key, auth_key = "0F1E2D3C4B5A69788796A5B4C3D2E1F0", "C0FFEE000102030405060708090A0B0C"
    arguments = ["--meter", "e450", "--output", "-", "--key", key, "--auth-key", auth_key]
    done = subprocess.run(
        command(*arguments, *FROM_START), cwd=ROOT, check=True, capture_output=True
    )
    meter = meters.build("e450", key=bytes.fromhex(key), auth_key=bytes.fromhex(auth_key))
    meter.invocation_counter = int((NIGHT - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds())

    assert done.stdout == meter.telegram(Household(1, NIGHT).at(NIGHT)).data
    assert key.encode() not in done.stderr.upper()
    assert auth_key.encode() not in done.stderr.upper()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--meter", "kaifa"], "one of the arguments --pty --tcp --output is required"),
        (["--meter", "kaifa", "--output", "-", "--list", "wien"], "kaifa has no list 'wien'"),
        (["--meter", "kaifa", "--output", "-", "--key", "00"], "a key is 32 hexadecimal digits"),
        (["--meter", "kaifa", "--output", "-", "--interval", "0"], "must be more than 0"),
        (["--meter", "kaifa", "--output", "-", "--pace", "-1"], "must not be less than 0"),
    ],
)
def test_wrong_usage_ends_with_a_message_and_status_2(arguments: list[str], words: str) -> None:
    done = subprocess.run(
        command(*arguments), cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert words in done.stderr


def test_an_output_that_cannot_be_written_ends_with_status_1(tmp_path: Path) -> None:
    path = tmp_path / "no" / "such" / "directory"
    arguments = command("--meter", "kaifa", "--output", str(path))
    done = subprocess.run(arguments, cwd=ROOT, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.startswith("simulator: ")
    assert "Traceback" not in done.stderr


def test_a_closed_standard_output_ends_the_command() -> None:
    arguments = command("--meter", "kaifa", "--output", "-", "--count", "100000", *FROM_START)
    with subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(282) == made("kaifa", None, 1)[0]
        process.stdout.close()
        assert process.wait(10) == 0
        assert b"Traceback" not in process.stderr.read()


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the command; yields it and where it says it writes."""
    with subprocess.Popen(command(*arguments), cwd=ROOT, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            yield process, process.stderr.readline().decode().strip().partition(", on ")[2]
        finally:
            process.kill()


def ends(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    assert process.stderr is not None
    process.send_signal(number)
    assert process.wait(5) == 0
    assert process.stderr.read() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_a_pty_until_it_is_stopped(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "ttyMeter"
    arguments = ("--meter", "kaifa", "--pty", str(path), "--pace", "2000000", "--interval", "0.01")
    with running(*arguments) as (process, where):
        assert where.startswith(f"{path} (/dev/pts/")
        reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
        received = b""
        while received.count(b"\x68\xfa\xfa\x68\x53\xff\x00\x01\x67\xdb\x08KFM") < 3:
            more = read_some(reader)
            assert more
            received += more
        ends(process, number)
    assert not path.is_symlink()
    os.close(reader)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_serves_a_tcp_port_until_it_is_stopped(number: signal.Signals) -> None:
    arguments = ("--meter", "e450", "--tcp", "0", "--pace", "0", "--interval", "0.01")
    with running(*arguments) as (process, where):
        assert where.startswith("tcp://127.0.0.1:")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(where.rpartition(":")[2]))
        frame = await reader.readexactly(120)
        assert frame[:3] == bytes.fromhex("7ea076")
        assert frame[-1:] == b"\x7e"
        ends(process, number)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_a_counted_run_on_a_pty_hands_over_its_last_byte(tmp_path: Path) -> None:
    path = tmp_path / "ttyMeter"
    arguments = ("--meter", "e450", "--pty", str(path), *FROM_START)
    with running(*arguments, "--count", "1", "--pace", "1200") as (process, _):
        reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
        received = b""
        with contextlib.suppress(OSError):
            while more := read_some(reader):
                received += more
        assert process.wait(10) == 0
    os.close(reader)
    whole = made("e450", None, 1)[0]
    # What was sent before the terminal was opened is lost, everything after it arrives.
    assert received
    assert whole.endswith(received)


def test_the_simulator_does_not_import_the_program() -> None:
    code = (
        "import sys, simulator.__main__; "
        "print([name for name in sys.modules if name.split('.')[0] == 'app'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"
