"""Telegrams that are read by templates: just as in the general way."""

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dlms.ciphering import Keys
from app.meters import pattern
from app.meters.telegram import Telegram
from simulator.ciphering import KEY
from simulator.links import p1
from tests.support.examples import of_hundred
from tests.support.general import MADE_AFTER, WITHOUT_TEMPLATE, Both, damaged
from tests.support.repair import repair
from tests.support.simulated import EVERY_LIST, NIGHT, SILENT, SimulatedMeter

AUTUMN = datetime(2026, 10, 24, 23, 59, 0, tzinfo=UTC)
"""A minute before the hour that occurs twice in Vienna."""


@pytest.fixture(autouse=True)
def _nothing_is_known() -> None:
    """Forget what other tests found, which they share."""
    pattern.patterns_like.cache_clear()


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
    for n in range(24):
        if n % 5 == 4:
            meter._now += timedelta(minutes=chance.choice((7, 11, 17)))
        data = meter.telegram().data
        both.feed(damaged(data, chance) if n > MADE_AFTER and n % 2 else data)


@pytest.mark.parametrize(
    ("family", "name"), [("e450", "wien"), ("kamstrup", "denmark"), ("kaifa-nordic", "norway-18")]
)
def test_a_clock_in_the_hour_that_occurs_twice_is_shown_as_in_the_general_way(
    family: str, name: str
) -> None:
    """A clock among the registers does not say which of the two it is; the one before tells."""
    second = datetime(2026, 10, 25, 0, 59, 0, tzinfo=UTC)
    both, meter = Both(), SimulatedMeter(None, family, name, start=second)
    for n in range(16):
        meter._now += timedelta(seconds=25 * (n > MADE_AFTER))
        both.feed(meter.telegram().data)
    assert both.read


VALUES = st.sampled_from(
    ("1.7.0", "2.7.0", "31.7.0", "32.7.0", "1.8.0", "2.8.0", "81.7.40", "13.7.0")
)


@settings(max_examples=of_hundred(60))
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


STAMPS = (b"632525252525", b"700101010000", b"261231235959", b"260620090000")


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize("stays", [0, 5])
def test_a_report_of_a_gas_meter_is_read_as_in_the_general_way(stamp: bytes, stays: int) -> None:
    """Another time or none, while the template knows one, and while it knows that one."""
    both, meter = Both(), SimulatedMeter(None, "dsmr", "dsmr5")
    for n in range(24):
        data = meter.telegram().data
        if stays < n % 12 < 10:
            data = re.sub(rb"(?<=24\.2\.1\()\d{12}", stamp, data)
        both.feed(repair(data))
    assert both.read


def test_a_report_of_the_telegram_s_own_second_is_taken() -> None:
    both, meter = Both(), SimulatedMeter(None, "dsmr", "dsmr5")
    for _ in range(12):
        data = meter.telegram().data
        (sent,) = re.findall(rb"(?<=0-0:1\.0\.0\()\d{12}", data)
        (one,) = both.feed(repair(re.sub(rb"(?<=24\.2\.1\()\d{12}", sent, data)))
        assert isinstance(one, Telegram)
        assert one.others[0].timestamp == one.timestamp
    assert both.read


def test_a_sum_of_tariffs_with_other_decimals_is_read_as_in_the_general_way() -> None:
    both = Both()
    for n in range(12):
        rows = [
            *(f"0-0:1.0.0(2607011200{5 * n:02}S)", "0-0:96.1.1(3030)"),
            *(f"1-0:1.8.1(000123.{n:02}6*kWh)", f"1-0:1.8.2(0{n:02}123.4*kWh)"),
        ]
        (one,) = both.feed(p1("KFM5", rows))
        assert isinstance(one, Telegram)
        assert one.reading
        assert one.reading.values["energy_import"] == Decimal(f"123.{n:02}6") + Decimal(f"{n}123.4")
    assert both.read


@pytest.mark.parametrize(
    ("family", "name", "code", "value"),
    [
        ("kaifa", "netznoe", "13.7.0", Decimal("1.5")),
        ("e450", "burgenland", "81.7.40", Decimal(400)),
        ("kamstrup", "denmark", "32.7.0", Decimal(700)),
    ],
)
def test_a_number_with_which_something_else_is_said_is_read_in_the_general_way(
    family: str, name: str, code: str, value: Decimal
) -> None:
    """A power factor of more than 1, an angle of more than a turn, no voltage of a grid."""
    both, meter = Both(), SimulatedMeter(None, family, name)
    while not both.read:
        both.feed(meter.telegram().data)
    meter.more = {code: value}
    both.feed(meter.telegram().data)
    assert both.read == 1


