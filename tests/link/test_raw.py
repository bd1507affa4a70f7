"""Ciphered APDUs without a link layer."""

import pytest

from app.fault import Fault, Kind
from app.link import Frame, Scanner
from simulator.axdr import ber_length
from simulator.links import LLC, Hdlc
from tests.support.telegrams import faults, frames, single_bytes

TITLE = b"SAG\x59\x05\xed\x33\x12"


def ciphered(size: int = 70, *, title: bytes = TITLE, control: int = 0x30, width: int = 2) -> bytes:
    """What looks like a ciphered APDU; `size` bytes stand behind the length."""
    content = bytes((control,)) + bytes(3) + b"\x01" + bytes(0x55 for _ in range(size - 5))
    return b"\xdb\x08" + title + ber_length(size, width) + content


def scan(*chunks: bytes) -> list[Frame | Fault]:
    scanner = Scanner()
    return [*(event for chunk in chunks for event in scanner.feed(chunk)), *scanner.finish()]


@pytest.mark.parametrize(
    ("size", "width"), [(6, 0), (127, 0), (6, 1), (200, 1), (498, 2), (70, 3), (70, 4)]
)
def test_an_apdu_of_any_length_is_found(size: int, width: int) -> None:
    apdu = ciphered(size, width=width)
    assert scan(apdu) == [Frame("raw", 0, apdu)]


@pytest.mark.parametrize(("size", "width"), [(6, 0), (6, 1), (200, 2), (70, 3), (70, 4)])
def test_an_apdu_is_there_with_its_last_byte(size: int, width: int) -> None:
    scanner = Scanner()
    apdu = ciphered(size, width=width)
    *before, last = (scanner.feed(byte) for byte in single_bytes(apdu))
    assert not any(before)
    assert last == [Frame("raw", 0, apdu)]


@pytest.mark.parametrize("first", range(1, 22))
@pytest.mark.parametrize("width", [0, 1, 4])
def test_an_apdu_may_come_in_two_pieces(first: int, width: int) -> None:
    apdu = ciphered(70, width=width)
    assert scan(apdu[:first], apdu[first:]) == [Frame("raw", 0, apdu)]


def test_apdus_that_follow_one_another_are_found() -> None:
    first, second = ciphered(70), ciphered(80)
    assert scan(first + second) == [Frame("raw", 0, first), Frame("raw", len(first), second)]


def test_apdus_behind_false_beginnings_are_found_however_they_come() -> None:
    apdu = ciphered(70, title=b"SAGhhhx\xa3", width=0)
    data = bytes.fromhex("2f2fa0a0682f01aa") + apdu + apdu
    for chunks in ([data], single_bytes(data)):
        assert [frame.payload for frame in frames(scan(*chunks))] == [apdu, apdu]


@pytest.mark.parametrize("control", [0x10, 0x20, 0x30, 0x21, 0x31])
def test_every_security_control_that_says_how_is_known(control: int) -> None:
    apdu = ciphered(control=control)
    assert scan(apdu) == [Frame("raw", 0, apdu)]


@pytest.mark.parametrize("control", [0x00, 0x01, 0x0F, 0xB0, 0x70])
def test_a_security_control_of_no_meter_makes_noise_of_it(control: int) -> None:
    assert scan(ciphered(control=control)) == []


@pytest.mark.parametrize("title", [b"sag12345", b"SA112345", b"1AG12345", b"\0\0\0\0\0\0\0\0"])
def test_a_system_title_without_a_makers_letters_makes_noise_of_it(title: bytes) -> None:
    assert scan(ciphered(title=title)) == []


@pytest.mark.parametrize("title", [b"KFM\x10\x20\0\0\x01", b"LGZgr\xa9\xa1\x11", b"SAGY\0\0\0\0"])
def test_what_follows_the_makers_letters_may_be_anything(title: bytes) -> None:
    apdu = ciphered(title=title)
    assert scan(apdu) == [Frame("raw", 0, apdu)]


