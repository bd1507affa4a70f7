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

_LONGEST_STUCK: Final = 10
"""Telegrams in a row in which a bit at one place is stuck."""

_EVERYWHERE: Final = 0.2
_HIGH: Final = 0.5
"""Shares of the stuck bits that are so in every byte, and that are stuck at 1."""

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
    OVERLAY = "bytes of the telegram before"
    SEGMENT = "segment of the telegram before"
    STUCK = "stuck bits"


USUAL: Final = (
    *(Damage.FLIPS, Damage.BURST, Damage.DROP),
    *(Damage.INSERT, Damage.DOUBLE, Damage.SWAP),
)
"""What noise does most."""


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


def overlay(data: bytearray, before: Sequence[int], chance: random.Random) -> None:
    """Replace some bytes in a row by those at the same place of another telegram."""
    places = [n for n, (one, other) in enumerate(zip(data, before, strict=False)) if one != other]
    if places:
        size = chance.randint(1, len(data))
        begin = max(0, chance.choice(places) - chance.randrange(size))
        end = min(begin + size, len(data), len(before))
        data[begin:end] = bytes(before[begin:end])


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
        damage: the kind of damage; any but `Damage.STUCK`, which `StuckBit` makes.
        chance: draws the place.
        repaired: whether checksums and lengths of the link are made to fit afterwards.
    """
    parts = list(segments)
    if damage in {Damage.DOUBLE, Damage.SWAP} and chance.randrange(2):
        return _displace_segment(parts, before, damage, chance)
    at = chance.randrange(len(parts))
    if damage is Damage.SEGMENT:
        return [*parts[:at], *before[at : at + 1], *parts[at + 1 :]]
    header, body = _body(parts[at], repaired=repaired)
    if damage is Damage.OVERLAY:
        overlay(body, before[at][len(header) :] if at < len(before) else b"", chance)
    else:
        _CHANGES[damage](body, chance)
    parts[at] = header + bytes(body)
    if repaired:
        parts[at] = repair(parts[at])
    return parts


def _body(part: bytes, *, repaired: bool) -> tuple[bytes, bytearray]:
    """Divide a segment into the header that is left as it is, and the rest."""
    # A frame whose header is damaged cannot be repaired.
    size = _HEADERS.get(part[0], 0) if repaired else 0
    return part[:size], bytearray(part[size:])


def garbled(segments: Sequence[bytes], probability: float, chance: random.Random) -> list[bytes]:
    """Damage each byte with a probability: flip one of its bits, or replace it."""
    parts = []
    for part in segments:
        data = bytearray(part)
        for at in range(len(data)):
            if chance.random() < probability:
                data[at] ^= chance.choice((1 << chance.randrange(8), chance.randint(1, 0xFF)))
        parts.append(bytes(data))
    return parts


class StuckBit:
    """A bit that is stuck at 0 or 1: of every byte, or at one place of telegrams in a row.

    Args:
        chance: draws bit and place, and for how long it is stuck.
        repaired: whether checksums and lengths of the link are made to fit afterwards.
    """

    def __init__(self, chance: random.Random, *, repaired: bool) -> None:
        self._chance = chance
        self._repaired = repaired
        self._left = 0
        self._mask = self._segment = self._place = 0
        self._high = self._everywhere = False

    @property
    def goes_on(self) -> bool:
        """Whether the bit is stuck in the next telegram, too."""
        return self._left > 0

    def damage(self, segments: Sequence[bytes]) -> list[bytes]:
        """Damage the next telegram; one in which the bit is as it should be stays as it is."""
        if not self._left:
            self._draw(segments)
        self._left -= 1
        parts = list(segments)
        for n, part in enumerate(parts):
            if self._everywhere or n == self._segment:
                header, body = _body(part, repaired=self._repaired)
                places = range(len(body)) if self._everywhere else (self._place,)
                for at in places:
                    if at < len(body):
                        body[at] = body[at] | self._mask if self._high else body[at] & ~self._mask
                data = header + bytes(body)
                parts[n] = repair(data) if self._repaired and data != part else data
        return parts

    def _draw(self, segments: Sequence[bytes]) -> None:
        chance = self._chance
        self._everywhere, self._high = chance.random() < _EVERYWHERE, chance.random() < _HIGH
        self._left = 1 if self._everywhere else chance.randint(1, _LONGEST_STUCK)
        self._mask = 1 << chance.randrange(8)
        self._segment = chance.randrange(len(segments))
        _, body = _body(segments[self._segment], repaired=self._repaired)
        self._place = chance.randrange(len(body))


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
