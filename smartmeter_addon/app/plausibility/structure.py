"""The structure of a telegram: link, codes, types, scalers and units, in order.

AES-GCM deciphers by exclusive or. Unless the tag is checked, a flipped bit of the telegram becomes
the same flipped bit of the plaintext: of a value, or of the code, type or scaler beside it. A value
cannot be known beforehand. The structure is the same in each telegram of a list.
"""

import zlib
from collections.abc import Iterable
from typing import Any, Final

from app.cosem import clock
from app.cosem.obis import from_logical_name
from app.dlms import axdr
from app.dlms.axdr import Data
from app.meters.telegram import Telegram

Structure = tuple[object, ...]
"""The link's name and whether the content is text, then one entry for each element, in order.

The link is part of it, as damage may make another link of a frame, and one without a checksum.
"""

_DETAILED: Final = frozenset((axdr.ARRAY, axdr.STRUCTURE, axdr.OCTET_STRING, axdr.DESCRIPTOR))
"""Types of which more than the type belongs to the structure."""

_CLASS_IDS: Final = (axdr.LONG_UNSIGNED, axdr.UNSIGNED)
"""Types of the class id that a capture object begins with."""

_CENTURIES: Final = (7, 8)
"""High byte of each year from 1792 to 2303. Octet strings of digits begin with a higher byte."""

_NAME_SIZE: Final = 6
"""Bytes of a logical name."""

_MOST_DAMAGED: Final = 4
"""Entries of a structure that one burst of noise damages at most."""

_PAIR: Final = 2
"""Elements of scaler and unit."""

_CAPTURE_OBJECT: Final = 3
"""Elements that a capture object has at least: class id, logical name, attribute."""


def of(telegram: Telegram) -> tuple[Structure, list[bytes]]:
    """Return a telegram's structure, and the octet strings of its list that are no codes."""
    content = telegram.push.content
    is_text = isinstance(content, bytes)
    entries: list[object] = [telegram.push.frame.link, is_text]
    strings: list[bytes] = []
    if isinstance(content, bytes) or content is None:
        for obis, register in (telegram.registers or {}).items():
            entries += obis, register.unit, isinstance(register.value, str)
    else:
        _collect([content.body], entries, strings, with_integers=False)
    return tuple(entries), strings


def is_clock(value: bytes) -> bool:
    """Tell whether an octet string is a date-time."""
    return len(value) == clock.SIZE and value[0] in _CENTURIES


def alike(one: Structure, other: Structure) -> bool:
    """Tell whether two structures differ at most in values that one of them sends as null."""
    if one == other:
        return True
    if len(one) != len(other):
        return False
    return all(
        a == b or (axdr.NULL in (a, b) and isinstance(a, int) and isinstance(b, int))
        for a, b in zip(one, other, strict=True)
    )


def is_other_list(one: Structure, known: Iterable[Structure]) -> bool:
    """Tell whether a structure is that of another list, and not of a known one that is damaged.

    Some meters push several lists in turn. None of those that send text does, and a damaged
    character of a text may cost a line, so text is never another list.
    """
    link, is_text = one[:2]
    return not is_text and all(
        link == other[0]
        and (
            len(one) != len(other)
            or sum(a != b for a, b in zip(one, other, strict=True)) > _MOST_DAMAGED
        )
        for other in known
    )


def digest(one: Structure) -> int:
    """Return a number that stands for a structure in state.json."""
    return zlib.crc32(repr(one).encode())


def _collect(
    elements: list[Data], entries: list[object], strings: list[bytes], *, with_integers: bool
) -> None:
    """Append the entries of some elements.

    Args:
        elements: of a list.
        entries: appended to.
        strings: octet strings that are no codes are appended.
        with_integers: whether the values of integers belong to the structure, as in a capture
            object.
    """
    tag: int
    value: Any
    append = entries.append
    for tag, value in elements:
        if tag not in _DETAILED:
            append((tag, value) if with_integers and isinstance(value, int) else tag)
        elif tag == axdr.OCTET_STRING:
            if len(value) == _NAME_SIZE and from_logical_name(value):
                append(value)
                continue
            strings.append(value)
            append(tag)
        elif tag == axdr.DESCRIPTOR:
            append((tag, value))
        elif (
            len(value) == _PAIR and value[0][0] == axdr.INTEGER and value[1][0] == axdr.ENUM
        ):  # scaler and unit
            append((value[0][1], value[1][1]))
        else:
            append((tag, len(value)))
            _collect(value, entries, strings, with_integers=_is_capture_object(value))


def _is_capture_object(elements: list[Data]) -> bool:
    """Recognise ``{class id, logical name, attribute, data index}``."""
    return (
        len(elements) >= _CAPTURE_OBJECT
        and elements[0][0] in _CLASS_IDS
        and elements[1][0] == axdr.OCTET_STRING
        and from_logical_name(elements[1][1]) is not None
    )
