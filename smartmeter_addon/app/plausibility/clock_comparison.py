"""A meter's clock beside this computer's."""

from typing import Final, NamedTuple

from app.plausibility.observation import Observation
from app.plausibility.schedule import Schedule
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import CLOCK, PACE, Violation

_REST: Final = 20.0
_SHARE: Final = 0.02
_WALL_REST: Final = 30.0
_WALL_SHARE: Final = 0.001
"""By how much the meter's clock and the computer's may part when they are not compared."""

_MOST_BEHIND: Final = 3600.0


class Judged(NamedTuple):
    """What a telegram's time looks like.

    Args:
        doubt: None when it goes on as it should.
        passed: seconds on the meter's clock since the last telegram; None when not to be told.
    """

    doubt: Violation | None = None
    passed: float | None = None


class ClockComparison:
    """The clock of one sender, as far as telegrams were believed."""

    __slots__ = ("_at", "_behind", "_restored", "time")

    def __init__(self) -> None:
        self.time: float | None = None
        """What it showed last, in seconds since 1970; None before it showed any."""
        self._at = 0.0  # when it did
        self._behind = 0.0  # seconds by which the last telegram came late, as far as known
        self._restored = False

    def take(self, seen: Observation) -> None:
        """Go on from a telegram that is believed."""
        if seen.time is None:
            return
        if self.time is not None and not self._restored:
            passed = seen.time - self.time
            late = seen.now - self._at - passed
            late -= _WALL_SHARE * passed  # that a clock goes slow does not add up
            self._behind = min(max(0.0, self._behind + late), _MOST_BEHIND)
        self.time, self._at = seen.time, seen.now
        self._restored = False

    def judge(
        self, seen: Observation, pace: Schedule | None, habits: Tolerances, *, replayed: bool
    ) -> Judged:
        """Compare the meter's clock with ours, and with the pace of its list."""
        if seen.time is None or self.time is None:
            return Judged()
        metered = seen.time - self.time
        passed = max(0.0, seen.now - self._at)
        right = near = self._is_near(metered, passed, habits)
        timed = not self._restored
        if pace and not replayed:
            kept = pace.is_kept(seen, metered - passed if timed else None, self._behind)
            if kept is not None:
                right = kept and (timed or near or pace.is_counted(seen))
        if right:
            return Judged(None, metered)
        if near and timed:
            return Judged(
                Violation(PACE, "its clock does not go on as steadily as before"), metered
            )
        if metered < -_REST:
            return Judged(Violation(CLOCK, "its clock goes back"))
        return Judged(Violation(CLOCK, "its clock does not go on as time does"))

    def restore(self, time: float | None, at: float) -> None:
        """Go on from what was known before a restart of this program."""
        self.time, self._at, self._restored = time, at, True

    def _is_near(self, metered: float, passed: float, habits: Tolerances) -> bool:
        if self._restored:
            rest = _WALL_REST + _WALL_SHARE * passed
            return metered >= -_REST and abs(metered - passed) <= rest
        rest = _REST * habits.slack.get(CLOCK, 1.0)
        # A gateway that stalls hands a telegram over late, and the next ones in time again.
        latest = passed + self._behind
        return -rest <= metered <= latest + rest + _SHARE * passed
