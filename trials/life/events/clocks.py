"""Clocks: of the meter and of the host, set, wrong, unknown; summer time and tariffs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulator import clock
from trials.life.event import EVENING, both, dated, enroll, event, says
from trials.life.life import Life
from trials.life.subjects import Facts

_SPRING = datetime(2026, 3, 29, 0, 56, 3, tzinfo=UTC)
_AUTUMN = datetime(2026, 10, 25, 0, 56, 3, tzinfo=UTC)
_NEW_YEAR = datetime(2026, 12, 31, 22, 57, 3, tzinfo=UTC)
_LEAP_DAY = datetime(2028, 2, 28, 22, 57, 3, tzinfo=UTC)


def set_clock(life: Life, **by: float) -> None:
    """Set the clock of the meter."""
    for meter in life.meter.lists:
        meter.clock_error += timedelta(**by)


_STEPS = {
    "seconds": {"seconds": 20},
    "minutes": {"minutes": 5},
    "an_hour": {"hours": 1},
    "a_day": {"days": 1},
    "a_year": {"days": 365},
}
for _name, _by in _STEPS.items():

    def _ahead(life: Life, by: dict[str, int] = _by) -> None:
        set_clock(life, **by)

    def _back(life: Life, by: dict[str, int] = _by) -> None:
        set_clock(life, **{unit: -count for unit, count in by.items()})

    enroll(f"clock_set_ahead_by_{_name}", "The meter's clock is set ahead.", _ahead, dated)
    enroll(f"clock_set_back_by_{_name}", "The meter's clock is set back.", _back, dated)


@event(begin=_SPRING)
def summer_time_begins(life: Life) -> None:
    """Clocks go forward by an hour at 2:00 in the last night of March."""
    life.push_for(minutes=5)


@event(begin=_AUTUMN)
def summer_time_ends(life: Life) -> None:
    """Clocks go back by an hour at 3:00 in the last night of October."""
    life.push_for(minutes=5)


@event(begin=_AUTUMN)
def summer_time_ends_while_the_program_is_stopped(life: Life) -> None:
    """The program starts again in the hour that comes twice, the second time."""
    life.stop_for(minutes=25)


@event(begin=_NEW_YEAR)
def new_year(life: Life) -> None:
    """A year ends."""
    life.push_for(minutes=5)


@event(begin=_LEAP_DAY)
def leap_day(life: Life) -> None:
    """The 29th of February begins."""
    life.push_for(minutes=5)


@event(begin=EVENING)
def tariff_changes(life: Life) -> None:
    """The tariff changes at 22:00 and at 6:00: another counter runs, a text says so."""
    life.push_for(minutes=7)
    life.lose_for(hours=7, minutes=50)
    life.push_for(minutes=8)


@event(dated)
def clock_slips(life: Life) -> None:
    """The meter's clock goes a second wrong in each ten telegrams, as with the grid's frequency."""
    for _ in range(12):
        life.push(10)
        set_clock(life, seconds=1)


@event(dated)
def clock_stands_still(life: Life) -> None:
    """The meter's clock stands still for 20 telegrams, then shows the right time again."""
    for _ in range(20):
        set_clock(life, seconds=-life.interval)
        life.push()
    set_clock(life, seconds=20 * life.interval)


def _not_text(facts: Facts) -> bool:
    return facts.dated and not facts.text


@event(_not_text)
def clock_unknown_for_a_while(life: Life) -> None:
    """The meter does not know the time for 20 telegrams and leaves all of it open."""
    styles = [(meter, meter.clock_time, meter.header_time) for meter in life.meter.lists]
    for meter, listed, header in styles:
        meter.clock_time = replace(listed, unknown=True)
        meter.header_time = header and replace(header, unknown=True)
    life.push(20)
    for meter, listed, header in styles:
        meter.clock_time, meter.header_time = listed, header


@event(_not_text)
def clock_invalid_for_a_while(life: Life) -> None:
    """The meter sets the bit that says that its clock is invalid, for 20 telegrams."""
    styles = [(meter, meter.clock_time, meter.header_time) for meter in life.meter.lists]
    for meter, listed, header in styles:
        meter.clock_time = replace(listed, status=listed.status | clock.INVALID)
        meter.header_time = header and replace(header, status=header.status | clock.INVALID)
    life.push(20)
    for meter, listed, header in styles:
        meter.clock_time, meter.header_time = listed, header


@event(dated)
def clock_begins_at_2000(life: Life) -> None:
    """After a power failure the meter's clock begins at the year 2000, and is set soon after."""
    life.power_failure(minutes=5)
    for meter in life.meter.lists:
        meter.clock_error = datetime(2000, 1, 1, tzinfo=UTC) - life.meter.now
    life.push(20)
    for meter in life.meter.lists:
        meter.clock_error = timedelta(0)


@event(dated)
def clock_stuck_at_2000(life: Life) -> None:
    """The meter's clock shows the first second of 2000 in each telegram, with right counters."""
    for _ in range(30):
        for meter in life.meter.lists:
            begin = datetime(2000, 1, 1, tzinfo=clock.VIENNA)
            meter.clock_error = begin - life.meter.now - timedelta(seconds=life.interval)
        life.push()
    for meter in life.meter.lists:
        meter.clock_error = timedelta(0)


_HOST_STEPS = {
    "an_hour_ahead": {"hours": 1},
    "an_hour_back": {"hours": -1},
    "a_day_ahead": {"days": 1},
    "a_day_back": {"days": -1},
}
for _name, _by in _HOST_STEPS.items():

    def _set_host_clock(life: Life, by: dict[str, int] = _by) -> None:
        life.set_host_clock(**by)

    enroll(f"host_clock_set_{_name}", "The clock of the host is set.", _set_host_clock)


def _untagged(facts: Facts) -> bool:
    """Tell whether damage can fit its checksums."""
    return facts.dated and not facts.tagged


@event(both(_untagged, says("voltage"), lambda facts: not facts.hourly))
def time_damaged_behind_a_pending_telegram(life: Life) -> None:
    """A telegram is lost, the next one has a damaged voltage, and the third the time of the first.

    The checksums are right.
    """
    for _ in range(3):
        life.push(5)
        life.lose()
        life.deliver(life.next_damaged({"32.7.0": 170}), None)
        back = -2 * life.interval
        set_clock(life, seconds=back)
        data, _ = life.next()
        set_clock(life, seconds=-back)
        life.deliver(data, None)


@event(_untagged)
def first_time_after_a_restart_is_damaged(life: Life) -> None:
    """The program does not run for an hour, and the first telegram after that shows a wrong time.

    It is ten minutes behind, with a right checksum.
    """
    for _ in range(3):
        life.stop_for(hours=1)
        set_clock(life, minutes=-10)
        data, _ = life.next()
        set_clock(life, minutes=10)
        life.deliver(data, None)
        life.push(5)


@event()
def host_started_without_the_time(life: Life) -> None:
    """A host without battery starts with the time of weeks ago, and is set by network later."""
    memory = life.memory()
    life.lose_for(minutes=2)
    life.set_host_clock(days=-40)
    life.restart(memory)
    life.push(5)
    life.set_host_clock(days=40)
