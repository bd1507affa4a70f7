"""Values as integers with their scales."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app import jsontext
from app.meters.values import Layout, Values

KEYS = st.text("abc_%", min_size=1, max_size=4)
NUMBERS = st.integers(-(10**12), 10**12) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3
)


@given(st.dictionaries(KEYS, NUMBERS | st.text(max_size=3)))
def test_they_are_what_they_are_made_of(values: dict[str, Decimal | int | str]) -> None:
    made = Values.of(values)
    assert made == values
    assert list(made) == list(values)
    assert [key in made for key in values] == [True] * len(values)
    assert "d" not in made
    assert Values.of(made) is made
    assert jsontext.whole((made.members(),)) == jsontext.dumps(values)


@given(st.integers(-(10**9), 10**9), st.integers(-9, 6))
def test_an_integer_with_a_scale_is_written_like_the_decimal_number(
    count: int, exponent: int
) -> None:
    number = Decimal(count).scaleb(exponent)
    assert jsontext.scaled(count, exponent) == jsontext.dumps(number)
    assert Decimal(json.dumps(json.loads(jsontext.scaled(count, 0)))) == count


def test_numbers_of_any_length_stay_exact() -> None:
    number = Decimal(f"1.{'1' * 60}")
    values = Values.of({"a": number, "b": 10**60 + 1})
    assert values == {"a": number, "b": 10**60 + 1}
    assert values.members() == f'"a": {number}, "b": {10**60 + 1}'


def test_one_layout_serves_all_like_values() -> None:
    first, second = (Values.of({"a": Decimal("1.0"), "b": n, "c": "x"}) for n in (1, 2))
    assert first.layout is second.layout
    assert first.layout is not Values.of({"a": Decimal("1.00"), "b": 1, "c": "x"}).layout


def test_more_numbers_stand_behind_the_others() -> None:
    layout = Layout(("a", "t"), {"a": -1}, {"t": "x"}).extended({"b": -3})
    values = Values(layout, (15, 2500))
    assert values == {"a": Decimal("1.5"), "t": "x", "b": Decimal("2.500")}
    assert values.number("b") == Decimal("2.5")
