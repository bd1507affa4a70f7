"""The grid: phases, neutral, voltage, frequency."""

from dataclasses import replace
from decimal import Decimal

from simulator.household import Snapshot
from simulator.loads import Load
from trials.life.event import both, enroll, event, says, three_phases
from trials.life.events.loads import on_first
from trials.life.life import Life

_POWER = both(says("power"), three_phases)

_BLACKOUTS = {
    "one_phase": (frozenset({1}), "A phase is"),
    "two_phases": (frozenset({0, 2}), "Two phases are"),
    "all_phases": (frozenset({0, 1, 2}), "All phases are, with an auxiliary supply of the meter,"),
}
for _name, (_dead, _who) in _BLACKOUTS.items():

    def _black_out(life: Life, dead: frozenset[int] = _dead) -> None:
        life.meter.change(dead=dead)
        life.push(30)
        life.meter.change(dead=frozenset())

    enroll(f"blackout_of_{_name}", f"{_who} without voltage for a while.", _black_out, _POWER)


@event(_POWER)
def phase_flickers(life: Life) -> None:
    """A loose contact: a phase goes and comes with every second telegram or so."""
    for _ in range(25):
        life.push_late(dead=frozenset({2}))
        life.push(life.chance.randrange(2))
        life.push_late(dead=frozenset())
        life.push(life.chance.randrange(3))


@event(_POWER)
def broken_neutral(life: Life) -> None:
    """The neutral breaks: as loads come and go the phases wander between 180 and 280 V."""
    for turn in range(30):
        watts = [300, 500, 400]
        watts[turn % 3] += 2500
        life.meter.change(loads=(Load((watts[0], watts[1], watts[2])),), neutral=False)
        life.push(life.chance.randrange(1, 4))
    life.meter.change(loads=(), neutral=True)


@event(says("voltage"))
def voltage_sags_to_185(life: Life) -> None:
    """The voltage of the grid falls by 45 V for some telegrams, and comes back."""
    life.meter.change(volts=-45)
    life.push(20)
    life.meter.change(volts=0)


@event(says("voltage"))
def voltage_of_a_generator(life: Life) -> None:
    """A generator runs the house: the voltage swings by 15 V with each load."""
    for turn in range(30):
        life.meter.change(volts=15 if turn % 2 else -15, loads=on_first(300 if turn % 2 else 2300))
        life.push()
    life.meter.change(volts=0, loads=())


@event(says("frequency"))
def frequency_of_an_island(life: Life) -> None:
    """A battery runs the house off the grid and raises the frequency to 52 Hz against panels."""

    def show(snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, values={**snapshot.values, "14.7.0": Decimal("52.05")})

    life.meter.showing = show
    life.push(20)
    life.meter.showing = lambda snapshot: snapshot
