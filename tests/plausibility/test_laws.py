"""Laws and bounds of the values of one telegram, and times of submeters' reports."""

import re
import struct
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from app.meters.telegram import Telegram
from simulator.axdr import Type
from simulator.meters import Register, Unit
from tests.support.guarded import GuardedLine, accepted, line_of
from tests.support.repair import repair
from tests.support.simulated import SimulatedMeter


def with_gas_reported(data: bytes, later: timedelta) -> bytes:
    """Change the time of a gas meter's last report."""
    found = re.search(rb"0-1:24\.[23]\.[01]\((\d{12})", data)
    assert found
    told = datetime.strptime(f"{found[1].decode()}Z", "%y%m%d%H%M%S%z") + later
    stamp = told.strftime("%y%m%d%H%M%S").encode()
    return repair(data[: found.start(1)] + stamp + data[found.end(1) :])


@pytest.mark.parametrize(
    ("family", "name", "off"),
    [
        ("dsmr", "dsmr5", timedelta(hours=1)),
        ("dsmr2", "dsmr2", timedelta(minutes=1)),
        ("dsmr2", "dsmr2", timedelta(seconds=-1)),
    ],
)
def test_a_report_of_a_gas_meter_ahead_of_the_clock_or_off_the_hour_is_pending(
    family: str, name: str, off: timedelta
) -> None:
    meter = SimulatedMeter(None, family, name)
    line = line_of(meter)
    line.restart()
    for item in line.feed(with_gas_reported(meter.telegram().data, off)):
        assert isinstance(item, Telegram)
        assert not item.others
    assert all(line.push(meter, 5))


def test_a_law_that_single_telegrams_break_is_no_longer_relied_on() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    still = {code: meter._household._values()[code] for code in ("1.8.0", "2.8.0")}
    readings = []
    for n in range(600):
        both = Decimal(20 * (n % 50 == 49))  # import and export at once
        meter.more = {"1.7.0": 20 + both, "2.7.0": both, **still}  # type: ignore[dict-item]
        readings += line.push(meter)
    assert accepted(readings).count(False) <= 8
    assert all(readings[300:])


def test_a_lost_phase_that_appliances_feed_back_is_accepted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.more = {"52.7.0": Decimal(20)}
    assert accepted(line.push(meter, 60)).count(False) <= 1


def test_an_infinite_value_is_pending() -> None:
    meter = SimulatedMeter(None, "kaifa", "tinetz", encrypted=False)
    number = 0x7172737475767778
    angle = Register("1-0:81.7.40", Type.UINT64, Unit.DEGREE, 127)
    meter.meter.layout = replace(meter.meter.layout, items=(*meter.meter.layout.items, angle))
    meter.more = {"81.7.40": number * Decimal(10) ** 127}
    line = GuardedLine()
    for _ in range(3):
        first, second = meter.telegram().segments
        raw = number.to_bytes(8, "big")
        endless = bytes([Type.FLOAT64]) + struct.pack(">d", 1e308)
        line.take(repair(first))
        line.take(repair(second.replace(bytes([Type.UINT64]) + raw, endless)))
    assert "phase_angle_l1 of 1.000" in str(line.faults[0].reason)
