"""The telegrams of simulated meters, and what they say undamaged."""

from __future__ import annotations

import zlib
from datetime import timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.meters.telegram import Telegram
from simulator import clock
from simulator.ciphering import KEY
from simulator.household import Household
from tests.support.guarded import PROFILES
from trials.corruption.cases import START, build

if TYPE_CHECKING:
    from app.meters.reading import Reading


class Pushed(NamedTuple):
    """A telegram on the line, what it says, and the second at which it comes."""

    segments: tuple[bytes, ...]
    readings: tuple[Reading, ...]  # of the meter, and of its submeters
    second: float


@cache
def stream(family: str, variant: str, number: int, length: int) -> tuple[Pushed, ...]:
    """Return the telegrams of a simulated meter and household."""
    meter = build(family, variant)
    # Each household begins at another time of the day, and each meter has households of its own.
    begin = START + timedelta(hours=7 * number + number // 3)
    seed = zlib.crc32(f"{family} {variant} {number}".encode())
    household = Household(seed, begin, phases=meter.phases)
    decoder = Decoder(Keys(KEY), PROFILES, clock.VIENNA)
    pushed = []
    for n in range(1, length + 1):
        passed = timedelta(seconds=meter.interval * n)
        segments = meter.telegram(household.at(begin + passed)).segments
        found = [item for part in segments for item in decoder.feed(part)]
        (telegram,) = found
        if not isinstance(telegram, Telegram) or telegram.reading is None:
            raise ValueError(f"{family} {variant}: a good telegram cannot be read")
        readings = (telegram.reading, *telegram.others)
        pushed.append(Pushed(segments, readings, passed.total_seconds()))
    return tuple(pushed)


latest_stream = lru_cache(maxsize=1)(stream.__wrapped__)
"""Returns what `stream` does, and keeps the latest telegrams only."""
