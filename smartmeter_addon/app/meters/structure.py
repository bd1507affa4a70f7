"""The structure of a telegram, which is the same in each telegram of a list, and its constant bits.

AES-GCM deciphers by exclusive or. Unless the tag is checked, a flipped bit of the telegram becomes
the same flipped bit of the plaintext: of a value, or of the code, type or scaler beside it. A value
cannot be known beforehand. All else can: the first telegram of a list tells which bits those are.
"""

import re
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem import clock
from app.cosem.obis import from_logical_name
from app.cosem.unit import scaler_of
from app.dlms import axdr
from app.dlms.axdr import Data
from app.meters.telegram import Telegram

Structure = tuple[object, ...]
"""How it came, then one entry for each element, in order.

How it came are the link's name, whether the content is text, the link's addresses, and the security
control byte. Damage may make another link of a frame, and one without a checksum. That of a text
ends with the scalers of its numbers, which are how many decimals they have.
"""

CHANNEL_SIZE: Final = 4
"""Entries of a structure that say how the telegram came."""

_CONTAINERS: Final = (axdr.ARRAY, axdr.STRUCTURE)
_CLASS_IDS: Final = (axdr.LONG_UNSIGNED, axdr.UNSIGNED)
"""Types of the class id that a capture object begins with."""

_CENTURIES: Final = (7, 8)
"""High byte of each year from 1792 to 2303. Octet strings of digits begin with a higher byte."""

_NAME_SIZE: Final = 6
"""Bytes of a logical name."""

_DESCRIPTOR_SIZE: Final = 9
"""Bytes of an attribute descriptor: class id, logical name, attribute index."""

_MOST_DAMAGED: Final = 4
"""Entries of a structure that one burst of noise damages at most."""

_PAIR: Final = 2
"""Elements of scaler and unit."""

_CAPTURE_OBJECT: Final = 3
"""Elements that a capture object has at least: class id, logical name, attribute."""

_HEADER: Final = 6
"""Bytes of a data-notification up to the length of its date-time, with it."""

_ALL, _NONE = 0xFF, 0x00
_CLOCK_TEXT: Final = bytes((*bytes(8), _ALL, _NONE, _NONE, 0x7F))
"""Bits of a date-time that a meter repeats: hundredths, and the status but for daylight saving.

Date, time and day of week are compared by themselves. The deviation is part of the time.
"""

_BRACKETS: Final = re.compile(rb"\([^()]*\)")
_DIGITS: Final = bytes(0xF0 if byte in b"0123456789" else _ALL for byte in range(256))
"""Constant bits of the characters in brackets: a digit may become any other."""


class Mask(NamedTuple):
    """Which bits of a telegram's content are no values.

    Args:
        fixed: bits of codes, types, scalers, units: another one is another list.
        texts: bits that a meter mostly repeats: of each string, of the status of each clock.
        clocks: where date-times stand, in bytes.
        size: of the content, in bytes.
        numbers: where numbers of fixed size stand, in bytes, and their A-XDR types.
    """

    fixed: int
    texts: tuple[int, ...] = ()
    clocks: tuple[int, ...] = ()
    size: int = 0
    numbers: tuple[tuple[int, int], ...] = ()


def content_of(telegram: Telegram) -> bytes:
    """Return the bytes that `mask_of` is about: the APDU or the text, deciphered."""
    return telegram.push.plaintext or b""


def channel_of(telegram: Telegram) -> Structure:
    """Return how a telegram came: the first entries of its structure."""
    push = telegram.push
    control = None if push.security is None else push.security.security_control
    return push.frame.link, push.is_text, push.frame.address, control


def checksum_of(telegram: Telegram) -> int:
    """Return a number that tells a telegram's content from others."""
    return zlib.crc32(content_of(telegram))


def structure_of(telegram: Telegram) -> tuple[Structure, Mask | None]:
    """Return a telegram's structure, and its constant bits; None where these cannot be told."""
    content = telegram.push.content
    entries: list[object] = [*channel_of(telegram)]
    if isinstance(content, bytes) or content is None:
        registers = telegram.registers or {}
        for obis, register in registers.items():
            entries += obis, register.unit, isinstance(register.value, str)
        numbers = (one.value for one in registers.values() if not isinstance(one.value, str))
        entries.append(tuple(map(scaler_of, numbers)))
        return _shared(tuple(entries)), _shared_mask(_mask_of_text(content or b""))
    apdu = content_of(telegram)
    walk = _Walk(apdu, entries)
    end = walk.elements([content.body], len(walk.fixed), is_value=True)
    whole = len(walk.fixed) == end == len(apdu)
    if not whole:
        return _shared(tuple(entries)), None
    texts = (
        int.from_bytes(text, "big") << 8 * (end - begin - len(text)) for begin, text in walk.texts
    )
    fixed = int.from_bytes(walk.fixed, "big")
    mask = Mask(fixed, tuple(texts), tuple(walk.clocks), end, tuple(walk.numbers))
    return _shared(tuple(entries)), _shared_mask(mask)


@lru_cache(maxsize=64)
def _shared(one: Structure) -> Structure:
    """Return the one structure of all that are equal, as meters of one type have the same."""
    return one


@lru_cache(maxsize=64)
def _shared_mask(one: Mask) -> Mask:
    """Return the one mask of all that are equal."""
    return one


def alike(one: Structure, other: Structure) -> bool:
    """Tell whether two structures differ at most in values that one of them sends as null."""
    return one == other or (
        len(one) == len(other)
        and all(
            a == b or (axdr.NULL in (a, b) and isinstance(a, int) and isinstance(b, int))
            for a, b in zip(one, other, strict=True)
        )
    )


