"""The values of a telegram in order, each with its OBIS code as far as the telegram gives one.

Meters push their readings in these shapes, told apart here by what they hold, never by offsets:

- rows of ``{OBIS, value, {scaler, unit}}`` or ``{OBIS, value}`` (Kaifa in Tyrol, Aidon),
- the same without rows, one after the other (Netz NÖ; Landis+Gyr E450 in Styria; Kamstrup),
- a list of capture objects followed by their values (Landis+Gyr E450 in Klagenfurt),
- rows of an attribute descriptor and its value (Sagemcom XT211 of EG.D),
- bare values whose order alone says what they are (Netz Burgenland, Wiener Netze).
"""

import json
from enum import StrEnum
from typing import Any, Final, NamedTuple

from app.cosem.obis import Obis, from_logical_name
from app.cosem.unit import UNITS, Number, scale
from app.dlms import axdr
from app.dlms.axdr import Data

_CONTAINERS: Final = (axdr.ARRAY, axdr.STRUCTURE)
_NUMBERS: Final = axdr.INTEGER_TYPES | {axdr.FLOAT32, axdr.FLOAT64}
_CLASS_ID_TYPES: Final = (axdr.LONG_UNSIGNED, axdr.UNSIGNED)

_PUSH_SETUP: Final = 40
_LOGICAL_NAME: Final = 1
_SCALER_UNIT: Final = 3
_OBJECT_FIELDS: Final = 3


class Shape(StrEnum):
    """How a list says what its values are; the value is the key that profiles use."""

    CAPTURE_OBJECTS = "capture-objects"
    ROWS = "rows"
    VALUES = "values"


class Item(NamedTuple):
    """One value.

    Args:
        obis: its code; None for a bare value.
        tag: its A-XDR type; for P1 text visible-string or, for numbers, float64.
        value: as `axdr` gives it; with a scaler of the telegram applied.
        unit: the telegram's unit, "" for none; None when the telegram says neither unit nor scaler.
        at: when a meter behind this one reported the value, as a P1 telegram writes it.
    """

    obis: Obis | None
    tag: int
    value: Any
    unit: str | None = None
    at: str | None = None

    @property
    def number(self) -> Number | None:
        """The value if it is a number, else None."""
        return self.value if self.tag in _NUMBERS else None

    @property
    def text(self) -> str:
        """The value as text: characters where octets are printable, else hex digits."""
        return text(self.value)


def read(body: Data) -> list[Item]:
    """Read the body of a data-notification."""
    tag, elements = body
    if tag not in _CONTAINERS:
        return [Item(None, tag, elements)]
    if elements and (objects := _capture_objects(elements[0])):
        return _captured(objects, elements)
    items: list[Item] = []
    _walk(elements, items)
    return items


def shape(body: Data) -> Shape:
    """Tell which of its shapes a list has."""
    tag, elements = body
    if tag in _CONTAINERS and elements and _capture_objects(elements[0]):
        return Shape.CAPTURE_OBJECTS
    return Shape.ROWS if any(item.obis for item in read(body)) else Shape.VALUES


def has_descriptors(body: Data) -> bool:
    """Tell whether the values stand behind untagged attribute descriptors."""
    tag, value = body
    return tag == axdr.DESCRIPTOR or (
        tag in _CONTAINERS and any(has_descriptors(element) for element in value)
    )


def _walk(elements: list[Data], items: list[Item]) -> None:
    """Append the items of a structure's elements, in order, inner structures included."""
    pos, count = 0, len(elements)
    while pos < count:
        tag, value = elements[pos]
        pos += 1
        if tag in _CONTAINERS:
            item = _row(value)
            if item:
                items.append(item)
            else:
                _walk(value, items)
        elif tag == axdr.OCTET_STRING and pos < count and (obis := from_logical_name(value)):
            scaler_unit = _scaler_unit(elements[pos + 1]) if pos + 1 < count else None
            items.append(_item(obis, elements[pos], scaler_unit))
            pos += 1 if scaler_unit is None else 2
        else:
            items.append(Item(None, tag, value))


