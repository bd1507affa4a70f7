"""The demand of Belgian P1 meters, and what others send beside what they measure.

The inputs are made up after public reports, which tests/vectors/field/demand.json names.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms.ciphering import Keys
from app.jsontext import dumps
from app.mqtt.layout import Layout
from app.mqtt.topics import Topics
from app.recordings.decode import describe
from simulator import links
from tests.support.guarded import GuardedLine
from tests.support.telegrams import decode, telegrams

FIELD = Path(__file__).parents[1] / "vectors" / "field"
CASES = json.loads((FIELD / "demand.json").read_text("utf-8"), parse_float=Decimal)

BASE = ["0-0:96.1.1(3153414733313030303030303731)", "0-0:1.0.0(261102225230W)"]


def described(data: bytes) -> dict[str, Any]:
    """Give what ``decode`` prints of the one telegram in some bytes."""
    (telegram,) = telegrams(decode([data]))
    found: dict[str, Any] = json.loads(dumps(describe(telegram)), parse_float=Decimal)
    return found


def readings(*lines: str, identification: str = r"FLU5\253769484_A") -> dict[str, Any]:
    """Give the readings of a telegram with some lines."""
    found: dict[str, Any] = described(links.p1(identification, [*BASE, *lines]))["readings"]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_of_the_field_is_read_as_expected(case: dict[str, Any]) -> None:
    found = described(case["input_text"].encode())
    wanted = case["expected"]["readings"]
    assert {key: found["readings"].get(key) for key in wanted} == wanted


def test_the_peak_of_flanders_has_its_moment_and_three_past_months() -> None:
    (case,) = (case for case in CASES if case["id"] == "be-demand-1")
    found = described(case["input_text"].encode())
    assert found["registers"]["1-0:1.6.0"]["at"] == "2026-11-07T19:00:00+01:00"
    assert found["details"] == {
        "power_import_peak": {
            "time": "2026-11-07T19:00:00+01:00",
            "history": [
                {"month": "2026-07", "time": "2026-07-31T12:00:00+02:00", "kW": Decimal("1.747")},
                {"month": "2026-08", "time": "2026-08-09T16:45:00+02:00", "kW": Decimal("3.26")},
                {"month": "2026-09", "time": "2026-09-24T13:45:00+02:00", "kW": Decimal("1.981")},
            ],
        }
    }


def test_the_peak_of_wallonia_has_its_moment() -> None:
    (case,) = (case for case in CASES if case["id"] == "be-demand-2")
    found = described(case["input_text"].encode())
    assert found["details"] == {"power_import_peak": {"time": "2026-11-02T01:00:00+01:00"}}


kilowatts = st.integers(0, 99_999).map(lambda watts: Decimal(watts).scaleb(-3))
times = st.datetimes(datetime(2020, 1, 2), datetime(2026, 11, 1)).map(  # noqa: DTZ001 - wall clock
    lambda moment: moment.replace(microsecond=0)
)


@given(
    kilowatts, kilowatts, times, st.lists(st.tuples(kilowatts, times), max_size=13), st.booleans()
)
def test_any_demand_is_read_in_both_orders(
    average: Decimal,
    peak: Decimal,
    moment: datetime,
    past: list[tuple[Decimal, datetime]],
    value_first: bool,  # noqa: FBT001 - drawn
) -> None:
    def dated(kw: Decimal, at: datetime) -> str:
        fields = f"({at:%y%m%d%H%M%S})", f"({kw:06.3f}*kW)"
        return "".join(reversed(fields) if value_first else fields)

    rows = "".join(f"({_month_end(at):%y%m%d}000000){dated(kw, at)}" for kw, at in past)
    (telegram,) = telegrams(
        decode(
            [
                links.p1(
                    "FLU5",
                    [
                        *BASE,
                        f"1-0:1.4.0({average:06.3f}*kW)",
                        f"1-0:1.6.0{dated(peak, moment)}",
                        f"0-0:98.1.0({len(past)})(1-0:1.6.0)(1-0:1.6.0){rows}",
                    ],
                )
            ]
        )
    )
    reading = telegram.reading
    assert reading is not None
    assert reading.values["power_import_average"] == average * 1000
    assert reading.values["power_import_peak"] == peak * 1000
    details = reading.details["power_import_peak"]
    assert datetime.fromisoformat(details["time"]).replace(tzinfo=None) == moment
    assert [
        (row["kW"], row["month"], datetime.fromisoformat(row["time"]).replace(tzinfo=None))
        for row in details.get("history", [])
    ] == [(kw, f"{at:%Y-%m}", at) for kw, at in past]


def _month_end(moment: datetime) -> datetime:
    """Give the first day of the month after, with which Belgian meters name a past month."""
    return (moment.replace(day=1) + timedelta(days=32)).replace(day=1)


@pytest.mark.parametrize("time", ["632525252525S", "700101010000W", "000000000000W"])
def test_a_peak_of_a_new_meter_keeps_its_value_without_a_time(time: str) -> None:
    found = described(links.p1("FLU5", [*BASE, f"1-0:1.6.0({time})(00.000*kW)"]))
    assert found["readings"]["power_import_peak"] == 0
    assert "details" not in found


def test_the_values_of_hungary_are_read() -> None:
    found = readings(
        "0-0:96.14.0(TARIFF 1)",
        "0-0:96.50.68(ON)",
        "0-0:17.0.0(24000*W)",
        "1-0:15.8.0(000755.247*kWh)",
        "1-0:5.7.0(00.504*kvar)",
        "1-0:8.8.0(000143.346*kvarh)",
        "1-0:31.4.0(200.00*A)",
        f"0-0:96.13.0({'FF' * 1024})",
        identification="AUX59900000017",
    )
    assert found == {
        "active_tariff": 1,
        "breaker": "connected",
        "power_limit": 24000,
        "energy_combined": Decimal("755.247"),
        "reactive_power_q1": 504,
        "reactive_energy_q4": Decimal("143.346"),
        "current_limit_l1": 200,
    }


def test_the_values_of_luxembourg_are_read() -> None:
    found = readings(
        "1-0:10.7.0(00.250*kVA)",
        "0-0:17.0.0(77.376*kVA)",
        "1-1:31.4.0(040*A)(-040*A)",
        "0-1:96.3.10(1)",
        "0-2:96.3.10(0)",
        "0-0:96.7.21(00069)",
        "1-0:32.32.0(00044)",
        "1-0:72.36.0(00001)",
        f"0-0:96.13.2({b'Hello'.hex()})",
        identification=r"Lux5\253663629_D",
    )
    assert found == {
        "apparent_power_export": 250,
        "apparent_power_limit": 77376,
        "current_limit": 40,
        "relay_1": "ON",
        "relay_2": "OFF",
        "power_failures": 69,
        "voltage_sags_l1": 44,
        "voltage_swells_l3": 1,
        "message_2": "Hello",
    }


def test_the_values_of_lithuania_are_read() -> None:
    found = readings(
        "1-0:15.7.0(02.351*kW)",
        "1-0:32.24.0(0.242*kV)",
        "1-0:31.4.0(0.003*kA)",
        "1-0:31.7.0(0.005*kA)",
        identification=r"ESO5\\253000000_A",
    )
    assert found == {
        "power_combined": 2351,
        "voltage_l1_average": 242,
        "current_l1_average": 3,
        "current_l1": 5,
    }


def test_cooling_and_an_electricity_meter_behind_the_meter_are_read() -> None:
    lines = [
        "1-0:1.7.0(00.333*kW)",
        *("0-1:24.1.0(010)", f"0-1:96.1.0({b'K0000000000000001'.hex()})"),
        "0-1:24.2.1(261102220000W)(00012.345*GJ)",
        *("0-2:24.1.0(002)", f"0-2:96.1.0({b'E0000000000000002'.hex()})"),
        *("0-2:24.2.1(261102220000W)(00678.900*kWh)", "0-2:24.4.0(0)"),
    ]
    found = described(links.p1("XMX5LG", [*BASE, *lines]))["other_meters"]
    assert [(one["model"], one["readings"], one.get("states")) for one in found] == [
        ("Cooling meter", {"cooling": Decimal("12.345")}, None),
        ("Electricity meter", {"energy": Decimal("678.9")}, {"valve": "OFF"}),
    ]


def test_what_stands_beside_a_reading_is_published_beside_it() -> None:
    (case,) = (case for case in CASES if case["id"] == "be-demand-1")
    (telegram,) = telegrams(decode([case["input_text"].encode()]))
    assert telegram.reading is not None
    layout = Layout(Topics(), language="en", version="1")
    (message,) = layout.reading(telegram.reading)
    said = json.loads(message.payload)
    assert said["power_import_peak"] == 2485
    assert len(said["power_import_peak_details"]["history"]) == 3
    assert said["power_limit"] is None


def test_a_new_quarter_hour_month_or_tariff_is_no_reason_to_wait() -> None:
    """An average begins at zero, a peak anew, and a tariff changes: that is how it should be."""
    line = GuardedLine(Keys())
    begun = datetime(2026, 6, 30, 23, 59, 30)  # noqa: DTZ001 - wall clock
    published = []
    for n in range(60):
        time = f"{begun + timedelta(seconds=n):%y%m%d%H%M%S}S"
        before = n < 30
        lines = [
            BASE[0],
            f"0-0:1.0.0({time})",
            f"1-0:1.8.1({Decimal(116_372 + 2 * n).scaleb(-3):010.3f}*kWh)",
            "1-0:1.8.2(000062.193*kWh)",
            f"0-0:96.14.0(000{2 if before else 1})",
            f"1-0:1.4.0({'08.500' if before else '00.010'}*kW)",
            (
                f"1-0:1.6.0({'260612120000' if before else time[:12]}S)"
                f"({'08.796' if before else '00.010'}*kW)"
            ),
            "1-0:1.7.0(08.132*kW)",
        ]
        line.now += 1
        for telegram in telegrams(line.feed(links.p1("FLU5", lines))):
            assert telegram.fault is None, telegram.fault
            assert telegram.reading is not None
            published.append(telegram.reading.values)
    assert [one["active_tariff"] for one in published] == [2] * 30 + [1] * 30
    totals = [one["energy_import"] for one in published]
    assert totals == [Decimal(178_565 + 2 * n).scaleb(-3) for n in range(60)]
