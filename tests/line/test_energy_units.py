"""A line whose meter does not say what its energies count: what is published, kept and told.

The meters are simulated: power every two minutes, energies once an hour, days in made-up
time.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest

from app.line.sections import ENERGY_UNITS, HISTORY
from app.line.trouble import Trouble
from app.state import State
from simulator import meters
from simulator.household import Household, Snapshot
from simulator.meters import Meter, Register, Unit
from tests.support.lines import PORT, ReadLine, WatchedLog, opened_line
from tests.support.memory import Memory
from tests.support.simulated import START

STEP = timedelta(minutes=2)
HOUR = timedelta(hours=1)


@cache
def kamstrup(variant: str, unit: int) -> Meter:
    """A meter whose energies count a power of ten of Wh."""
    meter = meters.build("kamstrup", variant)
    items = tuple(
        replace(item, scaler=unit)
        if isinstance(item, Register) and item.unit in {Unit.WH, Unit.VARH}
        else item
        for item in meter.layout.items
    )
    return replace(meter, layout=replace(meter.layout, items=items))


@dataclass
class House:
    """A house with a line to its meter, whose energies count what the test says."""

    line: ReadLine
    unit: int = 1
    now: datetime = START
    household: Household = field(default_factory=lambda: Household(11, START, phases=3))
    wrong: list[tuple[Decimal, Decimal]] = field(default_factory=list)

    def live(self, time: timedelta) -> list[Decimal]:
        """Let time pass; return the energies that were published, those that are wrong apart."""
        published: list[Decimal] = []
        for _ in range(time // STEP):
            energies = self.now.minute == 0
            meter = kamstrup("nordic-hourly" if energies else "nordic", self.unit)
            snapshot = self.household.at(self.now)
            before = len(self.line.recorder.published)
            self.line.take(meter.telegram(snapshot).data)
            for reading, _ in self.line.recorder.published[before:]:
                if (energy := reading.values.get("energy_import")) is not None:
                    published.append(Decimal(energy))
                    self.check(Decimal(energy), snapshot.values["1.8.0"])
            self.line.after(STEP.total_seconds())
            self.now += STEP
        return published

    def check(self, energy: Decimal, watt_hours: Decimal | None) -> None:
        """Compare an energy with the house's, which a meter of 10 Wh cuts off."""
        true = (watt_hours or Decimal(0)) / 1000
        if not -Decimal(10**self.unit) / 1000 < energy - true <= Decimal("0.01"):
            self.wrong.append((energy, true))

    def restarted(self, **options: object) -> "House":
        """Restart the program, with other options, after an hour's energies were read."""
        while self.now.minute != 2:
            self.live(STEP)
        self.line.reader.keep()
        line = ReadLine(
            replace(self.line.options, **options),  # type: ignore[arg-type]
            now=self.line.now,
            state=self.line.state,
        )
        line.take(PORT)
        return House(line, self.unit, self.now, self.household)


def a_house(unit: int = 1, state: State | None = None, **options: object) -> House:
    line = opened_line(**options)  # type: ignore[arg-type]
    if state is not None:
        line = ReadLine(line.options, state=state)
        line.take(PORT)
    return House(line, unit)


def telling(log: WatchedLog, words: str) -> list[str]:
    return [message for message in log.all if words in message]


def withheld(house: House) -> list[str]:
    return [str(one.sentence) for one in house.line.reader.health.withheld()]


@pytest.mark.parametrize("unit", [0, 1])
def test_no_energy_is_published_before_the_power_has_shown_what_it_counts(
    unit: int, log: WatchedLog
) -> None:
    house = a_house(unit)
    assert not house.live(HOUR)
    assert len(telling(log, "do not say whether their energies count 10 Wh or 1 Wh")) == 1
    assert house.live(5 * HOUR)
    assert not house.wrong
    assert len(telling(log, f"the energies of this meter count {10**unit} Wh")) == 1
    assert not withheld(house)


@pytest.mark.parametrize(("before", "behind"), [(1, 0), (0, 1)])
def test_a_day_whose_unit_changes_at_noon_is_published_without_a_wrong_energy(
    before: int, behind: int, log: WatchedLog
) -> None:
    house = a_house(before)
    morning = house.live(12 * HOUR)
    house.unit = behind
    afternoon = house.live(12 * HOUR)
    assert not house.wrong
    assert len(morning) >= 8
    assert len(afternoon) == 12  # nothing is left out
    assert sorted(morning + afternoon) == morning + afternoon
    told = telling(log, f"count {10**behind} Wh from now on, and {10**before} Wh before")
    assert len(told) == 1
    assert not withheld(house)