def _row(fields: list[Data]) -> Item | None:
    """Read ``{OBIS or attribute descriptor, value}``, if wanted with ``{scaler, unit}``."""
    if len(fields) not in (2, 3):
        return None
    tag, name = fields[0]
    if tag == axdr.OCTET_STRING:
        obis = from_logical_name(name)
    elif tag == axdr.DESCRIPTOR:
        obis = from_logical_name(name[1])
    else:
        return None
    if obis is None:
        return None
    if len(fields) == 2:  # noqa: PLR2004 - no scaler and unit
        return _item(obis, fields[1], None)
    scaler_unit = _scaler_unit(fields[2])
    return None if scaler_unit is None else _item(obis, fields[1], scaler_unit)


def _item(obis: Obis, data: Data, scaler_unit: tuple[int, str] | None) -> Item:
    tag, value = data
    if scaler_unit is None:
        return Item(obis, tag, value)
    exponent, unit = scaler_unit
    if tag in _NUMBERS and value is not None:
        value = scale(value, exponent)
    return Item(obis, tag, value, unit)


def _scaler_unit(data: Data) -> tuple[int, str] | None:
    """Read ``{scaler, unit}``: the power of ten, and the unit's name."""
    tag, value = data
    if tag != axdr.STRUCTURE or len(value) != 2:  # noqa: PLR2004 - scaler and unit
        return None
    (scaler_tag, scaler), (unit_tag, unit) = value
    if scaler_tag != axdr.INTEGER or unit_tag != axdr.ENUM:
        return None
    return scaler, UNITS.get(unit, "")


class _Object(NamedTuple):
    class_id: int
    obis: Obis
    attribute: int


def _capture_objects(data: Data) -> list[_Object]:
    """Read an array of ``{class id, logical name, attribute index, ...}``; empty if it is none.

    Three to six fields occur; the others select parts of an attribute.
    """
    tag, rows = data
    objects: list[_Object] = []
    if tag not in _CONTAINERS:
        return objects
    for row_tag, fields in rows:
        if row_tag != axdr.STRUCTURE or len(fields) < _OBJECT_FIELDS:
            return []
        (class_tag, class_id), (name_tag, name), (_, attribute) = fields[:_OBJECT_FIELDS]
        if class_tag not in _CLASS_ID_TYPES or name_tag != axdr.OCTET_STRING:
            return []
        obis = from_logical_name(name)
        if obis is None or not isinstance(attribute, int):
            return []
        objects.append(_Object(class_id, obis, attribute))
    return objects


def _captured(objects: list[_Object], elements: list[Data]) -> list[Item]:
    """Pair capture objects with their values.

    The list is its own first object as a rule, the push setup's; where it is not, values begin
    behind it.
    """
    values = elements if objects[0].class_id == _PUSH_SETUP else elements[1:]
    if len(values) != len(objects):
        items: list[Item] = []
        _walk(values, items)
        return items
    scalers = {
        described.obis: scaler_unit
        for described, value in zip(objects, values, strict=True)
        if described.attribute == _SCALER_UNIT and (scaler_unit := _scaler_unit(value))
    }
    return [
        _item(described.obis, value, scalers.get(described.obis))
        for described, value in zip(objects, values, strict=True)
        if described.class_id != _PUSH_SETUP
        and described.attribute != _LOGICAL_NAME
        and not (described.attribute == _SCALER_UNIT and described.obis in scalers)
    ]


def text(value: Any) -> str:  # noqa: ANN401 - any of the values in the table of `axdr`
    """Give a value as text: see `Item.text`."""
    if isinstance(value, bytes):
        # Serial numbers come padded with zero bytes (capture `energomera-push`).
        characters = value.rstrip(b"\0") or value
        if characters.isascii() and (decoded := characters.decode("ascii")).isprintable():
            return decoded
        return value.hex().upper()
    if isinstance(value, list):
        return json.dumps([v if isinstance(v, int) else text(v) for _, v in value])
    return "" if value is None else str(value).rstrip("\0")
