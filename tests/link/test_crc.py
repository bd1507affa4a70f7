"""The checksums of the link layers."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.link import crc
from simulator import links

CHECK = b"123456789"
"""What catalogues of checksums give each one's check value for."""


def test_x25_gives_its_check_value() -> None:
    assert crc.x25(CHECK) == 0x906E


def test_arc_gives_its_check_value() -> None:
    assert crc.arc(CHECK) == 0xBB3D


def test_the_checksums_of_nothing_are_what_they_start_from() -> None:
    assert crc.x25(b"") == 0
    assert crc.arc(b"") == 0


LONG = st.builds(
    lambda size, seed: random.Random(seed).randbytes(size),  # noqa: S311 - bytes of any kind
    st.integers(0, 40_000),
    st.integers(0, 1000),
)
"""Up to more than the longest P1 telegram."""


@given(st.binary() | LONG)
@example(b"\xff" * 40_000)
@example(bytes(40_000) + b"\x01")
@example(b"\x80" + bytes(40_000))
def test_both_checksums_are_those_of_the_simulator(data: bytes) -> None:
    assert crc.x25(data).to_bytes(2, "little") == links.crc_x25(data)
    assert crc.arc(data) == links.crc_arc(data)


@given(st.binary(), st.binary(min_size=2, max_size=2))
def test_bytes_end_with_the_checksum_of_those_before(data: bytes, other: bytes) -> None:
    assert crc.ends_with_x25(data + links.crc_x25(data))
    assert crc.ends_with_x25(bytearray(data + other)) == (other == links.crc_x25(data))


@given(st.binary(), st.binary() | LONG, st.binary(min_size=2, max_size=2))
def test_a_checksum_goes_on_from_the_first_bytes(first: bytes, rest: bytes, other: bytes) -> None:
    right, begun = links.crc_x25(first + rest), crc.x25_begun(first)
    assert crc.fits_x25(rest, right, begun)
    assert crc.fits_x25(rest, other, begun) == (other == right)


@pytest.mark.parametrize("size", range(70))
def test_a_checksum_is_right_for_each_size(size: int) -> None:
    for data in (bytes(size), b"\xff" * size, bytes(range(size))):
        assert crc.x25(data).to_bytes(2, "little") == links.crc_x25(data)
        assert crc.arc(data) == links.crc_arc(data)


@pytest.mark.parametrize("bit", range(0, 8 * len(CHECK), 7))
def test_a_flipped_bit_changes_both_checksums(bit: int) -> None:
    changed = bytearray(CHECK)
    changed[bit // 8] ^= 1 << bit % 8
    assert crc.x25(bytes(changed)) != crc.x25(CHECK)
    assert crc.arc(bytes(changed)) != crc.arc(CHECK)
