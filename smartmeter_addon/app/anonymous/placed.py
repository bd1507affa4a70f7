"""A-XDR values that know where they stand, so that they can be replaced there.

The same values as those of `axdr`, so that `items` reads them; only that texts, octets and integers
are of classes of their own here.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final

from app.anonymous.refused import RefusedError
from app.cosem.obis import from_logical_name
from app.dlms import axdr, ber
from app.dlms.axdr import Data
from app.fault import DecodeError

_LAYER: Final = "a-xdr"
_STRINGS: Final = (axdr.OCTET_STRING, axdr.VISIBLE_STRING, axdr.UTF8_STRING)
_CONTAINERS: Final = (axdr.ARRAY, axdr.STRUCTURE)
_DESCRIPTOR_SIZE: Final = 9
_NAME_SIZE: Final = 6
_PAIR: Final = 2
_DEEPEST: Final = 16


class Octets(bytes):
    """Octets, or one of the types for dates."""

    at: int


class Text(str):
    """Characters; ``raw`` are their bytes."""

    __slots__ = ("at", "raw")
    at: int
    raw: bytes


class Integer(int):
    """An integer of ``size`` bytes."""

    at: int
    size: int
    signed: bool


class Reader:
    """Reads values of one APDU; for the departures see `axdr.parse`."""

    def __init__(
        self, data: bytes, *, bare_descriptors: bool = False, swapped_names: bool = False
    ) -> None:
        self._data = data
        self._bare_descriptors = bare_descriptors
        self._swapped_names = swapped_names

    def whole(self, pos: int) -> Data:
        """Read the one value that reaches from a position to the end.

        Raises:
            DecodeError: there is none.
        """
        try:
            value, end = self._value(pos, 0)
        except (IndexError, struct.error) as error:
            raise DecodeError(_LAYER, pos, "the bytes end inside a value") from error
        if end != len(self._data):
            raise DecodeError(_LAYER, end, "bytes are left over")
        return value

    def _value(self, pos: int, depth: int) -> tuple[Data, int]:
        tag = self._data[pos]
        pos += 1
        if depth > _DEEPEST:
            raise DecodeError(_LAYER, pos, "nested too deep")
        if tag in _CONTAINERS:
            return self._container(tag, pos, depth)
        if tag in _STRINGS:
            size, pos = ber.length(self._data, pos, _LAYER)
            return (tag, self._text(tag, pos, size)), pos + size
        if tag in (axdr.NULL, axdr.DONT_CARE):
            return (tag, None), pos
        if self._swapped_names and tag == axdr.DOUBLE_LONG_UNSIGNED:
            name = self._data[pos + 1 : pos + 1 + _NAME_SIZE]
            if self._data[pos] == axdr.OCTET_STRING and from_logical_name(name):
                return (axdr.OCTET_STRING, self._octets(pos + 1, _NAME_SIZE)), pos + 1 + _NAME_SIZE
        size_of_type = axdr.SIZES.get(tag)
        if size_of_type is None:
            # Bit strings and compact arrays, which no customer interface is known to push.
            raise RefusedError("it holds a type of data that may hide a number")
        return (tag, self._fixed(tag, pos, size_of_type)), pos + size_of_type

    def _container(self, tag: int, pos: int, depth: int) -> tuple[Data, int]:
        count, pos = ber.length(self._data, pos, _LAYER)
        if count > len(self._data):
            raise IndexError
        values: list[Data] = []
        if self._bare_descriptors and tag == axdr.STRUCTURE and count == _PAIR:
            raw = self._data[pos : pos + _DESCRIPTOR_SIZE]
            name = raw[2:8]
            if raw[0] == 0 and raw[1] and from_logical_name(name) and name[5] == 0xFF and raw[8]:  # noqa: PLR2004
                values.append((axdr.DESCRIPTOR, (raw[1], name, raw[8])))
                pos += _DESCRIPTOR_SIZE
        while len(values) < count:
            value, pos = self._value(pos, depth + 1)
            values.append(value)
        return (tag, values), pos

    def _text(self, tag: int, pos: int, size: int) -> Octets | Text:
        raw = self._octets(pos, size)
        if tag == axdr.OCTET_STRING:
            return raw
        encoding = "latin-1" if tag == axdr.VISIBLE_STRING else "utf-8"
        text = Text(bytes(raw).decode(encoding, "replace"))
        text.at, text.raw = pos, bytes(raw)
        return text

    def _octets(self, pos: int, size: int) -> Octets:
        if pos + size > len(self._data):
            raise IndexError
        raw = Octets(self._data[pos : pos + size])
        raw.at = pos
        return raw

    def _fixed(self, tag: int, pos: int, size: int) -> Any:  # noqa: ANN401 - as in `axdr`
        (_, plain), _ = axdr.parse(self._data, pos - 1)
        if tag in (axdr.DATE_TIME, axdr.DATE, axdr.TIME):
            return self._octets(pos, size)
        if tag not in axdr.INTEGER_TYPES or tag == axdr.BCD:
            return plain
        number = Integer(plain)
        number.at, number.size = pos, size
        number.signed = int.from_bytes(self._data[pos : pos + size], "big") != plain or plain < 0
        return number


def strings(data: Data) -> Iterator[tuple[int, Octets | Text]]:
    """Give all texts and octets with their types, from the first to the last."""
    tag, value = data
    if isinstance(value, list):
        for element in value:
            yield from strings(element)
    elif isinstance(value, (Octets, Text)):
        yield tag, value
