"""Tells the log of a trouble: at once when it begins, and ever more seldom while it lasts."""

import logging
from typing import Final

from app.line.wording import duration

REMINDERS: Final = (600.0, 3600.0, 6 * 3600.0, 86400.0)
"""Seconds after which a trouble that lasts is told again; the last one stays."""

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]


class Teller:
    """Folds a trouble that repeats into few lines.

    Args:
        log: where to.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._key: str | None = None
        self._since = self._told_at = 0.0
        self._reminders = 0
        self._count = 0

    @property
    def telling(self) -> bool:
        """Whether a trouble was told that is not over yet."""
        return self._key is not None

    def trouble(self, key: str, sentence: str, now: float, count: int | None = None) -> None:
        """Tell of a trouble if that is news, or if the last word on it is long ago.

        Args:
            key: the same as long as it is the same trouble.
            sentence: what is wrong and what to do.
            now: the time, of a steady clock.
            count: how often it, or all troubles together, happened so far; None when there is
                nothing to count.
        """
        if key != self._key:
            self._log.warning("%s", sentence)
            self._key, self._since, self._reminders = key, now, 0
            self._count = count or 0
        elif now - self._told_at > REMINDERS[min(self._reminders, len(REMINDERS) - 1)]:
            times = f", {count - self._count} times" if count and count > self._count else ""
            self._log.warning("still, for %s%s: %s", duration(now - self._since), times, sentence)
            self._reminders += 1
        else:
            return
        self._told_at = now

    def over(self) -> None:
        """Forget the trouble: the next one is news."""
        self._key = None
