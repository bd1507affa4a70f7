"""Where numbers and times stand in the plaintext of a telegram."""

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from app.cosem import clock
from app.dlms import axdr
from app.meters import structure
from app.meters.telegram import Telegram

_NUMBER: Final = re.compile(rb"(?<=\()[0-9]{1,18}(?:\.[0-9]{1,18}|(?=\*))(?=[)*])")
"""Numbers of a P1 text; those without a point or a unit are mostly codes and texts."""

_TIME: Final = re.compile(rb"(?<=\()[0-9]{12}[SW](?=\))")

_NAME: Final = re.compile(rb"(?<=\()[0-9A-F]{16,}(?=\))")
"""A text of a P1 telegram, mostly the number of a meter."""

_POINT: Final = b"."

_COUNTER: Final = slice(2, 5)
"""Bytes of a data-notification's long-invoke-id that count."""


class NumberSlot(NamedTuple):
    """A number in the plaintext.

    Args:
        begin: its first byte.
        end: the byte behind it.
        number: what it is in the telegram that was looked at.
        least: the least that it can be.
        most: the most that it can be.
        form: of `struct`; empty for digits, of which some may be behind a point.
        is_bounded: whether its bytes could hold more than that.
    """

    begin: int
    end: int
    number: int
    least: int
    most: int
    form: str
    is_bounded: bool = False

    def put(self, content: bytes, number: int) -> bytes:
        """Return a plaintext with another number at this slot."""
        old = content[self.begin : self.end]
        if self.form:
            new = struct.pack(f">{self.form}", number)
        else:
            new = str(number).zfill(len(old) - old.count(_POINT)).encode("ascii")
            if (point := old.find(_POINT)) >= 0:
                new = new[:point] + _POINT + new[point:]
        return content[: self.begin] + new + content[self.end :]


class TimeSlot(NamedTuple):
    """A date-time in the plaintext.

    Args:
        begin: its first byte.
        end: the byte behind it.
        is_text: whether it is written in characters.
    """

    begin: int
    end: int
    is_text: bool

    def of(self, content: bytes) -> bytes:
        """Return its bytes in a plaintext."""
        return content[self.begin : self.end]

    def value_in(self, content: bytes) -> bytes | str:
        """Return it as `MeterClock.moment` takes it."""
        raw = self.of(content)
        return raw.decode("ascii") if self.is_text else raw

    def put_other(self, content: bytes) -> bytes:
        """Return a plaintext with another minute and second at this slot."""
        raw = bytearray(self.of(content))
        if self.is_text:
            minute, second = int(raw[8:10]), int(raw[10:12])
            raw[8:12] = f"{(minute + 7) % 60:02}{(second + 11) % 60:02}".encode("ascii")
        else:
            raw[6], raw[7] = (raw[6] + 7) % 60, (raw[7] + 11) % 60
        return content[: self.begin] + bytes(raw) + content[self.end :]


def slots_in(telegram: Telegram) -> tuple[list[NumberSlot], list[TimeSlot]]:
    """Find the numbers and the times of a telegram that was read in the general way, in order."""
    content = structure.content_of(telegram)
    if telegram.push.is_text:
        return (
            [_digits(*found.span(), found[0]) for found in _NUMBER.finditer(content)],
            [TimeSlot(*found.span(), is_text=True) for found in _TIME.finditer(content)],
        )
    _, mask = structure.structure_of(telegram)
    if mask is None:
        return [], []
    return (
        [_binary(at, axdr.FORMS[tag], content) for at, tag in mask.numbers if tag in axdr.FORMS],
        [TimeSlot(begin, begin + clock.SIZE, is_text=False) for begin in mask.clocks],
    )


def names_in(content: bytes) -> list[slice]:
    """Find the texts of a P1 telegram that are others in that of another meter of the type."""
    return [slice(*found.span()) for found in _NAME.finditer(content)]


def parts_taker(spans: Iterable[tuple[int, int]]) -> Callable[[bytes], tuple[bytes, ...]]:
    """Return what takes some parts of a content, each from its begin to its end, in order."""
    form, pos = "", 0
    for begin, end in spans:
        form += f"{begin - pos}x{end - begin}s"
        pos = end
    return struct.Struct(form).unpack_from


def constant_bits(
    content: bytes, numbers: Sequence[NumberSlot], times: Sequence[TimeSlot], *, is_text: bool
) -> int:
    """Return the bits of a plaintext that are no number, time or name, as one number.

    A data-notification counts itself. A digit may become any other, or one of the six characters
    behind those.
    """
    bits = bytearray(b"\xff" * len(content))
    for place in names_in(content) if is_text else (_COUNTER,):
        bits[place] = bytes(len(bits[place]))
    for slot in numbers:
        old = content[slot.begin : slot.end]
        bits[slot.begin : slot.end] = bytes(len(old)) if slot.form else structure.digits(old)
    for time in times:
        old = time.of(content)
        bits[time.begin : time.end] = structure.digits(old) if time.is_text else bytes(len(old))
    return int.from_bytes(bits, "big")


def unpacker(content: bytes, numbers: Sequence[NumberSlot]) -> Callable[[bytes], tuple[int, ...]]:
    """Return what takes the numbers at some slots of a plaintext, all at once.

    It raises a ValueError where something else stands at a slot of digits.

    Args:
        content: a plaintext.
        numbers: the slots, in order, either all of digits or none.
    """
    is_text = any(not slot.form for slot in numbers)
    forms, pos = [">"], 0
    for begin, end, form in _spans(content, numbers):
        forms += f"{begin - pos}x", form
        pos = end
    size = len(content.translate(None, _POINT)) if is_text else len(content)
    return _unpacker("".join((*forms, f"{size - pos}x")), is_text=is_text)


@lru_cache(maxsize=64)
def _unpacker(form: str, *, is_text: bool) -> Callable[[bytes], tuple[int, ...]]:
    """Return an unpacker of a form of `struct`; the same for the same one."""
    unpack: Callable[[bytes], tuple[int, ...]] = struct.Struct(form).unpack
    if not is_text:
        return unpack
    # Points stand at the same places in all plaintexts.
    return lambda text: tuple(map(int, unpack(text.translate(None, _POINT))))


def picker(places: Sequence[int]) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    """Return what takes the numbers at some places of a tuple."""
    first = places[0] if places else 0
    if list(places) == list(range(first, first + len(places))):
        return itemgetter(slice(first, first + len(places)))
    return itemgetter(*places)


def _spans(content: bytes, numbers: Sequence[NumberSlot]) -> Iterator[tuple[int, int, str]]:
    """Give begin and end of each number, without points, and its form."""
    for slot in numbers:
        if slot.form:
            yield slot.begin, slot.end, slot.form
        else:
            begin = slot.begin - content.count(_POINT, 0, slot.begin)
            end = slot.end - content.count(_POINT, 0, slot.end)
            yield begin, end, f"{end - begin}s"


def _digits(begin: int, end: int, text: bytes) -> NumberSlot:
    digits = text.replace(_POINT, b"")
    return NumberSlot(begin, end, int(digits), 0, 10 ** len(digits) - 1, "")


def _binary(begin: int, form: str, content: bytes) -> NumberSlot:
    size = struct.calcsize(f">{form}")
    (number,) = struct.unpack_from(f">{form}", content, begin)
    values = 1 << 8 * size
    least = -values // 2 if form.islower() else 0
    return NumberSlot(begin, begin + size, number, least, least + values - 1, form)
