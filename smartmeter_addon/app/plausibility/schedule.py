"""The times, by the meter's own clock, at which it pushes one list.

Most lists are pushed at a fixed push interval: each second, every 5 s, every 10 s. Once a list kept
its interval for some telegrams, a time between two multiples of it is damage. An invocation counter
tells which multiple it is. A meter that pushes several lists in turn has a schedule for each.
"""

import math
from typing import Final, NamedTuple

_NEEDED: Final = 3
"""Telegrams that have to keep the push interval before it is relied on: fewer may be chance."""

_MOST_NEEDED: Final = 1 << 17
"""Telegrams that are needed at most, however often the schedule moved: a week at one each 5 s."""


class Moment(NamedTuple):
    """When a telegram was sent.

    Args:
        time: by the meter's clock, in seconds since 1970.
        counter: its invocation counter; None without ciphering.
    """

    time: float
    counter: int | None


class Schedule:
    """The push interval of one list, as far as its accepted telegrams tell."""

    __slots__ = ("_interval", "_kept", "_needed", "last")

    def __init__(self) -> None:
        self.last: Moment | None = None
        """When the last telegram was sent; None for none or without a time."""
        self._interval: float | None = None  # seconds from one telegram to the next
        self._kept = 0  # telegrams in a row that kept it
        self._needed = _NEEDED  # telegrams in a row before it is relied on

    @property
    def interval(self) -> float | None:
        """The push interval in seconds; None as long as it is not relied on."""
        return self._interval if self._kept >= self._needed else None

    def add(self, moment: Moment | None, slack: float) -> None:
        """Learn from an accepted telegram.

        Args:
            moment: when it was sent; None when it says no time.
            slack: seconds by which the meter misses its schedule.
        """
        if self.last is not None and moment is not None:
            passed = moment.time - self.last.time
            counted = _counted(self.last, moment)
            if self._misses(passed, counted) <= slack:
                self._kept += 1
            else:
                each = passed / (counted or 1)
                self._interval = each if each > 0 and each.is_integer() else None
                self._kept = 0
        self.last = moment

    def keep(self, moment: Moment) -> None:
        """Take an accepted telegram that kept the push interval."""
        self._kept += 1
        self.last = moment

    def misses(self, since: Moment, moment: Moment) -> float:
        """Return by how many seconds a telegram misses the schedule.

        Args:
            since: when a telegram of the list was sent before.
            moment: when the telegram was sent.
        """
        return self._misses(moment.time - since.time, _counted(since, moment))

    def is_counted(self, since: Moment, moment: Moment, slack: float) -> bool:
        """Tell whether a telegram's time is the very one that its invocation counter asks for."""
        counted = _counted(since, moment)
        if counted is None or self._interval is None:
            return False
        return abs(moment.time - since.time - counted * self._interval) <= slack

    def distrust(self) -> None:
        """Rely on a push interval only after it was kept for twice as long."""
        self._kept, self._needed = 0, min(2 * self._needed, _MOST_NEEDED)

    def memory(self) -> list[float | None]:
        """Return what is kept over a restart."""
        time, counter = self.last or (None, None)
        return [self.interval, self._needed, time, counter]

    @classmethod
    def restored_from(cls, kept: list[float | None]) -> "Schedule":
        """Restore what `memory` returned before a restart.

        Raises:
            ValueError, TypeError, OverflowError: it cannot be understood.
        """
        interval, needed, time, counter = kept
        schedule = cls()
        schedule._needed = min(max(_NEEDED, int(needed or 0)), _MOST_NEEDED)
        if interval and 1 <= interval < math.inf:
            schedule._interval, schedule._kept = float(interval), schedule._needed
        if time is not None and math.isfinite(time):
            schedule.last = Moment(float(time), None if counter is None else int(counter))
        return schedule

    def _misses(self, passed: float, counted: int | None) -> float:
        """Return by how many seconds a time misses the next multiple of the push interval.

        The invocation counter counts the telegrams of other lists, too, so it is an upper limit.
        """
        if not self._interval:
            return math.inf
        telegrams = max(1, round(passed / self._interval))
        if counted is not None:
            telegrams = min(telegrams, counted)
        return abs(passed - telegrams * self._interval)


def _counted(since: Moment, moment: Moment) -> int | None:
    """Count the telegrams between two; None where they cannot be counted."""
    if since.counter is None or moment.counter is None or moment.counter <= since.counter:
        return None
    return moment.counter - since.counter
