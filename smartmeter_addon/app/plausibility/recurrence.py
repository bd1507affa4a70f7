"""Tells what a meter does now and then from noise.

Damaged telegrams fail many different checks. A meter that does something unusual now and then fails
the same check each time, and no other. Such a check is to be relaxed for this meter.
"""

from typing import Final

_FEWEST: Final = 6
"""Telegrams that fail a check alone before it is relaxed; fewer may be chance."""

_UNFOUNDED: Final = 4
"""Times that a check failed and the telegram was confirmed, before its tolerance is widened."""

_HALVED_AFTER: Final = 20_000
"""Accepted telegrams after which the counts are halved: about a day at one each 5 seconds.

Noise of long ago does not keep a check from being relaxed.
"""


class Recurrence:
    """Counts which checks the telegrams of one sender failed."""

    __slots__ = ("_accepted", "_alone", "_confirmed", "_failed")

    def __init__(self) -> None:
        self._failed = 0  # telegrams that failed any check
        self._alone: dict[str, int] = {}  # those that failed one check only, by check
        self._confirmed: dict[str, int] = {}  # checks failed by telegrams that were confirmed
        self._accepted = 0

    def count_failed(self, check: str | None) -> bool:
        """Count a telegram that failed a check after one that failed none.

        Args:
            check: the only one it failed, if that one can be relaxed; otherwise None.

        Returns:
            Whether so many telegrams, and most of all, failed this check alone that it is no noise.
        """
        self._failed += 1
        if check is None:
            return False
        count = self._alone[check] = self._alone.get(check, 0) + 1
        if count < _FEWEST or 3 * count <= 2 * self._failed:
            return False
        self._failed -= self._alone.pop(check)
        return True

    def count_confirmed(self, check: str) -> bool:
        """Count a check that failed although the telegram was right; tell when it did too often."""
        self._confirmed[check] = (self._confirmed.get(check, 0) + 1) % _UNFOUNDED
        return not self._confirmed[check]

    def count_accepted(self) -> None:
        """Count an accepted telegram."""
        self._accepted += 1
        if not self._accepted % _HALVED_AFTER:
            self._failed //= 2
            self._alone = {check: count // 2 for check, count in self._alone.items()}
