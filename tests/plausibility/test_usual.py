"""The usual telegram, decided at once: as the checks decide it."""

import random
from decimal import Decimal

import pytest

from app.dlms.ciphering import Keys
from app.meters.values import Layout
from app.plausibility.laws import Law
from app.plausibility.usual import _prepared
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


@pytest.mark.parametrize("exponents", [(-3, -3, -3), (-3, 0, 1), (0, 0, 0), (1, 1, 1)])
def test_a_law_is_kept_by_counts_if_the_numbers_keep_it(exponents: tuple[int, int, int]) -> None:
    """Counts of one scale are compared as they are, others as numbers."""
    keys = ("energy_import", "energy_import_tariff_1", "energy_import_tariff_2")
    law = Law("sum", keys, lambda numbers, one: numbers[0] - sum(numbers[1:]) in (0, one))
    layout = Layout(keys, dict(zip(keys, exponents, strict=True)), {})
    keeps = _prepared(law, layout)
    for off, kept in ((0, True), (1, exponents[0] < 1), (2, False), (-1, False)):
        numbers = 110 + off * max(1, 10 ** exponents[0]), 40, 70
        counts = (
            int(Decimal(number).scaleb(-exponent))
            for number, exponent in zip(numbers, exponents, strict=True)
        )
        assert keeps(tuple(counts)) is kept
