"""The household behind a simulated meter: powers, counters, tariffs."""

import math
import random
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from simulator import clock
from simulator.household import Household, Snapshot
from simulator.loads import APPLIANCES, Circumstances, Load
from tests.support.simulated import NIGHT, moments


def value(snapshot: Snapshot, code: str) -> Decimal:
    found = snapshot.values[code]
    assert found is not None
    return found


@pytest.mark.parametrize("phases", [1, 3])
def test_counters_are_the_exact_integral_of_the_powers_shown(phases: int) -> None:
    household = Household(11, NIGHT, phases=phases, step=5)
    snapshots = [household.at(moment) for moment in moments(17280)]  # one day

    for group in (1, 2, 3, 4):
        watt_seconds = sum(5 * value(one, f"{group}.7.0") for one in snapshots[:-1])
        counted = value(snapshots[-1], f"{group}.8.0") - value(snapshots[0], f"{group}.8.0")
        assert counted == watt_seconds // 3600
        assert counted > 0
        counters = [value(one, f"{group}.8.0") for one in snapshots]
        assert counters == sorted(counters)


def test_quadrants_and_phases_are_counted_from_the_powers_shown() -> None:
    household = Household(11, NIGHT, step=5)
    snapshots = [household.at(moment) for moment in moments(4320)]  # six hours

    for group in (5, 6, 7, 8, 21, 22, 41, 42, 61, 62):
        unit_seconds = sum(5 * value(one, f"{group}.7.0") for one in snapshots[:-1])
        counted = value(snapshots[-1], f"{group}.8.0") - value(snapshots[0], f"{group}.8.0")
        assert counted == unit_seconds // 3600
    for one in snapshots:
        directions = [value(one, f"{group}.7.0") for group in (3, 4, 5, 6, 7, 8)]
        assert directions[0] == directions[2] + directions[3]
        assert directions[1] == directions[4] + directions[5]
        assert value(one, "16.7.0") == value(one, "1.7.0") - value(one, "2.7.0")


def test_gas_water_and_heat_are_counted_up_to_the_full_hour() -> None:
    household = Household(1, NIGHT)
    hours = [household.at(NIGHT + timedelta(minutes=minutes)) for minutes in (1, 30, 59, 61, 300)]
    for name in ("gas", "water", "heat"):
        counters = [value(one, name) for one in hours]
        assert counters == sorted(counters)
        assert counters[1] == counters[2] < counters[4]


def test_a_household_does_not_depend_on_how_often_it_is_asked() -> None:
    often, seldom = Household(2, NIGHT), Household(2, NIGHT)
    steps = random.Random(1)  # noqa: S311 -- the length of a step is no secret
    moment = NIGHT
    end = NIGHT + timedelta(minutes=10)
    while (moment := moment + timedelta(microseconds=steps.randrange(1, 3_000_000))) < end:
        often.at(moment)

    assert often.at(end) == seldom.at(end)
    assert often.at(end) == seldom.at(end)


def test_a_moment_before_the_last_one_is_an_error() -> None:
    household = Household(1, NIGHT)
    household.at(NIGHT + timedelta(seconds=5))

    with pytest.raises(ValueError, match="is before that"):
        household.at(NIGHT)
    with pytest.raises(ValueError, match="needs a time zone"):
        Household(1, datetime(2026, 1, 1))  # noqa: DTZ001 -- what is tested


def test_powers_voltages_and_currents_of_a_household_agree() -> None:
    household = Household(5, NIGHT, step=60)
    seen_import = seen_export = False
    for moment in moments(2 * 1440, 60):
        one = household.at(moment)
        taken, given = value(one, "1.7.0"), value(one, "2.7.0")
        assert not (taken and given)
        seen_import, seen_export = seen_import or taken > 0, seen_export or given > 0
        assert value(one, "1.8.0") == value(one, "1.8.1") + value(one, "1.8.2")
        over_phases = Decimal(0)
        for phase in (20, 40, 60):
            voltage, current = value(one, f"{phase + 12}.7.0"), value(one, f"{phase + 11}.7.0")
            power = value(one, f"{phase + 1}.7.0") - value(one, f"{phase + 2}.7.0")
            over_phases += power
            assert 207 <= voltage <= 253
            assert 0 <= current <= 63
            # No more real power than voltage and current carry, within their resolution.
            assert abs(power) <= voltage * current + voltage * Decimal("0.005") + 1
            angle = one.values[f"81.7.{ {20: 40, 40: 51, 60: 62}[phase] }"]
            assert angle is not None
            assert abs(
                math.cos(math.radians(int(angle))) * float(voltage * current) - float(power)
            ) < (float(voltage * current) * 0.01 + float(voltage) * 0.005 + 1)
        assert over_phases == taken - given
        assert -1 <= value(one, "13.7.0") <= 1
        assert (value(one, "13.7.0") >= 0) == (given == 0)
    assert seen_import
    assert seen_export


