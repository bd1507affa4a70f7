"""Damage to telegrams: as noise leaves them, and such as happens to fool the link's checksum."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulator.axdr import ber_length
from simulator.ciphering import GENERAL_GLO, KEY
from simulator.links import crc_arc, crc_x25

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FLAG = 0x7E
_MBUS_START = 0x68
_MBUS_HEAD = 4
_MBUS_TAIL = 2
_HDLC_LENGTH = 0x07
_CHECK = 2
_P1_START = b"/"
_P1_END = b"!"
_TITLED = 10  # general-glo-ciphering up to and with the system title
_LENGTH_BYTES = 0x80
_SECURED = 5  # security control and invocation counter
_TAGGED = 0x10
_TAG = 12
_FIRST_BLOCK = b"\x00\x00\x00\x02"  # of GCM's counter, after that of the tag
_MOST_FLIPS = 3
_HIGHEST_BIT = 0x80  # two of which a sum of eight bits does not see
_MOST_RUN = 8


_HEADS = {_MBUS_START: _MBUS_HEAD, GENERAL_GLO: 16, _FLAG: 1, ord(_P1_START): 1}
"""Bytes at a frame's beginning without which nothing is left to be repaired."""


class Damage(StrEnum):
    """What happens to the bytes of a telegram."""

    FLIPS = "bit flips"
    BURST = "burst"
    DROP = "bytes dropped"
    INSERT = "bytes inserted"
    DOUBLE = "bytes doubled"
    SWAP = "segments swapped"


