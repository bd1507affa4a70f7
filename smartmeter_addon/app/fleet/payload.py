"""What a raw message holds: the bytes of a meter, in one of three forms."""

import json
import re
from typing import Final

MOST_BYTES: Final = 65536
"""Of one message; a telegram has some hundred."""

_HEX: Final = re.compile(rb"\s*(?:[0-9A-Fa-f]{2}\s*){16,}")
_OBJECT: Final = re.compile(rb"\s*\{")


class PayloadError(ValueError):
    """A payload that holds no bytes of a meter; the sentence repeats nothing of it."""


def bytes_of(payload: bytes) -> bytes:
    """Give the bytes that a message holds.

    Args:
        payload: the bytes as they are, the hex digits of 16 or more, or ``{"data": "<digits>"}``.

    Raises:
        PayloadError: it is empty, too long, or such an object without hex digits.
    """
    if not payload:
        raise PayloadError("it is empty")
    if len(payload) > 3 * MOST_BYTES:
        raise PayloadError("it is too long")
    if _OBJECT.match(payload):
        return _checked(_of_object(payload))
    # A frame is not made of hex digits; a few can be a piece of a P1 text, such as its checksum.
    return _checked(_of_hex(payload) if _HEX.fullmatch(payload) else payload)


def _of_object(payload: bytes) -> bytes:
    try:
        given = json.loads(payload)
        data = given["data"]
        return _of_hex(data.encode("ascii"))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise PayloadError("it is an object without hex digits under data") from None


def _of_hex(digits: bytes) -> bytes:
    """Read hex digits.

    Raises:
        ValueError: there is something else.
    """
    return bytes.fromhex(digits.decode("ascii"))


def _checked(data: bytes) -> bytes:
    if not data:
        raise PayloadError("it is empty")
    if len(data) > MOST_BYTES:
        raise PayloadError("it is too long")
    return data
