"""Blocks of general block transfer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms import gbt
from app.dlms.gbt import Block
from app.fault import DecodeError, Kind
from simulator import links
from simulator.axdr import ber_length


def test_a_block_written_by_hand_is_taken_apart() -> None:
    assert gbt.parse(bytes.fromhex("E0 40 0001 0000 03 AABBCC")) == Block(
        1, last=False, data=b"\xaa\xbb\xcc"
    )


@pytest.mark.parametrize("control", [0x80, 0xC0, 0xC1, 0xBF, 0xFF])
def test_the_highest_bit_marks_the_last_block(control: int) -> None:
    assert gbt.parse(bytes((0xE0, control)) + bytes.fromhex("0102 0000 00")) == Block(
        0x102, last=True, data=b""
    )


@pytest.mark.parametrize("control", [0x00, 0x40, 0x41, 0x7F])
def test_the_other_bits_mark_nothing(control: int) -> None:
    assert not gbt.parse(bytes((0xE0, control)) + bytes.fromhex("0001 0000 00")).last


@given(
    data=st.binary(max_size=300),
    number=st.integers(0, 65535),
    last=st.booleans(),
    streaming=st.booleans(),
    acknowledged=st.integers(0, 9),
)
def test_what_the_simulator_makes_is_taken_apart(
    *, data: bytes, number: int, last: bool, streaming: bool, acknowledged: int
) -> None:
    block = links.general_block(
        data, number, last=last, streaming=streaming, acknowledged=acknowledged
    )
    assert gbt.parse(block) == Block(number, last, data)


def test_a_length_in_the_long_form_is_read() -> None:
    data = bytes(range(20))
    block = bytes.fromhex("E0 C0 0003 0000") + ber_length(20, 2) + data
    assert gbt.parse(block) == Block(3, last=True, data=data)


@pytest.mark.parametrize("kept", range(1, 11))
def test_a_block_that_is_cut_is_refused(kept: int) -> None:
    block = bytes.fromhex("E0 40 0001 0000 04 AABBCCDD")
    with pytest.raises(DecodeError) as caught:
        gbt.parse(block[:kept])
    assert (caught.value.layer, caught.value.kind) == ("gbt", Kind.DAMAGED)


@pytest.mark.parametrize(("kept", "where"), [(5, "inside a block's header"), (6, "length")])
def test_it_is_told_where_a_block_is_cut(kept: int, where: str) -> None:
    with pytest.raises(DecodeError, match=where) as caught:
        gbt.parse(bytes.fromhex("E0 40 0001 0000 04 AABBCCDD")[:kept])
    assert caught.value.offset == kept


def test_a_block_with_bytes_left_over_is_refused() -> None:
    with pytest.raises(DecodeError, match="4 bytes announced, 5 present"):
        gbt.parse(bytes.fromhex("E0 40 0001 0000 04 AABBCCDDEE"))
