"""The demo: what it shows, how it ends, and that wrong arguments are refused at once."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.demo_view import HEAD_EVERY, View
from simulator.families import FAMILIES
from tests.support.mosquitto import Mosquitto

ROOT = Path(__file__).parents[2]
CONFIG = "homeassistant/device/smartmeter_17/config"
STATE = "smartmeter/17/state"


def announced(**names: str) -> str:
    units = {"kWh": 3, "W": 0, "V": 1}
    components = {
        key: {
            "name": name,
            "value_template": f"{{{{ value_json.{key} }}}}",
            "unit_of_measurement": unit,
            "suggested_display_precision": units[unit],
        }
        for key, (name, unit) in ((key, text.rsplit(" ", 1)) for key, text in names.items())
    }
    components["errors"] = {
        "name": "Errors",
        "value_template": "{{ value_json.errors }}",
        "entity_category": "diagnostic",
    }
    device = {"name": "House", "manufacturer": "Kaifa", "model": "MA309", "serial_number": "17"}
    return json.dumps({"dev": device, "cmps": components})


METER = announced(energy_import="Energy import kWh", power="Power W", voltage_l1="Voltage L1 V")


def shown(view: View, *messages: tuple[str, str]) -> list[str]:
    return [line for topic, payload in messages for line in view.lines(topic, payload, "17:00:00")]


def test_a_meter_is_shown_as_home_assistant_would_and_then_in_rows_under_a_head() -> None:
    said = '{"energy_import": 5341.6, "power": -505, "voltage_l1": 233.14, "timestamp": "x"}'
    assert shown(View(100), (CONFIG, METER), (STATE, said)) == [
        "Home Assistant would show the device House (Kaifa MA309 17):",
        "  Energy import  5341.600 kWh",
        "  Power              -505 W",
        "  Voltage L1        233.1 V",
        "  and 1 in the section Diagnostic; 0 more wait to be enabled",
        "          Import kWh  Power W    L1 V",
        "17:00:00    5341.600     -505   233.1",
    ]


def test_rows_stay_under_one_head_and_the_head_comes_again() -> None:
    view = View(100)
    shown(view, (CONFIG, METER), (STATE, '{"energy_import": 1, "power": 1}'))
    rows = [
        line
        for power in range(2, HEAD_EVERY + 2)
        for line in shown(view, (STATE, f'{{"energy_import": 1, "power": {power}}}'))
    ]
    assert len({len(row) for row in rows}) == 1
    assert [row for row in rows if "Import" in row] == [rows[HEAD_EVERY - 1]]


def test_a_narrow_terminal_gets_the_most_wanted_columns() -> None:
    said = '{"energy_import": 1, "power": 2, "voltage_l1": 3}'
    lines = shown(View(30), (CONFIG, METER), (STATE, said))
    assert lines[-2:] == [f"{'':8}  Import kWh  Power W", "17:00:00       1.000        2"]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("smartmeter/status", "online"),
        ("smartmeter/17/status", "online"),
        (STATE, '{"power": 1}'),
        ("smartmeter/17/diagnostics", '{"errors": 0}'),
        (CONFIG, ""),
        (CONFIG, "[]"),
    ],
)
def test_other_messages_are_not_shown(topic: str, payload: str) -> None:
    assert shown(View(100), (topic, payload)) == []


def test_a_message_that_is_sent_once_more_is_one_row() -> None:
    view = View(100)
    said = (STATE, '{"power": 1}')
    assert len(shown(view, (CONFIG, METER), said)) == 7
    assert shown(view, said, (CONFIG, METER), said) == []
    assert len(shown(view, (STATE, '{"power": 2}'))) == 1


def test_a_gas_meter_says_one_sentence() -> None:
    view = View(100)
    gas = METER.replace("House", "Gas meter").replace("energy_import", "gas")
    shown(view, (CONFIG, METER), (STATE, '{"power": 1}'))
    lines = shown(
        view,
        ("homeassistant/device/smartmeter_18/config", gas),
        ("smartmeter/18/state", '{"gas": 2}'),
    )
    assert lines[-1] == "17:00:00  Gas meter: Energy import 2.000 kWh"


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


# wrong arguments, before anything is installed

WRONG = {
    "demo": ("--metr", "x"),
    "simulate": ("--meter", "kaifa"),
    "bench": ("peers", "--zz"),
    "fuzz": ("nosuch",),
    "lock": ("--upgrade", "x"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """This tree without its environments, so that what would be installed is seen."""
    for name in ("script", "simulator", "smartmeter_addon", "trials", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    scripts = tmp_path / "script"
    scripts.unlink()
    scripts.mkdir()
    for file in (ROOT / "script").iterdir():
        if file.is_file():
            (scripts / file.name).write_bytes(file.read_bytes())
            (scripts / file.name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("help_wanted", [False, True], ids=["wrong", "help"])
def test_wrong_arguments_and_help_need_nothing_installed(
    name: str,
    help_wanted: bool,  # noqa: FBT001 - a column of the table above
    tree: Path,
) -> None:
    arguments = ("--help",) if help_wanted else WRONG[name]
    # A Python without any package, as a new user's.
    environment = {
        **os.environ,
        "PYTHONNOUSERSITE": "1",
        "PYTHON": str(Path(sys.executable).resolve()),
    }
    ended = subprocess.run(
        [str(tree / "script" / name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=60,
    )
    assert ended.returncode == (0 if help_wanted else 2), ended
    assert not list(tree.glob(".venv*"))
    assert "installing" not in ended.stdout
    assert "Traceback" not in ended.stderr
