"""What stands beside readings: the time of a peak, past months, the log of failures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.cosem.obis import Obis
from app.meters import details
from app.meters.meter_clock import MeterClock
from app.meters.telegram import Register
from tests.support.telegrams import ZONE

CLOCK = MeterClock(ZONE, None)
NOW = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
PEAK = Obis.parse("1-0:1.6.0")
HISTORY = Obis.parse("0-0:98.1.0")
FAILURES = Obis.parse("1-0:99.97.0")
CODES = "(1-0:1.6.0)(1-0:1.6.0)"


def read(obis: Obis, value: str | Decimal, unit: str = "", at: datetime | None = None) -> object:
    registers = {obis: Register(value, unit, at, at is not None)}
    return details.read(registers, CLOCK, NOW, is_p1=True)


def test_a_peak_has_its_time() -> None:
    at = datetime(2026, 11, 7, 18, 0, tzinfo=UTC)
    found = read(PEAK, Decimal("2.485"), "kW", at)
    assert found == {"power_import_peak": {"time": "2026-11-07T18:00:00+00:00"}}


def test_a_peak_whose_time_cannot_be_has_none() -> None:
    assert read(PEAK, Decimal("2.485"), "kW") == {}


def test_a_time_far_ahead_of_the_meters_clock_is_none() -> None:
    """Meters say 700101010000 where nothing was measured yet."""
    assert read(PEAK, Decimal(0), "kW", datetime(2070, 1, 1, tzinfo=UTC)) == {}
    found = read(HISTORY, f"(1){CODES}(260801000000S)(700101010000W)(00.000*kW)")
    assert found == {
        "power_import_peak": {"history": [{"month": "2026-07", "kW": Decimal("0.000")}]}
    }


def test_a_time_may_be_a_month_ahead_of_the_meters_clock() -> None:
    latest = NOW + timedelta(days=31)
    assert read(PEAK, Decimal(1), "kW", latest) == {
        "power_import_peak": {"time": latest.isoformat()}
    }
    assert read(PEAK, Decimal(1), "kW", latest + timedelta(seconds=1)) == {}


def test_past_peaks_have_month_time_and_power() -> None:
    rows = (
        "(260801000000S)(260731120000S)(01.747*kW)(260901000000S)(260809164500S)(03.260*kW)"
        "(270101000000W)(261224134500W)(01981*W)"
    )
    assert read(HISTORY, f"(3){CODES}{rows}") == {
        "power_import_peak": {
            "history": [
                {"month": "2026-07", "time": "2026-07-31T12:00:00+02:00", "kW": Decimal("1.747")},
                {"month": "2026-08", "time": "2026-08-09T16:45:00+02:00", "kW": Decimal("3.260")},
                {"month": "2026-12", "time": "2026-12-24T13:45:00+01:00", "kW": Decimal("1.981")},
            ]
        }
    }


def test_a_past_peak_may_have_its_time_behind_it() -> None:
    found = read(HISTORY, f"(1){CODES}(260801000000)(01.747*kW)(260731120000)")
    row = {"month": "2026-07", "time": "2026-07-31T12:00:00+02:00", "kW": Decimal("1.747")}
    assert found == {"power_import_peak": {"history": [row]}}


def test_a_past_peak_whose_time_cannot_be_keeps_its_value() -> None:
    found = read(HISTORY, f"(1){CODES}(260801000000S)(632525252525S)(00.000*kW)")
    row = {"month": "2026-07", "kW": Decimal("0.000")}
    assert found == {"power_import_peak": {"history": [row]}}


def test_a_month_that_cannot_be_does_not_hide_the_next_one() -> None:
    rows = "(632525252525S)(260731120000S)(01.747*kW)(260801000000S)(260731120000S)(01.747*kW)"
    row = {"month": "2026-07", "time": "2026-07-31T12:00:00+02:00", "kW": Decimal("1.747")}
    assert read(HISTORY, f"(2){CODES}{rows}") == {"power_import_peak": {"history": [row]}}


def test_past_peaks_of_export_are_beside_that() -> None:
    found = read(HISTORY, "(1)(1-0:2.6.0)(1-0:2.6.0)(260801000000S)(260731120000S)(01.747*kW)")
    assert isinstance(found, dict)
    assert found.keys() == {"power_export_peak"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(0)",
        f"(0){CODES}",
        f"(1){CODES}(632525252525S)(632525252525S)(00.000*kW)",  # a month that has not been
        f"(1){CODES}(260801000000S)(260731120000S)",
        f"(1){CODES}(260801000000S)(260731120000S)(01.747*kWh)",
        "(1)(1-0:1.8.0)(1-0:1.8.0)(260801000000S)(260731120000S)(01.747*kW)",
        # Hungary's is another list, without codes.
        "(230701000000S)(000040.777*kWh)(000008.950*kWh)(03.564*kW)",
    ],
)
def test_what_is_no_list_of_past_peaks_gives_none(text: str) -> None:
    assert read(HISTORY, text) == {}


def test_the_history_stays_within_what_home_assistant_stores() -> None:
    found = read(HISTORY, f"(99){CODES}" + "(260801000000S)(260731120000S)(01.747*kW)" * 500)
    assert isinstance(found, dict)
    assert len(found["power_import_peak"]["history"]) == 36


def test_long_failures_have_end_and_seconds() -> None:
    rows = "(101208152415W)(0000000240*s)(101208151004W)(0000000301*s)"
    assert read(FAILURES, f"(2)(0-0:96.7.19){rows}") == {
        "long_power_failures": {
            "log": [
                {"end": "2010-12-08T15:24:15+01:00", "seconds": 240},
                {"end": "2010-12-08T15:10:04+01:00", "seconds": 301},
            ]
        }
    }


@pytest.mark.parametrize(
    "rows", ["", "(000101000001W)(2147483647*s)", "(632525252525S)(0000000240*s)", "()()"]
)
def test_an_entry_that_stands_for_none_is_left_out(rows: str) -> None:
    found = read(FAILURES, f"(1)(0-0:96.7.19){rows}")
    assert found == {"long_power_failures": {"log": []}}


def test_a_failure_takes_less_than_what_stands_for_none_and_is_whole() -> None:
    rows = "(260101000000W)(2147483647*s)(260102000000W)(2147483646*s)(260103000000W)"
    assert read(FAILURES, f"(3)(0-0:96.7.19){rows}") == {
        "long_power_failures": {
            "log": [{"end": "2026-01-02T00:00:00+01:00", "seconds": 2147483646}]
        }
    }


def test_a_message_that_fits_a_state_is_there_only_once() -> None:
    for size, more in ((255, {}), (256, {"message": {"text": 256 * "x"}})):
        assert read(Obis.parse("0-0:96.13.0"), (size * b"x").hex()) == more


def test_a_message_too_long_for_a_state_is_there_in_full() -> None:
    text = "so viele Worte " * 30
    found = read(Obis.parse("0-0:96.13.0"), text.encode().hex())
    assert found == {"message": {"text": text.strip()}}
    assert read(Obis.parse("0-0:96.13.0"), b"few".hex()) == {}
