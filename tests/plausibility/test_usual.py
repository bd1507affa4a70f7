"""The usual telegram, decided at once: as the checks decide it."""

import random

import pytest

from app.dlms.ciphering import Keys
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.guarded import NO_TAG, GuardedLine
from tests.support.repair import with_flipped_bit
from tests.support.simulated import LISTS, SimulatedMeter

IN_THE_GENERAL_WAY = frozenset(("none",))
"""A name of no check: while any is switched off, no telegram is decided at once."""


@pytest.mark.parametrize(("family", "name"), LISTS)
@pytest.mark.parametrize("verified", [False, True])
def test_it_is_decided_as_in_the_general_way(family: str, name: str, *, verified: bool) -> None:
    """Of good telegrams and of those with a flipped bit behind a repaired checksum."""
    chance = random.Random(f"{family} {name}")  # noqa: S311 - no cryptography
    meter = SimulatedMeter(None, family, name)
    keys = Keys(KEY, AUTH_KEY) if verified else NO_TAG
    at_once, general = GuardedLine(keys), GuardedLine(keys, without=IN_THE_GENERAL_WAY)
    for n in range(120):
        data = meter.telegram().data
        if n > 20 and not n % 4:
            data = with_flipped_bit(data, chance.randrange(1, len(data) - 1), chance.randrange(8))
        seconds = meter.meter.interval + chance.choice((0.0, 0.0, 0.1, 3.0))
        found = [line.take(data, seconds) for line in (at_once, general)]
        assert found[0] == found[1], n
    assert [one.reason for one in at_once.faults] == [one.reason for one in general.faults]
    assert at_once.guard.memory() == general.guard.memory()
