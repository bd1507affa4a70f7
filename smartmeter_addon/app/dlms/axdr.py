"""A-XDR, the encoding of DLMS data (IEC 61334-6; types: Blue Book, Common data types).

A value is a plain pair ``(tag, value)``, cheap to make and to compare. What stands in ``value``:

===========================  =====================================================
tag                          value
===========================  =====================================================
ARRAY, STRUCTURE             list of pairs
NULL, DONT_CARE              None
BOOLEAN                      bool
integer types, BCD, ENUM     int
FLOAT32, FLOAT64             Decimal, the shortest that the bits stand for; None for NaN or infinity
OCTET_STRING, DATE_TIME ...  bytes
VISIBLE_STRING, UTF8_STRING  str
BIT_STRING                   str of 0 and 1
DESCRIPTOR                   (class id, logical name of 6 bytes, attribute index)
===========================  =====================================================
"""

import math
import struct
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

from app.dlms import ber
from app.fault import DecodeError

NULL: Final = 0
ARRAY: Final = 1
STRUCTURE: Final = 2
BOOLEAN: Final = 3
BIT_STRING: Final = 4
DOUBLE_LONG: Final = 5
DOUBLE_LONG_UNSIGNED: Final = 6
OCTET_STRING: Final = 9
VISIBLE_STRING: Final = 10
UTF8_STRING: Final = 12
BCD: Final = 13
INTEGER: Final = 15
LONG: Final = 16
UNSIGNED: Final = 17
LONG_UNSIGNED: Final = 18
COMPACT_ARRAY: Final = 19
LONG64: Final = 20
LONG64_UNSIGNED: Final = 21
ENUM: Final = 22
FLOAT32: Final = 23
FLOAT64: Final = 24
DATE_TIME: Final = 25
DATE: Final = 26
TIME: Final = 27
DELTA_INTEGER: Final = 28
DELTA_LONG: Final = 29
DELTA_DOUBLE_LONG: Final = 30
DELTA_UNSIGNED: Final = 31
DELTA_LONG_UNSIGNED: Final = 32
DELTA_DOUBLE_LONG_UNSIGNED: Final = 33
DONT_CARE: Final = 255
DESCRIPTOR: Final = -1
"""Not a type of the standard: an attribute descriptor that stands without a tag (see `parse`)."""

Data: TypeAlias = tuple[int, Any]

NAMES: Final = {
    NULL: "null-data",
    ARRAY: "array",
    STRUCTURE: "structure",
    BOOLEAN: "boolean",
    BIT_STRING: "bit-string",
    DOUBLE_LONG: "double-long",
    DOUBLE_LONG_UNSIGNED: "double-long-unsigned",
    OCTET_STRING: "octet-string",
    VISIBLE_STRING: "visible-string",
    UTF8_STRING: "utf8-string",
    BCD: "bcd",
    INTEGER: "integer",
    LONG: "long",
    UNSIGNED: "unsigned",
    LONG_UNSIGNED: "long-unsigned",
    COMPACT_ARRAY: "compact-array",
    LONG64: "long64",
    LONG64_UNSIGNED: "long64-unsigned",
    ENUM: "enum",
    FLOAT32: "float32",
    FLOAT64: "float64",
    DATE_TIME: "date-time",
    DATE: "date",
    TIME: "time",
    DELTA_INTEGER: "delta-integer",
    DELTA_LONG: "delta-long",
    DELTA_DOUBLE_LONG: "delta-double-long",
    DELTA_UNSIGNED: "delta-unsigned",
    DELTA_LONG_UNSIGNED: "delta-long-unsigned",
    DELTA_DOUBLE_LONG_UNSIGNED: "delta-double-long-unsigned",
    DONT_CARE: "dont-care",
    DESCRIPTOR: "attribute-descriptor",
}

