"""HDLC frames."""

from dataclasses import replace

import pytest

from app.fault import Fault, Kind
from app.link import Frame, Scanner
from app.link.frame import NOT_HERE, More
from app.link.hdlc import Hdlc as HdlcLink
from simulator import links
from simulator.links import Flags, Hdlc, hdlc_address, hdlc_frame
from tests.support.telegrams import single_bytes

LINK = Hdlc()
APDU = bytes(range(0x20, 0x50))


def scan(data: bytes) -> list[Frame | Fault]:
    scanner = Scanner()
    return [*scanner.feed(data), *scanner.finish()]


def stream(link: Hdlc, *apdus: bytes) -> bytes:
    return b"".join(frame for apdu in apdus for frame in link.frames(apdu))


def bare(information: bytes, *, segmented: bool = False) -> bytes:
    """A frame without flags."""
    return hdlc_frame(
        information, destination=b"\xce\xff", source=b"\x03", segmented=segmented, control=0x13
    )


def test_a_frame_written_by_hand_gives_its_apdu_and_addresses() -> None:
    data = bytes.fromhex("7E A0 0F CE FF 03 13") + links.crc_x25(bytes.fromhex("A0 0F CE FF 03 13"))
    data += bytes.fromhex("E6 E7 00 0F 01") + links.crc_x25(data[1:] + b"\xe6\xe7\x00\x0f\x01")
    data += b"\x7e"
    assert len(data) == 2 + 0x0F
    assert scan(data) == [Frame("hdlc", 1, b"\x0f\x01", "ceff03", 16)]


@pytest.mark.parametrize("llc", [links.LLC, links.LLC_TO_METER])
def test_the_llc_header_of_either_direction_is_taken_off(llc: bytes) -> None:
    assert scan(stream(replace(LINK, llc=llc), APDU)) == [Frame("hdlc", 1, APDU, "ceff03", 16)]


def test_without_an_llc_header_all_is_payload() -> None:
    assert scan(bare(APDU)) == [Frame("hdlc", 0, APDU, "ceff03", 16)]


def test_an_llc_header_in_the_middle_is_payload() -> None:
    apdu = b"\x0f" + links.LLC + b"\x01"
    assert scan(stream(LINK, apdu)) == [Frame("hdlc", 1, apdu, "ceff03", 16)]


@pytest.mark.parametrize(
    "destination",
    [hdlc_address(0x10), hdlc_address(1, 0x11), hdlc_address(1, 0x3FFF, wide=True)],
)
@pytest.mark.parametrize(
    "source", [hdlc_address(1), hdlc_address(0x67, 0x7F), hdlc_address(0x1001, 0x11, wide=True)]
)
def test_addresses_of_1_2_and_4_bytes_are_read(destination: bytes, source: bytes) -> None:
    link = replace(LINK, destination=destination, source=source)
    address = (destination + source).hex()
    assert scan(stream(link, APDU)) == [Frame("hdlc", 1, APDU, address, 16)]


@pytest.mark.parametrize("destination", ["02 04 06 08", "02 04 06 0A", "02 04 05 08"])
def test_an_address_whose_end_is_not_marked_is_none(destination: str) -> None:
    header = bytearray.fromhex(f"A0 7E {destination} 02 04 06 0B")
    assert HdlcLink().probe(header[:9], 0) == More(10)
    assert HdlcLink().probe(header, 0) is NOT_HERE


@pytest.mark.parametrize("control", [0x13, 0x03])
@pytest.mark.parametrize("flags", Flags)
def test_flags_are_no_more_than_filling(flags: Flags, control: int) -> None:
    apdus = [APDU, APDU[::-1], b"\x0f\x01"]
    link = replace(LINK, flags=flags, control=control)
    found = [event for event in scan(stream(link, *apdus)) if isinstance(event, Frame)]
    assert [frame.payload for frame in found] == apdus


def test_frames_without_any_flag_between_them_are_found() -> None:
    frames = [bare(links.LLC + apdu) for apdu in (APDU, APDU[::-1])]
    assert scan(b"".join(frames)) == [
        Frame("hdlc", 0, APDU, "ceff03", 16),
        Frame("hdlc", len(frames[0]), APDU[::-1], "ceff03", 16),
    ]


def test_a_flag_inside_does_not_end_a_frame() -> None:
    apdu = b"\x0f" + b"\x7e" * 40 + b"\x01"
    assert scan(stream(LINK, apdu)) == [Frame("hdlc", 1, apdu, "ceff03", 16)]


@pytest.mark.parametrize("longest", [10, 61, 128, 2030])
def test_segments_are_joined(longest: int) -> None:
    apdu = bytes(at % 251 for at in range(300))
    link = replace(LINK, longest=longest)
    data = stream(link, apdu, apdu[::-1])
    found = [event for event in scan(data) if isinstance(event, Frame)]
    assert [frame.payload for frame in found] == [apdu, apdu[::-1]]


def test_a_lost_last_segment_drops_its_message_only() -> None:
    begun = b"".join(replace(LINK, longest=25).frames(bytes(90))[:-1])
    assert scan(begun + stream(LINK, APDU)) == [
        Fault(Kind.DAMAGED, "hdlc", 1, "a message broke off before its segment 3"),
        Frame("hdlc", len(begun) + 1, APDU, "ceff03", 16),
    ]


