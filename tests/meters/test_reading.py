"""A meter, as the state keeps one."""

from dataclasses import asdict
from typing import Any

import pytest

from app.meters.reading import Meter

METER = Meter("1kfm-02_a", "1KFM 02", "kaifa", "Kaifa", "MA309", None)


def test_a_meter_that_was_kept_is_the_same_again() -> None:
    assert Meter.from_state(asdict(METER)) == METER


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        ({"id": "a/b"}, ValueError),
        ({"id": "A"}, ValueError),
        ({"id": ""}, ValueError),
        ({"id": "a\n"}, ValueError),
        ({"id": 5}, TypeError),
        ({"unknown": 5}, TypeError),
    ],
)
def test_a_meter_that_was_damaged_is_none(damage: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Meter.from_state({**asdict(METER), **damage})
