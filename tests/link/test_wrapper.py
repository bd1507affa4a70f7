"""The wrapper of IP profiles."""

import pytest

from app.fault import Fault, Kind
from app.link import Frame, Scanner
from simulator.links import Wrapper
from tests.support.telegrams import single_bytes

APDU = b"\x0f" + bytes(range(0x30, 0x60))


def scan(data: bytes) -> list[Frame | Fault]:
    scanner = Scanner()
    return [*scanner.feed(data), *scanner.finish()]


def wrapped(apdu: bytes, source: int = 1, destination: int = 0x67) -> bytes:
    return b"".join(Wrapper(source, destination).frames(apdu))


def test_the_apdu_and_the_ports_are_read() -> None:
    assert scan(wrapped(APDU)) == [Frame("wrapper", 0, APDU, "00010067")]


@pytest.mark.parametrize("start", ["0F", "DB 08", "DC 08", "E0"])
def test_apdus_that_a_meter_pushes_are_taken(start: str) -> None:
    apdu = bytes.fromhex(start) + APDU[2:]
    assert scan(wrapped(apdu)) == [Frame("wrapper", 0, apdu, "00010067")]


@pytest.mark.parametrize("tag", [0x00, 0x60, 0xC0, 0xFF])
def test_other_apdus_are_noise(tag: int) -> None:
    assert scan(wrapped(bytes((tag,)) + APDU[1:])) == []


def test_a_frame_is_there_with_its_last_byte() -> None:
    scanner = Scanner()
    *before, last = (scanner.feed(byte) for byte in single_bytes(wrapped(APDU)))
    assert not any(before)
    assert last == [Frame("wrapper", 0, APDU, "00010067")]


@pytest.mark.parametrize("first", range(1, 20))
def test_a_frame_may_come_in_two_pieces(first: int) -> None:
    scanner = Scanner()
    data = wrapped(APDU)
    assert scanner.feed(data[:first]) == []
    assert scanner.feed(data[first:]) == [Frame("wrapper", 0, APDU, "00010067")]


@pytest.mark.parametrize(("start", "shortest"), [("0F", 2), ("DB 08", 8), ("DC 08", 8), ("E0", 8)])
def test_less_than_the_shortest_apdu_is_noise(start: str, shortest: int) -> None:
    apdu = (bytes.fromhex(start) + bytes(8))[:shortest]
    assert scan(wrapped(apdu)) == [Frame("wrapper", 0, apdu, "00010067")]
    header = b"\x00\x01\x00\x01\x00\x67\x00"
    assert scan(header + bytes((shortest - 1,)) + apdu) == []


def test_frames_that_follow_one_another_are_found() -> None:
    first, second = wrapped(APDU), wrapped(b"\x0f\x01\x02")
    assert scan(first + second) == [
        Frame("wrapper", 0, APDU, "00010067"),
        Frame("wrapper", len(first), b"\x0f\x01\x02", "00010067"),
    ]


def test_an_obis_code_with_the_value_behind_it_is_no_header() -> None:
    code_and_value = bytes.fromhex("09 06 01 00 01 08 00 FF 06 00 62 DC 08 02 02 0F 00 16 1E")
    assert scan(code_and_value + APDU + APDU + APDU) == []


def test_another_version_is_noise() -> None:
    assert scan(b"\x00\x02" + wrapped(APDU)[2:]) == []


def test_a_length_that_no_meter_sends_is_noise() -> None:
    assert scan(wrapped(b"\x0f" + bytes(4096))) == []
    longest = b"\x0f" + bytes(4095)
    assert scan(wrapped(longest)) == [Frame("wrapper", 0, longest, "00010067")]


def test_the_same_header_inside_says_that_bytes_were_lost() -> None:
    broken, whole = wrapped(APDU)[:-20], wrapped(APDU)
    assert scan(broken + whole) == [
        Fault(Kind.DAMAGED, "wrapper", 0, f"a telegram of {len(APDU)} bytes broke off"),
        Frame("wrapper", len(broken), APDU, "00010067"),
    ]


def test_version_and_ports_alone_are_no_header() -> None:
    """They may be numbers of the telegram."""
    apdu = APDU + bytes.fromhex("00 01 00 01 00 67 00 20") + APDU[1:]
    assert scan(wrapped(apdu)) == [Frame("wrapper", 0, apdu, "00010067")]


def test_a_frame_that_is_cut_short_is_told_of() -> None:
    reason = "the bytes end inside a frame, 30 are there"
    assert scan(wrapped(APDU)[:30]) == [Fault(Kind.DAMAGED, "wrapper", 0, reason)]


@pytest.mark.parametrize("kept", range(1, 9))
def test_a_header_that_is_cut_short_is_noise(kept: int) -> None:
    assert scan(wrapped(APDU)[:kept]) == []
