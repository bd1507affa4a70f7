"""The ids of lines: they stay while names, addresses and the number of lines change."""

import itertools
import random
from dataclasses import replace

import pytest

from app.config.options import MeterOptions
from app.line.line_ids import LINE_IDS, Line, Lines, lines_of
from app.state import State
from tests.support.memory import Memory

HOUSE = MeterOptions(device="/dev/ttyUSB0", name="House")
GARAGE = MeterOptions(url="tcp://garage:2000", name="Garage")
CELLAR = MeterOptions(device="/dev/ttyUSB1")
ONLY = MeterOptions()


def ids(state: State, *meters: MeterOptions) -> list[str]:
    """Give the ids after a start with some meters."""
    return [line.id for line in lines_of(state, meters).current]


def test_lines_are_numbered_at_the_first_start_and_have_their_labels() -> None:
    assert lines_of(Memory(), [HOUSE, GARAGE, CELLAR]) == Lines(
        (Line("1", "House"), Line("2", "Garage"), Line("3", "/dev/ttyUSB1"))
    )
    assert lines_of(Memory(), [HOUSE]) == Lines((Line("1", ""),))


def test_a_restart_changes_nothing() -> None:
    state = Memory()
    first = lines_of(state, [HOUSE, GARAGE, CELLAR])
    assert lines_of(state, [HOUSE, GARAGE, CELLAR]) == first


@pytest.mark.parametrize(
    "changed",
    [
        replace(HOUSE, name="Haus"),
        replace(HOUSE, name=None),
        replace(HOUSE, device="/dev/serial/by-id/usb-FTDI"),
        replace(HOUSE, device=None, url="tcp://house:2000"),
        replace(HOUSE, device="/dev/serial/by-id/usb-FTDI", name="Haus"),
        ONLY,
    ],
)
def test_a_line_stays_whatever_is_changed_of_it(changed: MeterOptions) -> None:
    for others in ([], [GARAGE], [GARAGE, CELLAR]):
        state = Memory()
        before = ids(state, HOUSE, *others)
        assert ids(state, changed, *others) == before
        assert ids(state, HOUSE, *others) == before


def test_lines_that_change_places_keep_their_ids() -> None:
    state = Memory()
    assert ids(state, HOUSE, GARAGE, CELLAR) == ["1", "2", "3"]
    assert ids(state, CELLAR, HOUSE, GARAGE) == ["3", "1", "2"]


def test_a_line_that_is_taken_out_is_gone_and_comes_back_as_it_was() -> None:
    state = Memory()
    ids(state, HOUSE, GARAGE, CELLAR)
    assert lines_of(state, [HOUSE, CELLAR]) == Lines(
        (Line("1", "House"), Line("3", "/dev/ttyUSB1")), ("2",)
    )
    assert lines_of(state, [HOUSE, CELLAR]).gone == ("2",)
    assert lines_of(state, [HOUSE, CELLAR, GARAGE]) == Lines(
        (Line("1", "House"), Line("3", "/dev/ttyUSB1"), Line("2", "Garage"))
    )


def test_a_line_that_is_added_takes_the_id_of_none_that_there_was() -> None:
    state = Memory()
    ids(state, HOUSE, GARAGE)
    ids(state, HOUSE)
    assert ids(state, HOUSE, CELLAR) == ["1", "3"]


@pytest.mark.parametrize(
    "damaged",
    [
        {"1": "no entry"},
        {"1": None},
        {"x/#": {"address": "/dev/ttyUSB0", "used": True}},
        {"1": {}, "2": {"address": 7}},
        {"\u0661": {"address": "/dev/ttyUSB0"}},
    ],
)
def test_a_damaged_state_gives_ids_that_a_topic_can_hold(damaged: dict[str, object]) -> None:
    state = Memory()
    state.update(LINE_IDS, damaged)  # type: ignore[arg-type]
    found = ids(state, HOUSE, GARAGE)
    assert len(set(found)) == 2
    assert all(one.isascii() and one.isdecimal() for one in found)
    assert ids(state, HOUSE, GARAGE) == found


def test_no_two_lines_have_one_id_and_no_line_loses_its_own_whatever_is_done() -> None:
    chance = random.Random(15)  # noqa: S311 - what users do is no cryptography
    ports = itertools.count(1)
    for _ in range(300):
        state = Memory()
        meters = [HOUSE, GARAGE, CELLAR, ONLY][: chance.randint(1, 4)]
        for _ in range(6):
            before = lines_of(state, meters)
            known = dict(
                zip([(one.url, one.device) for one in meters], before.current, strict=True)
            )
            left = [one for one in meters if chance.random() < 0.7] or [meters[0]]
            chance.shuffle(left)
            if chance.random() < 0.5:
                left.append(MeterOptions(url=f"tcp://new:{next(ports)}"))
            meters = left
            after = lines_of(state, meters)
            found = [line.id for line in after.current]
            assert len(set(found)) == len(found)
            assert not set(found) & set(after.gone)
            assert {line.id for line in before.current} <= {*found, *after.gone}
            for meter, line in zip(meters, after.current, strict=True):
                if (kept := known.get((meter.url, meter.device))) and (meter.url or meter.device):
                    assert line.id == kept.id
