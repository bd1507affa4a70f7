"""How often a meter pushes, learned from when its telegrams arrive."""

from typing import Final

LONGEST: Final = 3600.0
"""Seconds; a longer gap is a pause of the meter and says nothing about its push interval."""

USUAL: Final = 10
"""Seconds that are taken for a meter whose type, or whose profile, does not say them."""

_SHORTEST: Final = 0.5
"""Seconds; no meter pushes more often than each second. What arrives faster was held up on the way,
by a gateway that stalled."""

_GAPS: Final = 16
_OUTLIERS: Final = 6
"""One gap in so many may be longer than the push interval, because a telegram was lost."""


class PushInterval:
    """The seconds from one telegram to the next, learned from the last 16 gaps.

    A lost telegram doubles a gap and changes nothing. Telegrams that were held up on the way arrive
    together and change nothing. Two figures are drawn from the gaps:

    - ``seconds`` is how long to wait for a telegram: the longest gap that recurs, which is the
      third longest, of few the second longest. Of a meter that pushes several lists one right after
      the other, the gap before the next group counts.
    - ``median`` is what mostly passes from one telegram to the next, also where many are lost.

    Args:
        expected: what is taken until a longer or shorter gap has recurred, in seconds.
    """

    __slots__ = ("_gaps", "_last", "median", "seconds")

    def __init__(self, expected: float = USUAL) -> None:
        self.seconds = self.median = expected
        self._gaps = [expected, expected]
        self._last: float | None = None

    def arrived(self, now: float) -> None:
        """Take the time at which a telegram arrived, of a steady clock in seconds."""
        if self._last is not None and now - self._last >= _SHORTEST:
            self._gaps.append(min(now - self._last, LONGEST))
            del self._gaps[:-_GAPS]
            gaps = sorted(self._gaps)
            self.seconds = gaps[-1 - max(1, len(gaps) // _OUTLIERS)]
            self.median = gaps[(len(gaps) - 1) // 2]
        self._last = now
