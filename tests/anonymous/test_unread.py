"""Bytes of which nothing was understood."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.anonymous.unread import masked
from simulator.links import p1

NUMBER = b"4530303435303033383938363332373137"
TEXT = p1(
    r"ISK5\2M550T-1012",
    [
        "1-3:0.2.8(50)",
        f"0-0:96.1.1({NUMBER.decode()})",
        "1-0:1.8.1(001234.567*kWh)",
        "1-0:1.7.0(00.193*kW)",
        "0-0:96.13.0(416E6E61204D75737465726D616E6E)",
        "0-1:96.1.0(4730303339303031373437383136333137)",
    ],
)


def with_parity(text: bytes) -> bytes:
    """Give text of seven bits with even parity, as a reader of eight bits sees it."""
    return bytes(byte | (byte.bit_count() & 1) << 7 for byte in text)


@pytest.mark.parametrize("wire", [TEXT, with_parity(TEXT)], ids=["8 bits", "7 bits"])
def test_of_a_text_the_numbers_are_gone_and_the_codes_stay(wire: bytes) -> None:
    found = bytes(byte & 0x7F for byte in masked(wire))
    assert len(found) == len(wire)
    assert not re.search(rb"[1-9A-Wa-z]{4}", found.replace(b"X", b""))
    for code in (b"0-0:96.1.1(0000", b"1-0:1.8.1(000000.567*kWh)", b"1-0:1.7.0(00.193*kW)\r\n"):
        assert code in found


def test_a_number_within_other_bytes_is_gone() -> None:
    wire = b"\x68\x20\x20\x68\x0a\x0e1KFM0200012345\xff\x00\x16"
    assert masked(wire) == b"\x68\x20\x20\x68\x0a\x0e0XXX0000000000\xff\x00\x16"


def test_of_what_is_no_text_nearly_all_stays() -> None:
    noise = bytes(n * n * 7919 >> 3 & 0xFF for n in range(20_000))
    changed = sum(a != b for a, b in zip(noise, masked(noise), strict=True))
    assert changed < len(noise) / 50


@given(st.lists(st.binary(max_size=60) | st.sampled_from([TEXT, NUMBER, b"\xb1\x32\xb3\xb4"])))
@example([NUMBER])
def test_lengths_stay_and_no_number_does(pieces: list[bytes]) -> None:
    found = masked(b"".join(pieces))
    assert len(found) == sum(map(len, pieces))
    assert NUMBER not in found
    assert not re.search(rb"[1-9]{5}", found)
    assert masked(found) == found
