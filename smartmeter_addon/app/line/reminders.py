"""Tells the log of a problem: at once when it begins, and ever more seldom while it lasts."""

import logging
from typing import Final

from app.language.catalogue import Text
from app.line.trouble import duration

REMINDERS: Final = (600.0, 3600.0, 6 * 3600.0, 86400.0)
"""Seconds after which a problem that lasts is told again; the last one stays."""

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]


class Reminder:
    """Folds a problem that repeats into few lines.

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
    def active(self) -> bool:
        """Whether a problem was told that is not over yet."""
        return self._key is not None

    def tell(self, key: str, sentence: Text, now: float, count: int | None = None) -> None:
        """Tell of a problem if it is new, or if it was told last long ago.

        Args:
            key: the same as long as it is the same problem.
            sentence: what is wrong and what to do; written only when it is told.
            now: the time, of a steady clock.
            count: how often it, or all problems together, happened so far; None when there is
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
        """Forget the problem: it is new when it comes back."""
        self._key = None
