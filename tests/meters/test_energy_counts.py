"""What counts of energy are, by the power meanwhile; houses and meters are made up."""

import json
import math
import random
from collections.abc import Iterator, Mapping
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


# One comparison of counts and power

QUARTER = 900.0


def active(**counts: int) -> dict[EnergyKind, Counts]:
    """Return the counts of imported and exported energy of a telegram."""
    groups = {"imported": "1", "exported": "2"}
    return {EnergyKind.ACTIVE: {groups[name]: count for name, count in counts.items()}}


def compared(
    begin: dict[EnergyKind, Counts],
    end: dict[EnergyKind, Counts],
    watts: float,
    *,
    samples: int = 6,
    seconds: float = QUARTER,
    units: tuple[int, ...] = UNITS,
) -> Record:
    """Compare the counts at begin and end of a while with a power that is read in it."""
    record, _ = Record.new(units, None).after(Sample(BEGIN, (watts, 0.0), begin))
    for n in range(1, samples + 1):
        counts = end if n == samples else {}
        at = BEGIN + n * seconds / samples
        record, _ = record.after(Sample(at, (watts, 0.0), counts))
    return record


SPREAD = 1.5 / math.sqrt(6)


@pytest.mark.parametrize(
    ("count", "odds"),
    [
        # 375 Wh are 37.5 counts of 10 Wh; 36 to 38 passed, as the first and the last are parts.
        (37, {1: 0.0, 0: -math.log(375 / 38) / SPREAD}),
        # And 374 to 376 passed of 1 Wh.
        (375, {1: -math.log(10 / (375 / 374)) / SPREAD, 0: 0.0}),
    ],
)
def test_a_comparison_moves_the_odds_by_how_far_the_power_is_off(
    count: int, odds: dict[int, float]
) -> None:
    record = compared(active(imported=5000), active(imported=5000 + count), 1500)
    assert record.odds == pytest.approx(odds)


def test_each_energy_that_moves_has_parts_of_a_count() -> None:
    start = active(imported=5000, exported=700)
    record = compared(start, active(imported=5036, exported=701), 1500)
    assert record.odds == pytest.approx({1: 0.0, 0: -math.log(375 / 39) / SPREAD})
    record = compared(start, active(imported=5037, exported=700), 1500)
    assert record.odds == pytest.approx({1: 0.0, 0: -math.log(375 / 38) / SPREAD})


def test_many_powers_make_a_comparison_no_more_certain_than_meters_are() -> None:
    record = compared(active(imported=5000), active(imported=5037), 1500, samples=90)
    assert record.odds == pytest.approx({1: 0.0, 0: -math.log(375 / 38) / 0.3})


@pytest.mark.parametrize(
    ("watts", "count", "moves"),
    [
        (1500, 0, False),  # no count passed
        (1500, -1, False),  # it was corrected
        (0, 5, False),  # counts without a power
        (3.6, 2, True),  # 0.9 Wh, which two counts of 10 Wh are not
        (1200, 9, True),  # 300 Wh in ten counts: three times too much for 10 Wh
        (1201, 9, False),  # more is of another kind than thought
    ],
)
def test_only_counts_and_powers_that_fit_a_unit_are_evidence(
    watts: float, count: int, *, moves: bool
) -> None:
    record = compared(active(imported=5000), active(imported=5000 + count), watts)
    assert (record.odds != {1: 0.0, 0: 0.0}) is moves


def test_energies_that_move_against_each_other_are_no_evidence() -> None:
    start = active(imported=5000, exported=700)
    record = compared(start, active(imported=5001, exported=699), 60)
    assert record.odds == {1: 0.0, 0: 0.0}


@pytest.mark.parametrize(
    ("samples", "seconds", "moves"),
    [(6, QUARTER, True), (5, QUARTER, False), (6, QUARTER - 1, False), (18, QUARTER, True)],
)
def test_a_comparison_takes_six_powers_in_a_quarter_of_an_hour(
    samples: int, seconds: float, *, moves: bool
) -> None:
    record = compared(
        active(imported=5000), active(imported=5037), 1500, samples=samples, seconds=seconds
    )
    assert (record.odds[0] < 0) is moves


def test_powers_are_added_up_over_the_time_between_them() -> None:
    record, _ = Record.new(UNITS, None).after(Sample(BEGIN, (1000.0, 0.0), active(imported=5)))
    record, _ = record.after(Sample(BEGIN + 600, (2000.0, 0.0), {}))
    record, _ = record.after(Sample(BEGIN + 660, (0.0, 600.0), {}))
    assert record.window
    assert record.window.watt_hours == pytest.approx(1500 / 6 + 1300 / 60)
    assert record.window.samples == 2


