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
from typing import Final, NamedTuple

from app.meters.values import Layout, Value, Values

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

_INSTEAD: Final = "power_import"
"""Is kept of lists that say nothing of what is fed in, and so have no "power"."""

QUARTER: Final = 900
"""Seconds of a quarter of an hour, by which grid operators bill."""

MOST_QUARTERS: Final = 97

_ENERGIES: Final = ("energy_import", "energy_export")
"""The registers, in kWh, that tell what was taken from the grid and fed into it."""


class _Plan(NamedTuple):
    """What of the values of a list is kept, found once.

    Args:
        layout: of the values; None for that of no list.
        kept: of each value that a ring keeps, its place among the numbers of the list, what one
            count of it is, and the ring.
        energies: which of `_ENERGIES` the list has.
    """

    layout: Layout | None
    kept: tuple[tuple[int, float, "array[float]"], ...]
    energies: tuple[int, ...]


@dataclass(slots=True)
class _Quarter:
    """What the meter's registers were when a quarter of an hour began.

    Args:
        begin: in seconds since 1970.
        first: kWh in the first telegram of it, in the order of `_ENERGIES`; None where the meter
            does not say it.
    """

    begin: float
    first: list[Value | None]


class History:
    """What one meter said.

    Nothing but the numbers of a telegram is put into the rings when it comes: all else is reckoned
    when somebody looks.

    Args:
        clock: a steady one, in seconds.
        wall_clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._rings: dict[str, array[float]] = {}
        self._plan = _Plan(None, (), ())
        self._place = -1  # of the newest values, counted from the clock's zero
        self._alone: tuple[_Plan, Values] | None = None  # the only telegram of this place
        self._sums: dict[int, tuple[float, int]] = {}  # of several ones, by ring
        self._quarters: deque[_Quarter] = deque(maxlen=MOST_QUARTERS)
        self._newest: list[Values | None] = [None, None]  # that have each of `_ENERGIES`

    @property
    def keys(self) -> list[str]:
        """Which values there are."""
        return list(self._rings)

    def add(self, values: Mapping[str, Value], at: float, moment: float) -> None:
        """Take what a telegram says.

        Args:
            values: of it.
            at: when it came, of the steady clock.
            moment: the same in seconds since 1970.
        """
        values = Values.of(values)
        plan = self._plan
        if values.layout is not plan.layout:
            plan = self._plan = self._planned(values.layout)
        place = int(at // STEP)
        if place == self._place:
            self._mix(plan, values)
        else:
            if place - self._place != 1 or len(plan.kept) < len(self._rings):
                self._empty(place)
            self._place = place
            counts, at_place = values.counts, place % PLACES
            for n, one, ring in plan.kept:
                ring[at_place] = counts[n] * one
            self._alone = plan, values
        if plan.energies:
            begin = moment // QUARTER * QUARTER
            if not self._quarters or self._quarters[-1].begin != begin:
                self._quarters.append(_Quarter(begin, [None, None]))
                self._newest = [None, None]
            newest = self._newest
            for n in plan.energies:
                if newest[n] is None:
                    self._quarters[-1].first[n] = values[_ENERGIES[n]]
                newest[n] = values

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
            [one.begin, *map(_difference, after.first, one.first)]
            for one, after in pairwise(kept)
            if after.begin == one.begin + QUARTER
        ]
        for one in kept[-1:]:
            now = [
                values[key] if values else None
                for key, values in zip(_ENERGIES, self._newest, strict=True)
            ]
            told.append([one.begin, *map(_difference, now, one.first)])
        return told

    def _planned(self, layout: Layout) -> _Plan:
        """Find what of a list is kept, and make rings for what is new."""
        kept = []
        instead = () if "power" in layout.places else (_INSTEAD,)
        for key in (*KEYS, *instead):
            place = layout.places.get(key)
            if place is None:
                continue
            if key not in self._rings:
                self._rings[key] = array("f", (math.nan,)) * PLACES
            kept.append((place, 10.0 ** layout.exponents[place], self._rings[key]))
        energies = [n for n, key in enumerate(_ENERGIES) if key in layout.places]
        return _Plan(layout, tuple(kept), tuple(energies))

    def _mix(self, plan: _Plan, values: Values) -> None:
        """Take one more telegram of this place: the mean of all is kept."""
        if self._alone:
            first, alone = self._alone
            self._sums = {id(ring): (alone.counts[n] * one, 1) for n, one, ring in first.kept}
            self._alone = None
        for n, one, ring in plan.kept:
            total, count = self._sums.get(id(ring), (0.0, 0))
            total, count = total + values.counts[n] * one, count + 1
            self._sums[id(ring)] = total, count
            ring[self._place % PLACES] = total / count

    def _empty(self, place: int) -> None:
        """Empty all places after that of the newest values up to a new one."""
        missed = place - self._place
        for ring in self._rings.values():
            if missed >= PLACES:
                ring[:] = array("f", (math.nan,)) * PLACES
            elif missed == 1:
                ring[place % PLACES] = math.nan
            else:
                for empty in range(self._place + 1, place + 1):
                    ring[empty % PLACES] = math.nan


def _difference(end: Value | None, begin: Value | None) -> float | None:
    if end is None or begin is None:
        return None
    return round(float(end) - float(begin), 6)
