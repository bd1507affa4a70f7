"""A line goes on with what it kept when a meter is added or removed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.config.options import MeterOptions
from app.line.sections import (
    ENERGY_UNITS,
    HISTORY,
    METER_NUMBERS,
    METERS,
    carry_over,
    labels_of,
    section,
)
from simulator import meters
from simulator.household import Household
from tests.support.lines import PORT, ReadLine
from tests.support.memory import Memory
from tests.support.simulated import START

FIRST = MeterOptions(device="/dev/ttyUSB0")
SECOND = MeterOptions(device="/dev/ttyUSB1")
SECTIONS = (METER_NUMBERS, HISTORY, ENERGY_UNITS, METERS)


def kept(label: str, *, told: MeterOptions | None = None) -> Memory:
    """A state with something of one line; of its address, if a version kept that."""
    state = Memory()
    for name in SECTIONS:
        state.set(section(name, label), "a key", f"{name} of a meter")
    if told:
        carry_over(state, [told])
    return state


def has(state: Memory, label: str) -> bool:
    found = [state.section(section(name, label)) for name in SECTIONS]
    assert len({bool(one) for one in found}) == 1
    return bool(found[0])


def test_the_first_meter_goes_on_when_a_second_is_added() -> None:
    for first in (FIRST, replace(FIRST, name="House"), MeterOptions()):
        state = kept("")
        carry_over(state, [first, SECOND])
        labels = labels_of([first, SECOND])
        assert has(state, labels[0])
        assert not has(state, labels[1])
        assert not has(state, "")


def test_the_meter_with_the_same_address_goes_on_where_that_is_known() -> None:
    state = kept("", told=FIRST)
    carry_over(state, [SECOND, FIRST])
    assert has(state, FIRST.device or "")
    assert not has(state, SECOND.device or "")


def test_the_meter_that_is_left_goes_on_when_another_is_removed() -> None:
    state = kept("")
    carry_over(state, [FIRST, SECOND])
    carry_over(state, [FIRST])
    assert has(state, "")


def test_a_meter_does_not_go_on_with_what_another_one_kept() -> None:
    state = kept("")
    carry_over(state, [FIRST, SECOND])
    carry_over(state, [SECOND])
    assert not has(state, "")


def test_what_a_line_kept_itself_stays() -> None:
    state = kept("")
    state.set(section(METER_NUMBERS, FIRST.device or ""), "a key", "its own")
    carry_over(state, [FIRST, SECOND])
    assert state.section(section(METER_NUMBERS, FIRST.device or "")) == {"a key": "its own"}
    assert has(state, "")


@pytest.mark.parametrize("name", [None, "House"])
def test_a_meter_without_number_keeps_its_id_when_a_second_one_is_added(name: str | None) -> None:
    """As of Sweden's P1 meters, which say none; it does when that one is removed again."""
    state = Memory()
    assert published(state, "", 0) == "dsmr"
    first = replace(FIRST, name=name)
    carry_over(state, [first, SECOND])
    house, other = labels_of([first, SECOND])
    assert published(state, house, 1) == "dsmr"
    new = published(state, other, 1)
    assert new.startswith("dsmr_")
    carry_over(state, [first])
    assert published(state, "", 2) == "dsmr"


def published(state: Memory, label: str, minute: int) -> str:
    """The id under which a meter without number is published from a line, for half a minute."""
    line = ReadLine(label=label, state=state, now=1000.0 + 60 * minute)
    line.take(PORT)
    meter = meters.build("dsmr", "sweden")
    household = Household(7, START)
    for _ in range(3):
        line.now += 10
        moment = START + timedelta(seconds=line.now - 1000)
        line.take(meter.telegram(household.at(moment)).data)
    line.reader.keep()
    (found,) = {reading.meter.id for reading, _ in line.recorder.published}
    return found
