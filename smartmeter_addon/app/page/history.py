"""What a meter said within the last day, in memory: rings of plain numbers.

Each value has one place for each 5 seconds; of several telegrams within these the mean is kept. A
ring is made when its value comes for the first time, and has 69 kB, so that the eight values of a
meter have 0.55 MB.
"""

import math
import struct
from array import array
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

STEP: Final = 5.0
"""Seconds between two places of a ring."""

PLACES: Final = 17280
"""Places of a ring: a day."""

KEYS: Final = (
    "power",
    *(f"{quantity}_l{n}" for quantity in ("voltage", "current") for n in (1, 2, 3)),
    "current_n",
)
"""The values that are kept."""

QUARTER: Final = 900
"""Seconds of a quarter of an hour, by which grid operators bill."""

MOST_QUARTERS: Final = 97


@dataclass(slots=True)
class _Quarter:
    """What the meter counted in a quarter of an hour, in kWh; None where it does not say.

    Args:
        begin: in seconds since 1970.
        taken_first: from the grid, in the first telegram of it.
        given_first: likewise, into the grid.
        taken: in the last telegram.
        given: likewise.
    """

    begin: float
    taken_first: object
    given_first: object
    taken: object
    given: object


class History:
    """What one meter said.

    Args:
        clock: a steady one, in seconds.
        wall_clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._rings: dict[str, array[float]] = {}
        self._place = -1  # of the newest values, counted from the clock's zero
        self._sums: dict[str, tuple[float, int]] = {}  # of this place, and of how many telegrams
        self._quarters: deque[_Quarter] = deque(maxlen=MOST_QUARTERS)

    @property
    def keys(self) -> list[str]:
        """Which values there are."""
        return list(self._rings)

    def add(self, values: Mapping[str, object]) -> None:
        """Take what a telegram says."""
        place = int(self._clock() // STEP)
        if place != self._place:
            self._turn(place)
        at = place % PLACES
        sums = self._sums
        for key in KEYS:
            value = values.get(key)
            if value is None:
                continue
            ring = self._rings.get(key)
            if ring is None:
                ring = self._rings[key] = array("f", (math.nan,)) * PLACES
            number = float(value)  # type: ignore[arg-type]
            if key in sums:
                total, count = sums[key]
                total, count = sums[key] = total + number, count + 1
                number = total / count
            else:
                sums[key] = number, 1
            ring[at] = number
        self._count(values)

    def series(self, key: str, seconds: float) -> bytes:
        """Give the newest values of a key, for JavaScript's typed arrays.

        Args:
            key: one of `keys`.
            seconds: how far back, at most a day.

        Returns:
            Two 64-bit floats, the time of the first value in seconds since 1970 and `STEP`; then
            the values as 32-bit floats, NaN where there is none; all little-endian. Empty for a key
            that there is not.
        """
        ring = self._rings.get(key)
        if ring is None:
            return b""
        now = int(self._clock() // STEP)
        count = max(1, min(PLACES, math.ceil(seconds / STEP)))
        missing = min(now - self._place, count)  # nothing was said since
        head = (self._place + 1) % PLACES
        whole = ring[head:] + ring[:head]  # the newest is the last
        values = whole[PLACES - (count - missing) :] + array("f", (math.nan,)) * missing
        first = self._wall_clock() - (count - 1) * STEP
        return struct.pack("<dd", first, STEP) + values.tobytes()

    def quarters(self) -> list[list[float | None]]:
        """Give energies by quarter of an hour, the oldest first.

        Returns:
            Of each the begin in seconds since 1970, and the kWh taken and given, None where they
            are not known.
        """
        kept = list(self._quarters)
        told = [
            [
                one.begin,
                _difference(after.taken_first, one.taken_first),
                _difference(after.given_first, one.given_first),
            ]
            for one, after in pairwise(kept)
            if after.begin == one.begin + QUARTER
        ]
        for one in kept[-1:]:
            taken = _difference(one.taken, one.taken_first)
            told.append([one.begin, taken, _difference(one.given, one.given_first)])
        return told

    def _turn(self, place: int) -> None:
        """Empty the places that no telegram came for, and go to a new one."""
        missed = place - self._place
        for ring in self._rings.values():
            if missed >= PLACES:
                ring[:] = array("f", (math.nan,)) * PLACES
            elif missed == 1:
                ring[place % PLACES] = math.nan
            else:
                for empty in range(self._place + 1, place + 1):
                    ring[empty % PLACES] = math.nan
        self._place = place
        self._sums.clear()

    def _count(self, values: Mapping[str, object]) -> None:
        """Keep what the meter counted at the begin of each quarter of an hour, and what now."""
        taken, given = values.get("energy_import"), values.get("energy_export")
        if taken is None and given is None:
            return
        begin = self._wall_clock() // QUARTER * QUARTER
        newest = self._quarters[-1] if self._quarters else None
        if newest is None or newest.begin != begin:
            self._quarters.append(_Quarter(begin, taken, given, taken, given))
            return
        if taken is not None:
            newest.taken = taken
        if given is not None:
            newest.given = given


def _difference(end: object, begin: object) -> float | None:
    if end is None or begin is None:
        return None
    return round(float(end) - float(begin), 6)  # type: ignore[arg-type]
