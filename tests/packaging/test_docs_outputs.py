"""The documentation of the outputs beside MQTT: its examples, figures and recipes."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from app.console import lines
from app.console.printer import MOST_WAITING
from app.influxdb import writer
from app.influxdb.buffer import MOST_BYTES, MOST_POINTS
from app.influxdb.line_protocol import line
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS
from app.transport.tcp_source import SILENCES
from tests.support.line_protocol import parse

DOCS = (Path(__file__).parents[2] / "smartmeter_addon" / "DOCS.md").read_text(encoding="utf-8")
METER = Meter("181221234567", "181221234567", "kaifa", "Kaifa", "MA309", None)
READING = Reading(
    METER,
    datetime.fromisoformat("2026-11-21T17:13:43+01:00"),
    {
        "energy_import": Decimal("5341.671"),
        "energy_export": Decimal("268.868"),
        "power_import": 0,
        "voltage_l1": Decimal("233.1"),
        "power": -505,
    },
)
RECEIVED = datetime.fromisoformat("2026-11-21T17:13:45+01:00")


def part(title: str) -> str:
    return DOCS.partition(f"\n### {title}\n")[2].partition("\n#")[0]


def shown(text: str, begin: str) -> re.Pattern[str]:
    """Give the line that begins like this, with any text where its ellipsis is."""
    (found,) = [one for one in text.splitlines() if one.startswith(begin)]
    return re.compile(re.escape(found).replace("…", ".*"))


def test_the_lines_of_the_console_are_those_that_are_printed() -> None:
    text = part("Lines on the console")
    said = lines.text(READING, name="House", received=RECEIVED, language="en")
    assert shown(text, "2026-").fullmatch(said)
    printed = lines.json_object(READING, name="House", received=RECEIVED)
    assert shown(text, "{").fullmatch(printed)
    assert f"{MOST_WAITING} lines wait" in text


def test_the_point_that_is_shown_is_one_that_is_written() -> None:
    (example,) = re.findall(r"^smartmeter,.*$", DOCS, re.MULTILINE)
    point = parse(example)
    values = {key: Decimal(str(value)) for key, value in point.fields.items()}
    made = line(Reading(METER, None, values), name="House", milliseconds=point.time)
    assert made == example.encode()


def test_the_bounds_that_are_told_are_the_program_s() -> None:
    text = part("InfluxDB and Grafana")
    assert f"gathered for {writer.GATHER:.0f} seconds" in text
    assert f"up to {MOST_POINTS:,} of them wait in memory, or {MOST_BYTES >> 20} MB" in text
    assert f"within {writer.LAST_FLUSH:.0f} seconds" in text
    assert 13 * 3600 / 5 < MOST_POINTS < 14 * 3600 / 5
    assert MOST_POINTS > 3600
    assert writer.PROBLEM_AFTER == 60


def test_every_key_in_the_recipes_is_a_reading_s() -> None:
    text = part("Recipes")
    keys = re.findall(r"jq: \.(\w+)|JSONPATH:\$\.(\w+)|s\.(\w+)|parse\(val\)\.(\w+)", text)
    named = {next(filter(None, found)) for found in keys}
    named |= {f"{key}_l{n}" for key in re.findall(r"`(\w+)_l\$\{n\}`", text) for n in (1, 2, 3)}
    assert named >= {"power", "energy_import", "energy_export", "voltage_l2"}
    assert named <= SENSORS.keys()
    assert text.count("not run)") >= 5


def test_the_table_for_users_of_dsmr_tells_the_program_s_times() -> None:
    text = part("Home Assistant's DSMR Smart Meter")
    assert f"called anew after {SILENCES[0]:.0f} seconds" in text
    assert "1, 2 and then every 5 seconds" in text
