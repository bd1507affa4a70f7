"""The demo as it is run: what it prints, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from simulator.families import FAMILIES
from tests.support.mosquitto import Mosquitto

ROOT = Path(__file__).parents[2]


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "smartmeter_addon")))
    return subprocess.run(
        [sys.executable, "-m", "simulator.demo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "110"},
        timeout=60,
    )


def test_the_demo_shows_a_whole_house_without_a_warning() -> None:
    ended = demo("--seconds", "6", "--meter", "dsmr")
    assert ended.returncode == 0, ended
    assert "the page is at http://127.0.0.1:8099" in ended.stdout
    assert "Home Assistant would show the device Demo meter" in ended.stdout
    assert ended.stdout.count("home | ") > 20
    assert "WARNING" not in ended.stdout
    assert "ERROR" not in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert max(map(len, ended.stdout.splitlines())) <= 110 + 60  # sentences are not cut


def test_the_demo_shows_messages_as_they_are_and_no_errors_of_the_line() -> None:
    ended = demo("--seconds", "5", "--meter", "dsmr", "--json")
    lines = ended.stdout.splitlines()
    messages = [one for one in lines if "/diagnostics {" in one and "/line/" not in one]
    assert messages
    assert all(json.loads(line[line.index("{") :])["errors"] == 0 for line in messages)


def test_a_broker_that_does_not_answer_is_told_in_one_sentence() -> None:
    ended = demo("--broker", "127.0.0.1:1")
    assert ended.returncode == 1
    assert ended.stderr == ""
    assert ended.stdout == (
        "   demo | the MQTT broker 127.0.0.1:1 does not answer (Connection refused); see whether it"
        " runs and whether host and port are right, or leave --broker out for one of the demo's"
        " own\n"
    )


def test_a_broker_that_wants_a_password_is_told_in_one_sentence(broker: Mosquitto) -> None:
    ended = demo("--broker", f"127.0.0.1:{broker.port}")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "wants a user name and a password, and the demo has none" in ended.stdout


def test_all_meters_and_their_lists_are_shown() -> None:
    lines = demo("--list-meters").stdout.splitlines()
    assert len(lines) == 1 + sum(map(len, FAMILIES.values()))
    assert [line.split()[:2] for line in lines[1:]] == [
        [family, name] for family, lists in FAMILIES.items() for name in lists
    ]


def test_the_demo_ends_by_itself_when_it_is_told_to() -> None:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "smartmeter_addon")))
    with subprocess.Popen(
        [sys.executable, "-m", "simulator.demo"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:
        assert process.stdout
        while "connected to the MQTT broker" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 0
    assert rest.endswith("demo | that was it\n")
