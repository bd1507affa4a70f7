"""What waits for the database, and how much of it."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.influxdb.buffer import MOST_BYTES, MOST_POINTS, Buffer

HOUR = 3600


def filled(*lines: bytes, most_points: int = 100, most_bytes: int = 1000) -> Buffer:
    buffer = Buffer(most_points, most_bytes)
    for line in lines:
        buffer.put(line)
    return buffer


def test_lines_stay_until_they_are_done() -> None:
    buffer = filled(b"a", b"b", b"c")
    batch = buffer.batch(2, 1000)
    assert batch.lines == [b"a", b"b"]
    assert len(buffer) == 3
    buffer.done(batch)
    assert buffer.batch(2, 1000).lines == [b"c"]


def test_a_batch_has_bounds_but_one_line_at_least() -> None:
    buffer = filled(b"a" * 10, b"b" * 10, b"c" * 10)
    assert buffer.batch(10, 22).lines == [b"a" * 10, b"b" * 10]
    assert buffer.batch(10, 5).lines == [b"a" * 10]
    assert buffer.batch(1, 1000, skip=2).lines == [b"c" * 10]
    assert Buffer().batch(1, 1).lines == []


@pytest.mark.parametrize("bounds", [(2, 1000), (100, 25)])
def test_the_oldest_make_room(bounds: tuple[int, int]) -> None:
    buffer = Buffer(*bounds)
    assert [buffer.put(line * 10) for line in (b"a", b"b", b"c", b"d")] == [0, 0, 1, 1]
    assert buffer.batch(10, 1000).lines == [b"c" * 10, b"d" * 10]


def test_a_batch_whose_lines_were_dropped_meanwhile_takes_no_others_along() -> None:
    buffer = filled(b"a", b"b", most_points=2)
    batch = buffer.batch(2, 1000)
    for line in (b"c", b"d", b"e"):
        buffer.put(line)
    buffer.done(batch)
    assert buffer.batch(2, 1000).lines == [b"d", b"e"]
    buffer.put(b"f")
    buffer.done(batch)
    assert buffer.batch(2, 1000).lines == [b"e", b"f"]


@given(st.lists(st.binary(max_size=9), max_size=60), st.integers(1, 8), st.integers(1, 40))
def test_what_is_left_is_the_newest_within_both_bounds(
    lines: list[bytes], most_points: int, most_bytes: int
) -> None:
    buffer = Buffer(most_points, most_bytes)
    kept: deque[bytes] = deque()
    dropped = 0
    for line in lines:
        dropped += buffer.put(line)
        kept.append(line)
        while len(kept) > most_points or sum(map(len, kept)) > most_bytes:
            kept.popleft()
        assert buffer.batch(most_points, most_bytes + most_points).lines == list(kept)
    assert dropped == len(lines) - len(buffer)


def test_an_hour_of_a_meter_that_sends_each_second_fits() -> None:
    assert MOST_POINTS >= HOUR
    assert MOST_BYTES >= 1165 * HOUR
