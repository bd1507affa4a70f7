"""Numbers that are made up: of the same form, another for each, the same one each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.anonymous.names import Names

BYTES = st.characters(max_codepoint=0xFF)


@given(st.lists(st.text(BYTES, max_size=30), max_size=30))
def test_any_number_is_replaced_by_one_of_its_length(numbers: list[str]) -> None:
    names = Names()
    for old in numbers:
        new = names.number(old)
        assert len(new) == len(old)
        assert names.number(old) == new


@given(st.lists(st.binary(max_size=30), max_size=30))
def test_any_octets_are_replaced_by_as_many(numbers: list[bytes]) -> None:
    names = Names()
    for old in numbers:
        new = names.octets(old)
        assert len(new) == len(old)
        assert names.octets(old) == new


@given(st.sets(st.integers(100_000, 99_999_999_999_999), max_size=30))
def test_different_numbers_stay_different(numbers: set[int]) -> None:
    names = Names()
    made_up = {names.number(str(number)) for number in numbers}
    assert len(made_up) == len(numbers)
    assert not made_up & set(map(str, numbers))


@given(st.integers(0, 255))
def test_an_integer_stays_within_its_type(number: int) -> None:
    assert 0 <= int(Names().number(str(number), most=255)) <= 255


@pytest.mark.parametrize("old", ["-", ".", "0-", "()", " 0 ", "", "\0\0", "00000000"])
def test_what_is_no_number_stays(old: str) -> None:
    assert Names().number(old) == old


def test_more_short_numbers_than_there_are_others_still_end() -> None:
    names = Names()
    assert all(len(names.number(str(number))) == len(str(number)) for number in range(100))


@given(st.text(BYTES, max_size=60))
def test_any_text_is_hidden_by_one_of_its_length(text: str) -> None:
    hidden = Names().text(text)
    assert len(hidden) == len(text)
    assert (
        not any(c.isascii() and c.isalpha() and c not in "xX" for c in hidden) or hidden.isalnum()
    )
