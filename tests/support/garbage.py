"""Endless garbage, as a line can bring it."""

import random
from collections.abc import Iterator

from simulator import links
from tests.support import noise
from tests.support.simulated import SimulatedMeter

BYTES_A_SECOND = 11520
"""Of a line at 115200 baud 8N1."""


def chance(seed: int = 6) -> random.Random:
    return random.Random(seed)  # noqa: S311 - garbage is no cryptography


def endless(kind: str, size: int) -> Iterator[bytes]:
    """Give chunks of one kind of garbage, in all about so many bytes."""
    given, dice = 0, chance()
    meter, other = SimulatedMeter(None, "e450"), SimulatedMeter(None, "kaifa")
    while given < size:
        data = GARBAGE[kind](meter, other, dice)
        for at in range(0, len(data), 512):
            yield data[at : at + 512]
        given += len(data)


def _long(pattern: bytes) -> noise.Make:
    return lambda _m, _o, _c: pattern * (20_000 // len(pattern) + 1)


_HDLC = links.hdlc_frame(bytes(1500), destination=b"\xcf", source=b"\x03", segmented=True)


GARBAGE: dict[str, noise.Make] = {
    **noise.KINDS,
    **{
        f"nothing but {byte:02X}": _long(bytes((byte,))) for byte in b"\x00\x01\x0f\x16\x2f\x68\x7e"
    },
    "nothing but DB": _long(b"\xdb"),
    "M-Bus beginnings one after the other": _long(b"\x68\xff\xff\x68\x53\xff\x00\x01\x67"),
    "M-Bus beginnings that overlap": _long(b"\x68\x68\x68\x68\xff\xff"),
    "HDLC frames that belong to one message without end": _long(b"\x7e" + _HDLC + b"\x7e"),
    "HDLC beginnings with right header sums": _long(_HDLC[:8]),
    "block transfer without end": _long(
        links.Hdlc(blocks=(900,)).frames(bytes(2700))[0]
        + links.Hdlc(blocks=(900,)).frames(bytes(2700))[1]
    ),
    "bare APDUs that announce the most": _long(b"\xdb\x08KFM\x01\x02\x03\x04\x05\x82\x3f\xff\x20"),
    "wrappers that announce the most": _long(b"\x00\x01\x00\x01\x00\x01\xff\xff"),
    "P1 without an end": _long(b"/ABC5\r\n" + b"1-0:1.8.0(000001.000*kWh)\r\n" * 300),
    "P1 lines of brackets": _long(b"/ABC5\r\n" + b"1-0:1.8.0" + b"(((((" * 500 + b"\r\n!\r\n"),
    "P1 fields without end": _long(b"/ABC5\r\n1-0:1.8.0" + b"(1)" * 4000 + b"\r\n!\r\n"),
}
