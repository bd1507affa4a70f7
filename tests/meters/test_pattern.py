"""Senders of one list share its pattern, and each is read as in the general way."""

import random
import re
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.dlms.ciphering import Keys
from app.meters import pattern, profile_files
from app.meters.meaning import Row
from app.meters.profile import AUTO
from simulator.ciphering import KEY
from simulator.clock import VIENNA
from tests.support.general import BOTH_KEYS, MADE_AFTER, WITHOUT_TEMPLATE, Both, damaged
from tests.support.repair import repair, with_flipped_bit
from tests.support.simulated import EVERY_LIST, SimulatedMeter


@pytest.fixture(autouse=True)
def _nothing_is_known() -> None:
    """Forget what other tests found, which they share."""
    pattern.patterns_like.cache_clear()


@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_senders_of_one_list_share_its_pattern(family: str, name: str) -> None:
    """Their names and values differ, and each is read as in the general way."""
    lines = [Both() for _ in range(3)]
    senders = [SimulatedMeter(None, family, name, serial=7 + 1_000_003 * n) for n in range(3)]
    for n in range(12):
        for line, sender in zip(lines, senders, strict=True):
            if n == MADE_AFTER - 1:
                sender.more["1.7.0"] = Decimal(17 * (1 + senders.index(sender)))
            line.feed(sender.telegram().data)
    patterns = {id(one._pattern) for line in lines for one in line.templates()}
    assert len(patterns) == 1 or ((family, name) in WITHOUT_TEMPLATE and not patterns)


@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_damage_of_any_sender_is_read_as_in_the_general_way(family: str, name: str) -> None:
    chance = random.Random(f"{family} {name}")  # noqa: S311 - no cryptography
    lines = [Both(Keys(KEY)) for _ in range(2)]
    senders = [SimulatedMeter(None, family, name, serial=n) for n in (1, 9_999_999)]
    for n in range(16):
        for line, sender in zip(lines, senders, strict=True):
            data = sender.telegram().data
            line.feed(damaged(data, chance) if n > MADE_AFTER and n % 2 else data)


def test_several_senders_on_one_line_share_a_pattern() -> None:
    both = Both()
    senders = [SimulatedMeter(None, "kaifa", serial=n) for n in (1, 2, 3)]
    for _ in range(8):
        both.feed(*(sender.telegram().data for sender in senders))
    assert len(both.templates()) == len(senders)
    assert len({id(one._pattern) for one in both.templates()}) == 1
    assert both.read >= 12


def test_senders_of_texts_share_all_constant_bits_but_their_names() -> None:
    lines = [Both() for _ in range(2)]
    for serial, line in enumerate(lines):
        sender = SimulatedMeter(None, "dsmr", "dsmr5", serial=serial)
        line.feed(*(sender.telegram().data for _ in range(8)))
    (first,), (second,) = (line.templates() for line in lines)
    assert first.bits is second.bits
    assert first.names != second.names


def test_a_meter_in_another_state_has_a_pattern_of_its_own() -> None:
    """Another tariff is a text of the reading, which all telegrams of a pattern say."""
    first, second = Both(), Both()
    meter, other = (SimulatedMeter(None, "dsmr", "dsmr5", serial=n) for n in (1, 2))
    for _ in range(8):
        first.feed(meter.telegram().data)
        data = re.sub(rb"(?<=96\.14\.0)\(\d{4}\)", b"(0001)", other.telegram().data)
        second.feed(repair(data))
    (one,), (two,) = first.templates(), second.templates()
    assert one._pattern is not two._pattern
    assert second.read


ZONES = tuple(map(ZoneInfo, ("Europe/Vienna", "Europe/Helsinki", "UTC")))


@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_lines_with_other_options_are_read_as_in_the_general_way(family: str, name: str) -> None:
    """In turns, so that each finds the patterns of the others."""
    chance = random.Random(f"{family} {name}")  # noqa: S311 - no cryptography
    types = (AUTO, AUTO, *profile_files.load())
    lines = [
        Both(
            chance.choice((Keys(KEY), BOTH_KEYS)),
            chance.choice(ZONES),
            chance.choice(types),
            chance.choice("ab"),
            chance.choice((None, None, 0, 1, 3)),
        )
        for _ in range(4)
    ]
    senders = [SimulatedMeter(None, family, name, serial=chance.choice((1, 2))) for _ in lines]
    for _ in range(MADE_AFTER + 4):
        for line, sender in zip(lines, senders, strict=True):
            line.feed(sender.telegram().data)


@pytest.mark.parametrize(("family", "name"), EVERY_LIST)
def test_a_sender_with_another_constant_is_read_as_in_the_general_way(
    family: str, name: str
) -> None:
    """One bit of a code, a scaler, a unit or a text is another one in all that it pushes."""
    chance = random.Random(f"{family} {name}")  # noqa: S311 - no cryptography
    usual, meter = Both(Keys(KEY)), SimulatedMeter(None, family, name, serial=1)
    usual.feed(*(meter.telegram().data for _ in range(MADE_AFTER + 1)))
    for _ in range(3):
        other, meter = Both(Keys(KEY)), SimulatedMeter(None, family, name, serial=2)
        place, bit = chance.random(), chance.randrange(8)
        for _ in range(MADE_AFTER + 2):
            data = meter.telegram().data
            other.feed(with_flipped_bit(data, 1 + int(place * (len(data) - 2)), bit))


def test_one_moment_is_written_in_the_zone_of_each_line() -> None:
    """Two gas meters reported at the same time, an hour later by the clock of the second."""
    lines = [Both(zone=zone) for zone in (VIENNA, ZoneInfo("Europe/Helsinki"))]
    for n, line in enumerate(lines):
        meter = SimulatedMeter(None, "dsmr2", "dsmr2", serial=n)
        for _ in range(MADE_AFTER + 2):
            hour = rb"\g<1>%d" % (11 + n)
            line.feed(repair(re.sub(rb"(24\.3\.0\(\d{6})11", hour, meter.telegram().data)))
        assert line.read


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, -1, 2, -2, 1000])), max_size=3),
    st.integers(-2, 2),
    st.tuples(*[st.integers()] * 4),
)
@example([(0, 1), (1, -1)], 1, (7, 3, 0, 0))
@example([(0, 1), (1, -2)], 0, (7, 3, 0, 0))
@example([(0, 2), (1, -1)], 0, (7, 3, 0, 0))
def test_a_number_of_several_is_their_sum(
    terms: list[tuple[int, int]], rest: int, counts: tuple[int, ...]
) -> None:
    row = Row(tuple(terms), rest, exponent=0)
    assert pattern._sum_of(row)(counts) == row.sum_of(counts)
