"""The constant bits of a list's telegrams."""

import pytest

from app.meters.structure import Mask, digits
from app.plausibility.constant import Constant

ONE, OTHER, UNIT = b"1.8.0(12345.6*kWh)", b"1.8.0(98765.4*kWh)", b"1.8.0(12345.6*kWH)"
FIXED = int.from_bytes(b"\xff" * 5 + digits(ONE[5:]), "big")


def constant(text: bytes, *, is_text: bool = False) -> Constant:
    mask = Mask(0, (FIXED,), size=len(text)) if is_text else Mask(FIXED, size=len(text))
    return Constant(mask, int.from_bytes(text, "big"))


@pytest.mark.parametrize(("text", "is_of"), [(ONE, True), (OTHER, True), (UNIT, False)])
def test_a_telegram_of_the_list_has_its_constant_bits(text: bytes, *, is_of: bool) -> None:
    assert constant(ONE).is_of(int.from_bytes(text, "big")) is is_of


def test_texts_that_differ_in_their_digits_alone_are_kept_once() -> None:
    assert constant(ONE)._bits is constant(OTHER)._bits
    assert constant(ONE)._bits != constant(UNIT)._bits


def test_a_text_is_compared_with_that_of_the_first_telegram() -> None:
    one, (first, other, unit) = (
        constant(ONE, is_text=True),
        (int.from_bytes(text, "big") for text in (ONE, OTHER, UNIT)),
    )
    for _ in range(10):
        assert not one.texts_differ(unit)  # fewer telegrams may be the same by chance
        one.add(other)
    assert one.texts_differ(unit)
    assert not one.texts_differ(first)
    one.add(unit)
    assert not one.texts_differ(first)
