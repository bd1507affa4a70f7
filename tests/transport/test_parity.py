"""Parity and framing errors as the kernel marks them: taken out of the stream, and kept."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport.parity import Marks, Received, Share, errors_in
from tests.support.gateways import doubled

# Bytes among which those of marks are frequent, each with an error or not.
LINE = st.lists(st.tuples(st.sampled_from([0x00, 0x01, 0x68, 0x7E, 0xFE, 0xFF]), st.booleans()))


def marked(line: list[tuple[int, bool]]) -> bytes:
    """Give bytes of a line as the terminal driver gives them, with INPCK and PARMRK."""
    return b"".join(
        bytes((0xFF, 0x00, byte)) if error else doubled(bytes((byte,))) for byte, error in line
    )


def read(stream: bytes, *cuts: int) -> Received:
    marks = Marks()
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    data, errors = bytearray(), []
    for begin, end in itertools.pairwise(places):
        received = marks.feed(stream[begin:end])
        errors += [len(data) + place for place in received.errors]
        data += received
    return Received.of(data, errors)


@given(LINE, st.lists(st.integers(0, 200), max_size=6))
def test_marks_are_taken_out_wherever_the_stream_is_cut(
    line: list[tuple[int, bool]], cuts: list[int]
) -> None:
    received = read(marked(line), *cuts)
    assert received == bytes(byte for byte, _ in line)
    assert list(received.errors) == [place for place, (_, error) in enumerate(line) if error]


@given(st.binary(max_size=100))
def test_bytes_without_errors_arrive_as_they_are_byte_by_byte(data: bytes) -> None:
    stream = doubled(data)
    received = read(stream, *range(len(stream)))
    assert (bytes(received), received.errors) == (data, ())


# What each driver makes of the same wire, by what is written about it (Linux, drivers/usb/serial):
# seen in the sources, and on no hardware. On the wire are 68 FF 00 and a byte 3C with an error.
DRIVERS = {
    "cp210x: each byte exactly": ("68 ffff 00 ff003c 16", "68 ff 00 3c 16", [3]),
    "ftdi_sio: the whole packet": (
        "ff0068 ff00ff ff0000 ff003c ff0016",
        "68ff003c16",
        [0, 1, 2, 3, 4],
    ),
    "pl2303: the bulk behind it": ("68 ffff 00 3c ff0016", "68 ff 00 3c 16", [4]),
    "ch341: nothing": ("68 ffff 00 3c 16", "68 ff 00 3c 16", []),
    "break": ("68 ff0000 16", "68 00 16", [1]),
    "overrun: a gap": ("68 16", "68 16", []),
    "a byte FF with an error": ("ff00ff 16", "ff 16", [0]),
    "pseudo terminal: no error, but FF twice": ("41 ffff 00 42 ffff ffff 80", "41ff0042ffff80", []),
    "marking began in between": ("68 ff 16", "68 ff 16", []),
}


@pytest.mark.parametrize(("stream", "data", "errors"), DRIVERS.values(), ids=DRIVERS)
def test_the_stream_of_each_driver_is_read(stream: str, data: str, errors: list[int]) -> None:
    raw = bytes.fromhex(stream)
    for cuts in ((), range(len(raw))):
        received = read(raw, *cuts)
        assert received == bytes.fromhex(data)
        assert list(received.errors) == errors


def test_errors_of_plain_bytes_are_not_known() -> None:
    assert errors_in(b"\xff\x00\x01") == ()
    assert errors_in(Received.of(b"abc", [1])) == (1,)


@pytest.mark.parametrize(
    ("size", "errors", "wrong", "disturbed", "percent"),
    [
        (0, 0, False, False, "0 %"),
        (15, 15, False, False, "100 %"),
        (1000, 0, False, False, "0 %"),
        (1000, 5, False, False, "less than 1 %"),
        (1000, 6, False, True, "less than 1 %"),
        (1000, 30, False, True, "3 %"),
        (1000, 250, False, True, "25 %"),
        (1000, 430, True, True, "43 %"),
        (1000, 990, True, True, "99 %"),
    ],
)
def test_a_share_of_errors_tells_a_wrong_mode_from_a_bad_line(
    size: int, errors: int, *, wrong: bool, disturbed: bool, percent: str
) -> None:
    share = Share()
    share.add(size, errors)
    assert (share.mode_is_wrong, share.is_disturbed, str(share.percent)) == (
        wrong,
        disturbed,
        percent,
    )
