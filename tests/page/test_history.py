"""What a meter said within the last day."""

import math
import struct
from array import array
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.page.history import KEYS, MOST_QUARTERS, PLACES, QUARTER, STEP, History


class Clocks:
    """Both clocks of a history."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        return self.now + 1_795_000_000.0


@pytest.fixture(name="clocks")
def _clocks() -> Clocks:
    return Clocks()


@pytest.fixture(name="history")
def _history(clocks: Clocks) -> History:
    return History(lambda: clocks.now, clocks.wall)


def read(history: History, key: str, seconds: float) -> tuple[float, list[float | None]]:
    """Give the time of the first value, and the values, None where there is none."""
    data = history.series(key, seconds)
    first, step = struct.unpack_from("<dd", data)
    assert step == STEP
    values = array("f", data[16:])
    return first, [None if math.isnan(value) else value for value in values]


def test_the_newest_value_is_the_last(history: History, clocks: Clocks) -> None:
    for watts in (1, 2, 3):
        history.add(
            {"power": watts, "energy_import": 5, "message": "text"}, clocks.now, clocks.wall()
        )
        clocks.now += STEP
    clocks.now -= STEP
    first, values = read(history, "power", 20)
    assert values == [None, 1.0, 2.0, 3.0]
    assert first == clocks.wall() - 3 * STEP
    assert history.keys == ["power"]
    assert history.series("voltage_l1", 20) == b""


def test_of_faster_telegrams_the_mean_is_kept(history: History, clocks: Clocks) -> None:
    for watts in (10, 20, 60, 90, 20):
        history.add({"power": watts}, clocks.now, clocks.wall())
        clocks.now += 1
    history.add({"power": 7}, clocks.now, clocks.wall())
    assert read(history, "power", 10)[1] == [40.0, 7.0]


def test_each_value_has_the_mean_of_the_telegrams_that_say_it(
    history: History, clocks: Clocks
) -> None:
    history.add({"power": 10, "voltage_l1": Decimal("230.5")}, clocks.now, clocks.wall())
    history.add({"power": 20}, clocks.now, clocks.wall())
    history.add(
        {"voltage_l1": Decimal("231.5"), "current_l1": Decimal("0.25")}, clocks.now, clocks.wall()
    )
    history.add({"energy_import": 3}, clocks.now, clocks.wall())
    assert read(history, "power", 5)[1] == [15]
    assert read(history, "voltage_l1", 5)[1] == [231]
    assert read(history, "current_l1", 5)[1] == [0.25]


def test_where_nothing_came_there_is_nothing(history: History, clocks: Clocks) -> None:
    history.add({"power": 1}, clocks.now, clocks.wall())
    clocks.now += 3 * STEP
    history.add({"power": 2}, clocks.now, clocks.wall())
    clocks.now += 2 * STEP
    assert read(history, "power", 35)[1] == [None, 1, None, None, 2, None, None]
    clocks.now += 2 * PLACES * STEP
    assert set(read(history, "power", 86400)[1]) == {None}
    history.add({"power": 3}, clocks.now, clocks.wall())
    assert [value for value in read(history, "power", 86400)[1] if value] == [3]


@given(st.lists(st.tuples(st.integers(0, 2 * PLACES), st.integers(-5, 5)), max_size=20))
def test_it_tells_what_was_said_within_the_last_day(said: list[tuple[int, int]]) -> None:
    clocks = Clocks()
    history = History(lambda: clocks.now, clocks.wall)
    known: dict[int, int] = {}
    for steps, watts in said:
        clocks.now += max(1, steps) * STEP
        known[int(clocks.now // STEP)] = watts
        history.add({"power": watts}, clocks.now, clocks.wall())
    if not said:
        return
    newest = int(clocks.now // STEP)
    wanted = [known.get(place) for place in range(newest - PLACES + 1, newest + 1)]
    assert read(history, "power", 86400)[1] == wanted


def test_a_meter_has_half_a_megabyte() -> None:
    assert len(KEYS) == 8
    assert len(KEYS) * PLACES * array("f").itemsize == 552_960


def test_of_a_meter_that_only_takes_that_power_is_kept(history: History, clocks: Clocks) -> None:
    history.add({"power_import": 700}, clocks.now, clocks.wall())
    assert history.keys == ["power_import"]
    assert read(history, "power_import", STEP)[1] == [700]


def test_what_is_taken_is_not_kept_beside_the_sum(history: History, clocks: Clocks) -> None:
    history.add({"power": -300, "power_import": 0, "power_export": 300}, clocks.now, clocks.wall())
    assert history.keys == ["power"]


def test_energies_are_told_by_quarter_of_an_hour(history: History, clocks: Clocks) -> None:
    clocks.now = 2 * QUARTER - 1_795_000_000.0 % QUARTER  # the begin of one
    begin = clocks.wall()
    for n in range(40):
        history.add(
            {"energy_import": Decimal(100 + n) / 10, "energy_export": 3}, clocks.now, clocks.wall()
        )
        clocks.now += 90
    assert history.quarters() == [
        [begin, 1.0, 0.0],
        [begin + QUARTER, 1.0, 0.0],
        [begin + 2 * QUARTER, 1.0, 0.0],
        [begin + 3 * QUARTER, 0.9, 0.0],
    ]
    clocks.now += 2 * QUARTER  # of which nothing is known
    history.add({"energy_import": 20}, clocks.now, clocks.wall())
    told = history.quarters()
    assert [row[0] for row in told] == [begin + n * QUARTER for n in (0, 1, 2, 6)]
    assert told[-1] == [begin + 6 * QUARTER, 0.0, None]


def test_energies_that_come_in_telegrams_of_their_own_are_told(
    history: History, clocks: Clocks
) -> None:
    for n in range(4):
        history.add({"energy_import": 10 + n, "power": 5}, clocks.now, clocks.wall())
        history.add({"energy_export": 20 + 2 * n}, clocks.now, clocks.wall())
        history.add({"power": 5}, clocks.now, clocks.wall())
    assert [row[1:] for row in history.quarters()] == [[3, 6]]


def test_the_quarters_of_a_day_are_kept(history: History, clocks: Clocks) -> None:
    assert history.quarters() == []
    history.add({"power": 1}, clocks.now, clocks.wall())
    assert history.quarters() == []
    for n in range(300):
        history.add({"energy_import": n}, clocks.now, clocks.wall())
        clocks.now += QUARTER
    assert len(history.quarters()) == MOST_QUARTERS
