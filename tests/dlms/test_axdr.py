"""A-XDR: what the simulator encodes is decoded, and nothing else than a DecodeError is raised."""

import math
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.dlms import axdr
from app.dlms.axdr import Data
from app.fault import DecodeError, Kind
from simulator import axdr as written
from simulator.axdr import FIXED_BYTES, INTEGERS, Node, Type
from tests.support.examples import of_hundred

# --- Every value there is, and what it has to be read as ---


def integers(of_type: Type) -> st.SearchStrategy[Node]:
    width, signed = INTEGERS[of_type]
    low, high = (-(256**width) // 2, 256**width // 2 - 1) if signed else (0, 256**width - 1)
    return st.integers(low, high).map(lambda value: Node(of_type, value))


def digits(value: int) -> Node:
    """Two decimal digits, one in each half of a byte; the simulator takes the byte's value."""
    byte = int(str(value), 16)
    return Node(Type.BCD, byte - 256 if byte > 127 else byte)


def fixed(of_type: Type) -> st.SearchStrategy[Node]:
    size = FIXED_BYTES[of_type]
    return st.binary(min_size=size, max_size=size).map(lambda value: Node(of_type, value))


def floats(of_type: Type, width: int) -> st.SearchStrategy[Node]:
    numbers = (
        st.floats(width=32, allow_subnormal=False)
        if width == 32
        else st.floats(width=64, allow_subnormal=False)
    )
    return numbers.map(lambda value: Node(of_type, value))


ascii_text = st.text(st.characters(max_codepoint=127), max_size=140)

OF_TYPE: dict[Type, st.SearchStrategy[Node]] = {
    **{of_type: integers(of_type) for of_type in INTEGERS if of_type is not Type.BCD},
    **{of_type: fixed(of_type) for of_type in FIXED_BYTES},
    Type.BCD: st.integers(0, 99).map(digits),
    Type.NULL: st.just(Node(Type.NULL)),
    Type.DONT_CARE: st.just(Node(Type.DONT_CARE)),
    Type.BOOLEAN: st.booleans().map(lambda value: Node(Type.BOOLEAN, value)),
    Type.BIT_STRING: st.text("01", max_size=70).map(lambda bits: Node(Type.BIT_STRING, bits)),
    Type.OCTET_STRING: st.binary(max_size=140).map(written.octet_string),
    Type.VISIBLE_STRING: ascii_text.map(written.visible_string),
    Type.UTF8_STRING: st.text(max_size=20).map(lambda text: Node(Type.UTF8_STRING, text)),
    Type.FLOAT32: floats(Type.FLOAT32, 32),
    Type.FLOAT64: floats(Type.FLOAT64, 64),
}
"""Values of every type that holds no others."""

EMPTY = (Type.NULL, Type.DONT_CARE)
scalars = st.sampled_from(list(OF_TYPE)).flatmap(OF_TYPE.__getitem__)


def structures(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = st.lists(inner, max_size=5).map(tuple)
    return st.tuples(st.sampled_from([Type.ARRAY, Type.STRUCTURE]), items).map(
        lambda pair: Node(*pair)
    )


# The type of a compact array's element: a type, or an array or a structure of such.
shapes: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([of_type for of_type in OF_TYPE if of_type not in EMPTY]),
    lambda inner: (
        st.tuples(st.just(Type.ARRAY), st.integers(1, 3), inner)
        | st.tuples(st.just(Type.STRUCTURE), st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=4,
)


def shaped(shape: Any) -> st.SearchStrategy[Node]:  # noqa: ANN401 -- a type, or a tuple of such
    match shape:
        case (Type.ARRAY, count, element):
            items = st.lists(shaped(element), min_size=count, max_size=count)
            return items.map(lambda nodes: Node(Type.ARRAY, tuple(nodes)))
        case (Type.STRUCTURE, elements):
            parts = st.tuples(*map(shaped, elements))
            return parts.map(lambda nodes: Node(Type.STRUCTURE, nodes))
    return OF_TYPE[shape]


compact_arrays = shapes.flatmap(lambda shape: st.lists(shaped(shape), min_size=1, max_size=4)).map(
    lambda nodes: Node(Type.COMPACT_ARRAY, tuple(nodes))
)
nodes = st.recursive(scalars | compact_arrays, structures, max_leaves=8)


def read_as(node: Node) -> Data:
    """What a decoder has to make of a value."""
    match node.type, node.value:
        case Type.COMPACT_ARRAY, tuple(items):
            return axdr.ARRAY, [read_as(item) for item in items]
        case _, tuple(items):
            return node.type, [read_as(item) for item in items]
        case Type.BCD, int(byte):
            return axdr.BCD, int(f"{byte & 0xFF:02x}")
        case Type.FLOAT32 | Type.FLOAT64, float(number):
            return node.type, number
        case _, value:
            return node.type, value


def comparable(data: Data) -> Any:  # noqa: ANN401 -- a tree
    """Make the floats of a tree comparable with those of the simulator: by their bits."""
    tag, value = data
    if isinstance(value, list):
        return tag, [comparable(item) for item in value]
    if tag in (axdr.FLOAT32, axdr.FLOAT64):
        if value is None or not math.isfinite(value):
            return tag, None
        return tag, struct.pack(">f" if tag == axdr.FLOAT32 else ">d", float(value))
    return tag, value


@pytest.mark.parametrize("of_type", OF_TYPE, ids=lambda of_type: of_type.name)
@settings(max_examples=of_hundred(25))
@given(data=st.data())
def test_every_type_is_read_as_it_was_written(of_type: Type, data: st.DataObject) -> None:
    node = data.draw(OF_TYPE[of_type])
    encoded = written.encode(node)
    parsed, end = axdr.parse(encoded)
    assert comparable(parsed) == comparable(read_as(node))
    assert end == len(encoded)


def test_every_type_there_is_goes_through_these_tests() -> None:
    assert {*OF_TYPE, Type.ARRAY, Type.STRUCTURE, Type.COMPACT_ARRAY} == set(Type)


@pytest.mark.parametrize("of_type", [one for one in INTEGERS if one is not Type.BCD])
def test_the_least_and_the_most_of_every_integer_type_is_read(of_type: Type) -> None:
    width, signed = INTEGERS[of_type]
    bits = 8 * width - signed
    for number in (-(2**bits) if signed else 0, -1 if signed else 1, 2**bits - 1):
        node = Node(of_type, number)
        assert axdr.parse(written.encode(node)) == ((of_type, number), 1 + width)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
@pytest.mark.parametrize(
    "make",
    [
        lambda size: Node(Type.OCTET_STRING, bytes(range(256)) * (size // 256 + 1)),
        lambda size: Node(Type.VISIBLE_STRING, "1KFM0200990052" * (size // 14 + 1)),
        lambda size: Node(Type.UTF8_STRING, "Netz NO" * (size // 7 + 1)),
        lambda size: Node(Type.BIT_STRING, "10110" * (size // 5 + 1)),
        lambda size: written.array(*[written.uint16(7)] * size),
        lambda size: written.structure(*[written.null()] * size),
    ],
    ids=["octets", "visible", "utf8", "bits", "array", "structure"],
)
def test_what_has_a_length_may_have_any(make: Callable[[int], Node], size: int) -> None:
    node = make(size)
    if isinstance(node.value, (bytes, str)):
        node = Node(node.type, node.value[:size])
    encoded = written.encode(node)
    assert axdr.parse(encoded) == (read_as(node), len(encoded))


@settings(max_examples=of_hundred(50))
@given(nodes, st.binary(max_size=4), st.binary(max_size=4))
def test_a_tree_is_read_from_where_it_stands(node: Node, before: bytes, behind: bytes) -> None:
    encoded = written.encode(node)
    parsed, end = axdr.parse(before + encoded + behind, len(before))
    assert comparable(parsed) == comparable(read_as(node))
    assert end == len(before) + len(encoded)


@settings(max_examples=of_hundred(50))
@given(compact_arrays)
def test_a_compact_array_is_read_as_the_array_that_it_stands_for(node: Node) -> None:
    (tag, items), end = axdr.parse(written.encode(node))
    assert tag == axdr.ARRAY
    assert comparable((tag, items)) == comparable(read_as(node))
    assert end == len(written.encode(node))


@settings(max_examples=of_hundred(50))
@given(node=nodes, bare_descriptors=st.booleans())
def test_every_beginning_of_a_tree_is_refused(*, node: Node, bare_descriptors: bool) -> None:
    encoded = written.encode(node)
    for kept in range(len(encoded)):
        with pytest.raises(DecodeError) as caught:
            axdr.parse(encoded[:kept], bare_descriptors=bare_descriptors)
        assert caught.value.layer == "a-xdr"
        assert 0 <= caught.value.offset <= kept


@settings(max_examples=of_hundred(50))
@given(nodes, st.data())
def test_a_changed_byte_is_read_or_refused(node: Node, data: st.DataObject) -> None:
    encoded = bytearray(written.encode(node))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        _, end = axdr.parse(bytes(encoded))
    except DecodeError as error:
        assert error.kind is Kind.DAMAGED  # noqa: PT017 -- only some changes are to be refused
    else:
        assert end <= len(encoded)


@given(data=st.binary(max_size=100), bare_descriptors=st.booleans())
def test_random_bytes_are_read_or_refused(*, data: bytes, bare_descriptors: bool) -> None:
    try:
        _, end = axdr.parse(data, bare_descriptors=bare_descriptors)
    except DecodeError as error:
        assert error.layer == "a-xdr"  # noqa: PT017 -- some random bytes are a value
    else:
        assert end <= len(data)


# --- By hand ---


def test_every_type_of_the_simulator_has_a_name() -> None:
    assert set(Type) <= set(axdr.NAMES)
    assert len(set(axdr.NAMES.values())) == len(axdr.NAMES)


@pytest.mark.parametrize(
    ("digits_of", "data"),
    [
        ("00", (axdr.NULL, None)),
        ("05 FFFFFFFF", (axdr.DOUBLE_LONG, -1)),
        ("06 0000303B", (axdr.DOUBLE_LONG_UNSIGNED, 12347)),
        ("0F FD", (axdr.INTEGER, -3)),
        ("10 FC18", (axdr.LONG, -1000)),
        ("11 FF", (axdr.UNSIGNED, 255)),
        ("12 0921", (axdr.LONG_UNSIGNED, 2337)),
        ("14 8000000000000000", (axdr.LONG64, -(2**63))),
        ("15 FFFFFFFFFFFFFFFF", (axdr.LONG64_UNSIGNED, 2**64 - 1)),
        ("16 1E", (axdr.ENUM, 30)),
        ("03 00", (axdr.BOOLEAN, False)),
        ("03 01", (axdr.BOOLEAN, True)),
        ("04 0B A5E0", (axdr.BIT_STRING, "10100101111")),
        ("09 03 0100FF", (axdr.OCTET_STRING, b"\x01\x00\xff")),
        ("09 8103 010203", (axdr.OCTET_STRING, b"\x01\x02\x03")),
        ("0A 03 41E442", (axdr.VISIBLE_STRING, "AäB")),
        ("0C 02 C3A4", (axdr.UTF8_STRING, "ä")),
        ("0C 01 C3", (axdr.UTF8_STRING, "\N{REPLACEMENT CHARACTER}")),
        ("0D 42", (axdr.BCD, 42)),
        ("1B 0A0B0C00", (axdr.TIME, b"\x0a\x0b\x0c\x00")),
        ("02 00", (axdr.STRUCTURE, [])),
        ("FF", (axdr.DONT_CARE, None)),
        (
            "13 02 02 12 11 06 0001 02 0003 04",
            (
                axdr.ARRAY,
                [
                    (axdr.STRUCTURE, [(axdr.LONG_UNSIGNED, 1), (axdr.UNSIGNED, 2)]),
                    (axdr.STRUCTURE, [(axdr.LONG_UNSIGNED, 3), (axdr.UNSIGNED, 4)]),
                ],
            ),
        ),
        ("13 12 00", (axdr.ARRAY, [])),
    ],
)
def test_a_value_written_by_hand(digits_of: str, data: Data) -> None:
    encoded = bytes.fromhex(digits_of)
    assert axdr.parse(encoded) == (data, len(encoded))


@pytest.mark.parametrize(
    ("bits", "number"),
    [
        ("3DCCCCCD", "0.1"),
        ("43668000", "230.5"),
        ("43E9B852", "467.44"),
        ("42C80000", "100"),
        ("501502F9", "1E+10"),
        ("7F7FFFFF", "3.4028235E+38"),
        ("00800000", "1.1754944E-38"),
        ("4B800001", "16777218"),
        ("C0490FDB", "-3.1415927"),
    ],
)
def test_a_float32_is_the_shortest_number_that_its_bits_stand_for(bits: str, number: str) -> None:
    (_, value), _ = axdr.parse(bytes.fromhex("17" + bits))
    assert isinstance(value, Decimal)
    assert str(value.normalize()) == str(Decimal(number).normalize())


@pytest.mark.parametrize("encoded", ["17 7F800000", "17 FF800000", "17 7FC00000"])
def test_infinity_and_no_number_are_no_value(encoded: str) -> None:
    assert axdr.parse(bytes.fromhex(encoded))[0] == (axdr.FLOAT32, None)


@given(st.floats(width=64, allow_nan=False, allow_infinity=False))
def test_a_float64_is_the_shortest_number_that_its_bits_stand_for(number: float) -> None:
    (_, value), _ = axdr.parse(b"\x18" + struct.pack(">d", number))
    assert value == Decimal(repr(number))


@pytest.mark.parametrize("tag", sorted(set(range(256)) - set(axdr.NAMES)))
def test_a_tag_of_no_type_is_refused_where_it_stands(tag: int) -> None:
    with pytest.raises(DecodeError) as caught:
        axdr.parse(b"\x02\x02\x11\x05" + bytes((tag,)) + bytes(20))
    assert (caught.value.offset, caught.value.reason) == (4, f"{tag:02X} is no data type")


@pytest.mark.parametrize("byte", [0x0A, 0xA0, 0xFF, 0x9A])
def test_a_byte_that_is_no_two_digits_is_no_bcd(byte: int) -> None:
    with pytest.raises(DecodeError, match="is no binary-coded decimal"):
        axdr.parse(bytes((0x0D, byte)))


def test_nesting_has_a_limit() -> None:
    deepest = b"\x02\x01" * 16 + b"\x11\x05"
    data, _ = axdr.parse(deepest)
    for _ in range(16):
        ((data,)) = data[1]
    assert data == (axdr.UNSIGNED, 5)
    for nested in (b"\x02\x01" + deepest, b"\x02\x01" * 5000 + b"\x11\x05", b"\x01\x01" * 5000):
        with pytest.raises(DecodeError, match="nested deeper than 16"):
            axdr.parse(nested)


@pytest.mark.parametrize("container", [b"\x02\x01", b"\x01\x00\x01"])
def test_the_types_of_a_compact_array_have_the_same_limit(container: bytes) -> None:
    data, _ = axdr.parse(b"\x13" + container * 15 + b"\x11\x01\x05")
    for _ in range(16):  # the array is one of them
        ((data,)) = data[1]
    assert data == (axdr.UNSIGNED, 5)
    with pytest.raises(DecodeError, match="nested deeper than 16"):
        axdr.parse(b"\x13" + container * 16 + b"\x11\x01\x05")


@pytest.mark.parametrize("element", ["00", "FF", "010000", "0200", "028100", "13"])
def test_a_compact_array_of_nothing_is_refused(element: str) -> None:
    with pytest.raises(DecodeError, match="a compact array of empty "):
        axdr.parse(bytes.fromhex("13" + element + "0400000000"))


@pytest.mark.parametrize("encoded", ["13 12 03 000102", "13 020212 11 04 00010200"])
def test_a_compact_array_whose_last_element_is_cut_is_refused(encoded: str) -> None:
    with pytest.raises(DecodeError):
        axdr.parse(bytes.fromhex(encoded))
    with pytest.raises(DecodeError, match="a compact array's last element is cut"):
        axdr.parse(bytes.fromhex(encoded) + bytes(9))


@pytest.mark.parametrize("encoded", ["02 84FFFFFFFF", "01 FF", "09 84FFFFFFFF", "04 84FFFFFFFF"])
def test_more_than_there_is_costs_neither_time_nor_memory(encoded: str) -> None:
    with pytest.raises(DecodeError):
        axdr.parse(bytes.fromhex(encoded) + bytes(50))


@settings(max_examples=of_hundred(40))
@given(nodes)
def test_no_pair_is_taken_for_a_descriptor_that_is_none(node: Node) -> None:
    pair = written.structure(written.octet_string(b"\x01\x00\x01\x08\x00\xff"), node)
    encoded = written.encode(pair)
    assume(b"\x02\x02\x00" not in encoded)
    assert comparable(axdr.parse(encoded, bare_descriptors=True)[0]) == comparable(read_as(pair))


@pytest.mark.parametrize("scaler", [-128, -3, 0, 9, 127])
def test_a_scaler_and_unit_is_read_like_any_structure(scaler: int) -> None:
    whole = b"\x02\x02\x0f" + scaler.to_bytes(1, "big", signed=True) + b"\x16\x1e"
    expected = (axdr.STRUCTURE, [(axdr.INTEGER, scaler), (axdr.ENUM, 30)])
    assert axdr.parse(whole) == (expected, len(whole))
    for size in range(len(whole)):
        with pytest.raises(DecodeError):
            axdr.parse(whole[:size])
    other = (axdr.STRUCTURE, [(axdr.INTEGER, scaler), (axdr.UNSIGNED, 30)])
    assert axdr.parse(whole.replace(b"\x16\x1e", b"\x11\x1e")) == (other, len(whole))


def test_a_string_that_holds_a_scaler_and_unit_is_a_string() -> None:
    for tag, text in ((axdr.VISIBLE_STRING, "\x0f\x05"), (axdr.UTF8_STRING, "\x0f\x05")):
        encoded = bytes((2, 2, tag, 2)) + text.encode() + bytes((axdr.ENUM, 30))
        expected = (axdr.STRUCTURE, [(tag, text), (axdr.ENUM, 30)])
        assert axdr.parse(encoded) == (expected, len(encoded))


def test_a_pair_that_is_almost_a_scaler_and_unit_is_read_as_it_is() -> None:
    # An enum in front, and a number behind that is the tag of an enum.
    encoded = bytes.fromhex("0202 161E 0202 0F05 1116")
    inner = (axdr.STRUCTURE, [(axdr.INTEGER, 5), (axdr.UNSIGNED, 0x16)])
    outer = (axdr.STRUCTURE, [(axdr.ENUM, 30), inner])
    assert axdr.parse(encoded) == (outer, len(encoded))


def test_an_octet_string_has_no_indefinite_length() -> None:
    with pytest.raises(DecodeError, match="80 does not begin a length"):
        axdr.parse(b"\x09\x80" + bytes(200))


def test_a_pair_is_read_by_the_standard_unless_descriptors_are_bare() -> None:
    # Null-data and six bytes, which could as well be class 9, a logical name and an index.
    encoded = bytes.fromhex("0202 00 0906 0100010AFF02")
    standard = (axdr.STRUCTURE, [(axdr.NULL, None), (axdr.OCTET_STRING, encoded[5:])])
    assert axdr.parse(encoded) == (standard, len(encoded))
    bare = axdr.parse(encoded + b"\x11\x05", bare_descriptors=True)
    descriptor = (axdr.DESCRIPTOR, (9, encoded[4:10], 2))
    assert bare == ((axdr.STRUCTURE, [descriptor, (axdr.UNSIGNED, 5)]), len(encoded) + 2)


@pytest.mark.parametrize(
    ("name", "is_name"),
    [
        ("0005600100FF", True),
        ("0105010800FF", True),
        ("0205010800FF", False),
        ("010501080012", False),
    ],
)
def test_a_name_with_tag_and_length_swapped_is_read_where_it_is_asked_for(
    name: str, *, is_name: bool
) -> None:
    encoded = bytes.fromhex("0609" + name)
    number = (axdr.DOUBLE_LONG_UNSIGNED, int.from_bytes(encoded[1:5], "big"))
    assert axdr.parse(encoded) == (number, 5)
    swapped = ((axdr.OCTET_STRING, bytes.fromhex(name)), len(encoded))
    assert axdr.parse(encoded, swapped_names=True) == (swapped if is_name else (number, 5))
    if is_name:
        pair = b"\x02\x02" + encoded + b"\x11\x05"
        expected = (axdr.STRUCTURE, [swapped[0], (axdr.UNSIGNED, 5)])
        assert axdr.parse(pair, swapped_names=True) == (expected, len(pair))