@pytest.mark.parametrize(("gap", "is_known"), [(QUARTER, True), (QUARTER + 1, False)])
def test_powers_are_no_more_than_a_quarter_of_an_hour_apart(gap: float, *, is_known: bool) -> None:
    record, _ = Record.new(UNITS, None).after(Sample(BEGIN, (1000.0, 0.0), active(imported=5)))
    record, _ = record.after(Sample(BEGIN + gap, (1000.0, 0.0), {}))
    assert (record.window is not None) is is_known
    record, _ = record.after(Sample(BEGIN + gap + 60, (1000.0, 0.0), {}))
    assert (record.window is not None) is is_known


def test_a_clock_that_goes_back_ends_the_while() -> None:
    record, _ = Record.new(UNITS, None).after(Sample(BEGIN, (1000.0, 0.0), active(imported=5)))
    record, _ = record.after(Sample(BEGIN - 1, (1000.0, 0.0), {}))
    assert record.window is None


def test_telegrams_of_the_same_second_count_once() -> None:
    once, twice = Record.new(UNITS, None), Record.new(UNITS, None)
    for sample in house(1500, 1, hours=1, every=150.0, energies_every=QUARTER):
        once, _ = once.after(sample)
        twice, _ = twice.after(sample)
        twice, _ = twice.after(sample)
    assert once.odds[0] < 0
    assert twice == once


def test_a_while_begins_when_a_counter_just_moved() -> None:
    """Some counters are refreshed now and then only."""
    record = Record.new(UNITS, None)
    fresh = []
    for n, count in enumerate((5000, 5000, 5003, 5003, 5006)):
        sample = Sample(BEGIN + n * 60, (1500.0, 0.0), active(imported=count))
        record, _ = record.after(sample)
        assert record.window
        fresh.append((record.window.is_fresh, record.window.began - BEGIN))
    assert fresh == [(False, 0), (False, 0), (True, 120), (True, 120), (True, 120)]


def test_a_counter_that_is_read_seldom_was_refreshed_for_that() -> None:
    record = compared(active(imported=5000), active(imported=5037), 1500)
    assert record.odds[0] < 0
    assert record.window
    assert (record.window.is_fresh, record.window.began) == (True, BEGIN + QUARTER)


# What counts can go on from


def is_set(record: Record, before: int, count: int) -> bool:
    """Tell whether counts an hour later are taken for set, so that a while begins with them."""
    record, _ = record.after(Sample(BEGIN, None, active(imported=before)))
    record, _ = record.after(Sample(BEGIN + HOUR - 1, None, active(imported=before)))
    record, _ = record.after(Sample(BEGIN + HOUR, None, active(imported=count)))
    return record.window is not None and not record.window.is_fresh


@pytest.mark.parametrize(
    ("unit", "count", "expected"),
    [
        (0, 44_470, False),  # three phases of 63 A for an hour, and 1 kWh
        (0, 44_471, True),
        (0, -1, False),  # cut off
        (0, -2, True),
        (1, 4447, False),
        (1, 4448, True),
        (1, -1, False),
        (1, -2, True),
    ],
)
def test_counts_go_on_by_what_a_connection_carries(
    unit: int, count: int, *, expected: bool
) -> None:
    start = 5_000_000
    assert is_set(Record.new((unit,), None), start, start + count) is expected


@pytest.mark.parametrize(("known", "odds"), [(None, [0.0, 0.0]), (1, [0.0, -10.0])])
def test_counts_that_were_set_leave_only_a_known_unit_as_it_was(
    known: int | None, odds: list[float]
) -> None:
    record = compared(active(imported=5000), active(imported=5037), 1500)
    if known is not None:
        record, _ = Record.new(UNITS, known).after(Sample(BEGIN, None, active(imported=5037)))
    at = BEGIN + QUARTER + 60
    record, _ = record.after(Sample(at, (1500.0, 0.0), active(imported=9_000_000)))
    assert list(record.odds.values()) == odds


# Changes of the unit


def changed(
    before: Mapping[EnergyKind, Counts],
    after_it: Mapping[EnergyKind, Counts],
    *,
    unit: int = 1,
    watts: float | None = None,
    seconds: float = HOUR,
) -> tuple[Record, frozenset[EnergyKind]]:
    power = None if watts is None else (watts, 0.0)
    record, _ = Record.new(UNITS, unit).after(Sample(BEGIN, power, before))
    return record.after(Sample(BEGIN + seconds, power, after_it))


