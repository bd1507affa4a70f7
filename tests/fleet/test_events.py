from itertools import pairwise

import pytest

from app.fleet.events import Delivered, Position
from app.fleet.subjects import Place

SECOND = 10**9
NOW = 1_795_926_272 * SECOND


@pytest.mark.parametrize(
    ("received", "taken"),
    [
        (0, NOW),
        (NOW - 3600 * SECOND, NOW - 3600 * SECOND),
        (NOW + SECOND, NOW),
        (NOW - 40 * 86400 * SECOND, NOW),
        (1, NOW),
    ],
)
def test_a_time_of_a_gateway_is_taken_if_it_can_be(received: int, taken: int) -> None:
    message = Delivered(1, "m1", b"", "", Place(1, 1, NOW), received=received)
    assert message.seconds == taken / SECOND


@pytest.mark.parametrize("position", [Position(1), Position(7, 2), Position(2**63, 11)])
def test_a_position_is_read_as_it_is_written(position: Position) -> None:
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "x", "1.x", "1.2.3", "meter-1/3/0"])
def test_another_id_is_no_position(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Position.parse(text)


def test_positions_are_in_the_order_of_readings() -> None:
    ordered = [Position(1), Position(1, 1), Position(2), Position(10)]
    assert all(one < other for one, other in pairwise(ordered))
