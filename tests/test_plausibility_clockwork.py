"""A meter's clock and pace: honest telegrams that come late, and times that are damaged."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.meters.plausibility.clockwork import Clockwork
from app.meters.plausibility.doubt import CLOCK, PACE
from app.meters.plausibility.habits import Habits
from app.meters.plausibility.laws import Findings
from app.meters.plausibility.seen import Seen

STEPS = st.sampled_from([1, 2, 5, 10, 15, 60])
COUNTED = st.booleans()
BEGUN = 1.79e9


def seen(time: float | None, now: float, counter: int | None = None) -> Seen:
    return Seen(
        meters=(),
        outline=(),
        words=(),
        counter=counter,
        time=time,
        wall=BEGUN + now,
        now=now,
        counters={},
        values={},
        found=Findings({}, [], []),
        checked=False,
    )


def read(clock: Clockwork, telegram: Seen) -> str | None:
    """Give what is doubted of a telegram's time; one that is not doubted is gone on from."""
    doubt = clock.judge(telegram, Habits(), replayed=False).doubt
    if doubt is None:
        clock.take(telegram)
    return doubt and doubt.kind


def paced(step: float, *, counted: bool, count: int = 20) -> Clockwork:
    """Give the clock of a meter that was read at its pace."""
    clock = Clockwork()
    for n in range(count):
        assert read(clock, seen(BEGUN + n * step, n * step, n if counted else None)) is None
    return clock


@given(
    step=STEPS,
    telegrams=st.lists(st.tuples(st.integers(1, 3), st.floats(0, 30)), max_size=30),
    counted=COUNTED,
)
def test_telegrams_that_a_gateway_holds_up_or_loses_are_not_doubted(
    step: int, telegrams: list[tuple[int, float]], *, counted: bool
) -> None:
    clock, number, arrived = paced(step, counted=counted), 19, 0.0
    for ahead, late in telegrams:
        number += ahead
        arrived = max(arrived, number * step + late)
        telegram = seen(BEGUN + number * step, arrived, number if counted else None)
        assert read(clock, telegram) is None


@given(step=STEPS, off=st.integers(-100, 100), counted=COUNTED)
def test_a_time_off_the_pace_is_doubted(step: int, off: int, *, counted: bool) -> None:
    assume(off % step or (counted and off))
    clock = paced(step, counted=counted)
    telegram = seen(BEGUN + 20 * step + off, 20 * step, 20 if counted else None)
    assert read(clock, telegram) in {CLOCK, PACE}
    assert read(clock, seen(BEGUN + 21 * step, 21 * step, 21 if counted else None)) is None


@given(STEPS, st.integers(1, 100))
def test_a_time_ahead_of_the_telegrams_that_passed_is_doubted(step: int, ahead: int) -> None:
    clock = paced(step, counted=False)
    assert read(clock, seen(BEGUN + (20 + ahead) * step, 20 * step)) in {CLOCK, PACE}


def test_the_pace_is_not_known_by_three_telegrams() -> None:
    clock = paced(5, counted=True, count=3)
    assert clock.step is None
    assert read(clock, seen(BEGUN + 17, 15, 3)) is None


def test_a_pace_that_was_doubted_has_to_be_kept_for_longer() -> None:
    old, new = paced(5, counted=True), paced(5, counted=True, count=2)
    new.inherit(old, doubted=True)
    assert new.step is None
    for n in range(2, 8):
        assert read(new, seen(BEGUN + 5 * n, 5 * n, n)) is None
    assert new.step == 5


def test_a_pace_that_was_not_doubted_is_known_to_the_next_track() -> None:
    old, new = paced(5, counted=True), paced(5, counted=True, count=2)
    new.inherit(old, doubted=False)
    assert new.step == 5


@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_a_pace_that_a_meter_misses_at_times_is_loosened_by_as_much(off: int) -> None:
    clock = paced(10, counted=True)
    telegram = seen(BEGUN + 200 + off, 200, 20)
    assert clock.slips(telegram)
    assert read(clock, telegram) == PACE
    clock.loosen()
    assert read(clock, telegram) is None
    assert read(clock, seen(BEGUN + 213 + off, 210, 21)) == PACE


def test_a_clock_that_goes_slow_is_not_taken_for_a_gateway_that_lags() -> None:
    clock = paced(10, counted=False)
    for n in range(20, 2000):
        assert read(clock, seen(BEGUN + 10 * n, 10.005 * n)) is None
    assert read(clock, seen(BEGUN + 20_010, 20_010.0)) == PACE


def test_after_a_restart_the_computers_clock_tells_what_passed() -> None:
    clock = Clockwork()
    clock.restore(BEGUN, 10.0, None, 0.0)
    assert read(clock, seen(BEGUN + 3600, 3655.0)) == CLOCK
    assert read(clock, seen(BEGUN + 3604, 3605.0)) == CLOCK
    assert read(clock, seen(BEGUN + 3600, 3605.0)) is None