@pytest.mark.parametrize("size", [0, 5])
def test_fewer_bytes_than_a_security_header_needs_are_noise(size: int) -> None:
    assert scan(b"\xdb\x08" + TITLE + bytes((size,)) + b"\x30" + bytes(80)) == []


def test_a_length_that_does_not_say_how_long_it_is_is_noise() -> None:
    assert frames(scan(b"\xdb\x08SAG12345\x80\x20" + bytes(200))) == []


def test_a_length_of_more_than_four_bytes_is_noise() -> None:
    assert scan(ciphered(70, width=5)) == []


def test_more_bytes_than_any_meter_sends_are_noise() -> None:
    assert scan(b"\xdb\x08" + TITLE + ber_length(16385, 2) + b"\x30" + bytes(16384)) == []
    longest = ciphered(16384)
    assert scan(longest) == [Frame("raw", 0, longest)]


@pytest.mark.parametrize("lost", [1, 5, 9, 20])
def test_the_same_header_inside_says_that_bytes_were_lost(lost: int) -> None:
    """Also one that begins inside and reaches over the end."""
    broken = ciphered(70)[:-lost]
    whole = ciphered(70)
    assert scan(broken + whole) == [
        Fault(Kind.DAMAGED, "raw", 0, "a telegram of 70 bytes broke off"),
        Frame("raw", len(broken), whole),
    ]


def test_an_apdu_that_is_cut_short_is_told_of() -> None:
    apdu = ciphered(70)
    reason = "the bytes end inside a frame, 60 are there"
    assert scan(apdu[:60]) == [Fault(Kind.DAMAGED, "raw", 0, reason)]


@pytest.mark.parametrize("kept", range(1, 14))
def test_a_header_that_is_cut_short_is_noise(kept: int) -> None:
    assert scan(ciphered(70, width=1)[:kept]) == []


def test_an_apdu_inside_a_damaged_frame_is_not_believed() -> None:
    damaged = bytearray(b"".join(Hdlc().frames(ciphered(70))))
    damaged[60] ^= 1
    events = scan(bytes(damaged))
    assert [event.layer for event in events if isinstance(event, Fault)] == ["hdlc"]
    assert len(events) == 1


def test_an_apdu_behind_the_llc_header_of_a_damaged_frame_is_not_believed() -> None:
    lost_header = b"".join(Hdlc().frames(ciphered(70)))[6:]
    assert scan(lost_header) == []


def test_an_apdu_that_is_pasted_with_its_llc_header_alone_is_taken() -> None:
    apdu = ciphered(70)
    assert scan(LLC + apdu) == [Frame("raw", 3, apdu)]


# What could be the beginning of an HDLC frame.
FALSE_HEADER = bytes.fromhex("7E A7 FF 03 05 13")
WITH_FALSE_HEADER = b"\xdb\x08SAG12345\x46\x30" + bytes(24) + FALSE_HEADER + bytes(39)
WITHOUT = b"\xdb\x08SAG12345\x46\x30" + bytes(69)


def chunks_of_16(data: bytes) -> list[bytes]:
    return [data[at : at + 16] for at in range(0, len(data), 16)]


def test_a_false_header_of_another_link_inside_is_no_fault() -> None:
    assert faults(scan(*chunks_of_16(WITH_FALSE_HEADER * 2))) == []


def test_a_false_header_of_another_link_inside_does_not_cost_other_telegrams() -> None:
    found = frames(scan(*chunks_of_16(WITH_FALSE_HEADER + WITHOUT * 9)))
    assert [frame.payload for frame in found] == [WITH_FALSE_HEADER, *[WITHOUT] * 9]


def test_a_telegram_that_breaks_off_within_its_title_does_not_take_the_next_one_with_it() -> None:
    """The next one's beginning then stands in place of a title, and may look like a header."""
    title = b"SAG5\x00\x12\xd6\x87"
    whole = b"\xdb\x08" + title + b"\x47" + b"\x30" + bytes(0x46)
    found = frames(Scanner().feed(whole[:6] + whole + b"\xdb"))
    assert [frame.payload for frame in found] == [whole]
