"""Exact JSON text of measured values."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jsontext import dumps

numbers = st.decimals(allow_nan=False, allow_infinity=False) | st.integers(-(2**64), 2**64)
exact = st.recursive(
    st.none() | st.booleans() | st.text() | numbers,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
without_decimals = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(2**64), 2**64),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("233.7", "233.7"),
        ("4.40E+3", "4400"),
        ("4408.736", "4408.736"),
        ("233.70", "233.7"),
        ("5.000", "5"),
        ("100", "100"),
        ("1E-7", "0.0000001"),
        ("0E+2", "0"),
        ("0.00", "0"),
        ("-0.0", "0"),
        ("-12.50", "-12.5"),
        ("12345678901234567890.123456789012345678901234567890", None),
    ],
)
def test_a_decimal_is_written_digit_by_digit(number: str, text: str | None) -> None:
    assert dumps(Decimal(number)) == (text or number.rstrip("0"))


@given(exact)
def test_exact_values_survive_writing_and_reading(value: object) -> None:
    assert json.loads(dumps(value), parse_float=Decimal) == value


@given(without_decimals)
def test_other_values_are_written_as_by_the_json_module(value: object) -> None:
    assert dumps(value) == json.dumps(value, ensure_ascii=False)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_has_neither_exponent_nor_needless_zeros(number: Decimal) -> None:
    text = dumps(number)
    assert set(text) <= set("-.0123456789")
    assert "." not in text or not text.endswith(("0", "."))


def test_strings_keep_letters_and_escape_control_characters() -> None:
    assert dumps({"Zähler": 'a"b\\c\n\x00°'}) == '{"Zähler": "a\\"b\\\\c\\n\\u0000°"}'


def test_the_member_of_an_enum_is_its_number() -> None:
    class Unit(IntEnum):
        WATT = 27

    assert dumps([Unit.WATT, True]) == "[27, true]"


@pytest.mark.parametrize(
    "value",
    [1.5, datetime(2026, 11, 21, tzinfo=UTC), b"x", {1: 2}, {None: 1}, {"a": {"b": {3}}}, (1,)],
)
def test_values_without_an_exact_text_are_rejected(value: object) -> None:
    with pytest.raises(TypeError):
        dumps(value)


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_rejected(number: str) -> None:
    with pytest.raises(ValueError, match="neither NaN nor infinity"):
        dumps([Decimal(number)])
