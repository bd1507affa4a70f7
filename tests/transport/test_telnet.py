"""Telnet in the bytes of a gateway: undone where it was negotiated, and nowhere else."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport.telnet import Telnet
from tests.support.gateways import PYSERIAL, RFC2217, SER2NET, doubled

NEGOTIATIONS = (SER2NET, RFC2217, PYSERIAL, bytes.fromhex("fffd2c"))

# Bytes among which those of telnet are frequent.
STREAMS = st.lists(
    st.sampled_from([0, 1, 3, 0x0D, 0x2C, 0x68, 0xF0, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF]),
    max_size=60,
).map(bytes)


def undone(stream: bytes, *cuts: int) -> tuple[bytes, bool]:
    telnet = Telnet()
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    given_ = [telnet.feed(stream[a:b]) for a, b in itertools.pairwise(places)]
    return b"".join(given_) + telnet.finish(), telnet.spoken


@given(st.sampled_from(NEGOTIATIONS), STREAMS, st.lists(st.integers(0, 200), max_size=6))
def test_what_telnet_doubled_is_undone_wherever_the_stream_is_cut(
    negotiation: bytes, data: bytes, cuts: list[int]
) -> None:
    assert undone(negotiation + doubled(data), *cuts) == (data, True)


@given(st.sampled_from(NEGOTIATIONS), st.binary(max_size=300))
def test_byte_by_byte_it_is_undone_the_same(negotiation: bytes, data: bytes) -> None:
    stream = negotiation + doubled(data)
    assert undone(stream, *range(len(stream))) == (data, True)


@given(STREAMS, st.lists(st.integers(0, 200), max_size=6))
def test_a_stream_without_negotiation_is_left_alone(stream: bytes, cuts: list[int]) -> None:
    begins = len(stream) >= 3 and stream[0] == 0xFF and stream[1] in range(0xFB, 0xFF)
    if begins and stream[2] <= 0x31:
        return
    assert undone(stream, *cuts) == (stream, False)


@pytest.mark.parametrize(
    "stream",
    [
        b"\xff\xff\xff\xff/ESY5Q3DB1024 V3.04\r\n",  # optical heads give FF between telegrams
        b"\x00" + SER2NET,
        b"\x68\xfa\xfa\x68" + SER2NET,
        b"\xff",
        b"\xff\xfb",
        b"\xff\xfb\x68\x01\x02",  # no option
        b"\xff\xfa\x2c\x6a\xff\xf0",
        b"",
    ],
)
def test_only_a_negotiation_at_the_very_beginning_counts(stream: bytes) -> None:
    assert undone(stream) == (stream, False)
    assert undone(stream, *range(len(stream))) == (stream, False)


@pytest.mark.parametrize(
    "command",
    [
        SER2NET,
        bytes.fromhex("fff1"),  # NOP
        bytes.fromhex("fffa2c6a30fff0"),  # RFC 2217: the modem lines
        bytes.fromhex("fffa2c6affff30fff0"),
    ],
)
def test_commands_between_the_data_are_taken_out(command: bytes) -> None:
    stream = SER2NET + b"\x68\xff\xff\x01" + command + b"\xff\xff\x16"
    for cuts in ((), range(len(stream))):
        assert undone(stream, *cuts) == (b"\x68\xff\x01\xff\x16", True)


def test_a_subnegotiation_without_end_hides_nothing_for_long() -> None:
    rest = bytes(range(0xF0)) * 3
    stream = SER2NET + doubled(b"\xff\xff\xff") + b"\xff\xfa" + rest
    assert undone(stream) == (b"\xff\xff\xff\xff\xfa" + rest, True)


def test_a_gateway_that_negotiates_but_doubles_nothing_is_left_alone_from_then_on() -> None:
    data = b"\x68\xff\x01\xff\xff\xff\xfb\x03\x16"
    assert undone(SER2NET + data) == (data, True)


def test_a_byte_that_was_lost_does_not_end_the_undoing() -> None:
    stream = SER2NET + doubled(b"\xff\x01\xff") + b"\x02\xff\x03" + doubled(b"\xff\xff\xff")
    assert undone(stream)[0] == b"\xff\x01\xff\x02\xff\x03\xff\xff\xff"
