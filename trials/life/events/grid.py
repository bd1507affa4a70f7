"""Grid and household: phases, neutral, large loads, the sun."""

from simulator.loads import Load
from trials.life.event import both, event, says, three_phases
from trials.life.life import Life

_POWER = says("power")


def _load(watts: int) -> Load:
    """Return a load on all phases."""
    return Load((watts // 3,) * 3)


@event(both(_POWER, three_phases))
def blackout_of_one_phase(life: Life) -> None:
    """A phase is without voltage for a few minutes."""
    life.meter.draw(dead=frozenset({1}))
    life.push(30)
    life.meter.draw(dead=frozenset())


@event(both(_POWER, three_phases))
def broken_neutral(life: Life) -> None:
    """The neutral breaks: with loads that come and go phases wander between 180 and 280 V."""
    for turn in range(12):
        watts = [300, 300, 300]
        watts[turn % 3] = 2500
        life.meter.draw(Load((watts[0], watts[1], watts[2])), neutral=False)
        life.push(3)
    life.meter.draw(neutral=True)


@event(_POWER)
def instant_heater(life: Life) -> None:
    """An instant heater of 18 to 24 kW runs for a minute or two, again and again."""
    for watts in (18_000, 21_000, 24_000, 18_000, 21_000, 24_000):
        life.meter.draw(_load(watts))
        life.push(max(2, 60 // life.interval))
        life.meter.draw()
        life.push(max(2, 90 // life.interval))


@event(_POWER, hourly=True)
def steady_44_kw(life: Life) -> None:
    """44 kW are drawn from one moment to the next, and for good."""
    life.meter.draw(_load(44_000))
