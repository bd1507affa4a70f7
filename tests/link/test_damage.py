"""Damage costs the telegrams that it hits: each good one behind it is read, and not late.

Each is read once, as soon as its own bytes are there, at the latest together with the next one.
"""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.link import Scanner
from simulator.axdr import ber_length
from simulator.links import Hdlc, MBus, hdlc_frame
from tests.support.examples import of_hundred
from tests.support.lateness import HEADER, delays, in_time, line, names, unchecked_apdus
from tests.support.telegrams import faults, frames

RAW = ["sagemcom-p1 styria", "sagemcom-p1 luxembourg"]
TEXT = ["dsmr dsmr5", "dsmr2 dsmr2"]
CHECKED = ["kaifa netznoe", "sagemcom netznoe", "e450 steiermark", "kamstrup nordic"]
WHOLE = 1 << 20

some_lines = st.sampled_from([*RAW, *TEXT, *CHECKED, *unchecked_apdus()])
chunk_sizes = st.sampled_from([1, 5, 16, 64, WHOLE])
numbers_before = st.integers(0, 1)
"""Of good telegrams before the damage."""


def flipped(telegram: bytes, bit: int) -> bytes:
    damaged = bytearray(telegram)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


# --- Lengths ---


@pytest.mark.parametrize("size", [1, 16, WHOLE])
@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("bit", range(10 * 8, 13 * 8))
@pytest.mark.parametrize("name", RAW)
def test_a_flipped_bit_of_a_length_without_a_checksum_delays_nothing(
    name: str, bit: int, before: int, size: int
) -> None:
    telegrams = line(name)
    damaged = flipped(telegrams[before], bit)
    found = delays(telegrams[:before], damaged, telegrams[before + 1 :], size)
    assert set(found) == {0}


@pytest.mark.parametrize(
    "step",
    [93, pytest.param(7, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.soak)],
)
@pytest.mark.parametrize("name", names())
def test_a_flipped_bit_of_any_header_delays_no_telegram(name: str, step: int) -> None:
    telegrams = line(name)
    late = [
        (bit, before, size)
        for bit in range(0, 8 * min(HEADER, len(telegrams[0]), len(telegrams[1])), step)
        for before in (0, 1)
        for size in (16, WHOLE)
        if not in_time(
            telegrams[:before], flipped(telegrams[before], bit), telegrams[before + 1 :], size
        )
    ]
    assert late == []


# --- Other damage ---


@settings(max_examples=of_hundred(40))
@given(some_lines, numbers_before, chunk_sizes, st.floats(0, 1), st.integers(1, 40), st.binary())
def test_lost_and_inserted_bytes_delay_no_telegram(
    name: str, before: int, size: int, place: float, lost: int, inserted: bytes
) -> None:
    telegrams = line(name)
    at = int(place * (len(telegrams[before]) - 1))
    head, tail = telegrams[before][:at], telegrams[before][at:]
    for damaged in (head + tail[1:], head + tail[lost:], head + inserted[:40] + tail, head, tail):
        # Cut at its beginning or its end only, a telegram may still be whole.
        assert in_time(telegrams[:before], damaged, telegrams[before + 1 :], size)


makers = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3).map(str.encode)
other_makers = makers.filter(lambda maker: maker not in {b"KFM", b"SAG"})
lengths = st.integers(20, 4000)


def raw_beginning(maker: bytes, size: int) -> bytes:
    return b"\xdb\x08" + maker + b"\x01\x02\x03\x04\x05" + ber_length(size, 2) + b"\x30"


def hdlc_beginning(size: int) -> bytes:
    return hdlc_frame(bytes(size), destination=b"\xce\xff", source=b"\x03")[:8]


beginnings = st.one_of(
    st.builds(raw_beginning, other_makers, lengths),
    st.builds(lambda size: b"\0\1\0\5\0\x10" + size.to_bytes(2, "big") + b"\x0f", lengths),
    st.builds(hdlc_beginning, st.integers(20, 2000)),
    st.builds(lambda size: bytes((0x68, size, size, 0x68, 0x53, 0xFF, 0)), st.integers(5, 255)),
    st.sampled_from([b"/ABC5xyz\r\n", b"/XYZ", b"\xdb\x08", b"\xdb", b"\0\1\0", b"\x68\x20\x20"]),
    st.binary(max_size=12),
)
"""What looks like the beginning of a frame, and announces one that never comes."""


