"""The scanner finds frames of every link, whatever stands between them, however they come."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fault import Fault, Kind
from app.link import Frame, Scanner
from app.transport.parity import Received
from simulator.axdr import Node, ber_length, octet_string, visible_string
from simulator.links import Flags, Hdlc, Link, MBus, Plain, Wrapper, p1
from tests.support.examples import of_hundred
from tests.support.telegrams import faults, frames, notification, single_bytes

APDU = b"\xdb\x08LGZgs\x01\x02\x03" + ber_length(70, 1) + b"\x20" + bytes(range(69))
CHECKED = {
    "mbus": MBus(),
    "mbus in segments": MBus(longest=40),
    "hdlc": Hdlc(),
    "hdlc in segments": Hdlc(longest=30),
    "hdlc with shared flags": Hdlc(flags=Flags.SHARED),
}
"""Links with a checksum, so that a frame is believed wherever it stands."""

checked = pytest.mark.parametrize("link", CHECKED.values(), ids=CHECKED)


def on_the_wire(link: Link, apdu: bytes = APDU) -> bytes:
    return b"".join(link.frames(apdu))


def scan(*chunks: bytes) -> list[Frame | Fault]:
    scanner = Scanner()
    return [*(event for chunk in chunks for event in scanner.feed(chunk)), *scanner.finish()]


# --- What is found ---


@checked
@settings(max_examples=of_hundred(25))
@given(junk=st.binary(max_size=60))
def test_junk_in_front_does_not_hide_a_frame(link: Link, junk: bytes) -> None:
    assert frames(scan(junk + on_the_wire(link)))[-1].payload == APDU


@checked
@pytest.mark.parametrize("junk", [b"\0", b"\xff" * 300, b"\x68" * 9, b"\x7e" * 5, b"\xa0" * 30])
def test_frames_are_found_whatever_stands_between_them(link: Link, junk: bytes) -> None:
    data = on_the_wire(link)
    found = frames(scan(junk + data + junk + data + junk))
    assert [frame.payload for frame in found] == [APDU, APDU]


@checked
@settings(max_examples=of_hundred(25))
@given(st.lists(st.integers(1, 40), max_size=12))
def test_chunks_do_not_change_what_is_found(link: Link, sizes: list[int]) -> None:
    data = b"\xa5\x68\x00" + on_the_wire(link) + b"/\xdb" + on_the_wire(link, APDU[::-1])
    scanner = Scanner()
    events: list[Frame | Fault] = []
    rest = data
    for size in sizes:
        events += scanner.feed(rest[:size])
        rest = rest[size:]
    events += [*scanner.feed(rest), *scanner.finish()]
    assert events == scan(data)
    assert [frame.payload for frame in frames(events)] == [APDU, APDU[::-1]]


@pytest.mark.parametrize(
    ("name", "data", "payload"),
    [
        ("mbus", on_the_wire(MBus()), APDU),
        ("hdlc", on_the_wire(Hdlc()), APDU),
        ("wrapper", on_the_wire(Wrapper()), APDU),
        ("raw", APDU, APDU),
        ("p1", p1("ISK5", ["1-0:1.8.0(1*Wh)"]), b"/ISK5\r\n\r\n1-0:1.8.0(1*Wh)\r\n!"),
    ],
)
def test_the_link_is_found_by_looking(name: str, data: bytes, payload: bytes) -> None:
    (found,) = frames(scan(data))
    assert (found.link, found.payload) == (name, payload)


@pytest.mark.parametrize("link", [*CHECKED.values(), Wrapper(), Plain()])
def test_a_frame_may_come_byte_by_byte(link: Link) -> None:
    assert scan(*single_bytes(on_the_wire(link))) == scan(on_the_wire(link))
    assert len(frames(scan(on_the_wire(link)))) == 1


@checked
def test_a_frame_is_given_with_its_last_byte_and_not_later(link: Link) -> None:
    data = on_the_wire(link)
    if data.endswith(b"\x7e"):
        data = data[:-1]  # the closing flag says nothing that the length did not say
    scanner = Scanner()
    assert frames(scanner.feed(data[:-1])) == []
    assert [frame.payload for frame in frames(scanner.feed(data[-1:]))] == [APDU]


def test_an_offset_counts_from_the_beginning_of_the_stream() -> None:
    scanner = Scanner()
    data = on_the_wire(MBus())
    offsets = []
    for _ in range(50):
        for chunk in (b"\0" * 100, data[:33], data[33:]):
            offsets += [frame.offset for frame in frames(scanner.feed(chunk))]
    step = 100 + len(data)
    assert offsets == [100 + step * at for at in range(50)]


def test_junk_before_the_first_part_of_a_frame_does_not_delay_it() -> None:
    data = on_the_wire(MBus())
    scanner = Scanner()
    assert scanner.feed(b"\x01" * 20 + data[:12]) == []
    assert frames(scanner.feed(data[12:])) != []


def test_junk_before_the_first_part_of_a_frame_does_not_cost_it() -> None:
    data = on_the_wire(MBus())
    found = frames(scan(b"\x01" * 40 + data[:12], data[12:], data[:12], data[12:]))
    assert [frame.payload for frame in found] == [APDU, APDU]


# --- What is not believed ---


def test_an_older_beginning_that_still_waits_loses_to_a_frame_that_passes_its_checks() -> None:
    beginning = bytes.fromhex("68 FA FA 68 53 FF 00 01 67")
    data = on_the_wire(MBus())
    scanner = Scanner()
    assert scanner.feed(beginning + data) == [
        Fault(Kind.DAMAGED, "mbus", 0, "a frame broke off before another began"),
        Frame("mbus", len(beginning), APDU, "ff", 8),
    ]


def test_a_frame_of_one_link_is_not_searched_for_another() -> None:
    inside = on_the_wire(MBus(), b"\x0f inner")
    assert scan(on_the_wire(Hdlc(), inside)) == [Frame("hdlc", 1, inside, "ceff03", 16)]


def test_unchecked_links_are_not_believed_on_a_line_that_has_a_checked_one() -> None:
    scanner = Scanner()
    scanner.feed(on_the_wire(MBus()))
    assert scanner.feed(APDU + on_the_wire(Wrapper()) + p1("ISK5", ["1-0:1.8.0(1*Wh)"])) == []
    assert frames(scanner.feed(on_the_wire(Hdlc()))) != []


def test_what_a_damaged_frame_carries_is_not_believed() -> None:
    damaged = bytearray(on_the_wire(MBus()))
    damaged[-2] ^= 1
    assert [fault.layer for fault in faults(scan(bytes(damaged)))] == ["mbus"]
    assert frames(scan(bytes(damaged))) == []


def test_behind_a_damaged_frame_an_unchecked_one_is_believed_again() -> None:
    damaged = bytearray(on_the_wire(MBus()))
    damaged[-2] ^= 1
    (found,) = frames(scan(bytes(damaged) + APDU))
    assert found == Frame("raw", len(damaged), APDU)


# --- What waits hides nothing ---

OTHER = b"\xdb\x08KFM\x10\x20\x01\x02\x03" + ber_length(8000, 2) + b"\x30"
"""The header of a telegram that never comes, and of another maker than `APDU`."""


def fed_singly(scanner: Scanner, data: bytes) -> list[tuple[int, bytes]]:
    """Feed byte by byte; give the payloads of frames, and how many bytes had come."""
    return [
        (at, frame.payload)
        for at, byte in enumerate(single_bytes(data), start=1)
        for frame in frames(scanner.feed(byte))
    ]


def test_a_frame_that_begins_like_the_one_that_waits_is_believed_at_once() -> None:
    long = APDU[:10] + ber_length(8000, 2) + APDU[12:]
    found = fed_singly(Scanner(), long + APDU + APDU)
    assert found == [(len(long + APDU), APDU), (len(long + APDU + APDU), APDU)]


def test_a_frame_that_begins_like_the_last_one_is_believed_at_once() -> None:
    found = fed_singly(Scanner(), APDU + OTHER + APDU)
    assert found == [(len(APDU), APDU), (len(APDU + OTHER + APDU), APDU)]


@pytest.mark.parametrize("header", [OTHER, on_the_wire(Hdlc(), bytes(1000))[1:30]])
def test_a_frame_unlike_the_one_that_waits_is_believed_when_the_next_one_follows(
    header: bytes,
) -> None:
    found = fed_singly(Scanner(), header + APDU + APDU)
    assert found == [(len(header + APDU) + 5, APDU), (len(header + APDU + APDU), APDU)]


def test_a_frame_inside_another_is_not_believed_when_no_next_one_follows() -> None:
    content = OTHER[14:] + APDU + bytes(100) + APDU + bytes(100)
    telegram = OTHER[:10] + ber_length(len(content) + 1, 2) + b"\x30" + content
    assert fed_singly(Scanner(), telegram) == [(len(telegram), telegram)]


def test_a_frame_that_lost_its_end_gives_the_beginning_of_the_next_one_back() -> None:
    for lost in range(1, 20):
        stream = APDU + APDU[:-lost] + APDU
        assert fed_singly(Scanner(), stream)[-1] == (len(stream), APDU)


def with_header_of_other(content: bytes) -> bytes:
    """A telegram of the other maker, with this content behind its security control."""
    return OTHER[:10] + ber_length(len(content) + 1, 2) + b"\x30" + content


@pytest.mark.parametrize("before", [b"", APDU])
def test_frames_that_one_with_a_damaged_length_swallowed_are_given(before: bytes) -> None:
    swallowing = with_header_of_other(APDU + APDU)
    found = frames(scan(before, swallowing))
    assert [frame.payload for frame in found[bool(before) :]] == [swallowing, APDU, APDU]


def test_what_looks_like_the_line_s_frames_inside_another_is_not_believed() -> None:
    telegram = with_header_of_other(APDU + bytes(100))
    assert [frame.payload for frame in frames(scan(APDU, telegram))] == [APDU, telegram]


MBUS_HEADER = bytes.fromhex("68 FA FA 68 53 FF 00 01 67")


def test_a_beginning_inside_a_frame_claims_nothing_behind_it() -> None:
    telegram = with_header_of_other(MBUS_HEADER + bytes(30))
    assert scan(telegram) == [Frame("raw", 0, telegram)]


def test_a_beginning_inside_a_damaged_frame_claims_nothing_if_it_has_no_checksum() -> None:
    damaged = bytearray(on_the_wire(MBus(), OTHER + bytes(100)))
    damaged[-2] ^= 1
    assert [fault.layer for fault in faults(scan(bytes(damaged)))] == ["mbus"]


def test_frames_of_two_senders_are_known_by_how_they_begin() -> None:
    second = with_header_of_other(bytes(range(60)))
    third = OTHER.replace(b"KFM", b"SAG")
    for again in (APDU, second):
        stream = APDU + second + third + again
        assert fed_singly(Scanner(), stream)[-1] == (len(stream), again)


def test_what_a_text_with_a_checksum_carries_is_not_looked_at() -> None:
    """``hAAhS`` are bytes with which an M-Bus frame could begin: 68 41 41 68 53."""
    scanner = Scanner()
    assert frames(scanner.feed(p1("ISK5", ["1-0:1.8.0(1*Wh)", "0-0:96.13.0(hAAhS)"])))
    assert not scanner.under_way


def test_what_a_frame_gives_back_is_no_junk() -> None:
    scanner = Scanner()
    ends_like_a_beginning = APDU[:-2] + b"\xdb\x08"
    scanner.feed(ends_like_a_beginning * 3)
    scanner.finish()
    assert (scanner.frames, scanner.junk) == (3, 0)


def test_a_frame_with_a_checksum_is_believed_at_once_whatever_waits() -> None:
    """A link may have frames with and without one, as P1 has."""
    text = p1("ISK5", ["1-0:1.8.0(1*Wh)"])
    found = fed_singly(Scanner(), OTHER + text)
    assert found == [(len(OTHER + text), b"/ISK5\r\n\r\n1-0:1.8.0(1*Wh)\r\n!")]


def damaged_frame() -> bytes:
    """Bytes that look like a frame of M-Bus whose checksum is wrong."""
    frame = bytearray(on_the_wire(MBus(), b"\x0f inner"))
    frame[-2] ^= 1
    return bytes(frame)


def test_what_looks_like_a_damaged_frame_inside_another_is_not_told() -> None:
    content = b"\x20" + bytes(4) + damaged_frame() + bytes(30)
    telegram = OTHER[:10] + ber_length(len(content), 1) + content
    for chunks in ([telegram], single_bytes(telegram)):
        assert scan(*chunks) == [Frame("raw", 0, telegram)]


def test_a_damaged_frame_behind_a_beginning_of_its_own_sort_is_told() -> None:
    """The beginning may be the one that is none."""
    beginning = on_the_wire(Hdlc(), bytes(1000))[:40]
    told = faults(scan(beginning + damaged_frame()))
    assert ("mbus", len(beginning)) in [(fault.layer, fault.offset) for fault in told]


@pytest.mark.parametrize("link", [MBus(longest=40), Hdlc(longest=30)])
def test_a_message_is_under_way_from_its_first_byte_to_its_last(link: Link) -> None:
    data, scanner = on_the_wire(link).removesuffix(b"\x7e"), Scanner()
    states = [scanner.under_way]
    for byte in single_bytes(data):
        scanner.feed(byte)
        states.append(scanner.under_way)
    begin = data.startswith(b"\x7e")  # a flag may also end a frame
    assert states == [False] * (1 + begin) + [True] * (len(data) - 1 - begin) + [False]


# --- What is counted ---


@checked
@settings(max_examples=of_hundred(25))
@given(st.binary(max_size=50).filter(lambda junk: b"\x7e" not in junk))
def test_bytes_that_belong_to_no_frame_are_counted(link: Link, junk: bytes) -> None:
    scanner = Scanner()
    scanner.feed(junk + on_the_wire(link) + junk)
    scanner.finish()
    assert scanner.junk == 2 * len(junk)
    assert scanner.frames == len(link.frames(APDU))


def test_a_frame_of_another_protocol_counts_as_the_line_is_read_the_right_way() -> None:
    content = b"\x53\xff\x5b" + bytes(20)  # CI 5B, which Siemens TD-3511 sends
    size = bytes((len(content),))
    scanner = Scanner()
    (fault,) = faults(
        scanner.feed(b"\x68" + size * 2 + b"\x68" + content + bytes((sum(content) & 0xFF, 0x16)))
    )
    assert fault.kind is Kind.UNSUPPORTED
    assert scanner.frames == 1
    scanner.feed(damaged_frame())
    assert scanner.frames == 1


def test_bytes_between_frames_without_a_checksum_are_counted() -> None:
    scanner = Scanner()
    scanner.feed(APDU)
    assert len(frames(scanner.feed(APDU + b"\x01" * 5 + APDU))) == 2
    assert scanner.junk == 5


def test_flags_that_fill_the_gap_between_frames_are_no_junk() -> None:
    scanner = Scanner()
    scanner.feed(b"\x7e" * 20 + on_the_wire(Hdlc()) + b"\x7e" * 20)
    scanner.finish()
    assert scanner.junk == 0


def test_junk_is_counted_alike_however_it_comes() -> None:
    junk = b"\x01" * 6 + b"\x7e" * 3 + b"\x02" * 6
    counts = []
    for chunks in ([junk], single_bytes(junk)):
        scanner = Scanner()
        for chunk in chunks:
            scanner.feed(chunk)
        scanner.finish()
        counts.append(scanner.junk)
    assert counts[0] == counts[1]


def test_no_more_bytes_are_counted_than_came() -> None:
    scanner = Scanner()
    scanner.feed(b"/")
    scanner.finish()
    assert scanner.junk == 1


def test_no_more_than_about_one_frame_is_held() -> None:
    scanner = Scanner()
    noise = bytes(at * at % 251 for at in range(1000))
    for _ in range(100):
        scanner.feed(noise)
    assert len(scanner._buffer) < 20_000
    assert len(scanner._head) < 20_000
    for _ in range(100):
        scanner.feed(Received.of(noise, [0, 500]))
    assert len(scanner._parity_errors.places) < 50
    for _ in range(100):
        scanner.feed(on_the_wire(MBus()))
    assert len(scanner._buffer) < 10


# --- The end of a stream ---


def test_the_end_of_the_stream_tells_where_a_frame_was_cut_off() -> None:
    data = on_the_wire(MBus())
    assert scan(b"\0\0" + data[:-1])[-1] == Fault(
        Kind.DAMAGED, "mbus", 2, f"the bytes end inside a frame, {len(data) - 1} are there"
    )


@pytest.mark.parametrize("end", [b"1-0:1.8.0(1*W", b"0-0:96.13.0(\xff\xff"])
def test_a_text_that_is_cut_off_is_told_also_where_it_holds_what_is_no_text(end: bytes) -> None:
    data = b"/ISK5\r\n\r\n" + end
    reason = f"the bytes end inside a frame, {len(data)} are there"
    assert scan(b"\0" + data) == [Fault(Kind.DAMAGED, "p1", 1, reason)]


@pytest.mark.parametrize("lost", range(1, 33))
def test_a_text_without_its_last_bytes_has_no_more_bytes_than_came(lost: int) -> None:
    text = p1("ISK5", ["1-0:1.8.0(1*Wh)"])
    data, scanner = b"\0" + text[:-lost], Scanner()
    events = [*scanner.feed(data), *scanner.finish()]
    found = len(frames(events))
    assert found == (lost in {1, 2, 6})  # of its line end, or all behind its exclamation mark
    assert scanner.junk == (1 if found else len(data))
    junk = scanner.junk
    (following,) = frames([*scanner.feed(b"\0\0" + text), *scanner.finish()])
    assert following.offset == len(data) + 2
    assert scanner.junk == junk + 2


@pytest.mark.parametrize("lost", range(1, 7))
def test_after_a_text_without_its_last_bytes_the_next_stream_is_believed(lost: int) -> None:
    scanner = Scanner()
    scanner.feed(p1("ISK5", ["1-0:1.8.0(1*Wh)"])[:-lost])
    scanner.finish()
    (found,) = frames(scanner.feed(APDU))
    assert found.payload == APDU


@pytest.mark.parametrize("cut", [1, 8, 30])
@pytest.mark.parametrize("link", [MBus(), Hdlc(), Hdlc(longest=30), Wrapper(), Plain()])
def test_after_the_end_of_a_stream_the_next_one_is_read(link: Link, cut: int) -> None:
    data, scanner = on_the_wire(link), Scanner()
    scanner.feed(data[:cut])
    scanner.finish()
    (found,) = frames(scanner.feed(data))
    assert (found.payload, found.offset) == (APDU, cut + scan(data)[0].offset)


@pytest.mark.parametrize("value", [visible_string("x/ABC 12"), octet_string(MBUS_HEADER)])
def test_after_a_stream_that_is_one_notification_another_one_is_read(value: Node) -> None:
    data, scanner = notification(value), Scanner()
    scanner.feed(data)
    assert len(scanner.finish()) == 1
    assert not scanner.under_way
    (found,) = frames(scanner.feed(on_the_wire(MBus())))
    assert (found.payload, found.offset) == (APDU, len(data))
    assert scanner.junk == 0


def test_a_stream_that_is_one_readout_is_taken_from_its_first_code_on() -> None:
    """IEC 62056-21, as programs log it: without the line that names the meter."""
    readout = b"1.8.0(00012.9*kWh)\r\n2.8.0(0*kWh)\r\n!"
    assert scan(b"\r\n" + readout + b"\r\n") == [Frame("p1", 0, readout)]


@pytest.mark.parametrize("llc", [b"", b"\xe6\xe7\x00", b"\xe6\xe6\x00"])
def test_a_stream_that_is_one_notification_and_nothing_else_is_taken_as_it_is(llc: bytes) -> None:
    data = b"\x0f\0\0\0\1\0\x02\x02" + b"\x12\x00\xea" * 2
    for chunks in ([llc + data], single_bytes(llc + data)):
        scanner = Scanner()
        assert [event for chunk in chunks for event in scanner.feed(chunk)] == []
        assert scanner.finish() == [Frame("raw", 0, data)]
        assert (scanner.frames, scanner.junk) == (1, 0)


def test_a_notification_that_ends_like_a_p1_telegram_begins_is_taken_as_it_is() -> None:
    data = notification(visible_string("x/ABC 12"))
    assert scan(data) == [Frame("raw", 0, data)]


def test_a_notification_behind_junk_is_not_guessed_at() -> None:
    assert scan(b"\0\x0f\0\0\0\1\0\x02\x02" + b"\x12\x00\xea" * 2) == []


def test_a_notification_behind_a_frame_is_not_guessed_at() -> None:
    assert len(scan(on_the_wire(MBus()) + b"\x0f\0\0\0\1\0\x11\x01")) == 1


def test_a_notification_longer_than_any_meter_sends_is_not_guessed_at() -> None:
    longest = b"\x0f\0\0\0\1\0\x09\x82\x0f\xf6" + bytes(4096 - 10)
    assert frames(scan(longest)) != []
    assert frames(scan(longest + b"\0")) == []
    assert frames(scan(longest, b"\0")) == []


# --- Noise ---


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_random_bytes_never_raise(chunks: list[bytes]) -> None:
    scanner = Scanner()
    for chunk in chunks:
        scanner.feed(chunk)
    scanner.finish()
    assert len(scanner._buffer) == 0


@pytest.mark.parametrize(
    "pattern",
    [
        bytes.fromhex("68 04 04 68 53"),
        b"/AAA5\r\n",
        b"/AAA5 ",
        b"\xdb\x08AAA00000\x82\x30\x00\x20",
        b"h",
    ],
    ids=["mbus", "p1", "p1 in one line", "raw", "starts"],
)
def test_beginnings_without_end_are_not_piled_up(pattern: bytes) -> None:
    """One always waits behind the other: the second look that unchecked links get never comes."""
    scanner = Scanner()
    for at in range(0, 80_000, 20):
        scanner.feed((pattern * 20)[at % len(pattern) :][:20])
        assert len(scanner._buffer) <= 2 * 16384 + 4
    scanner.finish()
    assert scanner.junk > 0


def test_beginnings_that_are_all_different_are_not_piled_up() -> None:
    scanner = Scanner()
    for n in range(1500):
        maker = bytes(ord("A") + n // 26**place % 26 for place in range(3))
        scanner.feed(b"\xdb\x08" + maker + b"12345\x82\x40\x00\x20")
        assert len(scanner._buffer) <= 16384 + 40
    scanner.finish()


starts = st.sampled_from(
    [
        *(b"\x68\x09\x09\x68\x53\xff\x10", b"\x68\x01\x01\x68\x53", b"\x68", b"\x7e\xa0\x15"),
        *(b"\xa8\x20\xce\xff\x03\x13", b"\xdb\x08LGZ12345\x20\x30", b"\xdb\x08", b"/ISK5\r\n"),
        *(b"\r\n!", b"1234\r\n", b"\x00\x01\x00\x01\x00\x01\x00\x09\x0f", b"\x00\x01"),
        *(on_the_wire(MBus()), on_the_wire(Hdlc()), APDU[:40], APDU[40:], b"\xe6\xe7\x00"),
    ]
)


@given(st.lists(starts | st.binary(max_size=9), max_size=30), st.integers(1, 50))
def test_beginnings_of_every_link_in_disorder_never_raise(parts: list[bytes], size: int) -> None:
    scanner = Scanner()
    data = b"".join(parts)
    for at in range(0, len(data), size):
        scanner.feed(data[at : at + size])
    scanner.finish()
    assert len(scanner._buffer) == 0
