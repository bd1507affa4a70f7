"""Which telegrams are due at an interval, with delays, losses and drift; all times are made up."""

import itertools
import math
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.line.pace import Pace, PerList
from app.meters.reading import Meter, Reading

METER = Meter("1", "1", "kaifa", "Kaifa", "MA309", None)

BEGIN = 1000.0
TELEGRAMS = 120

pushes = st.sampled_from([1.0, 2.5, 5.0, 10.0, 15.0, 60.0])
"""Seconds from one telegram to the next, as meters have them."""

drifts = st.floats(-0.01, 0.01)
seeds = st.integers(0, 2**32).map(Random)


def due(interval: float, arrivals: list[float]) -> list[int]:
    """Give the places of the telegrams that are due."""
    pace = Pace(interval)
    return [place for place, now in enumerate(arrivals) if pace.is_due(now)]


def arrivals(push: float, random: Random, *, late: float, drift: float = 0.0) -> list[float]:
    """Make the times at which telegrams arrive, each late by up to a share of a push interval."""
    return [
        BEGIN + push * (place * (1 + drift) + random.uniform(0, late)) for place in range(TELEGRAMS)
    ]


def steps(places: list[int]) -> set[int]:
    return {after - before for before, after in itertools.pairwise(places)}


def test_ten_seconds_of_a_meter_that_pushes_every_five_are_every_second_telegram() -> None:
    """By the time alone it would be every third one, where one comes after 9.98 s."""
    times = [0.0, 5.02, 9.98, 15.03, 19.96, 25.01, 29.97, 35.0, 39.95]
    assert due(10, times) == [0, 2, 4, 6, 8]


@given(pushes, st.integers(1, 12), st.floats(0.0, 0.15), drifts, seeds)
def test_each_so_many_telegrams_are_due_however_late_they_are(
    push: float, count: int, late: float, drift: float, random: Random
) -> None:
    places = due(push * count, arrivals(push, random, late=late, drift=drift))
    # A meter whose clock is 1 % slow is still given every telegram that is meant.
    assert steps(places[3:]) <= {count}
    if count > 1:
        assert steps(places) <= {count}


@given(pushes, st.floats(1.2, 20.0), st.floats(0.0, 0.15), seeds)
def test_an_interval_that_is_no_multiple_is_rounded_up(
    push: float, ratio: float, late: float, random: Random
) -> None:
    rest = ratio - math.floor(ratio)
    if not 0.15 + ratio * 0.05 < rest < 0.85:
        return
    places = due(push * ratio, arrivals(push, random, late=late))
    assert steps(places[3:]) <= {math.ceil(ratio)}


@given(pushes, st.integers(2, 12), st.floats(0.0, 0.15), st.floats(0.0, 0.2), seeds)
def test_lost_telegrams_delay_what_is_due_and_hurry_nothing(
    push: float, count: int, late: float, lost: float, random: Random
) -> None:
    slots = [n for n in range(TELEGRAMS) if random.random() >= lost]
    gaps = [after - before for before, after in itertools.pairwise(slots)]
    # With more of them lost at once, the meter is taken for an irregular one.
    assume(all(gaps[max(n - 16, 0) : n].count(1) > min(n, 16) * 0.6 for n in range(8, len(gaps))))
    times = [BEGIN + push * (slot + random.uniform(0, late)) for slot in slots]
    passed = [slots[place] for place in due(push * count, times)]
    learned = [slot for slot in passed if slot >= 16]
    for before, after in itertools.pairwise(learned):
        assert after - before >= count
        assert not any(slot in slots for slot in range(before + count, after))


@given(st.lists(st.floats(0.0, 30.0), min_size=2, max_size=100), st.floats(1.0, 60.0))
def test_no_telegram_is_due_a_quarter_of_the_interval_after_another(
    gaps: list[float], interval: float
) -> None:
    """Whatever the meter does: even where irregular pushes look regular for a while."""
    now, times = BEGIN, []
    for gap in gaps:
        now += gap
        times.append(now)
    passed = [times[place] for place in due(interval, times)]
    assert all(after - before >= interval / 4 for before, after in itertools.pairwise(passed))


@given(st.floats(1.0, 60.0), seeds)
def test_of_an_irregular_meter_the_interval_is_the_least_that_passes(
    interval: float, random: Random
) -> None:
    """Such as a P1 meter that sends when something changes: short and long gaps, no two alike."""

    def times() -> Iterator[float]:
        now = BEGIN
        for number in range(TELEGRAMS):
            now += random.uniform(0.01, 0.3) if number % 2 else random.uniform(1.0, 9.0)
            yield now

    moments = list(times())
    passed = [moments[place] for place in due(interval, moments)]
    waits = [after - before for before, after in itertools.pairwise(passed)]
    # A few that follow each other may look regular.
    assert sum(wait < interval for wait in waits) <= len(waits) / 10 + 1


def test_a_push_interval_that_changes_is_learned() -> None:
    times = [5.0 * n for n in range(40)]
    times += [times[-1] + 10.0 * n for n in range(1, 60)]
    places = due(20, times)
    assert steps([place for place in places if place < 38]) == {4}
    assert steps([place for place in places if place > 60]) == {2}


def test_telegrams_that_were_held_up_and_arrive_together_count_once() -> None:
    """A gateway stalls for 12 s and then hands over three telegrams at once."""
    times = [5.0 * n for n in range(20)]
    times[10:13] = [61.9, 61.95, 62.0]
    places = due(10, times)
    passed = [times[place] for place in places]
    assert all(after - before >= 6.0 for before, after in itertools.pairwise(passed))
    assert steps(places[-3:]) == {2}


def test_without_an_interval_all_are_due() -> None:
    assert due(0, [1.0, 1.0, 1.5]) == [0, 1, 2]


@pytest.mark.parametrize("gap", [900.0, 3600.0])
def test_what_comes_less_often_than_the_interval_is_always_due(gap: float) -> None:
    assert len(due(60, [gap * n for n in range(50)])) == 50


def test_a_telegram_that_passes_for_another_reason_begins_the_interval() -> None:
    pace = Pace(60)
    assert pace.is_due(0.0)
    assert not pace.is_due(50.0)
    pace.restart(50.0)
    assert not pace.is_due(60.0)
    assert pace.is_due(110.0)


def test_each_list_has_its_own_and_too_many_are_forgotten() -> None:
    made: list[Reading] = []
    lists = PerList(made.append)
    for number in (0, 1, 0, *range(100)):
        lists.of(Reading(METER, None, {f"key_{number}": 1}))
    assert len(lists) == 16
    assert len(made) == 100
