"""How often a meter pushes, learned from when its telegrams arrive."""

from collections import deque
from typing import Final

LONGEST: Final = 3600.0
"""Seconds; a longer gap is a pause of the meter and says nothing about its push interval."""

USUAL: Final = 10.0
"""Seconds that are taken for a meter whose type is not known yet."""

_SHORTEST: Final = 0.5
"""Seconds; no meter pushes more often than each second. What arrives faster was held up on the way,
by a gateway that stalled."""

_GAPS: Final = 16
_OUTLIERS: Final = 6
"""One gap in so many may be longer than the push interval, because a telegram was lost."""


class PushInterval:
    """The seconds from one telegram to the next.

    It is the longest gap that recurs: the third longest of the last 16, the second longest of few.
    A lost telegram doubles a gap and changes nothing. Telegrams that were held up on the way arrive
    together and change nothing. Of a meter that pushes several lists one right after the other, the
    gap before the next group counts.

    Args:
        expected: what is taken until a longer or shorter gap has recurred, in seconds.
    """

    __slots__ = ("_gaps", "_last", "seconds")

    def __init__(self, expected: float = USUAL) -> None:
        self.seconds = expected
        self._gaps = deque((expected, expected), maxlen=_GAPS)
        self._last: float | None = None

    def arrived(self, now: float) -> None:
        """Take the time at which a telegram arrived, of a steady clock in seconds."""
        if self._last is not None and now - self._last >= _SHORTEST:
            self._gaps.append(min(now - self._last, LONGEST))
            self.seconds = sorted(self._gaps)[-1 - max(1, len(self._gaps) // _OUTLIERS)]
        self._last = now
