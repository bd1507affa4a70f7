"""Where each value of a list stands in its telegrams, for damage to one value at a time."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.meters.telegram import Telegram
from simulator.ciphering import KEY
from simulator.clock import VIENNA
from tests.support.guarded import PROFILES
from tests.support.repair import repair
from trials.corruption.cases import describe
from trials.corruption.streams import Pushed, stream

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOGETHER: Final = 2
"""Readings that one value makes: its own, and the total or the difference that it is a part of."""


class Place(NamedTuple):
    """One bit of a telegram: segment, byte of it, and the bit as a number."""

    segment: int
    at: int
    mask: int


@cache
def places_of(family: str, variant: str) -> list[list[Place]]:
    """Find the bits of the telegrams of a list that change one value of the meter and nothing else.

    Returns:
        The places of each value in turn, the time of the telegram among them. A total that is not
        sent goes with its parts.
    """
    pushed = stream(family, variant, 0, 1)[0]
    repaired = describe(family, variant).checked
    decoder = _decoder()
    found: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for segment, data in enumerate(pushed.segments):
        for at in range(len(data)):
            for bit in range(8):
                place = Place(segment, at, 1 << bit)
                parts = flipped(pushed.segments, place, repaired=repaired)
                items = [item for part in parts for item in decoder.feed(part)]
                if changed := _changed(items, pushed):
                    found[changed].append(place)
                else:
                    decoder = _decoder()  # the old one may wait for more bytes
    return list(found.values())


def flipped(segments: Sequence[bytes], place: Place, *, repaired: bool) -> list[bytes]:
    """Flip one bit of a telegram; the checksums of its link are made to fit where asked for."""
    parts = list(segments)
    data = bytearray(parts[place.segment])
    if place.at < len(data):
        data[place.at] ^= place.mask
    parts[place.segment] = repair(bytes(data)) if repaired else bytes(data)
    return parts


def _decoder() -> Decoder:
    return Decoder(Keys(KEY), PROFILES, VIENNA)


def _changed(items: Sequence[object], pushed: Pushed) -> tuple[str, ...]:
    """Return the keys of what a telegram says otherwise; nothing if that is more than a value."""
    match items:
        case [Telegram(fault=None, reading=reading) as telegram] if reading:
            truth, *others = pushed.readings
        case _:
            return ()
    if reading.meter != truth.meter or [*telegram.others] != others:
        return ()
    if reading.values.keys() != truth.values.keys():
        return ()
    keys = [key for key, value in truth.values.items() if reading.values[key] != value]
    keys += ["timestamp"] * (reading.timestamp != truth.timestamp)
    return tuple(keys) if len(keys) <= _TOGETHER else ()