FORMS: Final = {
    DOUBLE_LONG: "i",
    DOUBLE_LONG_UNSIGNED: "I",
    INTEGER: "b",
    LONG: "h",
    UNSIGNED: "B",
    LONG_UNSIGNED: "H",
    LONG64: "q",
    LONG64_UNSIGNED: "Q",
    ENUM: "B",
    DELTA_INTEGER: "b",
    DELTA_LONG: "h",
    DELTA_DOUBLE_LONG: "i",
    DELTA_UNSIGNED: "B",
    DELTA_LONG_UNSIGNED: "H",
    DELTA_DOUBLE_LONG_UNSIGNED: "I",
}
"""How `struct` unpacks the types that are nothing but an integer of fixed size, big-endian."""

_INTEGERS: Final = {
    tag: (struct.Struct(f">{form}").unpack_from, struct.calcsize(f">{form}"))
    for tag, form in FORMS.items()
}
INTEGER_TYPES: Final = frozenset((*_INTEGERS, BCD)) - {ENUM}

_STRINGS: Final = (OCTET_STRING, VISIBLE_STRING, UTF8_STRING)
_FIXED_BYTES: Final = {DATE_TIME: 12, DATE: 5, TIME: 4}
_CONTAINERS: Final = (ARRAY, STRUCTURE)

SIZES: Final = {
    **{tag: size for tag, (_, size) in _INTEGERS.items()},
    **_FIXED_BYTES,
    BOOLEAN: 1,
    BCD: 1,
    FLOAT32: 4,
    FLOAT64: 8,
}
"""Bytes behind the tag of each type whose values all have the same size."""

LONG_LENGTH: Final = 0x80
"""First byte of a length or count from which on it is BER's long form."""

_SCALER: Final = bytes((2, INTEGER))  # how {scaler, unit} begins behind its tag
_DEEPEST: Final = 16
_LAYER: Final = "a-xdr"

_FLOAT32_DIGITS: Final = (6, 7, 8, 9)  # nine digits tell any two float32 apart (IEEE 754)


def parse(
    data: bytes, pos: int = 0, *, bare_descriptors: bool = False, swapped_names: bool = False
) -> tuple[Data, int]:
    """Read one value.

    Args:
        data: bytes that hold it.
        pos: where its tag stands.
        bare_descriptors: take a two-element structure's first element for an attribute descriptor
            (class id 2 bytes, logical name 6, attribute index 1) written without a tag, as the
            Sagemcom XT211 of EG.D sends it against the standard.
        swapped_names: take 06 09 in front of a logical name for its tag and length the wrong way
            round, as the Landis+Gyr ZMF100 sends it for its currents.

    Returns:
        The value and the position behind it.

    Raises:
        DecodeError: an unknown type, or the bytes end early.
    """
    try:
        values, pos = _Parser(
            data, bare_descriptors=bare_descriptors, swapped_names=swapped_names
        ).values(1, pos, 0)
    except (IndexError, struct.error):
        raise DecodeError(_LAYER, len(data), "the bytes end inside a value") from None
    return values[0], pos


