"""Outages of line, meter and program; restarts, old states, a suspended host."""

from collections.abc import Callable

from trials.life.event import enroll, event, says
from trials.life.events.counters import raise_by, reset
from trials.life.life import Life

_LENGTHS = {
    "minutes": {"minutes": 7},
    "hours": {"hours": 5},
    "days": {"days": 3},
    "three_weeks": {"days": 21},
}
_OUTAGES: dict[str, tuple[str, Callable[..., None]]] = {
    "power_failure_for": ("House and meter are without power.", Life.power_failure),
    "line_broken_for": ("No telegram arrives, while house and meter go on.", Life.lose_for),
    "program_stopped_for": ("The program does not run, while the meter goes on.", Life.stop_for),
}
for _outage, (_story, _happen) in _OUTAGES.items():
    for _length, _duration in _LENGTHS.items():

        def _fail(
            life: Life,
            happen: Callable[..., None] = _happen,
            duration: dict[str, int] = _duration,
        ) -> None:
            happen(life, **duration)

        enroll(f"{_outage}_{_length}", _story, _fail)


@event()
def host_suspended_for_half_an_hour(life: Life) -> None:
    """The host is suspended: its monotonic clock stands still, the meter goes on."""
    life.suspend_for(minutes=30)


@event()
def host_suspended_for_a_night(life: Life) -> None:
    """The host is suspended for nine hours."""
    life.suspend_for(hours=9)


@event()
def restarted_again_and_again(life: Life) -> None:
    """The program is restarted after each third telegram."""
    for _ in range(12):
        life.push(3)
        life.restart()


@event()
def crash_with_a_state_of_a_quarter_of_an_hour_ago(life: Life) -> None:
    """The program crashes: the state is that of a quarter of an hour ago."""
    memory = life.memory()
    life.push_for(minutes=15)
    life.restart(memory)


@event()
def state_lost(life: Life) -> None:
    """The state is lost: the program knows nothing of the meter."""
    life.line.numbers.clear()
    life.restart({})


@event(hours=True)
def backup_of_weeks_ago_restored(life: Life) -> None:
    """A backup is restored whose state is weeks older than the meter."""
    memory = life.memory()
    life.lose_for(days=25)
    life.push(20)
    life.restart(memory)


@event(says("energy_"), hours=True)
def backup_with_higher_counters_restored(life: Life) -> None:
    """The state knows higher counters than the meter has: it was reset after the backup."""
    memory = life.memory()
    life.lose_for(days=2)
    reset(life)
    life.lose_for(days=2)
    life.push(20)
    life.restart(memory)


@event(says("energy_"), hours=True)
def backup_with_slightly_higher_counters_restored(life: Life) -> None:
    """The state knows counters that are 3 kWh higher: the meter lost them while nobody read it."""
    memory = life.memory()
    life.lose_for(hours=1)
    raise_by(life, -3000)
    life.restart(memory)
