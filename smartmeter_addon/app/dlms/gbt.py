"""General block transfer: one APDU cut into numbered blocks (Green Book, general-block-transfer).

A block: E0, block control (80 last, 40 streaming, low 6 bits window), block number 2 bytes, block
number acknowledged 2 bytes, length, data. Landis+Gyr E450 and E570 send each block in an HDLC frame
of its own; the joined APDU may be ciphered (capture ``lg-e450-gbt-a``).
"""

from typing import Final, NamedTuple

from app.dlms import ber
from app.fault import DecodeError

GENERAL_BLOCK_TRANSFER: Final = 0xE0
LAYER: Final = "gbt"
FIRST_BLOCK: Final = 1

_LAST: Final = 0x80
_HEADER_SIZE: Final = 6


class Block(NamedTuple):
    """One block; the first is number 1."""

    number: int
    last: bool
    data: bytes


def parse(apdu: bytes) -> Block:
    """Take a general-block-transfer APDU apart.

    Raises:
        DecodeError: it ends early or has bytes left over.
    """
    if len(apdu) < _HEADER_SIZE:
        raise DecodeError(LAYER, len(apdu), "the bytes end inside a block's header")
    size, begin = ber.length(apdu, _HEADER_SIZE, LAYER)
    if begin + size != len(apdu):
        raise DecodeError(LAYER, begin, f"{size} bytes announced, {len(apdu) - begin} present")
    return Block(int.from_bytes(apdu[2:4], "big"), bool(apdu[1] & _LAST), apdu[begin:])
