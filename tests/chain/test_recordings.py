"""Recordings of users say what the users read off their meters.

Whoever puts a file into tests/vectors/recordings has a test of it; ADDING_A_METER.md tells how.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.ciphering import AUTH_KEY, KEY
from tests.support.captures import VECTORS
from tests.support.confirmed import problems

ROOT = VECTORS.parents[1]
RECORDINGS = sorted((VECTORS / "recordings").glob("*.txt"))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_says_what_was_read_off_the_meter(path: Path) -> None:
    assert list(problems(path.read_bytes())) == []


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, str]:
    """Make recordings of a simulated meter by the commands that ADDING_A_METER.md gives."""
    folder = tmp_path_factory.mktemp("recordings")
    sent = ["--meter", "kaifa", "--count", "3", "--start", "2026-07-01T12:00:05"]
    own = {"SMARTMETER_KEY": KEY.hex(), "SMARTMETER_AUTH_KEY": AUTH_KEY.hex()}
    environment = {**os.environ, **own, "PYTHONPATH": str(ROOT / "smartmeter_addon")}

    def run(*command: str) -> None:
        subprocess.run(
            [sys.executable, "-m", *command],
            check=True,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            timeout=60,
        )

    run("simulator", *sent, "--output", str(folder / "line.bin"))
    found = {}
    for anonymous in (False, True):
        path = folder / f"{anonymous}.txt"
        more = ["--anonymous"] if anonymous else []
        run("app", "record", str(folder / "line.bin"), *more, "-o", str(path))
        found[anonymous] = path.read_text("ascii")
    return found


def answered(text: str, *, energy_import: str = "5341.67", energy_export: str = "268") -> bytes:
    for key, value in (("energy_import", energy_import), ("energy_export", energy_export)):
        text = text.replace(f"{key} = ? kWh", f"{key} = {value} kWh")
    return text.encode()


def test_a_recording_with_what_a_person_read_off_the_meter_is_a_test(
    recorded: dict[bool, str],
) -> None:
    assert "= ?" in recorded[True]
    assert list(problems(answered(recorded[True]))) == []
    assert list(problems(answered(recorded[True], energy_import="5341,7"))) == []
    assert list(problems(answered(recorded[True], energy_import="5341"))) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"energy_import": "?"}, "what did the meter's display say of energy_import? Write it"),
        ({"energy_import": "5340.67"}, "the display said 5340.67, the telegrams say 5341.67"),
        ({"energy_import": "5.34167"}, "the display said 5.34167, the telegrams say 5341.67"),
        ({"energy_import": "a lot"}, "wanted is a form like # read off the meter: energy_import"),
    ],
)
def test_a_value_that_is_not_confirmed_is_told(
    recorded: dict[bool, str], changed: dict[str, str], said: str
) -> None:
    (problem,) = problems(answered(recorded[True], **changed))
    assert said in problem


def test_what_is_missing_is_told(recorded: dict[bool, str]) -> None:
    (problem,) = problems(answered(recorded[False]))
    assert "is not anonymous" in problem
    unasked = "".join(
        line for line in recorded[True].splitlines(keepends=True) if "read off" not in line
    )
    (problem,) = problems(unasked.encode())
    assert "no value was read off the meter; add a line" in problem
    (problem,) = problems(b"68 fa fa 68")
    assert "this is no recording" in problem
    for key, unit, said in (("nothing", "kWh", "no reading"), ("power", "kW", "in W, not in kW")):
        (problem,) = problems(
            f"{answered(recorded[True]).decode()}# read off the meter: {key} = 1 {unit}\n".encode()
        )
        assert said in problem
