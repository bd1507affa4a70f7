"""Counters: reset, swapped, corrected, rolled over, refreshed seldom."""

from dataclasses import replace
from decimal import Decimal

from simulator.household import Snapshot
from trials.life.event import both, event, says
from trials.life.life import Life

_ENERGY = says("energy_")


def reset(life: Life) -> None:
    """Let all energy counters begin at zero again."""
    life.meter.household.at(life.meter.now)
    for counter in life.meter.household.counters.values():
        counter.tariffs[:] = [0, 0]


@event(_ENERGY, hourly=True)
def counters_reset(life: Life) -> None:
    """The counters of a meter begin at zero again, and nothing else changes."""
    reset(life)


@event(_ENERGY, hourly=True)
def counters_reset_while_nobody_read(life: Life) -> None:
    """The counters are reset while the program does not run, for a day."""
    life.stop_for(hours=10)
    reset(life)
    life.stop_for(hours=14)


@event(_ENERGY)
def counters_reset_among_damage(life: Life) -> None:
    """The counters are reset, and the telegrams before, at, within and after it are damaged."""
    life.damage()
    reset(life)
    life.damage()
    life.push()
    life.damage()
    life.push()
    life.damage()


@event(_ENERGY, hourly=True)
def meter_swapped(life: Life) -> None:
    """The meter is replaced by a new one with another number, whose counters are near zero."""
    life.power_failure(minutes=40)
    reset(life)
    life.swap()


@event(_ENERGY, hourly=True)
def meter_swapped_for_a_used_one(life: Life) -> None:
    """The meter is replaced by a refurbished one that counted more than the old one."""
    life.power_failure(minutes=40)
    for counter in life.meter.household.counters.values():
        counter.tariffs[0] += 7_000_000
        counter.tariffs[1] += 3_000_000
    life.swap()


@event(_ENERGY, hourly=True)
def energy_corrected_by_500_kwh(life: Life) -> None:
    """The operator corrects the counter of the energy taken: 500 kWh more, from then on."""
    life.meter.household.at(life.meter.now)
    for group in (1, 21):
        life.meter.household.counters[group].tariffs[0] += 500_000


@event(both(_ENERGY, says("energy_import")), hold=3)
def counter_rolls_over(life: Life) -> None:
    """The counter of the energy taken is full and begins at zero; its tariffs are not full."""
    full = 1_000_000_000 if life.about.text else 2**32
    life.meter.household.at(life.meter.now)
    first, second = life.meter.household.counters[1].tariffs
    offset = full - 2 - first - second

    def show(snapshot: Snapshot) -> Snapshot:
        total = snapshot.values["1.8.0"] or Decimal()
        return replace(snapshot, values={**snapshot.values, "1.8.0": (total + offset) % full})

    life.meter.showing = show
    life.push(20)
