"""The encoding of A-XDR, with lengths and the header of a notification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import axdr
from simulator.axdr import Node, Type
from tests.support.dissection import short_length


@pytest.mark.parametrize(
    ("node", "encoded"),
    [
        (axdr.null(), "00"),
        (Node(Type.BOOLEAN, value=True), "03 ff"),
        (Node(Type.BOOLEAN, value=False), "03 00"),
        (Node(Type.BIT_STRING, "1010000011"), "04 0a a0c0"),
        (Node(Type.BIT_STRING, ""), "04 00"),
        (Node(Type.INT32, -2), "05 fffffffe"),
        (axdr.uint32(12937), "06 00003289"),
        (axdr.octet_string(bytes.fromhex("0100010800ff")), "09 06 0100010800ff"),
        (axdr.octet_string(bytes(200)), "09 81c8" + "00" * 200),
        (axdr.visible_string("Kaifa"), "0a 05 4b61696661"),
        (Node(Type.UTF8_STRING, "NÖ"), "0c 03 4ec396"),
        (Node(Type.BCD, 0x42), "0d 42"),
        (axdr.int8(-3), "0f fd"),
        (Node(Type.INT16, 819), "10 0333"),
        (Node(Type.UINT8, 255), "11 ff"),
        (axdr.uint16(2337), "12 0921"),
        (Node(Type.INT64, -1), "14 ffffffffffffffff"),
        (Node(Type.UINT64, 0x0D2000), "15 00000000000d2000"),
        (axdr.enum(30), "16 1e"),
        (Node(Type.FLOAT32, 1.0), "17 3f800000"),
        (Node(Type.FLOAT64, -2.0), "18 c000000000000000"),
        (
            Node(Type.DATE_TIME, bytes.fromhex("07e5091b01092f0f00ff8880")),
            "19 07e5091b01092f0f00ff8880",
        ),
        (Node(Type.DATE, bytes.fromhex("07e5091b01")), "1a 07e5091b01"),
        (Node(Type.TIME, bytes.fromhex("092f0f00")), "1b 092f0f00"),
        (Node(Type.DELTA_INT8, -1), "1c ff"),
        (Node(Type.DELTA_INT16, -1), "1d ffff"),
        (Node(Type.DELTA_INT32, -1), "1e ffffffff"),
        (Node(Type.DELTA_UINT8, 1), "1f 01"),
        (Node(Type.DELTA_UINT16, 1), "20 0001"),
        (Node(Type.DELTA_UINT32, 1), "21 00000001"),
        (Node(Type.DONT_CARE), "ff"),
        (axdr.structure(axdr.int8(-1), axdr.enum(35)), "02 02 0fff 1623"),
        (axdr.array(axdr.null(), axdr.null()), "01 02 00 00"),
        (axdr.array(*[axdr.null()] * 300), "01 82012c" + "00" * 300),
        # Type once, then the packed contents: {uint16, octet-string} twice.
        (
            Node(
                Type.COMPACT_ARRAY,
                (
                    axdr.structure(axdr.uint16(1), axdr.octet_string(b"ab")),
                    axdr.structure(axdr.uint16(2), axdr.octet_string(b"")),
                ),
            ),
            "13 02021209 08 0001026162 000200",
        ),
        (
            Node(Type.COMPACT_ARRAY, (axdr.array(axdr.int8(1), axdr.int8(2)),)),
            "13 0100020f 02 0102",
        ),
        (axdr.Raw(b"\x01\x02\x03"), "010203"),
    ],
)
def test_each_data_type_has_its_encoding(node: axdr.Body, encoded: str) -> None:
    assert axdr.encode(node).hex() == encoded.replace(" ", "")


def test_every_data_type_has_a_case_above() -> None:
    shown = {
        case.type
        for mark in test_each_data_type_has_its_encoding.pytestmark  # type: ignore[attr-defined]
        for case, _ in mark.args[1]
        if isinstance(case, Node)
    }
    assert shown == set(Type)


@pytest.mark.parametrize(
    "node",
    [
        Node(Type.UINT32, "12"),
        Node(Type.OCTET_STRING, "text"),
        Node(Type.DATE, b"1234"),
        Node(Type.NULL, 0),
        Node(Type.FLOAT32, None),
        Node(Type.COMPACT_ARRAY, (axdr.int8(1), axdr.enum(1))),
        Node(Type.COMPACT_ARRAY, ()),
        Node(Type.COMPACT_ARRAY, (Node(Type.COMPACT_ARRAY, (axdr.int8(1),)),)),
        Node(Type.COMPACT_ARRAY, (axdr.array(),)),
    ],
)
def test_a_value_of_the_wrong_kind_is_not_encoded(node: Node) -> None:
    with pytest.raises(TypeError):
        axdr.encode(node)


@pytest.mark.parametrize(
    ("type_", "value"), [(Type.INT8, 128), (Type.UINT32, -1), (Type.ENUM, 256)]
)
def test_a_number_out_of_range_is_not_encoded(type_: Type, value: int) -> None:
    with pytest.raises(OverflowError):
        axdr.encode(Node(type_, value))


@pytest.mark.parametrize(
    ("length", "width", "encoded"),
    [
        (0, None, "00"),
        (127, None, "7f"),
        (128, None, "8180"),
        (248, None, "81f8"),
        (255, None, "81ff"),
        (256, None, "820100"),
        (341, None, "820155"),
        (65536, None, "83010000"),
        (94, 1, "815e"),
        (94, 4, "840000005e"),
        (94, 0, "5e"),
    ],
)
def test_lengths_take_the_short_form_unless_a_width_is_given(
    length: int, width: int | None, encoded: str
) -> None:
    assert axdr.ber_length(length, width).hex() == encoded


@pytest.mark.parametrize("width", [0, 1])
def test_a_length_that_does_not_fit_is_an_error(width: int) -> None:
    with pytest.raises(OverflowError):
        axdr.ber_length(256, width)


@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 4]))
def test_a_length_is_read_back_unchanged(length: int, width: int | None) -> None:
    encoded = axdr.ber_length(length, width)
    assert short_length(encoded) == (length, len(encoded))


def test_a_notification_has_no_time_or_a_tagged_or_untagged_one() -> None:
    time = bytes(range(12))

    def header(time: bytes | None, *, tagged: bool = False) -> str:
        return axdr.data_notification(
            axdr.null(), invoke_id=0x40000001, time=time, tagged=tagged
        ).hex()

    assert header(None) == "0f40000001" + "00" + "00"
    assert header(time) == "0f40000001" + "0c" + time.hex() + "00"
    assert header(time, tagged=True) == "0f40000001" + "090c" + time.hex() + "00"
