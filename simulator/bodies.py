"""Lists of DLMS: the items of a list to typed values, and these to the body of a telegram."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, NamedTuple

from simulator import axdr, clock
from simulator.axdr import INTEGERS, Body, Node, Raw, Type
from simulator.lists import (
    Clock,
    Constant,
    Gap,
    Item,
    Layout,
    Moment,
    Part,
    Register,
    Said,
    Shape,
    Text,
    obis_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Element(NamedTuple):
    """An item with its value, ready to be laid out."""

    item: Item
    value: Node


def element(item: Item, moment: Moment) -> tuple[Element, Said | None]:
    """Give an item its value, and what a reader has to show of it; None for nothing.

    Raises:
        KeyError: When the household does not have the value.
        OverflowError: When the value does not fit its data type.
        TypeError: When the item stands in telegrams of text only.
    """
    node, said = _value(item, moment)
    return Element(item, node), said if item.obis else None


def _value(item: Item, moment: Moment) -> tuple[Node, Said | None]:
    match item:
        case Register():
            number = _integer(item, moment)
            value = Decimal(number).scaleb(item.scaler)
            return Node(item.type, number), (value, item.unit.text)
        case Clock():
            return axdr.octet_string(_clock(item, moment)), (_shown(moment), "")
        case Text():
            return _text(item, moment.identity.says(item.content))
        case Constant():
            return item.node, (_said(item), item.unit.text) if item.obis else None
        case Gap():
            return axdr.null(), None
        case _:
            raise TypeError(f"{item} has no place in a list of DLMS")


def _integer(register: Register, moment: Moment) -> int:
    """Return the integer that stands for a register, at the meter's resolution."""
    value = moment.measured(register.obis)
    if value is None:
        if register.absent is None:
            raise KeyError(f"{register.obis} has no value and the meter no way to say so")
        return register.absent
    number = int(value.scaleb(-register.scaler).to_integral_value(ROUND_HALF_EVEN))
    if register.magnitude:
        number = abs(number)
    width, signed = INTEGERS[register.type]
    try:
        number.to_bytes(width, "big", signed=signed)
    except OverflowError:
        raise OverflowError(f"{register.obis} cannot be {value} {register.unit.text}") from None
    return number


def _clock(item: Clock, moment: Moment) -> bytes:
    match item.part:
        case Part.DATE:
            return clock.date(moment.local)
        case Part.TIME:
            return clock.time(moment.local)
        case Part.WHOLE:
            return clock.date_time(moment.local, moment.style)


def _shown(moment: Moment) -> str:
    shown = clock.fixed(moment.local)
    return (shown if moment.style.deviation else shown.replace(tzinfo=None)).isoformat()


def _text(item: Text, text: str) -> tuple[Node, Said]:
    if item.type in INTEGERS:
        return Node(item.type, int(text)), (Decimal(int(text)), "")
    if item.type is Type.VISIBLE_STRING:
        return axdr.visible_string(text.ljust(item.size, "\0")), (text, "")
    return axdr.octet_string(text.encode("ascii").ljust(item.size, b"\0")), (text, "")


def _said(item: Constant) -> Decimal | str:
    if item.said is not None:
        return item.said
    match item.node.value:
        case bool(value) | int(value):
            return Decimal(value)
        case bytes(value):
            return value.decode("ascii")
        case value:
            return str(value)


# --- Shapes ---------------------------------------------------------------------------------


def lay_out(layout: Layout, elements: Sequence[tuple[Item, Node]]) -> Body:
    """Put the items of a list into its shape.

    Raises:
        ValueError: When an item lacks the code that the shape asks for.
    """
    parts: Iterable[Node]
    match layout.shape:
        case Shape.FLAT:
            parts = (node for item, value in elements for node in _flat(item, value, scaled=True))
        case Shape.PAIRS:
            parts = (node for item, value in elements for node in _flat(item, value, scaled=False))
        case Shape.NESTED | Shape.ROWS:
            parts = (node for item, value in elements for node in _nested(layout, item, value))
        case Shape.POSITIONAL:
            parts = (value for _, value in elements)
        case Shape.PUSH:
            parts = _push(layout, elements)
        case Shape.DESCRIPTORS:
            return _described(elements)
        case Shape.TEXT:
            raise ValueError("text is no list of DLMS")
    return axdr.array(*parts) if layout.array else axdr.structure(*parts)


