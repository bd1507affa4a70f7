"""Units, and scaling that loses nothing."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem.unit import UNITS, Number, scale
from simulator.meters import Unit


@pytest.mark.parametrize("unit", Unit)
def test_units_are_numbered_as_in_the_simulator(unit: Unit) -> None:
    assert UNITS[unit] == unit.text


@pytest.mark.parametrize("number", [253, 254, 255])
def test_no_unit_is_an_empty_text(number: int) -> None:
    assert UNITS[number] == ""


@pytest.mark.parametrize(
    ("value", "exponent", "scaled"),
    [
        (2337, -1, "233.7"),
        (-94, -3, "-0.094"),
        (0, -2, "0"),
        (12937, 0, "12937"),
        (12, 3, "12000"),
        (1, -128, "1E-128"),
        (7, 127, "7E+127"),
        (2**64 - 1, -9, "18446744073.709551615"),
        (-(2**63), -9, "-9223372036.854775808"),
        (2**64 - 1, 9, "18446744073709551615000000000"),
        (Decimal("230.5"), -1, "23.05"),
        (Decimal("230.5"), 2, "23050"),
        (Decimal("123456.7890123456789012345678901"), -1, "12345.67890123456789012345678901"),
    ],
)
def test_scaling_moves_the_point(value: Number, exponent: int, scaled: str) -> None:
    assert scale(value, exponent) == Decimal(scaled)


@given(st.integers(-(2**63), 2**64 - 1), st.integers(-128, 127))
def test_scaling_an_integer_is_exact(value: int, exponent: int) -> None:
    assert Fraction(scale(value, exponent)) == Fraction(value) * Fraction(10) ** exponent


@given(
    st.integers(-(2**63), 2**64 - 1) | st.integers(-(10**40), 10**40) | st.integers(-9, 9),
    st.integers(-20, -1),
)
def test_an_integer_has_as_many_decimal_places_as_its_scale_says(value: int, exponent: int) -> None:
    digits = tuple(map(int, str(abs(value))))
    assert Decimal(scale(value, exponent)).as_tuple() == (value < 0, digits, exponent)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=9, min_value=-(10**9), max_value=10**9
    ),
    st.integers(-9, 9),
)
def test_scaling_a_decimal_is_exact(value: Decimal, exponent: int) -> None:
    assert Fraction(scale(value, exponent)) == Fraction(value) * Fraction(10) ** exponent


def test_an_integer_stays_one_where_it_can() -> None:
    assert isinstance(scale(5, 0), int)
    assert isinstance(scale(5, 1), int)
    assert isinstance(scale(5, 3), int)
    assert isinstance(scale(5, -1), Decimal)