@pytest.mark.parametrize(
    ("code", "value"), [("13.7.0", 0), ("13.7.0", 1), ("32.7.0", 40), ("32.7.0", 500)]
)
def test_a_number_that_just_can_be_is_read_by_the_template(code: str, value: int) -> None:
    both, meter = Both(), SimulatedMeter(None, "kamstrup", "denmark")
    while not both.read:
        both.feed(meter.telegram().data)
    meter.more = {code: Decimal(value)}
    both.feed(meter.telegram().data)
    assert both.read == 2


def test_a_tariff_is_a_constant_of_its_template() -> None:
    """Two tariffs have two templates, and a count that is no value of the meter none."""
    both, meter = Both(), SimulatedMeter(None, "dsmr", "dsmr5")
    for n in range(60):
        tariff = b"(000%d)" % (1 + (n // 10) % 2)
        both.feed(repair(re.sub(rb"(?<=96\.14\.0)\(\d{4}\)", tariff, meter.telegram().data)))
    assert both.read > 40


@pytest.mark.parametrize("kwh", [1, 10, 100])
def test_a_kamstrup_whose_unit_changes_is_read_as_in_the_general_way(kwh: int) -> None:
    both, meter = Both(), SimulatedMeter(None, "kamstrup", "denmark")
    for n in range(40):
        if n == 20:
            for code in ("1.8.0", "2.8.0", "3.8.0", "4.8.0"):
                meter.more[code] = (meter._household._values()[code] or Decimal()) * kwh
        both.feed(meter.telegram().data)


def test_templates_are_made_anew_when_another_list_says_the_number() -> None:
    """The number comes in another list, and with it the meter's name."""
    both = Both()
    fast, slow = (SimulatedMeter(None, "kaifa-nordic", f"norway-{n}") for n in (9, 13))
    for n in range(40):
        both.feed((slow if n % 20 == 19 else fast).telegram().data)


def test_a_power_factor_of_1_is_no_constant() -> None:
    """It can only be one less, and is after twenty minutes."""
    both, meter = Both(), SimulatedMeter(None, "kaifa", "netznoe")
    for _ in range(300):
        both.feed(meter.telegram().data)
    assert both.read == 300 - MADE_AFTER


def test_many_states_make_no_template_each() -> None:
    """Making one takes long, so that is done seldom where the next telegram is another one."""
    both, meter = Both(), SimulatedMeter(None, "dsmr", "dsmr5")
    made = set()
    for n in range(200):
        data = re.sub(rb"(?<=96\.7\.21)\(\d{5}\)", b"(%05d)" % n, meter.telegram().data)
        both.feed(repair(data))
        made |= {id(one) for one in both.templates()}
    assert both.read == 0
    assert len(made) <= 4


def test_telegrams_that_templates_read_confirm_how_voltages_are_counted() -> None:
    """Else the ones that say otherwise would be believed too soon."""
    both, meter = Both(), SimulatedMeter(None, "kaifa-nordic", "sweden")
    for _ in range(24):
        both.feed(meter.telegram().data)
    assert both.read > 12
    meter.more = dict.fromkeys(("32.7.0", "52.7.0", "72.7.0"), Decimal(23))
    shown = []
    for _ in range(16):
        (one,) = both.feed(meter.telegram().data)
        assert isinstance(one, Telegram)
        assert one.reading
        shown.append(one.reading.values["voltage_l1"])
    assert shown == sorted(shown)
    assert set(shown) == {23, 230}
    assert shown.count(Decimal(23)) > 8


def test_the_unit_of_a_kamstrup_is_found_as_in_the_general_way() -> None:
    """By the power of some hours, most of which are read by templates."""
    both, meter = Both(), SimulatedMeter(None, "kamstrup", "denmark")
    readings = []
    for _ in range(1200):
        (one,) = both.feed(meter.telegram().data)
        assert isinstance(one, Telegram)
        readings.append(one.reading)
    assert both.read > 900
    assert readings[0]
    assert "energy_import" not in readings[0].values
    assert readings[-1]
    assert "energy_import" in readings[-1].values
