"""A-XDR: typed values to bytes, and the data-notification around them.

Covers every data type of the DLMS Blue Book (4.1.5) in the encoding of IEC 61334-6. A value is
a `Node`; the functions named after the types make nodes:

    structure(octet_string(b"..."), uint32(12937), structure(int8(0), enum(30)))
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeAlias


class Type(IntEnum):
    """Tag byte of each data type."""

    NULL = 0
    ARRAY = 1
    STRUCTURE = 2
    BOOLEAN = 3
    BIT_STRING = 4
    INT32 = 5
    UINT32 = 6
    OCTET_STRING = 9
    VISIBLE_STRING = 10
    UTF8_STRING = 12
    BCD = 13
    INT8 = 15
    INT16 = 16
    UINT8 = 17
    UINT16 = 18
    COMPACT_ARRAY = 19
    INT64 = 20
    UINT64 = 21
    ENUM = 22
    FLOAT32 = 23
    FLOAT64 = 24
    DATE_TIME = 25
    DATE = 26
    TIME = 27
    DELTA_INT8 = 28
    DELTA_INT16 = 29
    DELTA_INT32 = 30
    DELTA_UINT8 = 31
    DELTA_UINT16 = 32
    DELTA_UINT32 = 33
    DONT_CARE = 255


INTEGERS: dict[Type, tuple[int, bool]] = {
    Type.INT32: (4, True),
    Type.UINT32: (4, False),
    Type.INT8: (1, True),
    Type.INT16: (2, True),
    Type.UINT8: (1, False),
    Type.UINT16: (2, False),
    Type.INT64: (8, True),
    Type.UINT64: (8, False),
    Type.BCD: (1, True),
    Type.ENUM: (1, False),
    Type.DELTA_INT8: (1, True),
    Type.DELTA_INT16: (2, True),
    Type.DELTA_INT32: (4, True),
    Type.DELTA_UINT8: (1, False),
    Type.DELTA_UINT16: (2, False),
    Type.DELTA_UINT32: (4, False),
}
"""Width in bytes and signedness of the types that are whole numbers."""

FIXED_BYTES: dict[Type, int] = {Type.DATE_TIME: 12, Type.DATE: 5, Type.TIME: 4}
"""Length of the types that are bytes without a length in front."""

_BYTE = 8

Value: TypeAlias = "bool | int | float | str | bytes | tuple[Node, ...] | None"


@dataclass(frozen=True, slots=True)
class Node:
    """One typed value.

    Args:
        type: The data type.
        value: An int for whole numbers, a float for floats, a bool for booleans, bytes for
            octet strings, dates and times, a str for texts and for bit strings ("0110"), a
            tuple of nodes for arrays, structures and compact arrays, else None.
    """

    type: Type
    value: Value = None


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that go into a body as they are, for meters that leave the standard."""

    data: bytes


Body: TypeAlias = Node | Raw


def null() -> Node:
    """Make a null-data."""
    return Node(Type.NULL)


def array(*items: Node) -> Node:
    """Make an array; its items are of one type."""
    return Node(Type.ARRAY, items)


def structure(*items: Node) -> Node:
    """Make a structure."""
    return Node(Type.STRUCTURE, items)


def octet_string(value: bytes) -> Node:
    """Make an octet-string."""
    return Node(Type.OCTET_STRING, value)


def visible_string(value: str) -> Node:
    """Make a visible-string (ASCII)."""
    return Node(Type.VISIBLE_STRING, value)


def int8(value: int) -> Node:
    """Make an integer (8 bits, signed)."""
    return Node(Type.INT8, value)


def uint16(value: int) -> Node:
    """Make a long-unsigned (16 bits)."""
    return Node(Type.UINT16, value)


def uint32(value: int) -> Node:
    """Make a double-long-unsigned (32 bits)."""
    return Node(Type.UINT32, value)


def enum(value: int) -> Node:
    """Make an enum, such as a unit."""
    return Node(Type.ENUM, value)


