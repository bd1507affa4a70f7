"""Values that know where they stand: read as `axdr` reads them, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.anonymous.placed import Integer, Octets, Reader, Text, strings
from app.anonymous.refused import RefusedError
from app.dlms import axdr
from app.fault import DecodeError

NAME = "0100010800FF"


def read(encoded: str, **departures: bool) -> axdr.Data:
    data = bytes.fromhex(encoded)
    return Reader(data, **departures).whole(0)


@pytest.mark.parametrize(
    "encoded",
    [
        "00",
        "FF",
        "1105",
        "0A024142",
        "0C02C3A4",
        "0203 00 0906" + NAME + "0102 1105 1106",
        "0202 19" + "07EA070103 0C0005 FF 8000 00" + "0301",
        "17BF800000",
    ],
)
def test_values_are_those_that_axdr_reads(encoded: str) -> None:
    assert read(encoded) == axdr.parse(bytes.fromhex(encoded))[0]


@pytest.mark.parametrize(
    ("encoded", "departure"),
    [
        ("0202 0003" + NAME + "02 1105", "bare_descriptors"),
        ("0202 0906" + NAME + "1105", "bare_descriptors"),
        ("0609" + NAME, "swapped_names"),
        ("0600000005", "swapped_names"),
    ],
)
def test_departures_are_read_as_axdr_reads_them(encoded: str, departure: str) -> None:
    data = bytes.fromhex(encoded)
    expected, _ = axdr.parse(data, **{departure: True})
    assert read(encoded, **{departure: True}) == expected


def test_texts_octets_and_integers_know_where_they_stand() -> None:
    encoded = "0203 0902ABCD 0A024142 12FFFE"
    data = bytes.fromhex(encoded)
    found = [value for _, value in read(encoded)[1]]
    octets, text, number = found
    assert isinstance(octets, Octets)
    assert data[octets.at : octets.at + 2] == octets == b"\xab\xcd"
    assert isinstance(text, Text)
    assert data[text.at : text.at + 2] == text.raw == b"AB"
    assert isinstance(number, Integer)
    assert data[number.at : number.at + number.size] == b"\xff\xfe"
    assert [value for _, value in strings(read(encoded))] == [octets, text]


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        ("", "the bytes end"),
        ("12FF", "the bytes end"),
        ("0A05414243", "the bytes end"),
        ("0202 1105", "the bytes end"),
        ("02 83FFFFFF", "the bytes end"),
        ("1105 00", "bytes are left over"),
        ("0201" * 17 + "1105", "nested too deep"),
    ],
)
def test_what_is_damaged_is_refused(encoded: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        read(encoded)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = Reader(data).whole(0)
    except (DecodeError, RefusedError):
        return
    assert value == axdr.parse(data)[0]
