"""The checksums of the link layers, each by a function of the standard library in C."""

from binascii import crc_hqx
from typing import Final

_REVERSED_BITS: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_EMPTY: Final = 0xFFFF
_RIGHT: Final = 0x1D0F

_ARC_DEGREE: Final = 15
_ARC_FACTOR: Final = 0x8003
"""x^15 + x + 1, the coefficient of x^n at bit n."""


def x25(data: bytes) -> int:
    """CRC-16/X-25, HDLC's frame check sequence (ISO/IEC 13239; check value of "123456789": 906E).

    The standard library has the same polynomial for bits sent the other way round, so bytes and
    result are mirrored around its fast implementation.
    """
    crc = x25_begun(data)
    return (_REVERSED_BITS[crc & 0xFF] << 8 | _REVERSED_BITS[crc >> 8]) ^ 0xFFFF


def x25_begun(data: bytes) -> int:
    """Take the first bytes of what has a CRC-16/X-25, for `fits_x25` to go on from."""
    return crc_hqx(data.translate(_REVERSED_BITS), _EMPTY)


def ends_with_x25(data: bytes | bytearray) -> bool:
    """Tell whether bytes end with the CRC-16/X-25 of those before, low byte first."""
    return fits_x25(data, b"", _EMPTY)


def fits_x25(data: bytes | bytearray, check: bytes, begun: int) -> bool:
    """Tell whether a CRC-16/X-25, low byte first, is that of the bytes before it.

    With it, the checksum is the same whatever the bytes are.

    Args:
        data: the bytes.
        check: their checksum, unless they end with it.
        begun: of what stands before the bytes, see `x25_begun`.
    """
    return crc_hqx((data + check).translate(_REVERSED_BITS), begun) == _RIGHT


def arc(data: bytes) -> int:
    """CRC-16/ARC, the checksum of P1 telegrams (DSMR 4.0; check value of "123456789": BB3D).

    It is the remainder of data * x^16 divided by x^16 + x^15 + x^2 + 1, bits mirrored. The divisor
    is (x + 1)(x^15 + x + 1). The remainder of x + 1 is the parity of the bits, that of the other
    factor comes by `_folded`. One value below 2^16 has both remainders (Chinese remainder theorem).
    """
    bits = int.from_bytes(data.translate(_REVERSED_BITS), "big")
    crc = _folded(bits << 16)
    if (crc.bit_count() ^ bits.bit_count()) & 1:
        crc ^= _ARC_FACTOR  # of odd parity, and without a remainder itself
    return _REVERSED_BITS[crc & 0xFF] << 8 | _REVERSED_BITS[crc >> 8]


def _folded(bits: int) -> int:
    """Give the remainder of a polynomial divided by x^15 + x + 1, over the integers modulo 2.

    There x^15 is x + 1, and squared so x^(15 * 2^k) is x^(2^k) + 1. So the upper half of a number
    is taken away, and added to the lower half at these two places; then the same with the quarters.
    """
    step = 1 << (bits.bit_length() // _ARC_DEGREE).bit_length()
    while step:
        size = _ARC_DEGREE * step
        while high := bits >> size:
            bits ^= high << size ^ high << step ^ high
        step >>= 1
    return bits
