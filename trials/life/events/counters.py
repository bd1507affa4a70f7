"""Counters: reset, replaced, corrected, rolled over, refreshed seldom."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from simulator.household import Snapshot
from simulator.lists import Field, Item, Register, Unit
from simulator.loads import Load
from trials.life.event import EVENING, both, event, says
from trials.life.life import Life

_ENERGY = says("energy_")
_IMPORT = says("energy_import")


def reset(life: Life) -> None:
    """Let all energy counters begin at zero again."""
    life.meter.household.at(life.meter.now)
    for counter in life.meter.household.counters.values():
        counter.tariffs[:] = [0, 0]


def raise_by(life: Life, watt_hours: int, *groups: int) -> None:
    """Let counters stand higher, or lower, by OBIS group C; without groups all of them."""
    life.meter.household.at(life.meter.now)
    for group, counter in life.meter.household.counters.items():
        if group in groups or not groups:
            counter.tariffs[0] = max(0, counter.tariffs[0] + watt_hours)


@event(_ENERGY, hours=True)
def counters_reset(life: Life) -> None:
    """The counters of a meter begin at zero again, and nothing else changes."""
    reset(life)


@event(_ENERGY, hours=True)
def counters_reset_while_the_program_is_stopped(life: Life) -> None:
    """The counters are reset on a day on which the program does not run."""
    memory = life.memory()
    life.lose_for(hours=10)
    reset(life)
    life.lose_for(hours=14)
    life.restart(memory)


@event(_ENERGY)
def counters_reset_on_a_noisy_line(life: Life) -> None:
    """The counters are reset, and every second telegram before and after it is damaged."""
    for turn in range(12):
        if turn == 6:  # noqa: PLR2004 - in the middle
            reset(life)
        life.damage()
        life.push()


@event(_ENERGY)
def counters_reset_with_a_clock_that_was_lost(life: Life) -> None:
    """A meter loses counters and clock: both begin anew, the clock is set some telegrams later."""
    reset(life)
    begin = datetime(2000, 1, 1, tzinfo=life.meter.now.tzinfo)
    for meter in life.meter.lists:
        meter.clock_error = begin - life.meter.now
    life.push(20)
    for meter in life.meter.lists:
        meter.clock_error = timedelta(0)


@event(_ENERGY, hours=True)
def meter_replaced(life: Life) -> None:
    """Another meter of the same sort takes the place of this one; its counters are near zero."""
    life.power_failure(minutes=40)
    reset(life)
    life.meter.rename(7654321)


@event(_ENERGY, hours=True)
def meter_replaced_by_a_used_one(life: Life) -> None:
    """A refurbished meter that counted more takes the place of this one."""
    life.power_failure(minutes=40)
    raise_by(life, 7_000_000)
    life.meter.rename(7654321)


@event(_IMPORT, hours=True)
def energy_corrected_by_500_kwh(life: Life) -> None:
    """The operator corrects the counter of the energy taken: 500 kWh more, from then on."""
    raise_by(life, 500_000, 1)


@event(_ENERGY, hours=True)
def counters_go_on_from_5_kwh_less(life: Life) -> None:
    """After a power failure a meter goes on from counters that it stored some time before."""
    life.power_failure(minutes=5)
    raise_by(life, -5_000)


_LOAD = 9000


def _nearly_full(life: Life) -> None:
    """Let a few Wh be left until the counter of the energy taken is full."""
    full = life.about.full or 0
    offset = full - _watt_hours_left(life) - life.meter.household.counters[1].total

    step = 10 if full == 10 * 2**32 else 1

    def show(snapshot: Snapshot) -> Snapshot:
        total = ((snapshot.values["1.8.0"] or Decimal()) + offset) % full
        return replace(snapshot, values={**snapshot.values, "1.8.0": total - total % step})

    life.meter.showing = show


def _watt_hours_left(life: Life) -> int:
    return 100 + 25 * life.interval


@event(lambda facts: facts.full is not None, before=_nearly_full, begin=EVENING, hold=3)
def counter_rolls_over(life: Life) -> None:
    """The counter of the energy taken is full and begins at zero; those of tariffs are not full."""
    life.meter.change(loads=(Load((_LOAD // 3, _LOAD // 3, _LOAD // 3)),))
    life.push(3 * _watt_hours_left(life) * 3600 // _LOAD // life.interval)


def _whole_kwh(life: Life) -> None:
    def round_off(item: Item) -> Iterable[Item]:
        if isinstance(item, Field) and item.unit.endswith("h"):
            return (replace(item, places=0 if item.unit.startswith("k") else item.places),)
        if isinstance(item, Register) and item.unit in {Unit.WH, Unit.VARH}:
            return (replace(item, scaler=3),)
        return (item,)

    life.rewrite(round_off)


@event(
    both(_ENERGY, lambda facts: facts.scaled),
    before=_whole_kwh,
    begin=EVENING,
    hold=3,  # tariffs no longer add up
)
def counters_of_whole_kwh(life: Life) -> None:
    """A meter says whole kWh only, and always did."""
    life.meter.change(loads=(Load((_LOAD, _LOAD, _LOAD)),))
    life.push_for(minutes=16)
    life.meter.change(loads=())


def _each_quarter_of_an_hour(life: Life) -> None:
    shown: dict[str, Decimal | None] = {}
    quarter = -1

    def show(snapshot: Snapshot) -> Snapshot:
        nonlocal shown, quarter
        if snapshot.time.minute // 15 != quarter:
            quarter = snapshot.time.minute // 15
            shown = {code: value for code, value in snapshot.values.items() if ".8." in code}
        return replace(snapshot, values={**snapshot.values, **shown})

    life.meter.showing = show


@event(_ENERGY, before=_each_quarter_of_an_hour)
def counters_refreshed_each_quarter_of_an_hour(life: Life) -> None:
    """A meter refreshes its counters each quarter of an hour only, and always did."""
    life.push_for(minutes=31)


@event(_ENERGY)
def counters_refreshed_each_quarter_of_an_hour_from_now_on(life: Life) -> None:
    """A new firmware refreshes the counters each quarter of an hour only."""
    _each_quarter_of_an_hour(life)
    life.push_for(minutes=31)