def test_what_was_found_is_known_after_a_restart_and_not_told_again(log: WatchedLog) -> None:
    house = a_house(0)
    house.live(4 * HOUR)
    told = telling(log, "the energies of this meter count")
    again = house.restarted()
    assert len(again.live(2 * HOUR)) == 2
    assert not again.wrong
    assert telling(log, "the energies of this meter count") == told


def test_a_unit_that_changes_while_the_program_is_stopped_is_noticed(log: WatchedLog) -> None:
    house = a_house(1)
    house.live(4 * HOUR)
    house.now += timedelta(days=3)
    house.line.now += timedelta(days=3).total_seconds()
    house.unit = 0
    again = house.restarted()
    assert len(again.live(3 * HOUR)) == 3
    assert not again.wrong
    assert len(telling(log, "count 1 Wh from now on")) == 1


def test_a_restart_before_it_was_found_makes_no_known_meter_of_a_new_one() -> None:
    house = a_house(0)
    house.live(timedelta(minutes=30))
    again = house.restarted()
    assert not again.live(HOUR)
    assert again.live(6 * HOUR)
    assert not again.wrong


def known_as_10_wh(unit: int) -> House:
    """A meter that a version published which took it to count 10 Wh."""
    house = a_house(unit, Memory(), energy_unit="10 Wh")
    house.live(2 * HOUR)
    house.wrong.clear()
    house.line.reader.keep()
    for key in house.line.state.section(ENERGY_UNITS):
        house.line.state.forget(ENERGY_UNITS, key)
    return house.restarted(energy_unit="auto")


def test_a_meter_that_the_state_knows_keeps_its_unit(log: WatchedLog) -> None:
    house = known_as_10_wh(1)
    log.records.clear()
    assert len(house.live(12 * HOUR)) == 12
    assert not house.wrong
    assert not telling(log, "energies")


def test_a_known_unit_that_the_power_contradicts_is_withheld_and_told(log: WatchedLog) -> None:
    house = known_as_10_wh(0)
    log.records.clear()
    house.live(8 * HOUR)
    assert not house.live(6 * HOUR)
    assert len(telling(log, "are not published any more until energy_unit is set to 1 Wh")) == 1
    sentences = [one for one in withheld(house) if "energy_unit set to 1 Wh" in one]
    assert len(sentences) == 1
    assert sentences[0].startswith("energies withheld since")
    set_right = house.restarted(energy_unit="1 Wh")
    assert len(set_right.live(3 * HOUR)) == 3
    assert not set_right.wrong
    assert not withheld(set_right)


def test_a_unit_that_is_not_found_for_long_is_a_problem() -> None:
    """As of a house that uses nothing that its meter shows."""
    house = a_house(1)
    steady = house.household.at(START)
    quiet = dict.fromkeys(("1.7.0", "2.7.0"), Decimal(0))

    class Nobody(Household):
        def at(self, time: datetime) -> Snapshot:
            return replace(steady, time=time, values={**steady.values, **quiet})

    house.household = Nobody(11, START, phases=3)
    house.live(2 * HOUR)
    assert not withheld(house)
    house.live(3 * HOUR)
    (problem,) = house.line.reader.health.withheld()
    assert problem.trouble is Trouble.WITHHELD
    assert "energy_unit set to 10 Wh or 1 Wh" in str(problem.sentence)


@pytest.mark.parametrize(("option", "unit"), [("1 Wh", 0), ("10 Wh", 1)])
def test_the_option_overrules_what_would_be_found(option: str, unit: int, log: WatchedLog) -> None:
    house = a_house(unit, energy_unit=option)
    assert len(house.live(3 * HOUR)) == 3
    assert not house.wrong
    assert telling(log, "the energies of this meter") == [
        f"the energies of this meter count {option}, as energy_unit says"
    ]
    again = house.restarted()
    assert len(again.live(HOUR)) == 1
    assert again.line.state.section(HISTORY)


@pytest.mark.parametrize("option", ["1 Wh", "10 Wh"])
def test_the_option_overrules_what_the_power_says(option: str) -> None:
    """Some meters say a power that is ten times too high, too."""
    house = a_house(1, energy_unit=option)
    assert len(house.live(12 * HOUR)) == 12
    assert withheld(house) == []
