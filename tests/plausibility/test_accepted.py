"""Good telegrams: each list, after pauses and delays, when daylight saving time changes."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from simulator.household import Household
from tests.support.guarded import GuardedLine, line_of, skip
from tests.support.simulated import EVERY_LIST, LISTS, SILENT, SimulatedMeter

EACH_LIST = pytest.mark.parametrize(("family", "name"), LISTS)


@EACH_LIST
def test_each_good_telegram_is_accepted(family: str, name: str) -> None:
    line = line_of(SimulatedMeter(None, family, name), count=60)
    assert line.faults == []


@pytest.mark.slow
@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_of_400_good_telegrams_at_most_one_is_pending(family: str, name: str) -> None:
    if (family, name) in SILENT:
        return
    line = GuardedLine()
    readings = line.push(SimulatedMeter(None, family, name), 400)
    assert len(line.faults) <= 1  # a load that just began shows in the power only
    assert all(readings[-5:])


@pytest.mark.parametrize("count", [40, pytest.param(900, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "moment", [datetime(2026, 10, 25, 0, 58, tzinfo=UTC), datetime(2026, 3, 29, 0, 58, tzinfo=UTC)]
)
@EACH_LIST
def test_each_good_telegram_is_accepted_when_daylight_saving_time_changes(
    family: str, name: str, moment: datetime, count: int
) -> None:
    meter = SimulatedMeter(None, family, name)
    meter._now = moment
    meter._household = Household(3, moment, phases=meter.meter.phases, step=5)
    line = line_of(meter, count=count)
    assert line.faults == []


@EACH_LIST
def test_telegrams_without_power_and_current_are_accepted(family: str, name: str) -> None:
    meter = SimulatedMeter(None, family, name)
    line = line_of(meter)
    codes = ("1.7.0", "2.7.0", "3.7.0", "4.7.0", "31.7.0", "51.7.0", "71.7.0")
    meter.more = dict.fromkeys(codes, Decimal(0))
    still = meter._household._values()
    meter.more |= {code: value for code, value in still.items() if ".8." in code and value}
    assert all(line.push(meter, 30))


@pytest.mark.parametrize("pause", [timedelta(hours=1), timedelta(days=3)])
@EACH_LIST
def test_the_first_telegram_after_a_pause_is_accepted(
    family: str, name: str, pause: timedelta
) -> None:
    meter = SimulatedMeter(None, family, name)
    meter._household = Household(2, meter._now, phases=meter.meter.phases, step=60)
    line = line_of(meter)
    skip(meter, pause)
    assert line.take(meter.telegram().data, pause.total_seconds() + 5)
    assert line.faults == []


def test_telegrams_that_a_gateway_delayed_are_accepted() -> None:
    meter = SimulatedMeter(None, "sagemcom")
    line = line_of(meter)
    late = [meter.telegram().data for _ in range(60)]
    line.now += 300
    assert all(line.take(data, 0.01) for data in late)
    assert all(line.push(meter, 20))


@pytest.mark.parametrize(("family", "name"), [("dsmr2", "dsmr2"), ("q3d", "q3d")])
def test_delayed_telegrams_without_a_clock_are_accepted(family: str, name: str) -> None:
    meter = SimulatedMeter(None, family, name)
    line, chance = line_of(meter), random.Random(3)  # noqa: S311 - no cryptography
    interval, late = meter.meter.interval, 0.0
    for _ in range(300):
        before, late = late, chance.choice((0.0, 0.0, 0.0, 0.8 * interval))
        assert line.take(meter.telegram().data, interval + late - before)
    burst = [meter.telegram().data for _ in range(20)]
    line.now += 20 * interval
    assert all(line.take(data, 0.01) for data in burst)
