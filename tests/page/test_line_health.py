"""How good a line was, by the hour."""

import pytest

from app.fault import Kind
from app.line.health import Counts
from app.line.sections import LINE_HEALTH
from app.page.line_health import DAYS, Hour, LineHealth
from app.state import State
from tests.support.memory import Memory

HOUR = 3600
BEGIN = 1_795_000_000 // 86400 * 86400


class Line:
    """What is counted of a line, and its clock."""

    def __init__(self, state: State | None = None, now: float = BEGIN + 10 * HOUR) -> None:
        self.now = now
        self.counts = Counts()
        self.state = state or Memory()
        self.health = LineHealth(self.state, "", lambda: self.now)

    def hour(
        self, good: int = 0, damaged: int = 0, replayed: int = 0, drift: int | None = 0
    ) -> None:
        """Let an hour pass in which something came."""
        self.counts.frames += good
        self.counts.kinds[Kind.DAMAGED] += damaged
        self.counts.kinds[Kind.REPLAYED] += replayed
        self.health.look(self.counts, drift)
        self.now += HOUR
        self.health.look(self.counts, drift)


def test_each_hour_has_its_own() -> None:
    line = Line()
    line.hour(720, 3, 1, 5)
    line.health.gap()
    line.hour(700, 0, 0, None)
    begin = BEGIN + 10 * HOUR
    assert line.health.hours() == [
        [begin, 720, 3, 1, 0, 0, 5],
        [begin + HOUR, 700, 0, 0, 0, 1, None],
    ]


def test_it_goes_on_after_a_restart_also_within_an_hour() -> None:
    line = Line()
    line.hour(720)
    line.counts.frames += 100
    line.health.look(line.counts, 7)
    line.health.keep()
    again = Line(line.state, line.now)
    again.counts.frames += 20
    again.health.look(again.counts, None)
    assert again.health.hours()[-1] == [BEGIN + 11 * HOUR, 120, 0, 0, 0, 0, None]
    assert again.health.hours()[0][:2] == [BEGIN + 10 * HOUR, 720]


def test_thirty_days_are_kept_in_few_short_texts() -> None:
    line = Line(now=BEGIN)
    for _ in range(24 * 40):
        line.hour(720, 3, 1, -125)
    kept = line.state.section(LINE_HEALTH)
    assert len(kept) == DAYS
    assert sum(map(len, kept.values())) < 20_000
    assert len(line.health.hours()) == 24 * DAYS
    assert len(Line(line.state, line.now).health.hours()) == 24 * DAYS


@pytest.mark.parametrize("days", [-400, 40])
def test_hours_of_another_time_are_not_told(days: int) -> None:
    """Of before a long pause, or of a clock that was wrong: a picture would have them all."""
    line = Line()
    line.hour(720)
    line.health.keep()
    later = Line(line.state, line.now + days * 24 * HOUR)
    later.counts.frames += 3
    later.health.look(later.counts, None)
    assert [row[1] for row in later.health.hours()] == [3]


def test_a_clock_that_is_behind_for_a_while_costs_no_hours() -> None:
    line = Line()
    line.hour(720)
    line.health.keep()
    Line(line.state, line.now - 400 * 24 * HOUR).hour(3)
    assert [row[1] for row in Line(line.state, line.now).health.hours()] == [720]


@pytest.mark.parametrize(
    "kept",
    [
        {"x": "1,2,3,4,5,6"},
        {"20775": 7},
        {"20775": "1,2,3"},
        {"20775": "a,b,c,d,e,f;;1,2"},
        {"20775": ";" * 1000},
    ],
)
def test_what_is_damaged_is_left_out(kept: dict[str, object]) -> None:
    state = Memory()
    state.update(LINE_HEALTH, kept)  # type: ignore[arg-type]
    line = Line(state)
    assert line.health.hours() == []
    line.hour(1)
    assert [row[1] for row in line.health.hours()] == [1]


def test_an_hour_is_read_as_it_is_written() -> None:
    for hour in (Hour(), Hour(1, 2, 3, 4, 5, -6)):
        assert Hour.read(str(hour)) == hour