def _flat(item: Item, value: Node, *, scaled: bool) -> Iterator[Node]:
    if isinstance(item, Gap):
        yield from [value] * item.count
        return
    if item.obis is not None:
        yield axdr.octet_string(obis_bytes(item.obis))
    yield value
    if scaled and isinstance(item, Register):
        yield _scaler_unit(item)


def _nested(layout: Layout, item: Item, value: Node) -> Iterator[Node]:
    parts = _flat(item, value, scaled=True)
    if layout.shape is Shape.NESTED and isinstance(item, Clock):
        yield from parts
    else:
        yield axdr.structure(*parts)


def _scaler_unit(register: Register) -> Node:
    return axdr.structure(axdr.int8(register.scaler), axdr.enum(register.unit))


_CLASS_DATA, _CLASS_REGISTER, _CLASS_CLOCK, _CLASS_PUSH_SETUP = 1, 3, 8, 40
_VALUE, _SCALER_UNIT = 2, 3
_LOGICAL_NAME = 1


def _object(item: Item) -> tuple[int, bytes, int]:
    """Return class, logical name and attribute of an item."""
    if item.obis is None:
        raise ValueError(f"{item} needs a code in a list that names objects")
    name = obis_bytes(item.obis)
    match item:
        case Register():
            return _CLASS_REGISTER, name, _VALUE
        case Clock():
            return _CLASS_CLOCK, name, _VALUE
        case Constant():
            return item.class_id, name, item.attribute
        case _:
            return _CLASS_DATA, name, _VALUE


def _push(layout: Layout, elements: Iterable[tuple[Item, Node]]) -> Iterator[Node]:
    """Yield the capture objects, the push setup's name where they list it, and the values.

    The list is itself the push setup's attribute 2, so its own first row describes it and row
    for row the rest of the structure follows.
    """
    setup = obis_bytes(layout.push_setup)
    objects = [(_CLASS_PUSH_SETUP, setup, attribute) for attribute in layout.setup_attributes]
    values = [axdr.octet_string(setup)] * layout.setup_attributes.count(_LOGICAL_NAME)
    for item, value in elements:
        objects.append(_object(item))
        values.append(value)
        if layout.scaled and isinstance(item, Register):
            objects.append((_CLASS_REGISTER, obis_bytes(item.obis), _SCALER_UNIT))
            values.append(_scaler_unit(item))
    yield axdr.array(*(_capture(layout, *one) for one in objects))
    yield from values


def _capture(layout: Layout, class_id: int, name: bytes, attribute: int) -> Node:
    fields = [
        axdr.uint16(class_id),
        axdr.octet_string(name),
        axdr.int8(attribute),
        axdr.uint16(0),
    ]
    if layout.wide_rows:  # a restriction and columns, none of either
        fields += [axdr.structure(axdr.enum(0), axdr.null()), axdr.array()]
    return axdr.structure(*fields)


def _described(elements: Iterable[tuple[Item, Node]]) -> Raw:
    """Put bare values first, then an array of rows whose descriptors have no tag."""
    bare, rows = [], []
    for item, value in elements:
        if item.obis is None:
            bare.append(axdr.encode(value))
        else:
            class_id, name, attribute = _object(item)
            descriptor = class_id.to_bytes(2, "big") + name + bytes((attribute,))
            rows.append(bytes((Type.STRUCTURE, 2)) + descriptor + axdr.encode(value))
    parts = [*bare, bytes((Type.ARRAY,)) + axdr.ber_length(len(rows)) + b"".join(rows)]
    return Raw(bytes((Type.STRUCTURE,)) + axdr.ber_length(len(parts)) + b"".join(parts))