def test_a_household_of_one_phase_has_zero_on_the_others() -> None:
    one = Household(5, NIGHT, phases=1).at(NIGHT)

    assert value(one, "32.7.0") > 200
    assert [value(one, code) for code in ("52.7.0", "72.7.0", "51.7.0", "71.7.0")] == [0, 0, 0, 0]
    assert one.values["81.7.62"] is None


def test_the_tariff_changes_at_six_and_at_ten_in_the_evening() -> None:
    begin = datetime(2026, 1, 10, 21, 0, tzinfo=clock.VIENNA)
    household = Household(1, begin, step=60)
    start = household.at(begin)
    ten = household.at(datetime(2026, 1, 10, 22, 0, tzinfo=clock.VIENNA))
    night = household.at(datetime(2026, 1, 11, 6, 0, tzinfo=clock.VIENNA))
    day = household.at(datetime(2026, 1, 11, 7, 0, tzinfo=clock.VIENNA))

    first = [value(one, "1.8.1") for one in (start, ten, night, day)]
    second = [value(one, "1.8.2") for one in (start, ten, night, day)]
    assert first[0] < first[1] == first[2] < first[3]
    assert second[0] == second[1] < second[2] == second[3]


def test_loads_are_switched_on_and_off_over_a_day() -> None:
    household = Household(9, NIGHT, solar=0, step=5)
    powers = {value(household.at(moment), "1.7.0") for moment in moments(1440, 60)}

    assert min(powers) < 1000
    assert max(powers) > max(sum(one.watts) for one in APPLIANCES[:4])


def agreed(one: Snapshot) -> list[Decimal]:
    """Check that power, voltage and current of each phase agree; give the voltages."""
    voltages = []
    for phase in (20, 40, 60):
        volts, amperes = value(one, f"{phase + 12}.7.0"), value(one, f"{phase + 11}.7.0")
        power = value(one, f"{phase + 1}.7.0") - value(one, f"{phase + 2}.7.0")
        assert abs(power) <= volts * amperes + volts * Decimal("0.005") + 1
        voltages.append(volts)
    return voltages


def test_a_load_begins_at_any_moment_and_is_counted_from_then_on() -> None:
    household = Household(3, NIGHT, solar=0, step=5)
    before = household.at(NIGHT + timedelta(seconds=7))
    idle = Circumstances(solar=0, idle=True)
    household.circumstances = Circumstances(0, (Load((6000, 6000, 6000)),), idle=True)
    loaded = household.at(NIGHT + timedelta(seconds=367))
    household.circumstances = idle
    after = household.at(NIGHT + timedelta(seconds=3607))

    assert value(loaded, "1.7.0") == 18_000
    assert value(loaded, "1.8.0") - value(before, "1.8.0") in {1800, 1801}
    assert agreed(loaded) < agreed(before)
    assert value(after, "1.7.0") == value(after, "31.7.0") == 0
    assert value(after, "1.8.0") == value(loaded, "1.8.0")


def test_a_dead_phase_has_neither_voltage_nor_power_and_the_panels_are_off() -> None:
    noon = datetime(2026, 6, 21, 13, 0, tzinfo=clock.VIENNA)
    household = Household(3, noon, solar=30_000)
    assert value(household.at(noon), "2.7.0") > 0
    household.circumstances = Circumstances(30_000, dead=frozenset({1}))
    one = household.at(noon)

    assert value(one, "2.7.0") == 0
    first, second, third = agreed(one)
    assert second == value(one, "51.7.0") == 0
    assert min(first, third) > 200
    assert one.values["81.7.51"] is None


def test_behind_a_broken_neutral_the_phase_with_the_least_load_has_the_highest_voltage() -> None:
    household = Household(3, NIGHT)
    household.circumstances = Circumstances(
        loads=(Load((2500, 300, 900)),), idle=True, neutral=False
    )
    first, second, third = agreed(household.at(NIGHT))

    assert 180 <= first < third < second <= 280


def test_the_voltage_of_the_grid_can_be_off() -> None:
    low, usual = Household(3, NIGHT), Household(3, NIGHT)
    low.circumstances = Circumstances(volts=-45)

    volts = zip(agreed(low.at(NIGHT)), agreed(usual.at(NIGHT)), strict=True)
    assert all(one == other - 45 for one, other in volts)
