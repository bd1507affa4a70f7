"""Frames of every link, against captures and by the standards."""

import struct

import pytest

from simulator import links
from tests.support.captures import Capture
from tests.support.dissection import apdus, capture, captures, hdlc_parts, mbus_frames, raw_of


@pytest.mark.parametrize("one", captures("mbus"))
def test_every_mbus_capture_is_framed_again_to_the_same_bytes(one: Capture) -> None:
    frames = list(mbus_frames(raw_of(one)))
    link = links.MBus(longest=len(frames[0]) - 6)

    assert [frame.hex() for frame in link.frames(apdus(one)[0])] == [
        frame.hex() for frame in frames
    ]


def test_mbus_numbers_up_to_sixteen_segments() -> None:
    frames = links.MBus(longest=15).frames(bytes(160))

    assert [frame[6] for frame in frames] == [*range(15), 0x1F]
    with pytest.raises(ValueError, match="more than 16 segments"):
        links.MBus(longest=15).frames(bytes(161))


@pytest.mark.parametrize("one", captures("hdlc"))
def test_every_hdlc_frame_in_the_captures_is_built_again(one: Capture) -> None:
    frames = list(hdlc_parts(raw_of(one)))

    assert len(frames) == one["expected"]["framing"]["frames"]
    for parts in frames:
        rebuilt = links.hdlc_frame(
            parts.information,
            destination=parts.destination,
            source=parts.source,
            control=parts.control,
            segmented=parts.segmented,
        )
        assert rebuilt.hex() == parts.frame.hex()


@pytest.mark.parametrize(
    ("name", "link"),
    [
        (
            "iskra-am550-3seg-obis",
            links.Hdlc(b"\xcf", b"\x02\x23", longest=154),
        ),
        ("iskra-am550-ch-5seg", links.Hdlc(b"\xcf", b"\x02\x23", longest=154)),
        (
            "iskra-am550-wien-noflag",
            links.Hdlc(b"\xcf", b"\x02\x23", flags=links.Flags.OPEN_END),
        ),
        ("siemens-wien", links.Hdlc(b"\xcf", b"\x00\x02\x00\x23")),
        ("lg-e360-ch-vse2026", links.Hdlc(b"\xcf", b"\x03")),
        ("lg-e570-ch-enc", links.Hdlc(b"\xce\x9b", b"\x03", blocks=(116,))),
        ("lg-e450-ch-baden-gbt", links.Hdlc(blocks=(112, 108, 121))),
        ("kamstrup-omnipower-enc", links.Hdlc(b"\x41", b"\x03")),
        ("aidon-se-3ph-doc", links.Hdlc(b"\x41", b"\x08\x83")),
    ],
)
def test_messages_over_hdlc_are_framed_again_to_the_same_bytes(name: str, link: links.Hdlc) -> None:
    one = capture(name)
    assert b"".join(link.frames(apdus(one)[0])).hex() == raw_of(one).hex()


def test_two_frames_can_share_a_flag() -> None:
    apart = links.Hdlc(longest=20).frames(bytes(50))
    shared = links.Hdlc(longest=20, flags=links.Flags.SHARED).frames(bytes(50))

    assert b"".join(apart).replace(b"\x7e\x7e", b"\x7e") == b"".join(shared)
    assert b"".join(shared).count(b"\x7e") == len(shared) + 1


def test_hdlc_addresses_have_one_two_or_four_bytes() -> None:
    assert links.hdlc_address(0x67).hex() == "cf"
    assert links.hdlc_address(0x67, 0x7F).hex() == "ceff"
    assert links.hdlc_address(1, 0x11).hex() == "0223"
    assert links.hdlc_address(1, 0x11, wide=True).hex() == "00020023"
    with pytest.raises(OverflowError):
        links.hdlc_address(0x80)


def test_an_hdlc_frame_without_information_has_one_checksum() -> None:
    frame = links.hdlc_frame(b"", destination=b"\x03", source=b"\x21", control=0x93)
    # SNRM of a client at address 10 (hex), as in the examples of IEC 62056-46.
    assert frame.hex() == "a00703219" + "30f01"


def test_an_hdlc_frame_cannot_be_longer_than_its_length_field() -> None:
    with pytest.raises(OverflowError):
        links.hdlc_frame(bytes(2040), destination=b"\x03", source=b"\x03")


def test_blocks_longer_than_127_bytes_have_a_long_length() -> None:
    first, last = links.general_block_transfer(bytes(201), 200)

    assert first[:8].hex() == "e0400001000081c8"
    assert last.hex() == "e0c0000200000100"


def test_an_empty_message_is_still_a_frame() -> None:
    assert len(links.MBus().frames(b"")) == 1
    assert links.general_block_transfer(b"", 10) == [bytes.fromhex("e0c00001000000")]
    with pytest.raises(ValueError, match="at least one byte"):
        list(links.pieces(b"abc", 0))


@pytest.mark.parametrize("name", ["wrapper-els-plain"])
def test_a_wrapper_capture_is_framed_again_to_the_same_bytes(name: str) -> None:
    raw = raw_of(capture(name))
    source, destination = struct.unpack(">HH", raw[2:6])
    length = struct.unpack(">H", raw[6:8])[0]

    (frame,) = links.Wrapper(source, destination).frames(raw[8 : 8 + length])

    assert frame.hex() == raw.hex()


@pytest.mark.parametrize("name", ["p1-dsmr5", "p1-fluvius", "p1-sag-t210dr-plain", "p1-eon-hu"])
def test_a_p1_capture_is_written_again_to_the_same_bytes(name: str) -> None:
    one = capture(name)
    first, empty, *lines, end, _ = raw_of(one).decode("ascii").split("\r\n")
    assert (empty, end[0]) == ("", "!")

    assert links.p1(first[1:], lines) == raw_of(one)


def test_a_p1_telegram_can_go_without_a_checksum() -> None:
    assert links.p1("X", ["1-0:1.7.0(0001*W)"], checksum=False) == (
        b"/X\r\n\r\n1-0:1.7.0(0001*W)\r\n!\r\n"
    )
