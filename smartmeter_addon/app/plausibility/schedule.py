"""The pace at which one list of a meter is pushed: mostly to the second, every five, every ten.

Once a pace was kept for a while, a time that does not lie on it is damage; and where telegrams are
counted, it is known beforehand. Lists that a meter pushes in turn have each their own.
"""

import math
from typing import Final

from app.plausibility.observation import Observation
from app.plausibility.tolerances import Tolerances

STEADY: Final = 3
_UNSTEADIEST: Final = 1 << 17
_MOVED: Final = 4
_REST: Final = 20.0
SLIP: Final = 2.0
"""Seconds by which some meters miss their own pace in a single telegram."""


class Schedule:
    """What the telegrams of one list that were believed say of their pace.

    Args:
        habits: of the sender.
        need: so many telegrams have to keep a pace before it is relied on.
    """

    __slots__ = ("_counter", "_habits", "_missed", "_need", "_steady", "_step", "_time")

    def __init__(self, habits: Tolerances, need: int = STEADY) -> None:
        self._habits = habits
        self._need = need
        self._step: float | None = None  # seconds from one telegram to the next
        self._steady = 0  # telegrams that kept it
        self._time: float | None = None  # of the last telegram, by the meter
        self._counter: int | None = None
        self._missed = 0  # telegrams since then that were held back for their pace alone

    @property
    def step(self) -> float | None:
        """Seconds from one telegram to the next; None as long as they are not relied on."""
        return self._step if self._steady >= self._need else None

    def take(self, seen: Observation) -> None:
        """Go on from a telegram that is believed."""
        if seen.time is None:
            return
        if self._time is not None:
            passed = seen.time - self._time
            counted = self._counted(seen)
            if self._lies_on(passed, counted):
                self._steady += 1
            else:
                each = passed / (counted or 1)
                self._step, self._steady = each if each > 0 and each.is_integer() else None, 0
        self._time, self._counter, self._missed = seen.time, seen.counter, 0

    def is_kept(self, seen: Observation, ahead: float | None, behind: float) -> bool | None:
        """Tell whether a telegram's time lies on the pace.

        Args:
            seen: the telegram.
            ahead: seconds by which the meter's clock went on further than this computer's since
                the sender's last telegram; None when that says nothing.
            behind: seconds by which that one came late.

        Returns:
            None when there is no pace that can be relied on.
        """
        if self.step is None or self._time is None or seen.time is None:
            return None
        passed = seen.time - self._time
        counted = self._counted(seen)
        if not self._lies_on(passed, counted):
            return False
        if ahead is None or self.is_counted(seen):
            return True
        rest = min(_REST, self.step / 2)
        # The next telegram may come as late as it likes; after others that were lost it is on time.
        late = counted is None and passed < self.step + rest
        return ahead <= behind + rest and (late or ahead >= -rest)

    def is_counted(self, seen: Observation) -> bool:
        """Tell whether a telegram's time is the one that the counter of telegrams asks for."""
        counted = self._counted(seen)
        if counted is None or self._step is None or self._time is None or seen.time is None:
            return False
        return abs(seen.time - self._time - counted * self._step) <= self._habits.slip

    def slips(self, seen: Observation) -> bool:
        """Tell whether a telegram misses the pace by no more than some meters do at times."""
        if self._step is None or self._time is None or seen.time is None:
            return False
        passed = seen.time - self._time
        return abs(passed - max(1, round(passed / self._step)) * self._step) <= SLIP

    def miss(self) -> None:
        """Learn from a telegram that was held back for its pace alone: the pace may have moved."""
        self._missed += 1
        if self._missed >= _MOVED:
            self.forget()

    def forget(self) -> None:
        """Rely on a pace only after it was steady for longer."""
        self._steady, self._need = 0, min(2 * self._need, _UNSTEADIEST)

    def go_on(self, other: "Schedule") -> None:
        """Take the pace that was known before."""
        self._step, self._steady, self._need = other._step, other._steady, other._need  # noqa: SLF001 - of this class

    def memory(self) -> list[float | None]:
        """Give what is worth knowing after a restart."""
        return [self.step, self._need, self._time, self._counter]

    @classmethod
    def restored_from(cls, kept: list[float | None], habits: Tolerances) -> "Schedule":
        """Go on from what was known before the restart.

        Args:
            kept: what `memory` gave.
            habits: of the sender.

        Raises:
            ValueError, TypeError, OverflowError: it cannot be understood.
        """
        step, need, time, counter = kept
        pace = cls(habits, min(max(STEADY, int(need or 0)), _UNSTEADIEST))
        if step and 1 <= step < math.inf:
            pace._step, pace._steady = float(step), pace._need
        pace._time = float(time) if time is not None and math.isfinite(time) else None
        pace._counter = None if counter is None else int(counter)
        return pace

    def _counted(self, seen: Observation) -> int | None:
        """Count the telegrams since the last of this list; None if they cannot be."""
        if seen.counter is None or self._counter is None:
            return None
        passed = seen.counter - self._counter
        return passed if passed > 0 else None

    def _lies_on(self, passed: float, counted: int | None) -> bool:
        """Tell whether a time is a multiple of the step; other lists may be counted, too."""
        if not self._step:
            return False
        telegrams = max(1, round(passed / self._step))
        if counted is not None:
            telegrams = min(telegrams, counted)
        return abs(passed - telegrams * self._step) <= self._habits.slip
