"""Units: firmwares that count otherwise than the one before, and lists that do not say so."""

from collections.abc import Iterable
from dataclasses import replace

from simulator.lists import Field, Item, Register, Unit
from simulator.loads import Load
from trials.life.event import EVENING, both, event, says
from trials.life.life import ENERGIES, Change, Life
from trials.life.subjects import Facts

_ENERGY_UNITS = (Unit.WH, Unit.VARH, Unit.VAH)


def _unsaid(facts: Facts) -> bool:
    return not facts.scaled


def _said(facts: Facts) -> bool:
    return facts.scaled and not facts.text


def _text(facts: Facts) -> bool:
    return facts.text


def _rescaled(by: int, *units: Unit) -> Change:
    """Let the registers of these units count another power of ten."""

    def change(item: Item) -> Iterable[Item]:
        if isinstance(item, Register) and item.unit in units:
            return (replace(item, scaler=item.scaler + by),)
        return (item,)

    return change


@event(both(_unsaid, says("energy_")), hours=True)
def unsaid_energies_count_ten_times_less(life: Life) -> None:
    """A firmware counts energies in units ten times as large, and the list does not say units."""
    life.rewrite(_rescaled(1, *_ENERGY_UNITS))
    life.optional = ENERGIES


@event(both(_unsaid, says("energy_")), hours=True)
def unsaid_energies_count_ten_times_more(life: Life) -> None:
    """A firmware counts energies in Wh after 10 Wh, or another tenth, and does not say units."""
    life.rewrite(_rescaled(-1, *_ENERGY_UNITS))
    life.optional = ENERGIES


@event(both(_unsaid, says("energy_")), hours=True)
def unsaid_energies_count_kwh_after_wh(life: Life) -> None:
    """A firmware counts kWh after Wh, and the list does not say units."""
    life.rewrite(_rescaled(3, *_ENERGY_UNITS))
    life.optional = ENERGIES


@event(both(_unsaid, says("energy_")))
def unsaid_energies_count_ten_times_more_for_a_while(life: Life) -> None:
    """A firmware counts energies in other units, and the next one as before again."""
    life.rewrite(_rescaled(-1, *_ENERGY_UNITS))
    life.optional = ENERGIES
    life.push(20)
    life.rewrite(_rescaled(1, *_ENERGY_UNITS))
    life.push(2)
    life.optional = ()


_told_by_power = both(_unsaid, says("energy_import", "power"), lambda facts: not facts.hourly)


def _energies_in_another_unit(life: Life) -> None:
    life.judge.paused = True  # until the power can have told
    life.rewrite(_rescaled(-1, *_ENERGY_UNITS))
    life.optional = ENERGIES


@event(_told_by_power, before=_energies_in_another_unit, begin=EVENING)
def unsaid_energies_always_counted_ten_times_more(life: Life) -> None:
    """A list is read as if its energies counted tens of what they do, from the first telegram on.

    The power tells: half an hour at 3 kW is enough.
    """
    life.meter.change(loads=(Load((1000, 1000, 1000)),))
    life.push_for(minutes=30)
    life.judge.paused = False


@event(_told_by_power, before=_energies_in_another_unit, begin=EVENING)
def unsaid_energies_counted_right_from_now_on(life: Life) -> None:
    """A firmware counts energies as the list is read, after tens of that since the first telegram.

    The power tells both: half an hour at 3 kW is enough.
    """
    life.meter.change(loads=(Load((1000, 1000, 1000)),))
    life.push_for(minutes=30)
    life.rewrite(_rescaled(1, *_ENERGY_UNITS))
    life.push_for(minutes=30)
    life.judge.paused = False
    life.optional = ()


@event(both(_unsaid, lambda facts: facts.voltage_scalers == {0}), hold=3)  # angles no longer fit
def unsaid_volts_become_tenths(life: Life) -> None:
    """A firmware sends tenths of volts after volts, and does not say units: 2300 V are none."""
    life.rewrite(_rescaled(-1, Unit.V))
    life.optional = ("voltage", "apparent")


@event(both(_unsaid, lambda facts: facts.voltage_scalers == {-1}))
def unsaid_tenths_become_volts(life: Life) -> None:
    """A firmware sends volts after tenths of volts, and does not say units: 23 V are none."""
    life.rewrite(_rescaled(1, Unit.V))
    life.optional = ("voltage", "apparent")


@event(both(_unsaid, says("current", "voltage", "power")), hold=3)
def unsaid_currents_count_ten_times_more(life: Life) -> None:
    """A firmware counts currents in units of a tenth, and does not say units."""
    life.rewrite(_rescaled(-1, Unit.A))
    life.optional = ("current", "apparent")


@event(both(_said, says("energy_")), hours=True)
def said_energies_have_another_scaler(life: Life) -> None:
    """A firmware counts 10 Wh after Wh, or Wh after 10 Wh, and the list says it."""

    def change(item: Item) -> Iterable[Item]:
        if isinstance(item, Register) and item.unit in _ENERGY_UNITS:
            return (replace(item, scaler=0 if item.scaler else 1),)
        return (item,)

    life.rewrite(change)


@event(both(_said, says("voltage")))
def said_volts_have_another_scaler(life: Life) -> None:
    """A firmware sends voltages with another power of ten, and the list says it."""
    by = 1 if life.about.voltage_scalers != {0} else -1
    life.rewrite(_rescaled(by, Unit.V))


@event(both(_text, says("energy_")))
def text_energies_in_wh_after_kwh(life: Life) -> None:
    """A firmware writes energies as whole Wh after kWh with decimals, or the other way round."""

    def change(item: Item) -> Iterable[Item]:
        if not isinstance(item, Field) or not item.unit.endswith("h"):
            return (item,)
        if item.unit.startswith("k"):
            unit = "Wh" if item.unit == "kWh" else "varh"
            return (replace(item, unit=unit, whole=9, places=0),)
        return (replace(item, unit=f"k{item.unit}", whole=6, places=3),)

    life.rewrite(change)
