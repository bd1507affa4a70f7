"""What values count whose scale the telegram does not say."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem.items import Item
from app.cosem.obis import Obis
from app.dlms import axdr
from app.meters import scaling
from app.meters.profile import Profile
from app.meters.quantities import Quantity

WHOLE = Profile("whole", "Example", "X1", nominal={Quantity.VOLTAGE: 0, Quantity.CURRENT: -2})
TENTHS = Profile("tenths", "Example", "X2", nominal={Quantity.VOLTAGE: -1, Quantity.CURRENT: -2})
AMPERES = Profile("amperes", "Example", "X3", nominal={Quantity.VOLTAGE: 0, Quantity.CURRENT: 0})
EVERYTHING = dict.fromkeys(Quantity, 0)


def item(code: str, value: object, tag: int = axdr.LONG_UNSIGNED, unit: str | None = None) -> Item:
    return Item(Obis.parse(code), tag, value, unit)


def with_power(one: Profile) -> Profile:
    nominal = {**EVERYTHING, **(one.nominal or {})}
    return Profile(one.type, one.manufacturer, one.model, nominal=nominal)


def opened(*items: Item) -> list[tuple[Item, Quantity]]:
    return scaling.unscaled(items)


def load(power: int, *currents: int, export: int = 0) -> list[tuple[Item, Quantity]]:
    return opened(
        item("1-0:1.7.0", power),
        item("1-0:2.7.0", export),
        *(item(f"1-0:{11 + 20 * n}.7.0", value) for n, value in enumerate(currents, 1)),
    )


# --- What is open ---


def test_only_electrical_numbers_without_a_unit_are_open() -> None:
    voltage = item("1-0:32.7.0", 230)
    others = [
        item("1-0:52.7.0", 230, unit="V"),
        item("1-0:13.7.0", 941, unit=""),  # said to have none
        item("1-0:72.7.0", b"high", axdr.OCTET_STRING),
        item("1-0:72.7.0", None, axdr.NULL),
        item("0-0:96.1.0", 5),
        item("0-1:24.2.1", 5),
        Item(None, axdr.LONG_UNSIGNED, 5),
    ]
    assert scaling.unscaled([*others, voltage]) == [(voltage, Quantity.VOLTAGE)]


# --- What is possible ---


@pytest.mark.parametrize(
    ("sent", "whole", "tenths"),
    [
        (0, True, True),  # a phase that is not there
        (57, True, False),
        (234, True, False),
        (400, True, True),
        (499, True, True),
        (577, False, True),
        (2337, False, True),
        (4000, False, True),
        (23370, False, False),
        (3, False, False),
    ],
)
def test_a_voltage_is_that_of_some_grid(sent: int, *, whole: bool, tenths: bool) -> None:
    listed = opened(item("1-0:32.7.0", sent))
    assert scaling.possible(WHOLE, listed) is whole
    assert scaling.possible(TENTHS, listed) is tenths


def test_one_impossible_voltage_is_enough() -> None:
    listed = opened(item("1-0:32.7.0", 234), item("1-0:52.7.0", 2337))
    assert not scaling.possible(WHOLE, listed)
    assert not scaling.possible(TENTHS, listed)


@pytest.mark.parametrize(
    ("power", "currents", "hundredths", "amperes"),
    [
        (362, (51, 105, 52), True, False),
        (258_000, (400, 200, 601), False, True),
        (120, (52,), True, False),
        (20, (5, 3, 2), True, False),
        (0, (0, 0, 0), True, True),
        (5000, (0, 0, 0), True, True),
        (50, (10,), True, True),  # 23 VA are too little to be compared
        (99, (1, 1, 1), True, True),
        (100, (1, 1, 1), False, True),
        (2990, (1000, 0, 0), True, False),  # 1.3 times 2300 VA
        (2991, (1000, 0, 0), False, False),
    ],
)
def test_power_and_currents_belong_together(
    power: int, currents: tuple[int, ...], *, hundredths: bool, amperes: bool
) -> None:
    listed = load(power, *currents)
    assert scaling.plausible(with_power(WHOLE), listed) is hundredths
    assert scaling.plausible(with_power(AMPERES), listed) is amperes


def test_power_that_is_given_counts_like_power_that_is_taken() -> None:
    listed = load(0, 2000, export=4500)
    assert scaling.plausible(with_power(WHOLE), listed)
    assert not scaling.possible(with_power(WHOLE), load(0, 100, 0, 0, export=4500))


def test_currents_without_power_are_possible_and_not_usual() -> None:
    """As of a battery that keeps the sum of three phases at nought."""
    listed = load(0, 1000, 1000, 5)
    assert scaling.possible(with_power(WHOLE), listed)
    assert not scaling.plausible(with_power(WHOLE), listed)


@pytest.mark.parametrize("one", [WHOLE, AMPERES], ids=["hundredths", "amperes"])
def test_currents_alone_say_nothing(one: Profile) -> None:
    listed = opened(item("1-0:31.7.0", 52), item("1-0:1.8.0", 123_456))
    assert scaling.plausible(with_power(one), listed)


@pytest.mark.parametrize("one", [WHOLE, AMPERES], ids=["hundredths", "amperes"])
def test_the_current_of_the_neutral_is_nobody_s_load(one: Profile) -> None:
    for power, current in ((20_000, 5), (200, 50_000)):
        listed = opened(item("1-0:1.7.0", power), item("1-0:91.7.0", current))
        assert scaling.plausible(with_power(one), listed)


def test_what_a_profile_names_no_scale_for_says_nothing() -> None:
    assert scaling.plausible(WHOLE, load(1, 1000, 1000, 1000))
    assert not scaling.possible(WHOLE, [*load(1), *opened(item("1-0:32.7.0", 23370))])


def test_without_a_voltage_the_usual_scale_stands() -> None:
    listed = load(5000, 1000)
    assert not scaling.any_voltage(listed)
    assert scaling.volt_scale(WHOLE, listed) == 0
    assert scaling.volt_scale(WHOLE, listed, before=-1) == -1


# --- Scales ---


def test_a_value_gets_unit_and_scale_of_its_quantity() -> None:
    found = scaling.scaled(item("1-0:32.7.0", 2337), Quantity.VOLTAGE, -1)
    assert found == Item(Obis(1, 0, 32, 7, 0), axdr.LONG_UNSIGNED, Decimal("233.7"), "V")


def test_a_value_whose_scale_is_not_known_stays_as_it_is() -> None:
    current = item("1-0:31.7.0", 52)
    assert scaling.scaled(current, Quantity.CURRENT, None) == current


@pytest.mark.parametrize(
    ("sent", "whole", "tenths"),
    [
        ((231, 230, 229), 0, 0),
        ((2310, 2300, 2290), -1, -1),
        ((231, 12, 0), 0, 0),  # a dead phase
        ((0, 0, 0), 0, -1),
        ((23_100,), None, None),
        ((400,), 0, -1),  # possible in both: as the family counts
    ],
)
def test_voltages_count_what_makes_the_highest_that_of_a_grid(
    sent: tuple[int, ...], whole: int | None, tenths: int | None
) -> None:
    listed = opened(*(item(f"1-0:{12 + 20 * n}.7.0", v) for n, v in enumerate(sent, 1)))
    assert scaling.volt_scale(WHOLE, listed) == whole
    assert scaling.volt_scale(TENTHS, listed) == tenths


def test_a_family_that_does_not_say_what_voltages_count_leaves_them() -> None:
    other = Profile("other", "Example", "X4", nominal={})
    assert scaling.volt_scale(other, opened(item("1-0:32.7.0", 231))) is None


@pytest.mark.parametrize(
    ("sent", "scaler"),
    [
        ((23_945, 23_909, 24_010), -2),
        ((23_945, 0, 0), -2),
        ((239, 240, 241), 0),
        ((2394, 2391, 2401), -1),
        ((0, 0, 0), 0),
        ((60_000,), None),
    ],
)
def test_hundredths_of_a_volt_are_told_by_their_size_in_families_that_have_them(
    sent: tuple[int, ...], scaler: int | None
) -> None:
    hundredths = replace(WHOLE, volt_scales=(0, -2))
    listed = opened(*(item(f"1-0:{12 + 20 * n}.7.0", v) for n, v in enumerate(sent, 1)))
    assert scaling.volt_scale(hundredths, listed) == scaler


@given(
    volts=st.tuples(*[st.integers(min_value=200, max_value=250)] * 3),
    scaler=st.sampled_from((0, -1, -2)),
    phase=st.integers(min_value=0, max_value=2),
    damaged=st.integers(min_value=0, max_value=0xFFFF),
    is_known=st.booleans(),
)
def test_a_damaged_voltage_does_not_change_what_the_others_count(
    volts: tuple[int, int, int],
    scaler: int,
    phase: int,
    damaged: int,
    is_known: bool,  # noqa: FBT001 - drawn
) -> None:
    several = replace(WHOLE, volt_scales=(0, -2))
    numbers = [volt * 10**-scaler for volt in volts]
    numbers[phase] = damaged
    listed = opened(*(item(f"1-0:{12 + 20 * n}.7.0", v) for n, v in enumerate(numbers, 1)))
    assert scaling.volt_scale(several, listed, scaler if is_known else None) == scaler
