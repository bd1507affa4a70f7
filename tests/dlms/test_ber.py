"""Lengths as BER writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms import ber
from app.fault import DecodeError, Kind
from simulator.axdr import ber_length


@pytest.mark.parametrize(
    ("digits", "length"),
    [
        ("00", 0),
        ("5E", 94),
        ("7F", 127),
        ("8180", 128),
        ("81F8", 248),
        ("820155", 341),
        ("830001F2", 498),
        ("84000001F2", 498),
        ("8105", 5),
        ("84FFFFFFFF", 2**32 - 1),
    ],
)
def test_every_form_is_read(digits: str, length: int) -> None:
    data = b"\xdb" + bytes.fromhex(digits) + b"\x20"
    assert ber.length(data, 1, "ciphering") == (length, len(data) - 1)


@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 1, 2, 3, 4]), st.binary(max_size=5))
def test_what_the_simulator_writes_is_read(length: int, width: int | None, before: bytes) -> None:
    if width is not None:
        length %= 256**width
    data = before + ber_length(length, width)
    assert ber.length(data, len(before), "a-xdr") == (length, len(data))


@pytest.mark.parametrize("first", [0x80, 0x85, 0x88, 0xFF])
def test_a_byte_that_begins_no_length_is_refused_where_it_stands(first: int) -> None:
    with pytest.raises(DecodeError) as caught:
        ber.length(b"\0\0" + bytes((first,)) + bytes(200), 2, "gbt")
    assert (caught.value.layer, caught.value.offset) == ("gbt", 2)
    assert caught.value.reason == f"{first:02X} does not begin a length"
    assert caught.value.kind is Kind.DAMAGED


@pytest.mark.parametrize("digits", ["", "81", "8201", "840000", "83FFFF"])
def test_a_length_that_is_cut_is_refused(digits: str) -> None:
    with pytest.raises(DecodeError, match=r"^a-xdr: byte \d: the bytes end"):
        ber.length(bytes.fromhex(digits), 0, "a-xdr")
