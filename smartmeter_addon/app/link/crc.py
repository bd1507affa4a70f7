"""The two 16-bit checksums of the link layers."""

import binascii
from typing import Final

_REVERSED_BITS: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_RIGHT: Final = 0x1D0F


def x25(data: bytes) -> int:
    """CRC-16/X-25, HDLC's frame check sequence (ISO/IEC 13239; check value of "123456789": 906E).

    The standard library has the same polynomial for bits sent the other way round, so bytes and
    result are mirrored around its fast implementation.
    """
    crc = binascii.crc_hqx(data.translate(_REVERSED_BITS), 0xFFFF)
    return (_REVERSED_BITS[crc & 0xFF] << 8 | _REVERSED_BITS[crc >> 8]) ^ 0xFFFF


def ends_with_x25(data: bytes | bytearray) -> bool:
    """Tell whether bytes end with the CRC-16/X-25 of those before, low byte first.

    With it, the checksum is the same whatever the bytes are.
    """
    return binascii.crc_hqx(data.translate(_REVERSED_BITS), 0xFFFF) == _RIGHT


def _arc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_ARC: Final = _arc_table()


def arc(data: bytes) -> int:
    """CRC-16/ARC, the checksum of P1 telegrams (DSMR 4.0; check value of "123456789": BB3D)."""
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _ARC[(crc ^ byte) & 0xFF]
    return crc
