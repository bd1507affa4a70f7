"""M-Bus long frames."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.fault import Fault, Kind
from app.link import Frame, Scanner
from app.link.frame import NOT_HERE, More
from app.link.mbus import MBus as MBusLink
from simulator import links
from simulator.links import MBus

BUS = MBus()
PAYLOAD = bytes(range(1, 41))


def scan(data: bytes) -> list[Frame | Fault]:
    scanner = Scanner()
    return [*scanner.feed(data), *scanner.finish()]


def test_a_frame_written_by_hand_gives_its_payload_and_address() -> None:
    frame = bytes.fromhex("68 08 08 68  53 FF 10 01 67  0F 01 02  DC 16")
    assert scan(frame) == [Frame("mbus", 0, b"\x0f\x01\x02", "ff", 8)]


def test_a_single_frame_is_marked_first_and_last() -> None:
    assert scan(BUS.frame(PAYLOAD, 0x10)) == [Frame("mbus", 0, PAYLOAD, "ff", 8)]


@pytest.mark.parametrize("size", [1, 244, 245, 246, 490, 491, 1000, 16 * 245])
def test_segments_are_joined(size: int) -> None:
    payload = bytes(at & 0x7F for at in range(size))
    frames = BUS.frames(payload)
    assert scan(b"".join(frames)) == [Frame("mbus", 0, payload, "ff", 8, parts=len(frames))]


@pytest.mark.parametrize("size", [252, 253, 256, 300, 504])
def test_a_length_modulo_256_is_read_as_what_it_means(size: int) -> None:
    payload = bytes(at & 0x7F for at in range(size))
    frames = MBus(links.SAGEMCOM_LENGTH).frames(payload)
    assert scan(b"".join(frames)) == [Frame("mbus", 0, payload, "ff", 8, parts=len(frames))]


def test_a_frame_of_257_bytes_says_1_in_its_length_bytes() -> None:
    first, _ = MBus(links.SAGEMCOM_LENGTH).frames(bytes(260))
    assert first[:4] == bytes.fromhex("68 01 01 68")
    assert len(first) == 257 + 6


@pytest.mark.parametrize("size", [5, 250, 255])
def test_the_shortest_and_the_longest_frame_are_read_as_they_stand(size: int) -> None:
    payload = bytes(size - 5)
    frame = BUS.frame(payload, 0x10)
    assert frame[1] == size
    assert scan(frame) == [Frame("mbus", 0, payload, "ff", 8)]


@pytest.mark.parametrize("size", [1, 250, 251, 255])
@pytest.mark.parametrize("byte", [0, 1, 254, 255])
def test_the_checksum_is_right_for_the_largest_sums(size: int, byte: int) -> None:
    payload = bytes((byte,)) * size
    frame = MBus(links.SAGEMCOM_LENGTH, address=0xFF, control=0x73).frame(payload, 0x10)
    assert scan(frame) == [Frame("mbus", 0, payload, "ff", 8)]


@given(st.binary(max_size=9), st.binary(max_size=255), st.binary(min_size=2, max_size=2))
@example(b"\xff" * 9, b"\xff" * 255, b"\xfc\x16")
def test_a_checksum_is_that_of_a_loop(header: bytes, content: bytes, trailer: bytes) -> None:
    total, begun = sum(header[4:] + content) % 256, MBusLink.begun(header)
    assert MBusLink.fits(content, bytes((total, 0x16)), begun)
    assert MBusLink.fits(bytearray(content), trailer, begun) == (trailer == bytes((total, 0x16)))


def test_the_other_control_field_for_user_data_is_taken_too() -> None:
    assert scan(replace(BUS, control=0x73).frame(PAYLOAD, 0x10)) == [
        Frame("mbus", 0, PAYLOAD, "ff", 8)
    ]


def test_frames_that_answer_or_ask_are_no_user_data() -> None:
    assert scan(replace(BUS, control=0x08).frame(PAYLOAD, 0x10)) == []


def test_the_address_is_the_frames_own() -> None:
    (frame,) = scan(replace(BUS, address=0xFE).frame(PAYLOAD, 0x10))
    assert isinstance(frame, Frame)
    assert frame.address == "fe"


def test_a_wrong_checksum_is_a_fault_and_no_frame() -> None:
    frame = bytearray(BUS.frame(PAYLOAD, 0x10))
    frame[20] ^= 0x04
    reason = "the checksum of a frame of 45 bytes is wrong"
    assert scan(b"\0\0\0" + frame) == [Fault(Kind.DAMAGED, "mbus", 3, reason)]


def test_a_wrong_stop_byte_is_a_fault_and_no_frame() -> None:
    frame = BUS.frame(PAYLOAD, 0x10)[:-1] + b"\x17"
    reason = "a frame of 45 bytes does not end with its stop byte 16"
    assert scan(frame) == [Fault(Kind.DAMAGED, "mbus", 0, reason)]


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_start_that_contradicts_itself_is_noise(at: int) -> None:
    frame = bytearray(BUS.frame(PAYLOAD, 0x10))
    frame[at] ^= 0x80
    scanner = Scanner()
    assert [*scanner.feed(bytes(frame)), *scanner.finish()] == []
    assert scanner.junk == len(frame)


@pytest.mark.parametrize("start", ["68 05 06", "68 05 05 67", "68 05 05 68 54 FF 10"])
def test_a_start_is_refused_as_soon_as_it_contradicts_itself(start: str) -> None:
    assert MBusLink().probe(bytearray(bytes.fromhex(start)), 0) is NOT_HERE


@pytest.mark.parametrize("start", ["68", "68 05", "68 05 05", "68 05 05 68 53"])
def test_a_start_is_waited_for_as_long_as_it_may_be_one(start: str) -> None:
    assert MBusLink().probe(bytearray(bytes.fromhex(start)), 0) == More(7)


def test_a_frame_after_a_damaged_one_is_found() -> None:
    damaged = bytearray(BUS.frame(PAYLOAD, 0x10))
    damaged[30] ^= 0xFF
    good = BUS.frame(PAYLOAD, 0x10)
    *complaints, found = scan(bytes(damaged) + good)
    assert found == Frame("mbus", len(damaged), PAYLOAD, "ff", 8)
    assert [complaint.layer for complaint in complaints if isinstance(complaint, Fault)] == ["mbus"]


@pytest.mark.parametrize("kept", range(7, 51))
def test_a_frame_that_is_cut_short_is_told_of(kept: int) -> None:
    frame = BUS.frame(PAYLOAD, 0x10)
    assert len(frame) == 51
    reason = f"the bytes end inside a frame, {kept} are there"
    assert scan(frame[:kept]) == [Fault(Kind.DAMAGED, "mbus", 0, reason)]


@pytest.mark.parametrize("kept", range(1, 7))
def test_a_header_that_is_cut_short_is_noise(kept: int) -> None:
    assert scan(BUS.frame(PAYLOAD, 0x10)[:kept]) == []


def test_another_protocol_on_the_bus_is_named() -> None:
    frame = BUS.frame(PAYLOAD, 0x5B)
    (fault,) = scan(frame)
    assert isinstance(fault, Fault)
    assert fault.kind is Kind.UNSUPPORTED
    assert str(fault) == "mbus: byte 0: a frame carries another protocol than DLMS (CI 5B)"


def test_the_second_segment_alone_gives_nothing() -> None:
    first, second = BUS.frames(bytes(300))
    reason = "segment 1 arrived without the beginning of its message"
    assert scan(second) == [Fault(Kind.DAMAGED, "mbus", 0, reason)]
    assert scan(first) == [
        Fault(Kind.DAMAGED, "mbus", 0, "a message broke off before its segment 1")
    ]


def test_segments_of_two_messages_are_not_mixed() -> None:
    first, _ = BUS.frames(bytes(300))
    again, second = BUS.frames(b"\x01" * 300)
    events = scan(first + again + second)
    assert events == [
        Fault(Kind.DAMAGED, "mbus", 0, "a message broke off before its segment 1"),
        Frame("mbus", len(first), b"\x01" * 300, "ff", 8, parts=2),
    ]


def test_a_segment_of_another_meter_does_not_belong_to_the_message() -> None:
    first, _ = BUS.frames(bytes(300))
    _, others = replace(BUS, address=0xFE).frames(bytes(300))
    events = scan(first + others)
    assert events == [
        Fault(
            Kind.DAMAGED, "mbus", len(first), "a segment bears other addresses than those before it"
        ),
        Fault(Kind.DAMAGED, "mbus", 0, "a message broke off before its segment 1"),
    ]


def test_a_message_that_breaks_off_does_not_cost_that_of_another_meter() -> None:
    first, _ = BUS.frames(bytes(300))
    others = b"".join(replace(BUS, address=0xFE).frames(b"\x01" * 300))
    assert scan(first + others) == [
        Fault(Kind.DAMAGED, "mbus", 0, "a message broke off before its segment 1"),
        Frame("mbus", len(first), b"\x01" * 300, "fe", 8, parts=2),
    ]


def test_segments_in_the_wrong_order_give_nothing() -> None:
    first, second, third = BUS.frames(bytes(600))
    events = scan(first + third + second)
    assert [event for event in events if isinstance(event, Frame)] == []
    assert len(events) == 2


def test_a_frame_inside_the_data_of_a_frame_is_not_taken_for_one() -> None:
    inner = BUS.frame(b"\x0f inner", 0x10)
    outer = BUS.frame(b"before " + inner + b" behind", 0x10)
    assert scan(outer) == [Frame("mbus", 0, b"before " + inner + b" behind", "ff", 8)]


def test_bits_beyond_the_segment_number_belong_to_another_protocol() -> None:
    frame = BUS.frame(PAYLOAD, 0x20)
    assert [event.kind for event in scan(frame) if isinstance(event, Fault)] == [Kind.UNSUPPORTED]
