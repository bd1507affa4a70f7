"""Clocks: of the meter and of the host, set, wrong, invalid; summer time."""

from datetime import UTC, datetime, timedelta

from trials.life.event import dated, event
from trials.life.life import Life

_SPRING = datetime(2026, 3, 29, 0, 57, 3, tzinfo=UTC)
_AUTUMN = datetime(2026, 10, 25, 0, 57, 3, tzinfo=UTC)


def _set_clock(life: Life, **by: float) -> None:
    for meter in life.every_list():
        meter.clock_error += timedelta(**by)


@event(begin=_SPRING)
def summer_time_begins(life: Life) -> None:
    """Clocks go forward by an hour at 2:00 in the last night of March."""
    life.push_for(minutes=6)


@event(begin=_AUTUMN)
def summer_time_ends(life: Life) -> None:
    """Clocks go back by an hour at 3:00 in the last night of October."""
    life.push_for(minutes=6)


@event(dated)
def clock_set_ahead_by_seconds(life: Life) -> None:
    """The operator sets a clock that was 20 seconds late."""
    _set_clock(life, seconds=20)


@event(dated)
def clock_set_back_by_seconds(life: Life) -> None:
    """The operator sets a clock that was 20 seconds ahead."""
    _set_clock(life, seconds=-20)


@event(dated)
def clock_set_ahead_by_an_hour(life: Life) -> None:
    """The clock is set ahead by an hour."""
    _set_clock(life, hours=1)


@event(dated)
def clock_set_back_by_an_hour(life: Life) -> None:
    """The clock is set back by an hour."""
    _set_clock(life, hours=-1)


@event(dated)
def clock_set_ahead_by_a_day(life: Life) -> None:
    """The clock is set ahead by a day."""
    _set_clock(life, days=1)


@event(dated)
def clock_set_back_by_a_day(life: Life) -> None:
    """The clock is set back by a day."""
    _set_clock(life, days=-1)