@settings(max_examples=of_hundred(40))
@given(some_lines, numbers_before, chunk_sizes, beginnings, st.binary(max_size=30))
def test_noise_that_looks_like_a_beginning_delays_no_telegram(
    name: str, before: int, size: int, beginning: bytes, noise: bytes
) -> None:
    telegrams = line(name)
    good = telegrams[before:]
    # A frame that ends with a telegram, to the byte, cannot be told from one that carries it.
    ends = {sum(map(len, good[:n])) for n in range(1, len(good))}
    announced = int.from_bytes(beginning[-3:-1], "big")
    header = {0xDB: 13, 0x00: 8}.get(beginning[0] if beginning else 0xFF, 0)
    assume(header + announced - len(beginning) - len(noise) not in ends)
    assert in_time(telegrams[:before], beginning + noise, good, size)


# --- What carries beginnings ---


@settings(max_examples=of_hundred(40))
@given(
    st.binary(min_size=300, max_size=3000),
    st.lists(st.tuples(beginnings, st.floats(0, 1)), max_size=8),
    st.lists(st.integers(1, 200), min_size=1),
)
def test_a_long_telegram_is_read_whole_whatever_its_ciphertext_looks_like(
    ciphertext: bytes, parts: list[tuple[bytes, float]], sizes: list[int]
) -> None:
    content = bytearray(ciphertext)
    for beginning, place in parts:
        at = int(place * len(content))
        content[at : at + len(beginning)] = beginning
    first, second = (
        b"\xdb\x08SAG\x59\x05\xed\x33\x12"
        + ber_length(5 + len(text), 2)
        + b"\x30\0\0\0"
        + bytes((counter,))
        + text
        for counter, text in enumerate((bytes(content), bytes(content[::-1])))
    )
    scanner = Scanner()
    for telegram in (first, second, first):
        rest, taken = telegram, []
        for size in sizes * (1 + len(telegram) // sum(sizes)):
            taken += scanner.feed(rest[:size])
            rest = rest[size:]
        assert [frame.payload for frame in frames(taken)] == [telegram]
        assert faults(taken) == []


def test_the_longest_telegram_is_read_whole_in_small_chunks() -> None:
    chance = random.Random(1)  # noqa: S311 - no cryptography
    telegram = b"\xdb\x08SAG12345\x82\x40\x00\x30" + chance.randbytes(16383)
    scanner = Scanner()
    for _ in range(2):
        found = [
            one
            for at in range(0, len(telegram), 50)
            for one in scanner.feed(telegram[at : at + 50])
        ]
        assert [frame.payload for frame in frames(found)] == [telegram]


@pytest.mark.parametrize("size", [1, 16, WHOLE])
@pytest.mark.parametrize("link", [MBus(), Hdlc(), Hdlc(blocks=(500,))])
def test_what_damaged_frames_carry_is_not_believed_however_many_there_are(
    link: MBus | Hdlc, size: int
) -> None:
    """The same beginning again and again is no proof where a checked link claims it."""
    apdu = b"\xdb\x08LGZgs\x01\x02\x03" + ber_length(200, 1) + b"\x20" + bytes(range(199))
    damaged = bytearray(b"".join(link.frames(apdu)))
    damaged[60] ^= 1
    scanner = Scanner()
    stream = bytes(damaged) * 5
    found = [
        one for at in range(0, len(stream), size) for one in scanner.feed(stream[at : at + size])
    ]
    assert frames(found) == []
    assert {fault.layer for fault in faults(found)} == {
        "hdlc" if isinstance(link, Hdlc) else "mbus"
    }


def test_a_frame_whose_end_is_lost_does_not_hide_that_of_another_link() -> None:
    """Before the line has shown its checked link, what looks like a bare APDU is waited for."""
    good = b"".join(MBus().frames(b"\x0f" + bytes(99)))
    noise = raw_beginning(b"ABC", 60)
    for size in (1, 16, WHOLE):
        scanner = Scanner()
        stream = noise + good
        found = [
            one
            for at in range(0, len(stream), size)
            for one in scanner.feed(stream[at : at + size])
        ]
        assert [frame.link for frame in frames(found)][-1] == "mbus"
