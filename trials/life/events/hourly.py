"""Meters that push powers all the time and energies once an hour, in a list of their own."""

from datetime import UTC, datetime, timedelta

from simulator.clock import VIENNA
from simulator.loads import Load
from trials.life.event import enroll, event, hourly
from trials.life.life import Life

_HEAVY = (Load((13_300, 13_300, 13_300)),)


@event(hourly, hours=True)
def hourly_list_for_six_hours(life: Life) -> None:
    """Nothing happens for six hours."""
    life.push_for(hours=2)


@event(hourly, hours=True)
def hourly_list_late(life: Life) -> None:
    """The hourly list comes four minutes after the hour, twice, and then in time again."""
    life.push_for(minutes=30)
    life.meter.late = timedelta(minutes=4)
    life.push_for(hours=2)
    life.meter.late = timedelta(0)


@event(hourly, hours=True)
def hourly_list_lost(life: Life) -> None:
    """The hourly list is lost twice in a row, with a minute around it."""
    for _ in range(2):
        _read_until_the_hour(life)
        life.lose_for(minutes=1)


@event(hourly, hours=True)
def hourly_list_damaged(life: Life) -> None:
    """The hourly list arrives damaged."""
    _read_until_the_hour(life)
    while life.meter.now.minute == 59:  # noqa: PLR2004 - the hour's last
        life.damage()


@event(hourly, hours=True)
def restarts_around_the_hourly_list(life: Life) -> None:
    """The program is restarted right before an hourly list, and right after the next one."""
    _read_until_the_hour(life)
    life.restart()
    life.push(60 // life.interval)
    life.restart()


@event(hourly, hours=True)
def program_stopped_at_the_full_hour(life: Life) -> None:
    """The program does not run from ten minutes before the hour to ten minutes after it."""
    life.push_for(minutes=40)
    life.stop_for(minutes=20)


@event(hourly, hours=True)
def only_powers_for_three_days(life: Life) -> None:
    """A meter does not push its hourly list for three days, only its powers."""
    lists = life.meter.lists[:]
    life.meter.lists[1:] = []
    life.push_for(hours=1)
    life.lose_for(days=3)
    life.push_for(hours=1)
    life.meter.lists[:] = lists


@event(hourly, hours=True)
def gateway_late_at_the_full_hour(life: Life) -> None:
    """A gateway stalls over the full hour and delivers five minutes at once."""
    life.push_for(minutes=57)
    for data, said in [life.next() for _ in range(300 // life.interval)]:
        life.deliver(data, said)


@event(hourly, hours=True)
def heavy_load_for_an_hour(life: Life) -> None:
    """40 kW are drawn for an hour after hours of little."""
    _read_until_the_hour(life)
    life.push_for(minutes=2)
    life.meter.change(loads=_HEAVY)
    life.push_for(hours=1)
    life.meter.change(loads=())


def _read_around_midnights(life: Life) -> None:
    """Read ten times from ten minutes before midnight to some minutes after it."""
    life.meter.is_daily = True
    for _ in range(10):
        life.push_for(minutes=15)
        now = life.meter.now.astimezone(VIENNA)
        evening = now.replace(hour=23, minute=50, second=0, tzinfo=None).replace(tzinfo=VIENNA)
        life.lose_for(seconds=(evening.astimezone(UTC) - life.meter.now).total_seconds())


for _name, _begin in (
    ("begins", datetime(2026, 3, 22, 22, 45, 3, tzinfo=UTC)),
    ("ends", datetime(2026, 10, 18, 21, 45, 3, tzinfo=UTC)),
):
    enroll(
        f"daily_list_while_summer_time_{_name}",
        "The list with the energies comes at midnight only, once after 23 or 25 hours.",
        _read_around_midnights,
        hourly,
        begin=_begin,
    )


def _read_until_the_hour(life: Life) -> None:
    """Read until the last half minute of an hour."""
    while (life.meter.now.minute, life.meter.now.second // 30) != (59, 1):
        life.push()
