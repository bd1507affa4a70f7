"""What a telegram fails of several checks at once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.dlms.ciphering import Keys
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.guarded import NO_TAG, accepted, line_of
from tests.support.simulated import SimulatedMeter

STEADY = {"1.7.0": Decimal(3600), "2.7.0": Decimal(0), "1.8.0": Decimal(5000), "2.8.0": Decimal(0)}
"""What a meter measures in each telegram."""


@pytest.mark.parametrize("passed", [timedelta(), timedelta(hours=1)])
@pytest.mark.parametrize("digits", [2, 5])
def test_energies_in_another_unit_are_known_while_they_rise(digits: int, passed: timedelta) -> None:
    """By 5 Wh from one to the next, so that they seem to; also when the clock was set."""
    meter = SimulatedMeter(None, "e450", "burgenland")
    meter.more = dict(STEADY)
    line = line_of(meter)
    meter._now += passed
    readings = []
    for _ in range(8):
        meter.more["1.8.0"] += 5
        shown = dict(meter.more)
        meter.more["1.8.0"] *= 10**digits
        readings += line.push(meter)
        meter.more = shown
    assert accepted(readings) == [False] * 2 + [True] * 6
    assert not any(reading and "energy_import" in reading.values for reading in readings)


def test_energies_that_grow_otherwise_than_the_power_are_known_beside_another_value() -> None:
    """Of which the unit is another one, too."""
    meter = SimulatedMeter(None, "kaifa", "netznoe")
    meter.more = dict(STEADY)
    line = line_of(meter)
    meter.more |= {"32.7.0": Decimal(2307), "1.7.0": Decimal(720)}
    readings = []
    for _ in range(160):
        meter.more["1.8.0"] += 10
        readings += line.push(meter)
    shown = [bool(reading and "energy_import" in reading.values) for reading in readings]
    assert any(shown[:20])
    assert not any(shown[140:])
    assert not any(reading and "voltage_l1" in reading.values for reading in readings)


@pytest.mark.parametrize("keys", [NO_TAG, Keys(KEY, AUTH_KEY)])
def test_energies_that_grow_faster_than_a_connection_carries_are_known_by_the_power(
    keys: Keys,
) -> None:
    """Tens of Wh at 7 kW: behind a verified tag nothing else checks how fast they rise."""
    meter = SimulatedMeter(None, "e450", "burgenland")
    meter.more = STEADY | {"1.7.0": Decimal(7200)}
    line = line_of(meter, keys, count=1)
    readings = []
    for _ in range(400):
        meter.more["1.8.0"] += 100
        readings += line.push(meter)
    assert all(readings[200:])
    assert not any(reading and "energy_import" in reading.values for reading in readings[200:])


def test_a_push_interval_that_changes_is_confirmed_by_telegrams_that_keep_it() -> None:
    meter = SimulatedMeter(None, "kamstrup")
    line = line_of(meter)
    meter.meter.interval = 7
    assert accepted(line.push(meter, 12)) == [False] * 2 + [True] * 10
