"""Lengths as BER writes them (ITU-T X.690, 8.1.3), used throughout DLMS."""

from app.fault import DecodeError

_LONGEST = 4


def length(data: bytes, pos: int, layer: str) -> tuple[int, int]:
    """Read the length that stands at ``pos``: one byte below 128, else 81 to 84 and that many.

    Returns:
        The length and the position behind it.

    Raises:
        DecodeError: the bytes end inside the length, or it takes more than four bytes.
    """
    if pos >= len(data):
        raise DecodeError(layer, pos, "the bytes end where a length should stand")
    first = data[pos]
    pos += 1
    if first < 0x80:  # noqa: PLR2004 - the short form's limit
        return first, pos
    size = first & 0x7F
    end = pos + size
    if not 1 <= size <= _LONGEST:
        raise DecodeError(layer, pos - 1, f"{first:02X} does not begin a length")
    if end > len(data):
        raise DecodeError(layer, pos, "the bytes end inside a length")
    return int.from_bytes(data[pos:end], "big"), end
