"""Compares a meter's clock with this computer's."""

from typing import Final, NamedTuple

from app.plausibility.observation import Observation
from app.plausibility.schedule import Schedule
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import CLOCK, SCHEDULE, Violation

_SLACK: Final = 20.0
_SHARE: Final = 0.02
"""Seconds, and share of the time passed, by which the meter's clock and the monotonic clock may
differ from one telegram to the next: gateways delay telegrams."""

_RESTART_SLACK: Final = 30.0
"""Seconds by which the meter's clock and this computer's date and time may differ over a restart:
either may have been set meanwhile."""

_DRIFT_SHARE: Final = 0.001
"""Share of the time passed by which two clocks drift apart, generously."""

_LONGEST_DELAY: Final = 3600.0
"""Seconds: no gateway delays telegrams for longer."""


class Timing(NamedTuple):
    """What the time of a telegram looks like.

    Args:
        violation: None when the meter's clock goes on as it should.
        passed: seconds on the meter's clock since the last telegram; None when it cannot be told.
    """

    violation: Violation | None = None
    passed: float | None = None


class ClockComparison:
    """Compares the clock of one sender with this computer's, from accepted telegram to telegram."""

    __slots__ = ("_at", "_delay", "_restored", "time")

    def __init__(self) -> None:
        self.time: float | None = None
        """What it showed last, in seconds since 1970; None before it showed any time."""
        self._at = 0.0  # monotonic seconds at which it did
        self._delay = 0.0  # seconds by which the last telegram came late, as far as known
        self._restored = False  # whether `time` is from before a restart

    def add(self, observation: Observation) -> None:
        """Learn from an accepted telegram."""
        if observation.meter_time is None:
            return
        if self.time is not None and not self._restored:
            passed = observation.meter_time - self.time
            late = observation.now - self._at - passed
            late -= _DRIFT_SHARE * passed  # the drift of a slow clock is no delay
            self._delay = min(max(0.0, self._delay + late), _LONGEST_DELAY)
        self.time, self._at = observation.meter_time, observation.now
        self._restored = False

    def check(
        self,
        observation: Observation,
        schedule: Schedule | None,
        tolerances: Tolerances,
        *,
        is_replay: bool,
    ) -> Timing:
        """Compare a telegram's time with this computer's clock and with its list's schedule."""
        if observation.meter_time is None or self.time is None:
            return Timing()
        metered = observation.meter_time - self.time
        passed = max(0.0, observation.now - self._at)
        right = near = self._is_near(metered, passed, tolerances)
        timed = not self._restored
        if schedule and not is_replay:
            ahead = metered - passed if timed else None
            kept = schedule.is_kept(observation, ahead, self._delay)
            if kept is not None:
                right = kept and (timed or near or schedule.is_counted(observation))
        if right:
            return Timing(None, metered)
        if near and timed:
            sentence = "its clock does not go on as steadily as before"
            return Timing(Violation(SCHEDULE, sentence), metered)
        if metered < -_SLACK:
            return Timing(Violation(CLOCK, "its clock goes back"))
        return Timing(Violation(CLOCK, "its clock does not go on as time does"))

    def restore(self, time: float | None, at: float) -> None:
        """Restore what was known before a restart.

        Args:
            time: what the clock showed last.
            at: when it did, by the monotonic clock of now.
        """
        self.time, self._at, self._restored = time, at, True

    def _is_near(self, metered: float, passed: float, tolerances: Tolerances) -> bool:
        """Tell whether seconds on the meter's clock are about those on the monotonic clock."""
        if self._restored:
            rest = _RESTART_SLACK + _DRIFT_SHARE * passed
            return metered >= -_SLACK and abs(metered - passed) <= rest
        rest = _SLACK * tolerances.factors.get(CLOCK, 1.0)
        # A gateway that delayed a telegram may deliver the next ones in time again.
        latest = passed + self._delay
        return -rest <= metered <= latest + rest + _SHARE * passed