def ber_length(length: int, width: int | None = None) -> bytes:
    """Encode a length.

    Args:
        length: The length to encode.
        width: None for the shortest form; 0 for the single byte; 1 to 4 for the long form with
            that many bytes, which decoders have to take as well.

    Raises:
        OverflowError: When the length does not fit the width.
    """
    if width is None:
        width = 0 if length < 0x80 else -(-length.bit_length() // _BYTE)  # noqa: PLR2004 -- BER
    if width == 0:
        if length >= 0x80:  # noqa: PLR2004 -- the bit that marks the long form
            raise OverflowError(f"a length of {length} needs the long form")
        return bytes((length,))
    return bytes((0x80 | width,)) + length.to_bytes(width, "big")


def encode(node: Body) -> bytes:
    """Encode a value with its tag.

    Raises:
        TypeError: When a value does not suit its type.
        OverflowError: When a number does not fit its type.
    """
    if isinstance(node, Raw):
        return node.data
    return bytes((node.type,)) + _content(node)


def _content(node: Node) -> bytes:
    """Encode a value without its tag."""
    match node.type, node.value:
        case (Type.ARRAY | Type.STRUCTURE, tuple(items)):
            return ber_length(len(items)) + b"".join(encode(item) for item in items)
        case (Type.COMPACT_ARRAY, tuple(items)):
            return _compact_array(items)
        case (Type.BIT_STRING, str(bits)):
            return ber_length(len(bits)) + _bits(bits)
        case (Type.OCTET_STRING, bytes(value)):
            return ber_length(len(value)) + value
        case (Type.VISIBLE_STRING | Type.UTF8_STRING, str(text)):
            data = text.encode("ascii" if node.type is Type.VISIBLE_STRING else "utf-8")
            return ber_length(len(data)) + data
        case _:
            return _scalar(node)


def _scalar(node: Node) -> bytes:
    """Encode a value whose length its type says."""
    match node.type, node.value:
        case (Type.NULL | Type.DONT_CARE, None):
            return b""
        case (Type.BOOLEAN, bool(value)):
            return b"\xff" if value else b"\x00"
        case (Type.FLOAT32 | Type.FLOAT64, float(value)):
            return struct.pack(">f" if node.type is Type.FLOAT32 else ">d", value)
        case (date_or_time, bytes(value)) if FIXED_BYTES.get(date_or_time) == len(value):
            return value
        case (integer, int(value)) if integer in INTEGERS:
            width, signed = INTEGERS[integer]
            return value.to_bytes(width, "big", signed=signed)
        case _:
            raise TypeError(f"{node.value!r} is no value for {node.type.name}")


def _bits(bits: str) -> bytes:
    """Pack a text of zeros and ones, first bit highest, filled up with zeros."""
    size = -(-len(bits) // _BYTE)
    return int(bits.ljust(size * _BYTE, "0") or "0", 2).to_bytes(size, "big")


def _compact_array(items: tuple[Node, ...]) -> bytes:
    """Encode a compact array: the type once, then the contents without tags and counts.

    Raises:
        TypeError: When the items are not all of one shape.
    """
    shapes = {_description(item) for item in items}
    if len(shapes) != 1:
        raise TypeError("a compact array needs items, all of one shape")
    contents = b"".join(_packed(item) for item in items)
    return shapes.pop() + ber_length(len(contents)) + contents


def _description(node: Node) -> bytes:
    """Encode the type of a compact array's item."""
    match node.type, node.value:
        case (Type.ARRAY, tuple(items)):
            shapes = {_description(item) for item in items}
            if len(shapes) != 1:
                raise TypeError("an array needs items, all of one shape")
            return b"\x01" + len(items).to_bytes(2, "big") + shapes.pop()
        case (Type.STRUCTURE, tuple(items)):
            return b"\x02" + ber_length(len(items)) + b"".join(map(_description, items))
        case (Type.COMPACT_ARRAY, _):
            raise TypeError("a compact array cannot hold a compact array")
        case _:
            return bytes((node.type,))


def _packed(node: Node) -> bytes:
    """Encode an item of a compact array."""
    if isinstance(node.value, tuple):
        return b"".join(_packed(item) for item in node.value)
    return _content(node)


class Header(Enum):
    """The three ways in which meters write the time of a data-notification."""

    ABSENT = b"\x00"
    PLAIN = b"\x0c"
    TAGGED = b"\x09\x0c"


def data_notification(
    body: Body, *, invoke_id: int, time: bytes | None = None, tagged: bool = False
) -> bytes:
    """Wrap a body into a data-notification (Green Book, 9.5).

    Args:
        body: The value that is sent.
        invoke_id: long-invoke-id-and-priority, 32 bits.
        time: The twelve bytes of a date-time, or None for none.
        tagged: Whether the time carries the tag of an octet-string, as Kaifa's Nordic meters
            send it.
    """
    if time is None:
        header = Header.ABSENT.value
    else:
        header = (Header.TAGGED if tagged else Header.PLAIN).value + time
    return b"\x0f" + invoke_id.to_bytes(4, "big") + header + encode(body)
