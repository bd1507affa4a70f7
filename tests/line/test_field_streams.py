"""Streams from the field: telegrams one after the other, and what is published of them."""

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.support.field import cases, keys_of
from tests.support.lines import WatchedLog, opened_line

STREAMS: Final = {case["id"]: case for case in cases("streams")}


def published(name: str, key: str) -> list[list[Decimal]]:
    """Return the values of a reading that are published with each telegram of a stream."""
    case: dict[str, Any] = STREAMS[name]
    line, found, at = opened_line(keys_of(case)), [], 0.0
    for telegram in case["telegrams"]:
        line.after(telegram["after_s"] - at)
        at = telegram["after_s"]
        before = len(line.recorder.published)
        text, digits = telegram.get("text"), telegram.get("hex")
        line.take(text.encode("ascii") if text else bytes.fromhex(digits))
        readings = [reading for reading, _ in line.recorder.published[before:]]
        found.append([Decimal(one.values[key]) for one in readings if key in one.values])
    return found


@pytest.mark.parametrize("name", ["p1-zero-report-1", "p1-zero-report-2"])
def test_a_zero_that_a_gas_meter_reports_is_not_published(name: str, log: WatchedLog) -> None:
    values = [value for each in published(name, "gas") for value in each]
    assert set(values) == {Decimal("112.384"), Decimal("112.4")}
    assert values == sorted(values)
    assert not any("set back" in message for message in log.all)


@pytest.mark.parametrize("name", ["p1-cipher-length-1", "p1-cipher-length-2"])
def test_a_damaged_length_costs_its_own_telegram_only(name: str) -> None:
    lost, *others = published(name, "energy_import")
    assert lost == []
    assert all(len(each) == 1 for each in others)


@pytest.mark.parametrize("name", ["kamstrup-unit-1", "kamstrup-unit-2"])
def test_the_power_tells_what_the_energies_of_a_kamstrup_meter_count(
    name: str, log: WatchedLog
) -> None:
    values = [value for each in published(name, "energy_import") for value in each]
    assert values[-1].quantize(Decimal("0.01")) == Decimal("23066.94")
    assert all(Decimal(23060) <= value <= values[-1] for value in values)
    assert any("count 10 Wh or 1 Wh" in message for message in log.all)