@pytest.mark.parametrize(("count", "unit"), [(23_059_989, 1), (23_059_990, 0)])
def test_counts_of_another_unit_go_on_but_for_the_digit_cut_off(count: int, unit: int) -> None:
    record, _ = changed(active(imported=2_306_000), active(imported=count))
    assert record.active == unit


@pytest.mark.parametrize(("count", "unit"), [(4492, 1), (4493, 0)])
def test_counts_that_could_go_on_in_both_units_do_so_in_the_one_nearer_to_the_power(
    count: int, unit: int
) -> None:
    """12 kWh by the power; the counts are 44 kWh in one unit, and 3.3 kWh in the other."""
    record, _ = changed(active(imported=120), active(imported=count), watts=12_000.0)
    assert record.active == unit


@pytest.mark.parametrize(("watts", "unit"), [(3570.0, 0), (3590.0, 1)])
def test_the_power_decides_whether_a_small_counter_counts_ten_times_as_much(
    watts: float, unit: int
) -> None:
    """1200 counts after 120 Wh are 1.08 kWh used in that hour, or 11.88 kWh."""
    record, _ = changed(active(imported=120), active(imported=1200), unit=0, watts=watts)
    assert record.active == unit


def test_counts_of_five_times_as_many_can_have_another_unit() -> None:
    record, _ = changed(active(imported=2), active(imported=10), watts=1.0)
    assert record.active == 0


def test_reactive_energies_can_change_their_unit_alone() -> None:
    before = {**active(imported=2_306_000), EnergyKind.REACTIVE: {"3": 5800}}
    after_it = {**active(imported=2_306_001), EnergyKind.REACTIVE: {"3": 58_000}}
    record, kinds = changed(before, after_it)
    assert kinds == {EnergyKind.REACTIVE}
    assert record.units == (1, 0)
    later = {**active(imported=2_306_002), EnergyKind.REACTIVE: {"3": 58_001}}
    record, kinds = record.after(Sample(BEGIN + 2 * HOUR, None, later))
    assert (record.units, kinds) == ((1, 0), frozenset())
    back = {**active(imported=23_060_030), EnergyKind.REACTIVE: {"3": 58_002}}
    record, kinds = record.after(Sample(BEGIN + 3 * HOUR, None, back))
    assert record.units == (0, None)
    assert EnergyKind.ACTIVE in kinds


@pytest.mark.parametrize(("old", "new"), [(1, 0), (0, 1)])
@pytest.mark.parametrize(("digits", "changes"), [(True, True), (False, False), (None, True)])
def test_reactive_energies_follow_the_active_ones_where_their_digits_move(
    old: int, new: int, *, digits: bool | None, changes: bool
) -> None:
    """Small ones can go on in both units; those at zero say nothing, and follow."""
    watt_hours = {unit: active(imported=23_060_000 // 10**unit) for unit in UNITS}
    reactive = {None: (0, 0), False: (80, 80), True: (80 // 10**old, 80 // 10**new)}[digits]
    before = {**watt_hours[old], EnergyKind.REACTIVE: {"3": reactive[0]}}
    after_it = {**watt_hours[new], EnergyKind.REACTIVE: {"3": reactive[1]}}
    record, kinds = changed(before, after_it, unit=old)
    assert record.units == ((new, None) if changes else (new, old))
    assert (EnergyKind.REACTIVE in kinds) is changes


def test_energies_that_are_new_in_a_telegram_hide_no_change_of_others() -> None:
    new = {EnergyKind.REACTIVE: {"3": 5800}, **active(imported=23_060_030)}
    record, kinds = changed(active(imported=2_306_000), new)
    assert record.active == 0
    assert EnergyKind.ACTIVE in kinds


# What is kept


def test_a_unit_that_is_known_is_the_best_one() -> None:
    assert Record.new(UNITS, 1).best == 1
    assert Record.chosen(0, UNITS).best == 0
    assert Record.new(UNITS, None).best is None


@pytest.mark.parametrize("units", [(0,), (9, 0), (-9, 0)])
def test_what_is_kept_of_other_units_goes_on_too(units: tuple[int, ...]) -> None:
    record = Record.chosen(0, units)
    assert Record.from_state(record.to_state()) == record


@pytest.mark.parametrize("damage", [{"since": math.nan}, {"moved_at": {"active": math.inf}}])
def test_a_state_with_times_that_are_none_is_not_taken(damage: dict[str, object]) -> None:
    assert Record.from_state({**Record.new(UNITS, 1).to_state(), **damage}) is None
