"""What counts of energy are, by the power meanwhile; houses and meters are made up."""

import json
import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.meters.energy_counts import Counts, EnergyKind, Record, Sample

UNITS = (1, 0)
HOUR = 3600.0
BEGIN = 1.78e9


def house(
    watts: float,
    unit: int,
    *,
    hours: float = 3,
    every: float = 10.0,
    energies_every: float = HOUR,
    start: int = 23_060_009,
    spread: float = 0.5,
    seed: int = 1,
    begin: float = BEGIN,
) -> Iterator[Sample]:
    """What a meter sends of a house: power at each step, energies now and then."""
    draw = random.Random(seed)  # noqa: S311 - a house, no secret
    energy, power = float(start), watts
    for step in range(int(hours * HOUR / every) + 1):
        at = begin + step * every
        sent = {}
        if step % int(energies_every / every) == 0:
            sent = {EnergyKind.ACTIVE: {"1": int(energy / 10**unit), "2": 0}}
        yield Sample(at, (float(round(power)), 0.0), sent)
        energy += power * every / HOUR
        if draw.random() < 0.1:
            power = watts * draw.uniform(1 - spread, 1 + spread)


def after(record: Record, samples: Iterator[Sample]) -> Record:
    for sample in samples:
        record, _ = record.after(sample)
    return record


@given(
    watts=st.floats(8, 8000),
    unit=st.sampled_from(UNITS),
    energies_every=st.sampled_from((10.0, 60.0, 900.0, HOUR)),
    every=st.sampled_from((10.0, 60.0, 300.0)),
    spread=st.floats(0, 0.9),
    seed=st.integers(0, 999),
)
def test_a_unit_is_never_found_wrong(
    *, watts: float, unit: int, energies_every: float, every: float, spread: float, seed: int
) -> None:
    record = Record.new(UNITS, None)
    seldom = max(energies_every, every)
    for sample in house(
        watts, unit, hours=6, every=every, energies_every=seldom, spread=spread, seed=seed
    ):
        record, _ = record.after(sample)
        assert record.active in {None, unit}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("energies_every", [10.0, HOUR])
@pytest.mark.parametrize(
    ("watts", "hours"), [(5000, 3), (600, 3), (100, 3), (40, 4), (12, 9), (5, 24)]
)
def test_hours_of_power_show_the_unit_in_a_quiet_house_too(
    watts: float, hours: float, energies_every: float, unit: int
) -> None:
    samples = house(watts, unit, hours=hours, energies_every=energies_every)
    assert after(Record.new(UNITS, None), samples).active == unit


@pytest.mark.parametrize("unit", UNITS)
def test_a_counter_that_is_refreshed_once_an_hour_in_a_list_of_10_s_shows_its_unit(
    unit: int,
) -> None:
    """As some meters do: for an hour the same counts come, while the power goes on."""
    record = Record.new(UNITS, None)
    latest: dict[EnergyKind, Counts] = {
        EnergyKind.ACTIVE: {"1": int(23_060_009 / 10**unit), "2": 0}
    }
    for sample in house(1500, unit, hours=6, begin=BEGIN + 2700, energies_every=10.0):
        if (sample.at - BEGIN) % HOUR < 10:
            latest = dict(sample.counts)
        record, _ = record.after(sample._replace(counts=latest))
        assert record.active in {None, unit}
    assert record.active == unit


def test_a_power_that_is_sent_ten_times_too_high_is_no_reason_for_a_wrong_unit() -> None:
    """100 times the power that counts of 1 Wh are is of no unit of ours."""
    record = Record.new(UNITS, None)
    for sample in house(900, 1, hours=12):
        watts, _ = sample.watts or (0.0, 0.0)
        record, _ = record.after(sample._replace(watts=(10 * watts, 0.0)))
    assert record.active is None


@pytest.mark.parametrize(("old", "new"), [(1, 0), (0, 1)])
@pytest.mark.parametrize("seconds", [10.0, HOUR, 30 * 24 * HOUR])
def test_counts_that_move_by_a_digit_change_their_unit_at_once(
    old: int, new: int, seconds: float
) -> None:
    record = Record.new(UNITS, old)
    before = {"1": int(23_060_009 / 10**old), "2": 0}
    record, _ = record.after(Sample(BEGIN, None, {EnergyKind.ACTIVE: before}))
    energy = 23_060_009 + int(2000 * seconds / HOUR)
    now = {"1": int(energy / 10**new), "2": 0}
    record, changed = record.after(Sample(BEGIN + seconds, None, {EnergyKind.ACTIVE: now}))
    assert record.active == new
    assert changed
    assert not record.is_contradicted


