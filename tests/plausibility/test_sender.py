"""What becomes of pending telegrams that confirm each other."""

from decimal import Decimal

import pytest

from tests.support.guarded import accepted, line_of
from tests.support.simulated import SimulatedMeter


@pytest.mark.parametrize(("code", "stays"), [("32.7.0", True), ("1.8.0", False)])
def test_only_a_rise_that_was_confirmed_shows_how_long_counters_stand_still(
    code: str, *, stays: bool
) -> None:
    """Of a counter that stood still for five minutes; it may have a cause of its own."""
    meter = SimulatedMeter(None, "kaifa")
    meter.more = {"1.8.0": Decimal(5_341_671), "2.8.0": Decimal(0), "32.7.0": Decimal(230)}
    line = line_of(meter)
    meter.more["1.8.0"] += 1
    assert all(line.push(meter, 60))
    (before,) = line.memory().values()
    meter.more["1.8.0"] += 400 if code == "1.8.0" else 1
    if code == "32.7.0":
        meter.more[code] = Decimal(260)
    assert accepted(line.push(meter, 4)) == [False] * (2 - stays) + [True] * (2 + stays)
    (after,) = line.memory().values()
    assert (after["stride"] == before["stride"]) is stays
