"""Where numbers and times stand in a plaintext."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.meters.slots import (
    NumberSlot,
    TimeSlot,
    constant_bits,
    names_in,
    picker,
    slots_in,
    unpacker,
)
from app.meters.telegram import Register, Telegram
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


@pytest.mark.parametrize("is_text", [True, False])
@example(now=datetime(2026, 7, 1, 12, 53, 49))  # noqa: DTZ001 - both become 60 without care
@example(now=datetime(2026, 7, 1, 12, 18, 11))  # noqa: DTZ001 - each could become the other
@example(now=datetime(2026, 7, 1, 12, 18, 29))  # noqa: DTZ001 - as before
@given(now=st.datetimes())
def test_another_time_has_another_minute_and_second_that_can_be(
    *, now: datetime, is_text: bool
) -> None:
    style = "260701%H%M%SS" if is_text else None
    text = now.strftime(style).encode() if style else bytes((*bytes(5), *_clock(now)))
    other = TimeSlot(0, len(text), is_text=is_text).put_other(text)
    _, minute, second = _read(other, is_text=is_text)
    assert minute != now.minute
    assert second != now.second
    assert max(minute, second) < 60


def _clock(now: datetime) -> tuple[int, ...]:
    return now.hour, now.minute, now.second, *bytes(4)


def _read(raw: bytes, *, is_text: bool) -> tuple[int, ...]:
    return tuple(int(raw[n : n + 2]) for n in (6, 8, 10)) if is_text else tuple(raw[5:8])


@pytest.mark.parametrize(
    ("family", "variant"), [("sagemcom", "netznoe"), ("aidon", "norway"), ("dsmr", "dsmr5")]
)
def test_the_numbers_of_a_telegram_are_found_with_what_they_can_be(
    family: str, variant: str
) -> None:
    found = one(family, variant)
    content = found.push.plaintext or b""
    numbers, times = slots_in(found)
    assert times or family == "aidon"
    assert all(time.is_text == found.push.is_text for time in times)
    assert unpacker(content, numbers)(content) == tuple(slot.number for slot in numbers)
    counts = {"".join(map(str, Decimal(str(one.value)).as_tuple().digits)) for one in _said(found)}
    assert counts <= {str(abs(slot.number)) for slot in numbers}
    for slot in numbers:
        size = slot.end - slot.begin
        values = (
            256**size if slot.form else 10 ** (size - content[slot.begin : slot.end].count(b"."))
        )
        signed = slot.form.islower()
        assert (slot.least, slot.most) == ((-values // 2 if signed else 0), slot.least + values - 1)
    assert family == "dsmr" or {slot.form.islower() for slot in numbers} == {True, False}


@pytest.mark.parametrize("places", [[], [0], [7], [2, 3, 4], [3, 2], [1, 3, 5]])
def test_numbers_are_picked_from_any_places(places: list[int]) -> None:
    assert picker(places)(tuple(range(9))) == tuple(places)


def _said(found: Telegram) -> list[Register]:
    """The registers that are numbers."""
    return [one for one in (found.registers or {}).values() if isinstance(one.value, Decimal | int)]


def test_all_bits_but_those_of_numbers_times_and_the_counter_are_constant() -> None:
    found = one("kaifa", "netznoe")
    content = found.push.plaintext or b""
    numbers, times = slots_in(found)
    constant = constant_bits(content, numbers, times, is_text=False).to_bytes(len(content), "big")
    spans = [slot[:2] for slot in numbers] + [time[:2] for time in times]
    free = {n for span in spans for n in range(*span)} | {2, 3, 4}
    assert {n for n, bits in enumerate(constant) if bits != 0xFF} == free


def test_names_of_a_text_are_no_constant_bits() -> None:
    name = b"4530303939303030"
    text = TEXT.replace(b"96.1.1(30)", b"96.1.1(%s)" % name)
    (place,) = names_in(text)
    assert text[place] == name
    assert names_in(TEXT) == []
    bits = constant_bits(text, [], [], is_text=True).to_bytes(len(text), "big")
    assert bits[place] == bytes(len(name))
    assert set(bits[: place.start] + bits[place.stop :]) == {0xFF}


def test_numbers_of_a_text_have_a_point_or_a_unit() -> None:
    found = one("dsmr", "dsmr5")
    content = found.push.plaintext or b""
    numbers, times = slots_in(found)
    texts = [content[slot.begin : slot.end + 1] for slot in numbers]
    assert texts
    assert all(b"." in text or text.endswith(b"*") for text in texts)
    assert {content[time.end : time.end + 1] for time in times} == {b")"}
