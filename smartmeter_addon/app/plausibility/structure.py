"""What stays the same in every telegram of a meter: link, codes, types, scalers, units, in order.

Without a tag that is checked, deciphering is an exclusive or: a flipped bit of a telegram flips
that bit of what was sent, be it a value's or that of the code, type or scaler beside it. What a
value says nobody can know beforehand, the rest a meter repeats word for word.
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
"""The link and whether it is text; then one entry for each leaf and container, in order.

Damage may make another link of a frame, and one without a checksum at that.
"""

_TELLING: Final = frozenset((axdr.ARRAY, axdr.STRUCTURE, axdr.OCTET_STRING, axdr.DESCRIPTOR))
_CLASS_IDS: Final = (axdr.LONG_UNSIGNED, axdr.UNSIGNED)
_CENTURIES: Final = (7, 8)  # high byte of any year from 1792 to 2303; digits of a number are higher
_NAME_SIZE: Final = 6
_MOST_DAMAGED: Final = 4  # entries that one burst reaches
_PAIR: Final = 2
_CAPTURE_OBJECT: Final = 3


def of(telegram: Telegram) -> tuple[Structure, list[bytes]]:
    """Give a telegram's outline, and the octet strings in its list that are no codes."""
    content = telegram.push.content
    is_text = isinstance(content, bytes)
    parts: list[object] = [telegram.push.frame.link, is_text]
    strings: list[bytes] = []
    if isinstance(content, bytes) or content is None:
        for obis, register in (telegram.registers or {}).items():
            parts += obis, register.unit, isinstance(register.value, str)
    else:
        _collect([content.body], parts, strings, literal=False)
    return tuple(parts), strings


def _collect(
    elements: list[Data], parts: list[object], strings: list[bytes], *, literal: bool
) -> None:
    """Append the entries of some elements; ``literal`` where integers are names and no values."""
    tag: int
    value: Any
    append = parts.append
    for tag, value in elements:
        if tag not in _TELLING:
            append((tag, value) if literal and isinstance(value, int) else tag)
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
            _collect(value, parts, strings, literal=_is_capture_object(value))


def is_clock(value: bytes) -> bool:
    """Tell whether an octet string is a date-time."""
    return len(value) == clock.SIZE and value[0] in _CENTURIES


def _is_capture_object(fields: list[Data]) -> bool:
    """Recognise ``{class id, logical name, attribute, index}``, of which a value follows."""
    return (
        len(fields) >= _CAPTURE_OBJECT
        and fields[0][0] in _CLASS_IDS
        and fields[1][0] == axdr.OCTET_STRING
        and from_logical_name(fields[1][1]) is not None
    )


def alike(one: Structure, other: Structure) -> bool:
    """Tell whether two outlines differ in nothing but values that are absent in one of them."""
    if one == other:
        return True
    if len(one) != len(other):
        return False
    return all(
        a == b or (axdr.NULL in (a, b) and isinstance(a, int) and isinstance(b, int))
        for a, b in zip(one, other, strict=True)
    )


def strange(one: Structure, known: Iterable[Structure]) -> bool:
    """Tell whether an outline is another list altogether, and no known one with damage.

    Some meters push several lists in turn. None does so that sends text, of which a damaged
    character may cost a line.
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
    """Give a number that stands for an outline over a restart."""
    return zlib.crc32(repr(one).encode())