def test_a_lost_first_segment_is_told_of_and_the_next_message_read() -> None:
    _, *rest = replace(LINK, longest=25).frames(bytes(90))
    events = scan(b"".join(rest) + stream(LINK, APDU))
    reason = "segment 1 arrived without the beginning of its message"
    assert [event.reason for event in events if isinstance(event, Fault)] == [reason, reason]
    # The last segment looks like a whole frame; no layer above finds an APDU in it.
    assert [event.payload for event in events if isinstance(event, Frame)] == [bytes(18), APDU]


def test_a_whole_frame_ends_a_message_under_way() -> None:
    begun, *_ = replace(LINK, longest=20).frames(bytes(60))
    assert scan(begun + stream(LINK, APDU)) == [
        Fault(Kind.DAMAGED, "hdlc", 1, "a message broke off before its segment 1"),
        Frame("hdlc", len(begun) + 1, APDU, "ceff03", 16),
    ]


def test_the_end_of_the_stream_tells_of_a_message_under_way() -> None:
    begun, *_ = replace(LINK, longest=20).frames(bytes(60))
    reason = "a message broke off before its segment 1"
    assert scan(begun) == [Fault(Kind.DAMAGED, "hdlc", 1, reason)]


def test_frames_that_carry_nothing_are_passed_over() -> None:
    ready = bare(b"")
    scanner = Scanner()
    assert scanner.feed(b"\x7e" + ready + b"\x7e") == []
    assert scanner.feed(stream(LINK, APDU)) == [Frame("hdlc", len(ready) + 3, APDU, "ceff03", 16)]
    assert (scanner.frames, scanner.junk) == (2, 0)


def test_the_shortest_frame_is_a_good_one_with_its_last_byte() -> None:
    shortest = hdlc_frame(b"", destination=b"\xcf", source=b"\x03")
    assert len(shortest) == 7
    scanner = Scanner()
    assert [*(event for byte in single_bytes(shortest) for event in scanner.feed(byte))] == []
    assert scanner.frames == 1


def test_a_frame_that_carries_nothing_does_not_part_segments() -> None:
    first, second = replace(LINK, longest=40).frames(APDU)
    assert scan(first + bare(b"") + second) == [Frame("hdlc", 1, APDU, "ceff03", 16, parts=2)]


def test_a_wrong_frame_check_is_a_fault_and_no_frame() -> None:
    data = bytearray(stream(LINK, APDU))
    data[20] ^= 1
    reason = f"the frame check of a frame of {len(data) - 2} bytes is wrong"
    assert scan(bytes(data)) == [Fault(Kind.DAMAGED, "hdlc", 1, reason)]


def test_a_wrong_header_check_behind_a_flag_is_a_fault_and_no_frame() -> None:
    data = bytearray(stream(LINK, APDU))
    data[7] ^= 1
    reason = f"the header check of a frame of {len(data) - 2} bytes is wrong"
    assert scan(bytes(data)) == [Fault(Kind.DAMAGED, "hdlc", 1, reason)]


@pytest.mark.parametrize("before", [b"", b"\x7e", b"\x00"])
def test_one_flag_before_a_wrong_header_check_makes_it_a_fault(before: bytes) -> None:
    frame = bytearray(bare(APDU))
    frame[6] ^= 1
    assert len(scan(before + b"\x7e" + frame + b"\x7e")) == 1
    assert scan(bytes(frame) + b"\x7e") == []


def test_a_wrong_header_check_of_another_sort_of_frame_is_noise() -> None:
    ready = replace(LINK, control=0x11, source=b"\x21")
    data = bytearray(stream(ready, APDU))
    data[7] ^= 1
    assert scan(bytes(data)) == []
    changed = bytearray(stream(replace(LINK, source=b"\x21"), APDU))
    changed[7] ^= 1
    assert len(scan(bytes(changed))) == 1


def test_a_wrong_header_check_elsewhere_is_noise() -> None:
    frame = bytearray(bare(APDU))
    frame[6] ^= 1
    assert scan(bytes(frame)) == []


@pytest.mark.parametrize("at", range(1, 62))
def test_no_changed_byte_gets_through(at: int) -> None:
    data = bytearray(stream(LINK, APDU))
    assert len(data) == 63
    data[at] ^= 0x10
    assert [event for event in scan(bytes(data)) if isinstance(event, Frame)] == []


@pytest.mark.parametrize("kept", range(9, 62))
def test_a_frame_that_is_cut_short_is_told_of(kept: int) -> None:
    data = stream(LINK, APDU)
    reason = f"the bytes end inside a frame, {kept - 1} are there"
    assert scan(data[:kept]) == [Fault(Kind.DAMAGED, "hdlc", 1, reason)]


def test_the_frame_behind_a_damaged_one_is_found() -> None:
    damaged = bytearray(stream(LINK, APDU))
    damaged[30] ^= 0xFF
    events = scan(bytes(damaged) + stream(LINK, APDU))
    assert events[-1] == Frame("hdlc", len(damaged) + 1, APDU, "ceff03", 16)