def flip(data: bytearray, chance: random.Random) -> None:
    """Flip one to three bits."""
    for _ in range(chance.randint(1, _MOST_FLIPS)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def burst(data: bytearray, chance: random.Random) -> None:
    """Replace some bytes in a row by others."""
    begin, size = _run(data, chance)
    data[begin : begin + size] = chance.randbytes(size)


def drop(data: bytearray, chance: random.Random) -> None:
    """Leave some bytes out."""
    begin, size = _run(data, chance)
    del data[begin : begin + size]


def insert(data: bytearray, chance: random.Random) -> None:
    """Put some bytes in."""
    begin, size = _run(data, chance)
    data[begin:begin] = chance.randbytes(size)


def double(data: bytearray, chance: random.Random) -> None:
    """Repeat some bytes."""
    begin, size = _run(data, chance)
    data[begin:begin] = data[begin : begin + size]


def swap(data: bytearray, chance: random.Random) -> None:
    """Swap two pieces that follow each other."""
    first, middle, last = sorted(chance.sample(range(len(data) + 1), 3))
    data[first:last] = data[middle:last] + data[first:middle]


def _run(data: bytearray, chance: random.Random) -> tuple[int, int]:
    size = chance.randint(1, min(_MOST_RUN, len(data)))
    return chance.randrange(len(data) - size + 1), size


_CHANGES: dict[Damage, Callable[[bytearray, random.Random], None]] = {
    Damage.FLIPS: flip,
    Damage.BURST: burst,
    Damage.DROP: drop,
    Damage.INSERT: insert,
    Damage.DOUBLE: double,
    Damage.SWAP: swap,
}


def damaged(
    segments: Sequence[bytes],
    before: Sequence[bytes],
    damage: Damage,
    chance: random.Random,
    *,
    repaired: bool,
) -> list[bytes]:
    """Damage a telegram.

    Args:
        segments: of the telegram.
        before: those of the telegram before it, for segments that come at the wrong time.
        damage: what happens.
        chance: draws where.
        repaired: whether every checksum of the link fits what is left, and lengths do, too.
    """
    parts = list(segments)
    if damage in {Damage.DOUBLE, Damage.SWAP} and chance.randrange(2):
        return _displaced(parts, before, damage, chance)
    at = chance.randrange(len(parts))
    data = bytearray(parts[at])
    # With its head gone a frame is none, whatever its checksum says.
    head = _HEADS.get(data[0], 0) if repaired else 0
    body = data[head:]
    _CHANGES[damage](body, chance)
    parts[at] = bytes(data[:head] + body)
    if repaired:
        parts[at] = repair(parts[at])
    return parts


def compensated(segments: Sequence[bytes], chance: random.Random) -> list[bytes]:
    """Flip the same bit of two bytes of an M-Bus frame, so that its sum stays the same."""
    parts = list(segments)
    at = chance.randrange(len(parts))
    data = bytearray(parts[at])
    while data == parts[at]:
        one, other = chance.sample(range(_MBUS_HEAD, len(data) - _MBUS_TAIL), 2)
        bit = 1 << chance.randrange(8)
        if (data[one] ^ data[other]) & bit or bit == _HIGHEST_BIT:
            data[one] ^= bit
            data[other] ^= bit
    parts[at] = bytes(data)
    return parts


def _displaced(
    parts: list[bytes], before: Sequence[bytes], damage: Damage, chance: random.Random
) -> list[bytes]:
    """Repeat a whole segment, swap two, or let one of the telegram before stand in for one."""
    at = chance.randrange(len(parts))
    if damage is Damage.DOUBLE:
        return [*parts[: at + 1], *parts[at:]]
    if len(parts) > 1 and chance.randrange(2):
        parts[at - 1], parts[at] = parts[at], parts[at - 1]
    elif at < len(before):
        parts[at] = before[at]
    return parts


def repair(frame: bytes) -> bytes:
    """Make the checksums of a frame fit, and its length."""
    if frame[:1] == _P1_START:
        return _repaired_text(frame)
    if frame[:1] == bytes((_MBUS_START,)):
        body = frame[_MBUS_HEAD:-_MBUS_TAIL]
        size = len(body) & 0xFF
        head = bytes((_MBUS_START, size, size, _MBUS_START))
        return head + body + bytes((sum(body) & 0xFF, 0x16))
    if frame[:1] == bytes((GENERAL_GLO,)):
        return _repaired_inside(frame)
    if bytes((_FLAG,)) in (frame[:1], frame[-1:]):
        return _repaired_hdlc(frame)
    return frame  # nothing left that a reader could take for a frame


def _repaired_text(text: bytes) -> bytes:
    """Make the checksum of a P1 telegram fit, if it has one."""
    body, end, check = text.rpartition(_P1_END)
    if not end or not check.strip():
        return text
    return body + end + f"{crc_arc(body + end):04X}\r\n".encode()


def _repaired_inside(apdu: bytes) -> bytes:
    """Make the checksum of an enciphered P1 telegram fit, and the length around it."""
    begin = _TITLED + 1 + max(0, apdu[_TITLED] - _LENGTH_BYTES)
    secured, sealed = apdu[begin : begin + _SECURED], apdu[begin + _SECURED :]
    end = len(sealed) - (_TAG if secured[0] & _TAGGED else 0)
    nonce = apdu[2:_TITLED] + secured[1:]
    text = _repaired_text(_turned(nonce, sealed[:end]))
    content = secured + _turned(nonce, text) + sealed[end:]
    return apdu[:_TITLED] + ber_length(len(content)) + content


def _turned(nonce: bytes, data: bytes) -> bytes:
    """Encipher or decipher, which without the tag are the same."""
    stream = Cipher(algorithms.AES(KEY), modes.CTR(nonce + _FIRST_BLOCK)).encryptor()
    return stream.update(data) + stream.finalize()


def _repaired_hdlc(frame: bytes) -> bytes:
    begin = int(frame[0] == _FLAG)  # two frames may share a flag, and the last go without
    end = len(frame) - (frame[-1] == _FLAG)
    inner = bytearray(frame[begin:end])
    after = 2
    for _ in range(2):
        while after < len(inner) and not inner[after] & 1:
            after += 1
        after += 1
    after += 1
    if len(inner) < after + 2 * _CHECK:
        return frame
    inner[0] = inner[0] & ~_HDLC_LENGTH | len(inner) >> 8 & _HDLC_LENGTH
    inner[1] = len(inner) & 0xFF
    inner[after : after + _CHECK] = crc_x25(bytes(inner[:after]))
    inner[-_CHECK:] = crc_x25(bytes(inner[:-_CHECK]))
    return frame[:begin] + bytes(inner) + frame[end:]


def differs(one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    """Tell whether anything was damaged at all."""
    return b"".join(one) != b"".join(other)
