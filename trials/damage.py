"""Damages telegrams, as noise does, with the link's checksums repaired on demand."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from simulator.ciphering import GENERAL_GLO
from tests.support.repair import (
    HDLC_FLAG,
    MBUS_HEADER,
    MBUS_START,
    MBUS_TRAILER,
    P1_START,
    repair,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_FLIPS: Final = 3
"""Bits that are flipped at once."""

_HIGHEST_BIT: Final = 0x80
"""Flipped in two bytes, it never changes a sum of eight bits."""

_MOST_RUN: Final = 8
"""Bytes in a row that are damaged at once."""

_HEADERS: Final = {MBUS_START: MBUS_HEADER, GENERAL_GLO: 16, HDLC_FLAG: 1, ord(P1_START): 1}
"""By first byte, bytes at the beginning of a frame without which it cannot be repaired."""


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
    """Replace some bytes in a row."""
    begin, size = _run(data, chance)
    data[begin : begin + size] = chance.randbytes(size)


def drop(data: bytearray, chance: random.Random) -> None:
    """Drop some bytes in a row."""
    begin, size = _run(data, chance)
    del data[begin : begin + size]


def insert(data: bytearray, chance: random.Random) -> None:
    """Insert some bytes."""
    begin, size = _run(data, chance)
    data[begin:begin] = chance.randbytes(size)


def double(data: bytearray, chance: random.Random) -> None:
    """Repeat some bytes in a row."""
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
        before: those of the telegram before it, one of which may be sent again.
        damage: the kind of damage.
        chance: draws the place.
        repaired: whether checksums and lengths of the link are made to fit afterwards.
    """
    parts = list(segments)
    if damage in {Damage.DOUBLE, Damage.SWAP} and chance.randrange(2):
        return _displace_segment(parts, before, damage, chance)
    at = chance.randrange(len(parts))
    data = bytearray(parts[at])
    # A frame whose header is damaged cannot be repaired.
    header = _HEADERS.get(data[0], 0) if repaired else 0
    body = data[header:]
    _CHANGES[damage](body, chance)
    parts[at] = bytes(data[:header] + body)
    if repaired:
        parts[at] = repair(parts[at])
    return parts


def compensated(segments: Sequence[bytes], chance: random.Random) -> list[bytes]:
    """Flip the same bit in two bytes of an M-Bus frame without changing its checksum."""
    parts = list(segments)
    at = chance.randrange(len(parts))
    data = bytearray(parts[at])
    while data == parts[at]:
        one, other = chance.sample(range(MBUS_HEADER, len(data) - MBUS_TRAILER), 2)
        bit = 1 << chance.randrange(8)
        if (data[one] ^ data[other]) & bit or bit == _HIGHEST_BIT:
            data[one] ^= bit
            data[other] ^= bit
    parts[at] = bytes(data)
    return parts


def _displace_segment(
    parts: list[bytes], before: Sequence[bytes], damage: Damage, chance: random.Random
) -> list[bytes]:
    """Repeat a segment, swap two, or replace one by that of the telegram before."""
    at = chance.randrange(len(parts))
    if damage is Damage.DOUBLE:
        return [*parts[: at + 1], *parts[at:]]
    if len(parts) > 1 and chance.randrange(2):
        parts[at - 1], parts[at] = parts[at], parts[at - 1]
    elif at < len(before):
        parts[at] = before[at]
    return parts


def differs(one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    """Tell whether the bytes of two telegrams differ."""
    return b"".join(one) != b"".join(other)