class _Parser:
    """Holds what the recursion would otherwise hand down at each step.

    Reading a fixed size past the end raises what indexing and unpacking raise; `parse` turns that
    into a DecodeError, so that the many small steps need no check each.
    """

    __slots__ = ("bare_descriptors", "data", "swapped_names")

    def __init__(self, data: bytes, *, bare_descriptors: bool, swapped_names: bool) -> None:
        self.data = data
        self.bare_descriptors = bare_descriptors
        self.swapped_names = swapped_names

    def values(self, count: int, pos: int, depth: int) -> tuple[list[Data], int]:
        """Read values that follow one another."""
        data = self.data
        values: list[Data] = []
        content: Any
        for _ in range(count):
            tag = data[pos]
            pos += 1
            integer = _INTEGERS.get(tag)
            if integer is not None:
                if tag == DOUBLE_LONG_UNSIGNED and self.swapped_names and self.is_name(pos):
                    values.append((OCTET_STRING, data[pos + 1 : pos + 7]))
                    pos += 7
                    continue
                unpack, size = integer
                content = unpack(data, pos)[0]
                pos += size
            elif tag == OCTET_STRING and data[pos] < LONG_LENGTH:
                begin = pos + 1
                pos = begin + data[pos]
                content = data[begin:pos]
                if pos > len(data):
                    raise IndexError
            elif tag == STRUCTURE and data[pos : pos + 2] == _SCALER and data[pos + 3] == ENUM:
                content = _scaler_unit(data[pos + 2], data[pos + 4])
                pos += 5
            elif tag in _CONTAINERS:
                content, pos = self.elements(tag, pos, depth + 1)
            elif tag == COMPACT_ARRAY:
                tag = ARRAY
                content, pos = self.compact_array(pos, depth + 1)
            else:
                content, pos = self.content(tag, pos)
            values.append((tag, content))
        return values, pos

    def content(self, tag: int, pos: int) -> tuple[Any, int]:
        """Read what follows the tag of anything but integers and containers."""
        if tag in _STRINGS:
            size, pos = self.length(pos)
            raw, pos = self.take(pos, size)
            if tag == OCTET_STRING:
                return raw, pos
            return raw.decode("latin-1" if tag == VISIBLE_STRING else "utf-8", "replace"), pos
        if tag in (NULL, DONT_CARE):
            return None, pos
        if tag in _FIXED_BYTES:
            return self.take(pos, _FIXED_BYTES[tag])
        if tag == BOOLEAN:
            return self.data[pos] != 0, pos + 1
        return self.rare(tag, pos)

    def rare(self, tag: int, pos: int) -> tuple[Any, int]:
        """Read the content of a type that no customer interface is known to push yet."""
        if tag == BIT_STRING:
            bits, pos = ber.length(self.data, pos, _LAYER)  # bits may outnumber the bytes
            raw, pos = self.take(pos, (bits + 7) // 8)
            return "".join(f"{byte:08b}" for byte in raw)[:bits], pos
        if tag == BCD:
            raw, pos = self.take(pos, 1)
            high, low = divmod(raw[0], 16)
            if high > 9 or low > 9:  # noqa: PLR2004 - decimal digits
                raise DecodeError(_LAYER, pos - 1, f"{raw[0]:02X} is no binary-coded decimal")
            return 10 * high + low, pos
        if tag == FLOAT32:
            raw, pos = self.take(pos, 4)
            return _float32(raw), pos
        if tag == FLOAT64:
            raw, pos = self.take(pos, 8)
            number = struct.unpack(">d", raw)[0]
            return Decimal(repr(number)) if math.isfinite(number) else None, pos
        raise DecodeError(_LAYER, pos - 1, f"{tag:02X} is no data type")

    def elements(self, tag: int, pos: int, depth: int) -> tuple[list[Data], int]:
        """Read the elements of an array or structure, whose count stands at ``pos``."""
        if depth > _DEEPEST:
            raise DecodeError(_LAYER, pos, f"structures are nested deeper than {_DEEPEST}")
        count, pos = self.length(pos)
        if self.bare_descriptors and tag == STRUCTURE and count == 2:  # noqa: PLR2004 - the pair
            descriptor, pos = self.descriptor(pos)
            rest, pos = self.values(count - len(descriptor), pos, depth)
            return descriptor + rest, pos
        return self.values(count, pos, depth)

    def descriptor(self, pos: int) -> tuple[list[Data], int]:
        """Read an untagged attribute descriptor, if one stands here."""
        raw = self.data[pos : pos + 9]
        class_id = int.from_bytes(raw[:2], "big")
        # A class id's high byte is 0, which as a tag would be null-data, and no pair of these
        # telegrams holds null-data; the logical name's last byte is FF as everywhere.
        if len(raw) == 9 and raw[0] == 0 and class_id and raw[7] == 0xFF and raw[8]:  # noqa: PLR2004
            return [(DESCRIPTOR, (class_id, raw[2:8], raw[8]))], pos + 9
        return [], pos

    def is_name(self, pos: int) -> bool:
        """Tell whether 09 and a logical name stand here."""
        raw = self.data[pos : pos + 7]
        return len(raw) == 7 and raw[0] == OCTET_STRING and raw[1] <= 1 and raw[6] == 0xFF  # noqa: PLR2004 - abstract or electricity, current

    def compact_array(self, pos: int, depth: int) -> tuple[list[Data], int]:
        """Read an array that states its elements' type once and then their contents, untagged."""
        described, pos = self.type_description(pos, depth)
        size, pos = self.length(pos)
        end = pos + size
        items: list[Data] = []
        while pos < end:
            item, pos = self.described(described, pos)
            items.append(item)
        if pos != end:
            raise DecodeError(_LAYER, end, "a compact array's last element is cut")
        return items, pos

    def type_description(self, pos: int, depth: int) -> tuple[tuple[int, Any], int]:
        """Read a type description: a tag, for containers with their elements' descriptions."""
        if depth > _DEEPEST:
            raise DecodeError(_LAYER, pos, f"structures are nested deeper than {_DEEPEST}")
        tag = self.data[pos]
        pos += 1
        if tag == ARRAY and any(self.data[pos : pos + 2]):
            raw, pos = self.take(pos, 2)
            element, pos = self.type_description(pos, depth + 1)
            return (tag, (int.from_bytes(raw, "big"), [element])), pos
        if tag == STRUCTURE:
            count, pos = self.length(pos)
            elements = []
            for _ in range(count):
                element, pos = self.type_description(pos, depth + 1)
                elements.append(element)
            if elements:
                return (tag, (1, elements)), pos
        if tag in (NULL, DONT_CARE, ARRAY, STRUCTURE, COMPACT_ARRAY):
            # Elements that take no bytes could be announced without end.
            raise DecodeError(_LAYER, pos - 1, f"a compact array of empty {NAMES[tag]}")
        return (tag, None), pos

    def described(self, description: tuple[int, Any], pos: int) -> tuple[Data, int]:
        """Read one value without tags, as its type description says."""
        tag, elements = description
        if elements is not None:
            repeat, parts = elements
            items = []
            for _ in range(repeat):
                for part in parts:
                    item, pos = self.described(part, pos)
                    items.append(item)
            return (tag, items), pos
        integer = _INTEGERS.get(tag)
        if integer is not None:
            unpack, size = integer
            return (tag, unpack(self.data, pos)[0]), pos + size
        content, pos = self.content(tag, pos)
        return (tag, content), pos

    def length(self, pos: int) -> tuple[int, int]:
        """Read a length or count; more than there are bytes left cannot be right."""
        size = self.data[pos]
        if size < LONG_LENGTH:  # the short form of BER, here for speed
            pos += 1
        else:
            size, pos = ber.length(self.data, pos, _LAYER)
        if size > len(self.data) - pos:
            raise IndexError
        return size, pos

    def take(self, pos: int, size: int) -> tuple[bytes, int]:
        """Read ``size`` bytes."""
        end = pos + size
        if end > len(self.data):
            raise IndexError
        return self.data[pos:end], end


@lru_cache(maxsize=256)
def _scaler_unit(scaler: int, unit: int) -> list[Data]:
    """Give the content of ``{scaler, unit}``, of which the same few stand in every telegram."""
    return [(INTEGER, scaler - 256 if scaler & 0x80 else scaler), (ENUM, unit)]


def _float32(raw: bytes) -> Decimal | None:
    number = struct.unpack(">f", raw)[0]
    if not math.isfinite(number):
        return None
    for digits in _FLOAT32_DIGITS:
        text = f"{number:.{digits}g}"
        if struct.pack(">f", float(text)) == raw:
            break
    return Decimal(text)
