"""The times, by the meter's own clock, at which it pushes one list.

Most lists are pushed at a fixed push interval: each second, every 5 s, every 10 s. Once a list kept
its interval for some telegrams, a time between two multiples of it is damage. An invocation counter
tells which multiple it is. A meter that pushes several lists in turn has a schedule for each.
"""

import math
from typing import Final

from app.plausibility.observation import Observation
from app.plausibility.tolerances import Tolerances

NEEDED: Final = 3
"""Telegrams that have to keep the push interval before it is relied on: fewer may be chance."""

_MOST_NEEDED: Final = 1 << 17
"""Telegrams that are needed at most, however often the schedule moved: a week at one each 5 s."""

_MOVED: Final = 4
"""Telegrams that fail the schedule and no other check before it is taken to have moved."""

_SLACK: Final = 20.0
"""Seconds by which the meter's clock and the monotonic clock may differ, at most half a push
interval: gateways delay telegrams."""

MISSED_BY: Final = 2.0
"""Seconds by which some meters miss their own schedule in single telegrams."""


class Schedule:
    """The push interval of one list, as far as its accepted telegrams tell.

    Args:
        tolerances: of the sender.
        needed: telegrams that have to keep a push interval before it is relied on.
    """

    __slots__ = ("_counter", "_failed", "_interval", "_kept", "_needed", "_time", "_tolerances")

    def __init__(self, tolerances: Tolerances, needed: int = NEEDED) -> None:
        self._tolerances = tolerances
        self._needed = needed
        self._interval: float | None = None  # seconds from one telegram to the next
        self._kept = 0  # telegrams in a row that kept it
        self._time: float | None = None  # of the last telegram, by the meter's clock
        self._counter: int | None = None  # its invocation counter
        self._failed = 0  # telegrams since then that failed the schedule and no other check

    @property
    def interval(self) -> float | None:
        """The push interval in seconds; None as long as it is not relied on."""
        return self._interval if self._kept >= self._needed else None

    def add(self, observation: Observation) -> None:
        """Learn from an accepted telegram."""
        if observation.meter_time is None:
            return
        if self._time is not None:
            passed = observation.meter_time - self._time
            counted = self._counted(observation)
            if self._is_multiple(passed, counted):
                self._kept += 1
            else:
                each = passed / (counted or 1)
                self._interval = each if each > 0 and each.is_integer() else None
                self._kept = 0
        self._time, self._counter = observation.meter_time, observation.invocation_counter
        self._failed = 0

    def is_kept(self, observation: Observation, ahead: float | None, delay: float) -> bool | None:
        """Tell whether the list is due at a telegram's time.

        Args:
            observation: the telegram.
            ahead: seconds by which the meter's clock went on further than this computer's since
                the sender's last telegram; None when that says nothing.
            delay: seconds by which that telegram came late.

        Returns:
            None when there is no push interval that is relied on.
        """
        if self.interval is None or self._time is None or observation.meter_time is None:
            return None
        passed = observation.meter_time - self._time
        counted = self._counted(observation)
        if not self._is_multiple(passed, counted):
            return False
        if ahead is None or self.is_counted(observation):
            return True
        rest = min(_SLACK, self.interval / 2)
        # The next telegram may come late by any time. After lost telegrams it has to be on time.
        late = counted is None and passed < self.interval + rest
        return ahead <= delay + rest and (late or ahead >= -rest)

    def is_counted(self, observation: Observation) -> bool:
        """Tell whether a telegram's time is the one that its invocation counter asks for."""
        counted = self._counted(observation)
        time = observation.meter_time
        if counted is None or self._interval is None or self._time is None or time is None:
            return False
        missed_by = abs(time - self._time - counted * self._interval)
        return missed_by <= self._tolerances.schedule_seconds

    def is_nearly_kept(self, observation: Observation) -> bool:
        """Tell whether a telegram misses the schedule by no more than some meters do at times."""
        if self._interval is None or self._time is None or observation.meter_time is None:
            return False
        passed = observation.meter_time - self._time
        telegrams = max(1, round(passed / self._interval))
        return abs(passed - telegrams * self._interval) <= MISSED_BY

    def count_failed(self) -> None:
        """Count a telegram that failed the schedule and no other check: it may have moved."""
        self._failed += 1
        if self._failed >= _MOVED:
            self.distrust()

    def distrust(self) -> None:
        """Rely on a push interval only after it was kept for twice as long."""
        self._kept, self._needed = 0, min(2 * self._needed, _MOST_NEEDED)

    def continue_from(self, other: "Schedule") -> None:
        """Take the push interval that was known before."""
        self._interval, self._kept, self._needed = other._interval, other._kept, other._needed  # noqa: SLF001 - of this class

    def memory(self) -> list[float | None]:
        """Return what is kept over a restart."""
        return [self.interval, self._needed, self._time, self._counter]

    @classmethod
    def restored_from(cls, kept: list[float | None], tolerances: Tolerances) -> "Schedule":
        """Restore what was known before a restart.

        Args:
            kept: what `memory` returned.
            tolerances: of the sender.

        Raises:
            ValueError, TypeError, OverflowError: it cannot be understood.
        """
        interval, needed, time, counter = kept
        schedule = cls(tolerances, min(max(NEEDED, int(needed or 0)), _MOST_NEEDED))
        if interval and 1 <= interval < math.inf:
            schedule._interval, schedule._kept = float(interval), schedule._needed
        schedule._time = float(time) if time is not None and math.isfinite(time) else None
        schedule._counter = None if counter is None else int(counter)
        return schedule

    def _counted(self, observation: Observation) -> int | None:
        """Count the telegrams since the last of this list; None where they cannot be counted."""
        if observation.invocation_counter is None or self._counter is None:
            return None
        passed = observation.invocation_counter - self._counter
        return passed if passed > 0 else None

    def _is_multiple(self, passed: float, counted: int | None) -> bool:
        """Tell whether seconds are a multiple of the push interval.

        The invocation counter counts the telegrams of other lists, too, so it is an upper limit.
        """
        if not self._interval:
            return False
        telegrams = max(1, round(passed / self._interval))
        if counted is not None:
            telegrams = min(telegrams, counted)
        return abs(passed - telegrams * self._interval) <= self._tolerances.schedule_seconds