def test_reactive_energies_change_their_unit_only_if_their_counts_move() -> None:
    for counts, unit in ((58_000, 0), (5_801, 1), (0, 0)):
        before = {EnergyKind.ACTIVE: {"1": 2_306_000}, EnergyKind.REACTIVE: {"3": counts and 5_800}}
        after_it = {EnergyKind.ACTIVE: {"1": 23_061_900}, EnergyKind.REACTIVE: {"3": counts}}
        record, _ = Record.new(UNITS, 1).after(Sample(BEGIN, None, before))
        record, changed = record.after(Sample(BEGIN + HOUR, None, after_it))
        assert record.active == 0
        reactive = record.active if record.reactive is None else record.reactive
        assert reactive == unit
        assert (EnergyKind.REACTIVE in changed) is (unit == 0)


def test_a_small_counter_that_grows_tenfold_by_use_keeps_its_unit() -> None:
    record, _ = Record.new(UNITS, 1).after(Sample(BEGIN, None, {EnergyKind.ACTIVE: {"1": 20}}))
    record, changed = record.after(Sample(BEGIN + HOUR, None, {EnergyKind.ACTIVE: {"1": 200}}))
    assert record.active == 1
    assert not changed


def test_counts_that_go_on_in_no_unit_change_nothing() -> None:
    record, _ = Record.new(UNITS, 1).after(
        Sample(BEGIN, None, {EnergyKind.ACTIVE: {"1": 2_306_000}})
    )
    for strange in (3, 9_000_000, 2_306_000 * 100):
        other, changed = record.after(
            Sample(BEGIN + HOUR, None, {EnergyKind.ACTIVE: {"1": strange}})
        )
        assert other.active == 1
        assert not changed


def test_a_known_unit_is_kept_until_hours_of_power_contradict_it() -> None:
    record = Record.new(UNITS, 1)
    moments = []
    for sample in house(1500, 0, hours=8):
        record, _ = record.after(sample)
        assert record.active == 1
        if record.is_contradicted:
            moments.append(sample.at - BEGIN)
    assert 2 * HOUR < moments[0] <= 6 * HOUR
    assert moments[-1] == 8 * HOUR
    assert record.since == BEGIN + moments[0]


def test_a_unit_that_changes_before_it_was_found_is_found_after_all() -> None:
    record = after(Record.new(UNITS, None), house(1500, 1, hours=1))
    assert record.active is None
    record = after(record, house(1500, 0, hours=4, start=23_061_509 + 1500, begin=BEGIN + 2 * HOUR))
    assert record.active == 0


def test_a_gap_without_power_is_no_evidence() -> None:
    """Else what was used meanwhile would make counts of 10 Wh look like many."""
    record = Record.new(UNITS, None)
    for sample in house(1500, 1, hours=12):
        if (sample.at - BEGIN) % HOUR < 1200:
            record, _ = record.after(sample)
    assert record.active is None


def test_what_is_kept_over_a_restart_goes_on() -> None:
    record = after(Record.new(UNITS, None), house(1500, 0, hours=2))
    kept = json.loads(json.dumps(record.to_state()))
    again = Record.from_state(kept)
    assert again is not None
    assert again.to_state() == record.to_state()
    assert again.units == record.units
    damaged: object
    for damaged in (None, [], {}, {**kept, "odds": {}}, {**kept, "active": 7}, {**kept, "odds": 1}):
        assert Record.from_state(damaged) is None
    assert Record.from_state({**kept, "odds": {"0": float("nan")}}) is None
    assert Record.from_state({**kept, "reactive": 7}) is None
    assert Record.from_state({**kept, "odds": {"0": 0, "99999": 0}}) is None


def test_the_odds_of_a_unit_only_grow_with_hours_that_fit() -> None:
    record = Record.new(UNITS, None)
    odds = []
    for sample in house(700, 0, hours=3):
        record, _ = record.after(sample)
        odds.append(record.odds[1])
    assert all(one >= other for one, other in pairwise(odds))
    assert record.odds[0] == 0


@pytest.mark.parametrize(
    ("counted", "days"), [(300_000, 30.0), (80_000, 10.0), (10_000, 3.0), (120, 1 / 24)]
)
def test_a_change_of_unit_in_a_long_gap_or_with_a_small_counter_is_no_energy_used(
    counted: int, days: float
) -> None:
    """A connection could have used as much; the power before tells that it did not."""
    watts = 400.0
    before = Sample(BEGIN, (watts, 0.0), {EnergyKind.ACTIVE: {"1": counted}})
    record, _ = Record.new(UNITS, 1).after(before)
    seconds = days * 24 * HOUR
    now = counted * 10 + int(watts * seconds / HOUR)
    sample = Sample(BEGIN + seconds, (watts, 0.0), {EnergyKind.ACTIVE: {"1": now}})
    record, changed = record.after(sample)
    assert record.active == 0
    assert changed


@pytest.mark.parametrize("count", [-1, 2**64, 10**400])
def test_a_state_with_counts_that_no_counter_has_is_not_taken(count: int) -> None:
    record, _ = Record.new(UNITS, 1).after(Sample(BEGIN, None, {EnergyKind.ACTIVE: {"1": 20}}))
    kept = record.to_state()
    assert Record.from_state(kept)
    assert Record.from_state({**kept, "counts": {"active": {"1": count}}}) is None
