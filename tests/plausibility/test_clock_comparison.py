"""A meter's clock and pace: honest telegrams that come late, and times that are damaged."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.plausibility.clock_comparison import ClockComparison
from app.plausibility.invariants import Findings
from app.plausibility.observation import Observation
from app.plausibility.schedule import MISSED_BY, Schedule
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import CLOCK, SCHEDULE

STEPS = st.sampled_from([1, 2, 5, 10, 15, 60])
COUNTED = st.booleans()
BEGUN = 1.79e9


def seen(time: float | None, now: float, counter: int | None = None) -> Observation:
    return Observation(
        meters=(),
        structure=(),
        fields=(),
        invocation_counter=counter,
        meter_time=time,
        wall_time=BEGUN + now,
        now=now,
        counters={},
        values={},
        findings=Findings({}, [], []),
        strong_checksum=False,
    )


class Meter:
    """What is known of the clock of a meter with one list."""

    def __init__(self) -> None:
        self.tolerances = Tolerances()
        self.clock = ClockComparison()
        self.schedule = Schedule(self.tolerances)

    def doubt(self, time: float, now: float, counter: int | None = None) -> str | None:
        """Give what is doubted of a telegram's time; one that is not doubted is gone on from."""
        telegram = seen(BEGUN + time, now, counter)
        doubt = self.clock.check(
            telegram, self.schedule, self.tolerances, is_replay=False
        ).violation
        if doubt is None:
            self.clock.add(telegram)
            self.schedule.add(telegram)
        return doubt and doubt.check


def paced(step: float, *, counted: bool, count: int = 20) -> Meter:
    """Give a meter that was read at its pace."""
    meter = Meter()
    for n in range(count):
        assert meter.doubt(n * step, n * step, n if counted else None) is None
    return meter


@given(step=STEPS, lates=st.lists(st.floats(0, 30), max_size=30), counted=COUNTED)
def test_telegrams_that_a_gateway_holds_up_are_not_doubted(
    step: int, lates: list[float], *, counted: bool
) -> None:
    meter, arrived = paced(step, counted=counted), 0.0
    for n, late in enumerate(lates, 20):
        arrived = max(arrived, n * step + late)
        assert meter.doubt(n * step, arrived, n if counted else None) is None


@given(step=STEPS, gaps=st.lists(st.integers(1, 100), max_size=30), counted=COUNTED)
def test_telegrams_that_are_lost_are_no_reason_for_doubt(
    step: int, gaps: list[int], *, counted: bool
) -> None:
    meter, n = paced(step, counted=counted), 19
    for gap in gaps:
        n += gap
        assert meter.doubt(n * step, n * step + 0.3, n if counted else None) is None


@given(step=STEPS, off=st.integers(-100, 100), counted=COUNTED)
def test_a_time_off_the_pace_is_doubted(step: int, off: int, *, counted: bool) -> None:
    assume(off % step or (counted and off))
    meter = paced(step, counted=counted)
    assert meter.doubt(20 * step + off, 20 * step, 20 if counted else None) in {CLOCK, SCHEDULE}
    assert meter.doubt(21 * step, 21 * step, 21 if counted else None) is None


@given(STEPS, st.integers(1, 100))
def test_a_time_ahead_of_the_telegrams_that_passed_is_doubted(step: int, ahead: int) -> None:
    meter = paced(step, counted=False)
    assert meter.doubt((20 + ahead) * step, 20 * step) in {CLOCK, SCHEDULE}


@given(step=STEPS, off=st.integers(-80, 80), counted=COUNTED)
def test_after_telegrams_that_were_lost_a_time_is_the_right_one(
    step: int, off: int, *, counted: bool
) -> None:
    assume(off)
    meter = paced(step, counted=counted)
    telegram = (119 + off) * step, 119 * step, 119 if counted else None
    if counted or off != -99:  # which is the telegram after the last, a hundred steps late
        assert meter.doubt(*telegram) in {CLOCK, SCHEDULE}


def test_the_pace_is_not_known_by_three_telegrams() -> None:
    meter = paced(5, counted=True, count=3)
    assert meter.schedule.interval is None
    assert meter.doubt(17, 15, 3) is None


def test_a_list_has_its_pace_though_another_is_counted_in_between() -> None:
    meter = paced(5, counted=True)
    assert meter.doubt(100, 100, 20) is None
    assert meter.doubt(105, 105, 22) is None
    assert meter.doubt(110, 110, 23) is None


def test_a_pace_that_was_doubted_has_to_be_kept_for_longer() -> None:
    meter = paced(5, counted=True)
    meter.schedule.distrust()
    assert meter.schedule.interval is None
    for n in range(20, 26):
        assert meter.doubt(5 * n, 5 * n, n) is None
    assert meter.schedule.interval == 5


@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_a_pace_that_a_meter_misses_at_times_is_loosened_by_as_much(off: int) -> None:
    meter = paced(10, counted=True)
    assert meter.schedule.is_nearly_kept(seen(BEGUN + 200 + off, 200, 20))
    assert meter.doubt(200 + off, 200, 20) == SCHEDULE
    meter.tolerances.schedule_seconds = MISSED_BY
    assert meter.doubt(200 + off, 200, 20) is None
    assert meter.doubt(213 + off, 210, 21) == SCHEDULE


def test_a_clock_that_goes_slow_is_not_taken_for_a_gateway_that_lags() -> None:
    meter = paced(10, counted=False)
    for n in range(20, 2000):
        assert meter.doubt(10 * n, 10.005 * n) is None
    assert meter.doubt(20_010, 20_010.0) == SCHEDULE


@pytest.mark.parametrize("counter", [None, 7])
def test_a_pace_is_known_after_a_restart(counter: int | None) -> None:
    meter = paced(10, counted=counter is not None)
    kept = meter.schedule.memory()
    meter.schedule = Schedule.restored_from(kept, meter.tolerances)
    meter.clock = ClockComparison()
    meter.clock.restore(BEGUN + 190, 0.0)
    after = None if counter is None else 19 + 360
    assert meter.doubt(190 + 3604, 3605.0, after) == CLOCK
    assert meter.doubt(190 + 3600, 3605.0, after) is None


def test_after_a_restart_the_computers_clock_tells_what_passed() -> None:
    meter = Meter()
    meter.clock.restore(BEGUN, 0.0)
    assert meter.doubt(3600, 3655.0) == CLOCK
    assert meter.doubt(3600, 3605.0) is None
