"""A meter's clock, and the pace at which its telegrams go on.

Most meters push to the second: every five, every ten. Once a pace was kept for a while, a time that
does not lie on it is damage; and where telegrams are counted, it is known to the second beforehand.
"""

from typing import Final, NamedTuple

from app.meters.plausibility.doubt import CLOCK, PACE, Doubt
from app.meters.plausibility.habits import Habits
from app.meters.plausibility.seen import Seen

_REST: Final = 20.0
_SHARE: Final = 0.02
_WALL_REST: Final = 30.0
_WALL_SHARE: Final = 0.001
"""By how much the meter's clock and the computer's may part when they are not compared."""

_MOST_BEHIND: Final = 3600.0
_STEADY: Final = 3
_UNSTEADIEST: Final = 4096
_SLIP: Final = 2.0
"""Seconds by which some meters miss their own pace in a single telegram."""


class Judged(NamedTuple):
    """What a telegram's time looks like.

    Args:
        doubt: None when it goes on as it should.
        passed: seconds on the meter's clock since the last telegram; None when not to be told.
    """

    doubt: Doubt | None = None
    passed: float | None = None


class Clockwork:
    """The clock of one sender, as far as telegrams were believed.

    Args:
        time: what it showed last, in seconds since 1970; None before it showed any.
    """

    __slots__ = (
        "_at",
        "_behind",
        "_counter",
        "_need",
        "_restored",
        "_slip",
        "_steady",
        "_step",
        "time",
    )

    def __init__(self) -> None:
        self.time: float | None = None
        self._at = 0.0  # when it showed that
        self._counter: int | None = None  # of the telegram that did
        self._step: float | None = None  # seconds of the meter from one telegram to the next
        self._steady = 0  # telegrams that kept this step
        self._need = _STEADY  # so many, for the step to be relied on
        self._slip = 0.0
        self._behind = 0.0  # seconds by which the last telegram came late, as far as known
        self._restored = False

    @property
    def step(self) -> float | None:
        """Seconds from one telegram to the next; None as long as they are not relied on."""
        return self._step if self._steady >= self._need else None

    def take(self, seen: Seen) -> None:
        """Go on from a telegram that is believed."""
        if seen.time is None:
            return
        if self.time is not None and not self._restored:
            self._learn(seen, seen.time - self.time)
        self.time, self._at, self._counter = seen.time, seen.now, seen.counter
        self._restored = False

    def judge(self, seen: Seen, habits: Habits, *, replayed: bool) -> Judged:
        """Compare the meter's clock with its pace and with ours."""
        if seen.time is None or self.time is None:
            return Judged()
        metered = seen.time - self.time
        passed = max(0.0, seen.now - self._at)
        near = self._is_near(metered, passed, habits)
        if self._restored and (seen.counter is None or self.step is None):
            rest = _WALL_REST + _WALL_SHARE * passed
            near = right = metered >= -_REST and abs(metered - passed) <= rest
            right = right and not (self.step and metered % self.step)
        elif self.step is None or replayed:
            right = near
        elif self._telegrams(seen) is None:
            rest = min(_REST, self.step / 2)
            right = self._off(seen, metered) <= self._slip
            right = right and 0 < metered <= passed + self._behind + rest
        else:
            right = self._off(seen, metered) <= self._slip
        if right:
            return Judged(None, metered)
        if near and not self._restored:
            return Judged(Doubt(PACE, "its clock does not go on as steadily as before"), metered)
        if metered < -_REST:
            return Judged(Doubt(CLOCK, "its clock goes back"))
        return Judged(Doubt(CLOCK, "its clock does not go on as time does"))

    def slips(self, seen: Seen) -> bool:
        """Tell whether a telegram misses the pace by no more than some meters do at times."""
        return seen.time is not None and self._off(seen, seen.time - (self.time or 0.0)) <= _SLIP

    def loosen(self) -> None:
        """Rely on the pace no further than a meter keeps that slips."""
        self._slip = _SLIP

    def forget(self) -> None:
        """Rely on the pace only after it was steady for longer."""
        self._steady, self._need = 0, min(2 * self._need, _UNSTEADIEST)

    def inherit(self, other: "Clockwork", *, doubted: bool) -> None:
        """Know the pace that was known before; not if it is this that was doubted."""
        self._step, self._need, self._slip = other._step, other._need, other._slip  # noqa: SLF001
        if doubted:
            self.forget()
        else:
            self._steady = other._steady  # noqa: SLF001

    def restore(
        self, time: float | None, step: float | None, counter: int | None, at: float
    ) -> None:
        """Go on from what was known before a restart of this program."""
        self.time, self._counter, self._at = time, counter, at
        self._step, self._steady = step, self._need if step else 0
        self._restored = True

    def _learn(self, seen: Seen, passed: float) -> None:
        late = seen.now - self._at - passed
        late -= _WALL_SHARE * passed  # that a clock goes slow does not add up
        self._behind = min(max(0.0, self._behind + late), _MOST_BEHIND)
        if passed > 0 and self._off(seen, passed) <= self._slip:
            self._steady += 1
            return
        each = passed / (self._telegrams(seen) or 1)
        self._step, self._steady = each if each > 0 and each.is_integer() else None, 0

    def _telegrams(self, seen: Seen) -> int | None:
        """Count the telegrams since the last one with a time; None if they cannot be."""
        if seen.counter is None or self._counter is None:
            return None
        passed = seen.counter - self._counter
        return passed if passed > 0 else None

    def _off(self, seen: Seen, passed: float) -> float:
        """Give the seconds by which a time misses the pace."""
        if self._step is None:
            return _REST
        telegrams = self._telegrams(seen) or max(1, round(passed / self._step))
        return abs(passed - telegrams * self._step)

    def _is_near(self, metered: float, passed: float, habits: Habits) -> bool:
        rest = _REST * habits.slack.get(CLOCK, 1.0)
        # A gateway that stalls hands a telegram over late, and the next ones in time again.
        latest = passed + self._behind
        return -rest <= metered <= latest + rest + _SHARE * passed
