"""Telegrams that are read by templates: just as in the general way."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.fault import Fault
from app.meters import profile_files
from app.meters.energy_units import EnergyUnits
from app.meters.telegram import Telegram
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA
from tests.support.general import GeneralDecoder, said
from tests.support.repair import with_flipped_bit
from tests.support.simulated import EVERY_LIST, NIGHT, SILENT, SimulatedMeter

PROFILES = profile_files.load()
BOTH_KEYS = Keys(KEY, AUTH_KEY)
AUTUMN = datetime(2026, 10, 24, 23, 59, 0, tzinfo=UTC)
"""A minute before the hour that occurs twice in Vienna."""

MADE_AFTER = 3
"""Telegrams of a list after which a template is made."""

WITHOUT_TEMPLATE = SILENT | {
    # Their time and date are texts of their own.
    *(("am550", "kaernten"), ("am550", "text"), ("am550", "text-zeros"), ("dsmr", "denmark-nes")),
    *(("ie5", "croatia"), ("ie5", "croatia-28"), ("im350", "kaernten"), ("im350", "wels")),
    *(("dsmr2", "dsmr2"), ("dsmr2", "dsmr2-heat")),
}


class Both:
    """Two decoders of one line, one of which has no templates."""

    def __init__(self, keys: Keys = BOTH_KEYS) -> None:
        kept: tuple[dict[str, object], ...] = ({}, {})
        self._decoders = tuple(
            kind(keys, PROFILES, VIENNA, label="a", numbers={}, energy_units=EnergyUnits(None, one))
            for kind, one in zip((Decoder, GeneralDecoder), kept, strict=True)
        )
        self.read = 0
        """Telegrams that were read by a template."""

    def feed(self, *chunks: bytes) -> list[Telegram | Fault]:
        """Feed both, and compare what they give."""
        found: list[Telegram | Fault] = []
        for chunk in chunks:
            by_templates, general = (one.feed(chunk) for one in self._decoders)
            assert list(map(said, by_templates)) == list(map(said, general))
            found += by_templates
        self.read += sum(isinstance(one, Telegram) and bool(one.template) for one in found)
        return found


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Flip one bit of a telegram, and make its checksums fit."""
    return with_flipped_bit(data, chance.randrange(1, len(data) - 1), chance.randrange(8))


@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_each_list_is_read_as_in_the_general_way(family: str, name: str) -> None:
    both, meter = Both(), SimulatedMeter(None, family, name)
    for _ in range(20):
        both.feed(meter.telegram().data)
    assert (both.read >= 5) is ((family, name) not in WITHOUT_TEMPLATE)


@pytest.mark.parametrize("begin", [NIGHT, AUTUMN])
@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_damage_and_changes_of_time_are_read_as_in_the_general_way(
    family: str, name: str, begin: datetime
) -> None:
    chance = random.Random(f"{family} {name} {begin}")  # noqa: S311 - no cryptography
    both, meter = Both(Keys(KEY)), SimulatedMeter(None, family, name, start=begin)
    for n in range(40):
        if n % 5 == 4:
            meter._now += timedelta(minutes=chance.choice((7, 11, 17)))
        data = meter.telegram().data
        both.feed(damaged(data, chance) if n > MADE_AFTER and n % 2 else data)


VALUES = st.sampled_from(
    ("1.7.0", "2.7.0", "31.7.0", "32.7.0", "1.8.0", "2.8.0", "81.7.40", "13.7.0")
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([one for one in EVERY_LIST if one not in SILENT]),
    st.lists(st.tuples(VALUES, st.integers(0, 2**31), st.sampled_from((1, 10, 1000))), max_size=12),
)
def test_any_values_are_read_as_in_the_general_way(
    which: tuple[str, str], values: Sequence[tuple[str, int, int]]
) -> None:
    both, meter = Both(), SimulatedMeter(None, *which)
    for _ in range(MADE_AFTER + 1):
        both.feed(meter.telegram().data)
    for code, number, divisor in values:
        meter.more[code] = Decimal(number) / divisor
        try:
            data = meter.telegram().data
        except (ValueError, OverflowError):  # more than the list can hold
            del meter.more[code]
            continue
        both.feed(data)
