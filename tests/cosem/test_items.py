"""The values of a telegram with their codes, in each of the shapes that meters send."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem import items
from app.cosem.items import Item
from app.cosem.obis import Obis
from app.dlms import axdr
from app.dlms.axdr import Data
from app.fault import DecodeError
from simulator import axdr as written
from simulator.axdr import Node, Type
from simulator.meters import obis_bytes

CLOCK = bytes.fromhex("07EA070103 0C0005 FF 8000 00")


def code(text: str) -> Node:
    return written.octet_string(obis_bytes(text))


def scaler_unit(scaler: int, unit: int) -> Node:
    return written.structure(written.int8(scaler), written.enum(unit))


def captured(class_id: int, text: str, attribute: int, *more: Node) -> Node:
    return written.structure(
        written.uint16(class_id), code(text), written.int8(attribute), written.uint16(0), *more
    )


def read(node: Node) -> list[Item]:
    body, _ = axdr.parse(written.encode(node))
    return items.read(body)


def shown(node: Node) -> list[tuple[str, Any, str | None]]:
    """Code, value and unit of each item."""
    return [(str(item.obis or ""), item.value, item.unit) for item in read(node)]


VOLTAGE = (code("1-0:32.7.0"), written.uint16(2337), scaler_unit(-1, 35))
ENERGY = (code("1-0:1.8.0"), written.uint32(12937), scaler_unit(0, 30))


# --- Shapes ---


def test_rows_of_code_value_and_scaler_unit() -> None:
    body = written.structure(written.structure(*VOLTAGE), written.structure(*ENERGY))
    assert shown(body) == [
        ("1-0:32.7.0", Decimal("233.7"), "V"),
        ("1-0:1.8.0", 12937, "Wh"),
    ]


def test_of_a_row_whose_third_is_no_scaler_and_unit_nothing_is_lost() -> None:
    row = written.structure(*VOLTAGE[:2], written.uint16(7))
    assert shown(written.structure(row)) == [("1-0:32.7.0", 2337, None), ("", 7, None)]
    row = written.structure(*VOLTAGE, written.uint16(7))
    assert shown(written.structure(row)) == [("1-0:32.7.0", Decimal("233.7"), "V"), ("", 7, None)]


def test_rows_may_stand_in_an_array() -> None:
    body = written.array(written.structure(*VOLTAGE), written.structure(*ENERGY))
    assert [item.obis for item in read(body)] == [Obis(1, 0, 32, 7, 0), Obis(1, 0, 1, 8, 0)]


def test_rows_of_code_and_value() -> None:
    body = written.structure(
        written.structure(*VOLTAGE[:2]),
        written.structure(code("0-0:96.1.0"), written.octet_string(b"1KFM0200")),
    )
    assert shown(body) == [("1-0:32.7.0", 2337, None), ("0-0:96.1.0", b"1KFM0200", None)]


def test_code_value_and_scaler_unit_one_after_the_other_between_bare_values() -> None:
    body = written.structure(
        written.octet_string(CLOCK), *ENERGY, *VOLTAGE, written.octet_string(b"181220000009")
    )
    assert shown(body) == [
        ("", CLOCK, None),
        ("1-0:1.8.0", 12937, "Wh"),
        ("1-0:32.7.0", Decimal("233.7"), "V"),
        ("", b"181220000009", None),
    ]


def test_code_and_value_one_after_the_other() -> None:
    body = written.structure(written.octet_string(CLOCK), *ENERGY[:2], *VOLTAGE[:2])
    assert shown(body) == [
        ("", CLOCK, None),
        ("1-0:1.8.0", 12937, None),
        ("1-0:32.7.0", 2337, None),
    ]


def test_one_after_the_other_some_with_scaler_unit_and_some_without() -> None:
    body = written.structure(code("0-0:1.0.0"), written.octet_string(CLOCK), *ENERGY, *VOLTAGE[:2])
    assert shown(body) == [
        ("0-0:1.0.0", CLOCK, None),
        ("1-0:1.8.0", 12937, "Wh"),
        ("1-0:32.7.0", 2337, None),
    ]


def test_bare_values() -> None:
    body = written.structure(written.uint16(236), written.octet_string(b"30100007"))
    assert read(body) == [
        Item(None, axdr.LONG_UNSIGNED, 236),
        Item(None, axdr.OCTET_STRING, b"30100007"),
    ]


def test_a_code_at_the_end_of_a_list_is_a_bare_value() -> None:
    body = written.structure(*ENERGY, code("1-0:2.8.0"))
    assert shown(body) == [("1-0:1.8.0", 12937, "Wh"), ("", obis_bytes("1-0:2.8.0"), None)]


def test_structures_within_structures_are_read_in_order() -> None:
    body = written.structure(
        written.uint16(1),
        written.structure(written.uint16(2), written.array(written.structure(*VOLTAGE))),
        written.uint16(3),
    )
    assert shown(body) == [
        ("", 1, None),
        ("", 2, None),
        ("1-0:32.7.0", Decimal("233.7"), "V"),
        ("", 3, None),
    ]


def test_a_single_value_is_a_list_of_one() -> None:
    assert read(written.uint16(5)) == [Item(None, axdr.LONG_UNSIGNED, 5)]


def test_an_empty_structure_is_an_empty_list() -> None:
    assert read(written.structure()) == []


# --- Capture objects ---


PUSH_ITSELF = captured(40, "0-8:25.9.0", 2)
PUSH_NAME = captured(40, "0-8:25.9.0", 1)


def test_capture_objects_that_list_themselves_are_paired_with_their_values() -> None:
    body = written.structure(
        written.array(
            PUSH_ITSELF,
            PUSH_NAME,
            captured(1, "0-0:96.1.0", 2),
            captured(8, "0-0:1.0.0", 2),
            captured(3, "1-0:1.7.0", 2),
        ),
        code("0-8:25.9.0"),
        written.octet_string(b"56800003"),
        written.octet_string(CLOCK),
        written.uint32(42),
    )
    assert shown(body) == [
        ("0-0:96.1.0", b"56800003", None),
        ("0-0:1.0.0", CLOCK, None),
        ("1-0:1.7.0", 42, None),
    ]


def test_capture_objects_that_do_not_list_themselves_are_followed_by_their_values() -> None:
    body = written.structure(
        written.array(captured(3, "1-0:1.8.0", 2), captured(3, "1-1:2.8.0", 2)),
        written.uint32(100),
        written.uint32(200),
    )
    assert shown(body) == [("1-0:1.8.0", 100, None), ("1-1:2.8.0", 200, None)]


def test_capture_objects_that_do_not_list_themselves_are_not_paired_with_themselves() -> None:
    body = written.structure(
        written.array(captured(3, "1-0:1.8.0", 2), captured(3, "1-0:2.8.0", 2)), written.uint32(7)
    )
    assert shown(body) == [("", 7, None)]


def test_a_captured_scaler_and_unit_belongs_to_the_value_of_the_same_object() -> None:
    body = written.structure(
        written.array(
            captured(3, "1-0:32.7.0", 2),
            captured(3, "1-0:32.7.0", 3),
            captured(3, "1-0:31.7.0", 2),
        ),
        written.uint16(2337),
        scaler_unit(-1, 35),
        written.uint16(52),
    )
    assert shown(body) == [("1-0:32.7.0", Decimal("233.7"), "V"), ("1-0:31.7.0", 52, None)]


@pytest.mark.parametrize("more", [(), (written.uint16(0),), (written.uint16(0), Node(Type.NULL))])
def test_capture_objects_of_four_to_six_fields_are_known(more: tuple[Node, ...]) -> None:
    body = written.structure(written.array(captured(3, "1-0:1.8.0", 2, *more)), written.uint32(100))
    assert shown(body) == [("1-0:1.8.0", 100, None)]


def test_capture_objects_of_three_fields_are_known() -> None:
    row = written.structure(written.uint16(3), code("1-0:1.8.0"), written.int8(2))
    assert shown(written.structure(written.array(row), written.uint32(7))) == [
        ("1-0:1.8.0", 7, None)
    ]


def test_capture_objects_with_more_values_than_they_name_give_no_codes() -> None:
    body = written.structure(
        written.array(captured(3, "1-0:1.8.0", 2)), written.uint32(7), written.uint32(8)
    )
    assert shown(body) == [("", 7, None), ("", 8, None)]


def test_an_attribute_number_in_a_capture_object_is_no_scaler() -> None:
    body = written.structure(written.array(captured(3, "1-0:32.7.0", 2)), written.uint16(236))
    assert shown(body) == [("1-0:32.7.0", 236, None)]


@pytest.mark.parametrize(
    "fields",
    [
        (written.octet_string(b"\0\3"), code("1-0:1.8.0"), written.int8(2)),
        (written.uint32(3), code("1-0:1.8.0"), written.int8(2)),
        (written.uint16(3), written.visible_string("1-0:18"), written.int8(2)),
        (written.uint16(3), written.octet_string(b"160456"), written.int8(2)),
        (written.uint16(3), code("1-0:1.8.0"), written.octet_string(b"2")),
        (written.uint16(3), code("1-0:1.8.0")),
    ],
)
def test_rows_of_something_else_are_no_capture_objects(fields: tuple[Node, ...]) -> None:
    row = written.structure(*fields)
    body = written.structure(written.array(row, row), written.uint32(7), written.uint32(8))
    found = read(body)
    assert (found[-2].obis, found[-2].value) == (None, 7)
    assert (found[-1].obis, found[-1].value) == (None, 8)


# --- Descriptors without a tag ---


def test_rows_of_a_descriptor_and_its_value() -> None:
    def row(text: str, value: Data) -> Data:
        return axdr.STRUCTURE, [(axdr.DESCRIPTOR, (3, obis_bytes(text), 2)), value]

    body: Data = (
        axdr.STRUCTURE,
        [
            row("1-0:1.8.0", (axdr.DOUBLE_LONG_UNSIGNED, 5)),
            row("0-0:96.1.1", (axdr.OCTET_STRING, b"123")),
        ],
    )
    assert items.read(body) == [
        Item(Obis(1, 0, 1, 8, 0), axdr.DOUBLE_LONG_UNSIGNED, 5),
        Item(Obis(0, 0, 96, 1, 1), axdr.OCTET_STRING, b"123"),
    ]


def test_a_list_has_descriptors_if_one_stands_anywhere_in_it() -> None:
    number: Data = (axdr.UNSIGNED, 5)
    descriptor: Data = (axdr.DESCRIPTOR, (3, obis_bytes("1-0:1.8.0"), 2))
    row: Data = (axdr.STRUCTURE, [descriptor, number])
    assert items.has_descriptors(row)
    assert items.has_descriptors((axdr.ARRAY, [number, row]))
    assert not items.has_descriptors((axdr.STRUCTURE, [number, number]))
    assert not items.has_descriptors((axdr.STRUCTURE, []))
    assert not items.has_descriptors(number)


# --- Values ---


@pytest.mark.parametrize(
    ("value", "scaler", "expected"),
    [
        (Node(Type.INT16, -94), -3, Decimal("-0.094")),
        (Node(Type.UINT8, 5), 1, 50),
        (Node(Type.INT64, 2**40), -2, Decimal(2**40) / 100),
        (Node(Type.FLOAT32, 0.5), -1, Decimal("0.05")),
        (Node(Type.BCD, 0x42), -1, Decimal("4.2")),
    ],
)
def test_every_kind_of_number_is_scaled(value: Node, scaler: int, expected: Decimal) -> None:
    body = written.structure(written.structure(code("1-0:1.7.0"), value, scaler_unit(scaler, 27)))
    assert shown(body) == [("1-0:1.7.0", expected, "W")]


@pytest.mark.parametrize(
    "value",
    [
        Node(Type.ENUM, 3),
        Node(Type.BOOLEAN, value=True),
        written.visible_string("7"),
        Node(Type.NULL),
    ],
)
def test_what_is_no_number_is_not_scaled(value: Node) -> None:
    body = written.structure(written.structure(code("1-0:1.7.0"), value, scaler_unit(-1, 27)))
    ((_, unscaled, unit),) = shown(body)
    assert (unscaled, unit) == (value.value, "W")


def test_a_unit_that_is_none_is_an_empty_text() -> None:
    body = written.structure(code("1-0:13.7.0"), written.uint16(1000), scaler_unit(-3, 255))
    assert shown(body) == [("1-0:13.7.0", Decimal(1), "")]


def test_six_octets_that_are_a_value_are_no_code() -> None:
    body = written.structure(
        code("0-0:96.1.1"),
        written.octet_string(b"160456"),
        *ENERGY,
        written.octet_string(b"160456"),
    )
    assert shown(body) == [
        ("0-0:96.1.1", b"160456", None),
        ("1-0:1.8.0", 12937, "Wh"),
        ("", b"160456", None),
    ]


def test_what_is_no_scaler_and_unit_is_a_value() -> None:
    body = written.structure(
        *ENERGY[:2], written.structure(written.uint16(1), written.enum(30)), *VOLTAGE
    )
    assert shown(body) == [
        ("1-0:1.8.0", 12937, None),
        ("", 1, None),
        ("", 30, None),
        ("1-0:32.7.0", Decimal("233.7"), "V"),
    ]


@pytest.mark.parametrize(
    ("item", "number"),
    [
        (Item(None, axdr.LONG_UNSIGNED, 5), 5),
        (Item(None, axdr.FLOAT32, Decimal("0.5")), Decimal("0.5")),
        (Item(None, axdr.FLOAT32, None), None),
        (Item(None, axdr.ENUM, 5), None),
        (Item(None, axdr.BOOLEAN, value=True), None),
        (Item(None, axdr.VISIBLE_STRING, "5"), None),
    ],
)
def test_only_numbers_are_numbers(item: Item, number: Decimal | int | None) -> None:
    assert item.number == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"1KFM0200000052", "1KFM0200000052"),
        (b"6515\0\0\0\0", "6515"),
        (b"\0\0", "0000"),
        (b"\x01\xab\x00", "01AB00"),
        (b"a\nb", "610A62"),
        (b"\xe4", "E4"),
        (b"", ""),
        ("text", "text"),
        (5, "5"),
        (Decimal("0.50"), "0.50"),
        (None, ""),
        ([(axdr.UNSIGNED, 5), (axdr.OCTET_STRING, b"a"), (axdr.NULL, None)], '[5, "a", ""]'),
        ([(axdr.STRUCTURE, [(axdr.FLOAT32, Decimal("0.5"))])], '["[\\"0.5\\"]"]'),
    ],
)
def test_the_text_of_a_value(value: object, text: str) -> None:
    assert items.text(value) == Item(None, axdr.OCTET_STRING, value).text == text


# --- Whatever may come ---

leaves = st.one_of(
    st.sampled_from(["1-0:1.8.0", "0-0:1.0.0", "1-0:32.7.0"]).map(code),
    st.tuples(st.integers(-9, 9), st.sampled_from([27, 30, 255, 99])).map(
        lambda pair: scaler_unit(*pair)
    ),
    st.integers(0, 65535).map(written.uint16),
    st.binary(max_size=13).map(written.octet_string),
    st.just(captured(3, "1-0:1.8.0", 2)),
    st.just(Node(Type.NULL)),
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=6).map(lambda nodes: written.structure(*nodes))
        | st.lists(inner, max_size=6).map(lambda nodes: written.array(*nodes))
    ),
    max_leaves=20,
)


@given(trees)
def test_any_tree_is_read_without_raising(tree: Node) -> None:
    for item in read(tree):
        assert isinstance(item.text, str)


@given(data=st.binary(max_size=60), bare_descriptors=st.booleans())
def test_any_body_that_decodes_is_read_without_raising(
    *, data: bytes, bare_descriptors: bool
) -> None:
    try:
        body, _ = axdr.parse(b"\x02\x03" + data, bare_descriptors=bare_descriptors)
    except DecodeError:
        return
    for item in items.read(body):
        assert isinstance(item.text, str)


def test_the_shapes_of_lists_are_told_apart() -> None:
    name = (axdr.OCTET_STRING, bytes((1, 0, 1, 8, 0, 255)))
    number = (axdr.UNSIGNED, 5)
    objects = (axdr.ARRAY, [(axdr.STRUCTURE, [(axdr.LONG_UNSIGNED, 3), name, (axdr.INTEGER, 2)])])
    assert items.shape((axdr.STRUCTURE, [objects, number])) is items.Shape.CAPTURE_OBJECTS
    assert items.shape((axdr.STRUCTURE, [name, number])) is items.Shape.ROWS
    row = (axdr.STRUCTURE, [name, number])
    assert items.shape((axdr.ARRAY, [row])) is items.Shape.ROWS
    assert items.shape((axdr.STRUCTURE, [number, number])) is items.Shape.VALUES
    assert items.shape((axdr.STRUCTURE, [])) is items.Shape.VALUES
    assert items.shape(number) is items.Shape.VALUES
