"""The dashboard for Grafana: each of its queries is run on a real InfluxDB."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from app.influxdb.line_protocol import MEASUREMENT, line
from app.meters.reading import Reading
from app.meters.sensors import SENSORS
from tests.support.influxdb import InfluxDB, with_influxdb
from tests.support.publishing import E450, KAIFA

ROOT = Path(__file__).parents[2]
DASHBOARD: dict[str, Any] = json.loads(
    (ROOT / "docs" / "grafana-influxdb.json").read_text(encoding="utf-8")
)
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
QUERIES: Final[list[tuple[str, str]]] = [
    (panel["title"], target["query"]) for panel in PANELS for target in panel["targets"]
]
UNITS = {"watt": "W", "kwatth": "kWh", "volt": "V", "amp": "A", "m3": "m³"}
"""Our units by Grafana's."""

END = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAYS = 3


def fields(query: str) -> list[str]:
    """Give the fields of a query."""
    selected = query.partition(" FROM ")[0]
    return re.findall(r'\((?:last\()?"(\w+)"\)', selected)


def filled_in(query: str) -> str:
    """Put in what Grafana puts in, for all meters."""
    begin, end = (int(when.timestamp() * 1000) for when in (END - timedelta(days=DAYS), END))
    for name, value in {
        "$timeFilter": f"time >= {begin}ms AND time <= {end}ms",
        "$__interval": "1m",
        "$meter": f"({KAIFA.id}|{E450.id})",
        "$timezone": "Europe/Vienna",
    }.items():
        query = query.replace(name, value)
    assert "$" not in query.replace("$/", "")
    return query


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    """Give an InfluxDB with days of two meters that send everything there is."""
    database = InfluxDB(tmp_path_factory.mktemp("influxdb"))
    lines = []
    for hour in range(24 * DAYS):
        milliseconds = int((END - timedelta(hours=hour)).timestamp() * 1000)
        for meter in (KAIFA, E450):
            values: dict[str, Decimal | int | str] = {
                key: "1" if sensor.precision is None else Decimal(1000 - hour) / 2
                for key, sensor in SENSORS.items()
            }
            made = line(Reading(meter, None, values), name="House", milliseconds=milliseconds)
            assert made
            lines.append(made.decode())
    try:
        database.start()
        database.create()
        assert database.write("\n".join(lines) + "\n") == 204
        yield database
    finally:
        database.stop()


@with_influxdb
@pytest.mark.parametrize(("title", "query"), QUERIES)
def test_each_query_gives_values_of_each_meter(filled: InfluxDB, title: str, query: str) -> None:
    rows = filled.query(filled_in(query))
    assert {row["meter"] for row in rows} == {KAIFA.id, E450.id}, title
    columns = [key for key in rows[0] if key not in ("time", "meter")]
    assert len(columns) == len(set(fields(query)))
    for column in columns:
        assert all(row[column] is not None for row in rows)
    if "time(1d)" in query:
        assert {row[column] for row in rows for column in columns} >= {12.0}


@with_influxdb
def test_the_meters_to_choose_from_are_found(filled: InfluxDB) -> None:
    (query,) = [one["query"] for one in DASHBOARD["templating"]["list"] if one["name"] == "meter"]
    assert {row["value"] for row in filled.query(query)} == {KAIFA.id, E450.id}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_each_panel_shows_readings_in_their_unit(panel: dict[str, Any]) -> None:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    for target in panel["targets"]:
        assert f'FROM "{MEASUREMENT}" WHERE' in target["query"]
        shown = fields(target["query"])
        assert shown
        for key in shown:
            assert SENSORS[key].unit == UNITS.get(unit)
            is_text = SENSORS[key].precision is None
            assert is_text == (panel["type"] == "state-timeline")


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_every_source_is_the_one_that_is_asked_for_at_the_import() -> None:
    (source,) = DASHBOARD["__inputs"]
    text = json.dumps(DASHBOARD)
    assert set(re.findall(r'"uid": "(\$\{\w+\})"', text)) == {f"${{{source['name']}}}"}
