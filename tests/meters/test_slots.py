"""Where numbers and times stand in a plaintext."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.meters.slots import NumberSlot, TimeSlot, constant_bits, slots_in, unpacker
from app.meters.telegram import Telegram
from tests.support import telegrams

TEXT = b"/KFM5\r\n\r\n0-0:1.0.0(260701120005S)\r\n1-0:1.8.0(000123.456*kWh)\r\n0-0:96.1.1(30)\r\n!"


def one(family: str, variant: str) -> Telegram:
    (found,) = telegrams.telegrams(telegrams.decode(telegrams.telegram(family, variant).segments))
    return found


def digits(begin: int, text: bytes) -> NumberSlot:
    size = len(text.replace(b".", b""))
    return NumberSlot(begin, begin + len(text), 0, 0, 10**size - 1, "")


@given(st.integers(0, 10**9 - 1))
def test_digits_keep_their_point(number: int) -> None:
    slot = digits(TEXT.index(b"000123"), b"000123.456")
    content = slot.put(TEXT, number)
    assert len(content) == len(TEXT)
    assert content[: slot.begin] + content[slot.end :] == TEXT[: slot.begin] + TEXT[slot.end :]
    assert unpacker(TEXT, [slot])(content) == (number,)


@pytest.mark.parametrize(("form", "size"), [("b", 1), ("H", 2), ("i", 4), ("Q", 8)])
@given(st.data())
def test_numbers_of_fixed_size_are_put_and_taken(form: str, size: int, data: st.DataObject) -> None:
    most = 256**size // (2 if form.islower() else 1) - 1
    least = -most - 1 if form.islower() else 0
    slot = NumberSlot(3, 3 + size, 0, least, most, form)
    number = data.draw(st.integers(least, most))
    content = slot.put(bytes(range(16)), number)
    assert unpacker(content, [slot])(content) == (number,)


def test_what_is_no_digit_is_refused() -> None:
    """Six characters share the constant bits of digits."""
    slot = digits(TEXT.index(b"000123"), b"000123.456")
    with pytest.raises(ValueError, match="invalid literal"):
        unpacker(TEXT, [slot])(TEXT.replace(b"000123", b"000:23"))


@pytest.mark.parametrize(
    ("time", "content"),
    [
        (TimeSlot(TEXT.index(b"2607"), TEXT.index(b"2607") + 13, is_text=True), TEXT),
        (TimeSlot(2, 14, is_text=False), bytes.fromhex("000007ea0701ff0c3b3b00ff888000")),
    ],
)
def test_another_time_differs_in_minute_and_second(time: TimeSlot, content: bytes) -> None:
    other = time.put_other(content)
    changed = [n for n, (a, b) in enumerate(zip(content, other, strict=True)) if a != b]
    minutes = time.begin + (8 if time.is_text else 6)
    assert changed
    assert set(changed) <= set(range(minutes, minutes + (4 if time.is_text else 2)))


def test_all_bits_but_those_of_numbers_times_and_the_counter_are_constant() -> None:
    found = one("kaifa", "netznoe")
    content = found.push.plaintext or b""
    numbers, times = slots_in(found)
    constant = constant_bits(content, numbers, times, is_text=False).to_bytes(len(content), "big")
    spans = [slot[:2] for slot in numbers] + [time[:2] for time in times]
    free = {n for span in spans for n in range(*span)} | {2, 3, 4}
    assert {n for n, bits in enumerate(constant) if bits != 0xFF} == free


def test_numbers_of_a_text_have_a_point_or_a_unit() -> None:
    found = one("dsmr", "dsmr5")
    content = found.push.plaintext or b""
    numbers, times = slots_in(found)
    texts = [content[slot.begin : slot.end + 1] for slot in numbers]
    assert texts
    assert all(b"." in text or text.endswith(b"*") for text in texts)
    assert {content[time.end : time.end + 1] for time in times} == {b")"}
