"""Which telegrams are due at an interval; of a meter that pushes regularly, every nth one.

An interval of 10 s on a meter that pushes every 5 s means every second telegram, also when that
comes after 9.9 s; by the time alone, it would be the third one, after 15 s.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Generic, TypeVar

from app.meters.reading import Reading
from app.meters.values import Layout, Values

_GAPS: Final = 16
"""The gaps between telegrams that are remembered."""

_FIT: Final = 0.4
_FIT_OF_FEW: Final = 0.25
"""Share of a push interval by which a gap may be off a multiple of it; the second while few gaps
are known."""

_FEW: Final = 4
"""Fewer gaps than these are few."""

_FITTING: Final = 0.8
"""The share of the gaps that fit, of a meter that pushes regularly."""

_SPARE: Final = 0.1
"""Share of a push interval by which the interval may be missed: the meter's clock is not ours."""

_UNSURE: Final = 0.4
"""Share of a push interval by which one gap may be wrong, and many the less."""

_DRIFT: Final = 0.02
"""Share of the interval by which it may be missed, for the same reason."""

_EARLY: Final = 0.75
"""Share of a push interval by which a telegram may be early: it, or the last one, was held up."""

_FOLLOW: Final = 0.25
"""The share of a telegram's lateness that is expected of the next ones, too."""

_MOST_LISTS: Final = 16
"""Lists of one meter; a telegram that leaves out a value counts as another list."""

_T = TypeVar("_T")


class PerList(Generic[_T]):
    """Something for each list of a meter, by the values that it has.

    What comes once in a quarter of an hour would hardly ever be due, if all lists were counted
    together.

    Args:
        make: makes it for a list that is new, by a reading of it.
    """

    def __init__(self, make: Callable[[Reading], _T]) -> None:
        self._make = make
        self._lists: dict[frozenset[str], _T] = {}  # by their keys, the latest at the end

    def of(self, reading: Reading) -> _T:
        """Give that of the list that a reading is of."""
        keys = _keys_of(Values.of(reading.values).layout)
        one = self._lists.pop(keys) if keys in self._lists else self._make(reading)
        self._lists[keys] = one
        if len(self._lists) > _MOST_LISTS:
            del self._lists[next(iter(self._lists))]
        return one

    def __iter__(self) -> Iterator[_T]:
        return iter(self._lists.values())

    def __len__(self) -> int:
        return len(self._lists)


@lru_cache(maxsize=256)
def _keys_of(layout: Layout) -> frozenset[str]:
    """Return which values there are, by one set whose hash is known."""
    return frozenset(layout.keys)


class Pace:
    """Tells of each telegram of one list whether it is due; all times are of one steady clock.

    A meter that pushes irregularly is counted by the time alone: never sooner than the interval.

    Args:
        interval: seconds from one telegram that is due to the next; 0 for all.
    """

    __slots__ = ("_expected", "_gap", "_gaps", "_interval", "_last", "_passed", "_pushes")

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._gaps: list[float] = []
        self._gap: float | None = None  # the push interval; None while it is irregular
        self._last: float | None = None
        self._expected = 0.0  # when the last telegram would have come without any delay
        self._pushes = 0  # since the one that was due, lost ones too
        self._passed = float("-inf")

    def is_due(self, now: float) -> bool:
        """Take a telegram that arrives now; tell whether it is due. If so, count from there."""
        if not self._interval:
            return True
        self._count(now)
        elapsed = now - self._passed
        # What can be enough, see below; to find the push interval takes longest.
        least = self._interval - 2 * self._gap if self._gap else 0.0
        if elapsed < max(least, self._interval / 4):
            return False
        self._gap = _push_interval(self._gaps)
        due = self._has_passed(elapsed, self._gap) if self._gap else elapsed >= self._interval
        if due:
            self.restart(now)
        return due

    def restart(self, now: float) -> None:
        """Count from a telegram that passes for another reason."""
        self._passed = now
        self._pushes = 0

    def _has_passed(self, elapsed: float, gap: float) -> bool:
        """Tell whether the interval has passed, for a meter that pushes regularly."""
        gaps = len(self._gaps)
        wanted = math.ceil(self._interval / gap * (1 - _DRIFT) - _SPARE - _UNSURE / gaps)
        # By the clock it is less than a push too early, however the pushes were counted.
        early = min(gap, self._interval) * _EARLY
        late = gap if gaps >= _FEW else 0.0
        return (
            self._pushes >= wanted and elapsed >= self._interval - early
        ) or elapsed >= self._interval + late

    def _count(self, now: float) -> None:
        """Count the pushes since the last telegram: 2 if one was lost, 0 if it was held up."""
        if self._last is None:
            self._expected = now
        else:
            self._gaps.append(now - self._last)
            del self._gaps[:-_GAPS]
            self._gap = self._gap or _push_interval(self._gaps)
            gap = self._gap or now - self._last
            pushes = max(0, round((now - self._expected) / gap)) if gap else 0
            self._pushes += pushes
            self._expected += pushes * gap
            self._expected += (now - self._expected) * _FOLLOW
        self._last = now


def _push_interval(gaps: Sequence[float]) -> float | None:
    """Find the seconds from one push to the next; None while they are irregular.

    A telegram that was lost makes a gap of two pushes, and what was held up and arrives together
    with the next makes one of none.
    """
    if len(gaps) < 2:  # noqa: PLR2004 - one gap shows nothing
        return None
    usual = sorted(gaps)[(len(gaps) - 1) // 2]  # the low median
    if not usual:
        return None
    fit = _FIT if len(gaps) >= _FEW else _FIT_OF_FEW
    pushes = [round(gap / usual) for gap in gaps]
    fitting = sum(
        n > 0 and abs(gap / usual - n) <= fit for gap, n in zip(gaps, pushes, strict=True)
    )
    if fitting < len(gaps) * _FITTING:
        return None
    return math.fsum(gaps) / sum(pushes)
