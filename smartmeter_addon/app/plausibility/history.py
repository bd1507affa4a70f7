"""What one sender has said so far, and whether the next telegram goes on from there.

Whatever is doubted here may be life all the same, so it is only held back until others confirm it.
"""

from typing import Final

from app.meters.reading import Meter
from app.plausibility import counters, jumps
from app.plausibility.baseline import Baseline
from app.plausibility.clock_comparison import ClockComparison
from app.plausibility.known_lists import KnownLists
from app.plausibility.observation import Observation
from app.plausibility.schedule import SLIP, STEADY
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import (
    ABSURD,
    CLOCK,
    IDENTITY,
    LAW,
    LEAP,
    PACE,
    REPLAY,
    Violation,
)

LEARNED: Final = 10
"""Telegrams that have to keep a law before one that breaks it is doubted."""

_LEARNED_AFTER: Final = {"weekday": 1, "clocks": 1}
"""Other than that: no chance makes these agree."""


_DISTRUSTED: Final = -20_000
_LONG: Final = 60.0


class History:
    """The telegrams of one sender that go on from one another.

    Args:
        habits: shared by all tracks of a sender.
        need: see `Schedule`.
    """

    __slots__ = (
        "baseline",
        "cadence",
        "clock",
        "count",
        "counter",
        "doubts",
        "family",
        "habits",
        "ids",
        "law_streaks",
        "lists",
        "meters",
        "now",
        "repeats",
        "uncounted",
        "wall",
    )

    def __init__(self, habits: Tolerances, need: int = STEADY) -> None:
        self.habits = habits
        self.count = 0
        self.now = self.wall = 0.0
        self.cadence = 0.0
        """Seconds from one telegram to the next, as they mostly arrive."""
        self.clock = ClockComparison()
        self.lists = KnownLists(habits, need)
        self.baseline = Baseline(habits)
        self.counter: int | None = None
        self.meters: tuple[Meter, ...] = ()
        self.ids: frozenset[str] = frozenset()
        self.family = ""
        """Of meters, and the model."""
        self.law_streaks: dict[str, int] = {}
        self.doubts: frozenset[str] = frozenset()
        """Why the telegrams of a track that is not believed yet are doubted."""
        self.uncounted = False
        """Whether telegrams may share a counter, as long as their clock goes on."""
        self.repeats = False
        """Whether the last telegram did."""

    # --- taking ---

    def take(self, seen: Observation) -> None:
        """Go on from a telegram."""
        if self.count:
            self._learn_cadence(seen.now - self.now)
        self.clock.take(seen)
        self.repeats = self.count > 0 and seen.counter is not None and seen.counter == self.counter
        self.count += 1
        self.counter = seen.counter
        if self.meters != seen.meters:
            self.meters = seen.meters
            self.family = _family(seen.meters[0])
            self.ids |= {meter.id for meter in seen.meters}
        self.lists.take(seen)
        self.baseline.take(seen)
        self.now = seen.now
        self.wall = seen.wall
        streaks = self.law_streaks
        for law in seen.found.kept:
            streaks[law] = streaks.get(law, 0) + 1
        for law in seen.found.broken:
            streaks[law] = min(streaks.get(law, 0), -10 * LEARNED)  # not relied on again soon

    def _learn_cadence(self, passed: float) -> None:
        """Learn how telegrams arrive: hardly from those that were lost, or come all at once."""
        known = self.cadence
        if not known or known / 2 < passed <= known:
            self.cadence = known + (passed - known) / 4 if known else min(passed, _LONG)
        else:
            self.cadence = known + (min(passed, 2 * known) - known) / (
                64 if passed > known else 256
            )

    def endure(self, kind: str) -> None:
        """Rely less on what telegrams were held back for, again and again and nothing else."""
        if kind == PACE:
            self.habits.slip = SLIP
        elif kind.startswith(LAW):
            self.law_streaks[kind.removeprefix(LAW)] = _DISTRUSTED
        else:
            self.habits.widen(kind)

    def inherit(self, other: "History") -> None:
        """Know what another track of the same sender knew, as far as this one does not."""
        self.lists.inherit(other.lists, timed=not self.doubts & {CLOCK, PACE, IDENTITY})
        self.cadence = other.cadence or self.cadence
        self.ids |= other.ids
        self.law_streaks = {**other.law_streaks, **self.law_streaks}
        self.baseline.inherit(other.baseline, self.now)

    # --- judging ---

    def doubt(self, seen: Observation) -> list[Violation]:
        """Tell what about a telegram does not go on from this track; nothing when all does."""
        doubts = self.doubt_verified(seen)
        replayed = bool(doubts) and doubts[0].kind == REPLAY
        self.lists.judge(seen, doubts, replayed=replayed)
        timed = self.clock.judge(seen, self.lists.pace(seen), self.habits, replayed=replayed)
        # What has to be gone on with for long need not keep its pace all the while.
        if timed.doubt and not (timed.doubt.kind == PACE and REPLAY in self.doubts):
            doubts.append(timed.doubt)
        # What a gateway holds up arrives all at once: then the meter's clock tells what passed, or
        # what mostly passes from one telegram to the next.
        passed = max(0.0, seen.now - self.now)
        since = max(passed, self.cadence if seen.time is None else timed.passed or 0.0)
        leaping = LEAP in self.doubts
        counters.judge(self.baseline, seen, since - passed, doubts, leaping=leaping)
        if since <= jumps.RECENT:
            jumps.judge(self.baseline, seen, since, doubts)
        doubts += [
            Violation(LAW + law, "its values contradict each other")
            for law in seen.found.broken
            if self.law_streaks.get(law, 0) >= _LEARNED_AFTER.get(law, LEARNED)
            and LAW + law not in self.doubts
        ]
        doubts += [
            Violation(ABSURD + key, sentence)
            for key, sentence in seen.found.absurd.items()
            if ABSURD + key not in self.doubts and ABSURD + key not in self.habits.tolerated
        ]
        return doubts

    def doubt_verified(self, seen: Observation) -> list[Violation]:
        """Tell what can be doubted of a telegram whose tag was verified: whose it is, and when."""
        doubts: list[Violation] = []
        if self._replays(seen):
            sentence = "its counter is not newer than that of a telegram before it"
            doubts.append(Violation(REPLAY, sentence))
        if seen.meters != self.meters and not self._knows(seen.meters):
            doubts.append(Violation(IDENTITY, "it comes from another meter than those before"))
        return doubts

    def is_again(self, seen: Observation) -> bool:
        """Tell whether a telegram is the last one once more."""
        same = seen.counter is not None and seen.counter == self.counter
        return same and seen.time == self.clock.time and self.baseline.says(seen)

    def _replays(self, seen: Observation) -> bool:
        """Tell whether a telegram was here before, or one after it, by its counter."""
        if seen.counter is None or self.counter is None or seen.counter > self.counter:
            return False
        if self.uncounted and seen.counter == self.counter:
            if seen.time is None or self.clock.time is None:
                return self.baseline.says(seen)
            return seen.time <= self.clock.time
        return True

    def _knows(self, meters: tuple[Meter, ...]) -> bool:
        """Tell whether meters are those of this track, and read as of the same family.

        A link's addresses may decide the family, and no tag covers them.
        """
        main, known = meters[0], self.meters[0] if self.meters else None
        if known and known.number is None and main.number is not None:
            return True  # some lists of a meter say its number, some do not
        same = self.family in {"", _family(main)} if known is None else main == known
        return same and {meter.id for meter in meters} <= self.ids


def _family(meter: Meter) -> str:
    return f"{meter.type} {meter.manufacturer} {meter.model}"