def nearly(one: Structure, known: Iterable[Structure]) -> Structure | None:
    """Return the known structure that a structure may be a damaged form of.

    Some meters push several lists in turn. None of those that send text does, and a damaged
    character of a text may cost a line, so each text may be a damaged form of a known one.
    """
    for other in known:
        if one[1] and other[1]:
            return other
        same = one[0] == other[0] and len(one) == len(other)
        if same and sum(a != b for a, b in zip(one, other, strict=True)) <= _MOST_DAMAGED:
            return other
    return None


def but_decimals(one: Structure, other: Structure) -> bool:
    """Tell whether structures of texts are the same but for the decimals of numbers."""
    return bool(one[1] and other[1]) and one[:-1] == other[:-1]


def digest(one: Structure) -> int:
    """Return a number that stands for a structure in state.json, whatever its addresses are.

    It is that of version 0.1.0, which did not look at the decimals of a text.
    """
    end = -1 if one[1] else None
    return zlib.crc32(repr((*one[:2], *one[CHANNEL_SIZE:end])).encode())


def digits(text: bytes) -> bytes:
    """Return the constant bits of characters of which each digit may become any other."""
    return text.translate(_DIGITS)


def is_clock(value: bytes) -> bool:
    """Tell whether an octet string is a date-time."""
    return len(value) == clock.SIZE and value[0] in _CENTURIES


def _mask_of_text(text: bytes) -> Mask:
    mask = bytearray(b"\xff" * len(text))
    for found in _BRACKETS.finditer(text):
        mask[found.start() : found.end()] = digits(found[0])
    return Mask(int.from_bytes(mask, "big"), size=len(text))


class _Walk:
    """Takes a data-notification's value element by element, beside its bytes.

    Args:
        apdu: the bytes.
        entries: of the structure, appended to.
    """

    def __init__(self, apdu: bytes, entries: list[object]) -> None:
        self._apdu = apdu
        self._entries = entries
        self.fixed = bytearray((_ALL, _NONE, _NONE, _NONE, _NONE, _ALL))
        self.texts: list[tuple[int, bytes]] = [(1, b"\xff")]  # where they begin, and their bits
        self.clocks: list[int] = []
        self.numbers: list[tuple[int, int]] = []
        header = apdu[_HEADER - 1]
        if header == axdr.OCTET_STRING:  # Kaifa's in Norway and Sweden has its tag
            self.fixed.append(_ALL)
        if header:
            self._clock(len(self.fixed), is_said=is_clock(apdu[len(self.fixed) :][: clock.SIZE]))

    def _clock(self, pos: int, *, is_said: bool) -> int:
        """Take a date-time; return where it ends."""
        self.clocks += [pos] * is_said
        self.texts.append((pos, _CLOCK_TEXT))
        return self._take(pos, clock.SIZE, _NONE)

    def elements(self, elements: list[Data], pos: int, *, is_value: bool) -> int:
        """Take some elements.

        Args:
            elements: of a list.
            pos: where the first of them begins in the bytes.
            is_value: whether integers are values, and no part of a capture object.

        Returns:
            Where the last of them ends.
        """
        for tag, value in elements:
            if tag == axdr.DESCRIPTOR:
                self._entries.append((tag, value))
                pos = self._take(pos, _DESCRIPTOR_SIZE)
            elif tag in _CONTAINERS:
                pos = self._container(tag, value, self._take(pos, 1))
            elif tag in axdr.SIZES:
                self._entries.append(
                    tag if is_value or not isinstance(value, int) else (tag, value)
                )
                size = axdr.SIZES[tag]
                pos = self._take(pos, 1)
                self.numbers += [(pos, tag)] * is_value
                pos = self._take(pos, size, _NONE if is_value else _ALL)
            elif tag in (axdr.NULL, axdr.DONT_CARE):
                self._entries.append(tag)
                pos = self._take(pos, 1)
            else:
                pos = self._string(tag, value, pos)
        return pos

    def _take(self, pos: int, size: int, fixed: int = _ALL) -> int:
        """Take bytes of which all bits or none are constant; return where they end."""
        self.fixed += bytes((fixed,)) * size
        return pos + size

    def _length(self, pos: int) -> int:
        """Take the bytes of a length or count; return where they end."""
        first = self._apdu[pos] if pos < len(self._apdu) else 0
        return self._take(pos, 1 if first < axdr.LONG_LENGTH else 1 + first - axdr.LONG_LENGTH)

    def _container(self, tag: int, value: list[Data], pos: int) -> int:
        is_pair = len(value) == _PAIR and value[0][0] == axdr.INTEGER and value[1][0] == axdr.ENUM
        if is_pair:  # scaler and unit
            self._entries.append((value[0][1], value[1][1]))
            return self._take(pos, 5)
        self._entries.append((tag, len(value)))
        return self.elements(value, self._length(pos), is_value=not _is_capture_object(value))

    def _string(self, tag: int, value: bytes | str, pos: int) -> int:
        """Take a string: a code, a clock, or a text."""
        if isinstance(value, bytes) and from_logical_name(value):
            self._entries.append(value)
            return self._take(pos, 2 + _NAME_SIZE)
        self._entries.append(tag)
        pos = self._length(self._take(pos, 1))
        if isinstance(value, bytes) and is_clock(value):
            return self._clock(pos, is_said=True)
        size = (len(value) + 7) // 8 if tag == axdr.BIT_STRING else len(value)
        self.texts.append((pos, b"\xff" * size))
        return self._take(pos, size, _NONE)


def _is_capture_object(elements: list[Data]) -> bool:
    """Recognise ``{class id, logical name, attribute, data index}``."""
    return (
        len(elements) >= _CAPTURE_OBJECT
        and elements[0][0] in _CLASS_IDS
        and elements[1][0] == axdr.OCTET_STRING
        and from_logical_name(elements[1][1]) is not None
    )
