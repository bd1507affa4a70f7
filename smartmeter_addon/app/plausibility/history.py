"""What one sender has said so far, and whether the next telegram goes on from there.

Whatever is doubted here may be life all the same, so it is only held back until others confirm it.
"""

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from app.cosem.unit import Number
from app.meters.reading import Meter
from app.plausibility import counters, jumps, structure
from app.plausibility.clock_comparison import ClockComparison
from app.plausibility.invariants import CONNECTION
from app.plausibility.observation import Observation
from app.plausibility.repeated import Repeated
from app.plausibility.schedule import SLIP, STEADY, Schedule
from app.plausibility.structure import Structure
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import (
    ABSURD,
    CLOCK,
    IDENTITY,
    LAW,
    LIST,
    PACE,
    REPEATING,
    REPLAY,
    SHAPE,
    Violation,
)

_MOST_SHAPES: Final = 64
_KEPT_SHAPES: Final = 8
_LEARNED: Final = 10
"""Telegrams that have to keep a law before one that breaks it is doubted."""

_LEARNED_AFTER: Final = {"weekday": 1, "clocks": 1}
"""Other than that: no chance makes these agree."""


_DISTRUSTED: Final = -20_000
_LONG: Final = 60.0


@dataclass(slots=True)
class _Listed:
    """What is known of one list."""

    words: Repeated
    pace: Schedule


class History:
    """The telegrams of one sender that go on from one another.

    Args:
        habits: shared by all tracks of a sender.
        need: see `Schedule`.
    """

    __slots__ = (
        "_cadence",
        "_family",
        "_listed_now",
        "_lists",
        "_need",
        "_remembered",
        "_wall",
        "changed",
        "clock",
        "count",
        "counter",
        "counters",
        "doubts",
        "habits",
        "ids",
        "law_streaks",
        "meters",
        "now",
        "repeats",
        "shapes",
        "uncounted",
        "values",
        "when",
    )

    def __init__(self, habits: Tolerances, need: int = STEADY) -> None:
        self.habits = habits
        self._need = need
        self.count = 0
        self.now = self._wall = 0.0
        self._cadence = 0.0  # seconds from one telegram to the next, as they mostly arrive
        self.clock = ClockComparison()
        self.counter: int | None = None
        self.meters: tuple[Meter, ...] = ()
        self.ids: frozenset[str] = frozenset()
        self._family = ""  # of meters, and the model
        self.shapes: list[Structure] = []
        self._lists: dict[Structure, _Listed] = {}  # of these
        self._listed_now = _Listed(Repeated(()), Schedule(habits))  # of the first of these
        self._remembered: dict[int, Schedule] = {}  # by the digest of an outline before the restart
        self.counters: dict[str, Number] = {}
        self.values: dict[str, float] = {}
        self.when: dict[str, float] = {}  # each value was last seen
        self.changed: dict[str, float] = {}  # each counter last moved
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
            self._family = _family(seen.meters[0])
            self.ids |= {meter.id for meter in seen.meters}
        self._take_shape(seen)
        now = self.now = seen.now
        self._wall = seen.wall
        for key, number in seen.counters.items():
            last = self.counters.get(key)
            if last != number:
                # What is reported now and then may have been for a while when it is first heard.
                heard_first = last is None and "/" in key
                self.changed[key] = now - counters.REPORTED if heard_first else now
        self.counters.update(seen.counters)
        self.values.update(seen.values)
        self.when.update(dict.fromkeys(seen.values, now))
        self.when.update(dict.fromkeys(seen.counters, now))
        streaks = self.law_streaks
        for law in seen.found.kept:
            streaks[law] = streaks.get(law, 0) + 1
        for law in seen.found.broken:
            streaks[law] = min(streaks.get(law, 0), -10 * _LEARNED)  # not relied on again soon

    def _learn_cadence(self, passed: float) -> None:
        """Learn how telegrams arrive: hardly from those that were lost, or come all at once."""
        known = self._cadence
        if not known or known / 2 < passed <= known:
            self._cadence = known + (passed - known) / 4 if known else min(passed, _LONG)
        else:
            self._cadence = known + (min(passed, 2 * known) - known) / (
                64 if passed > known else 256
            )

    def _take_shape(self, seen: Observation) -> None:
        """Let the telegram's list be the first of those known."""
        shapes = self.shapes
        if not shapes or (shapes[0] is not seen.outline and shapes[0] != seen.outline):
            if seen.outline in self._lists:
                shapes.remove(seen.outline)
            else:
                pace = self._remembered.pop(structure.digest(seen.outline), None)
                listed = _Listed(Repeated(seen.words), pace or Schedule(self.habits, self._need))
                self._lists[seen.outline] = listed
            shapes.insert(0, seen.outline)
            self._listed_now = self._lists[seen.outline]
            for shape in shapes[_MOST_SHAPES:]:
                del self._lists[shape]
            del shapes[_MOST_SHAPES:]
        self._listed_now.words.take(seen.words)
        self._listed_now.pace.take(seen)

    def _listed(self, seen: Observation) -> _Listed | None:
        """Give what is known of a telegram's list."""
        if self.shapes and self.shapes[0] is seen.outline:
            return self._listed_now
        return self._lists.get(seen.outline)

    def _pace(self, seen: Observation) -> Schedule | None:
        """Give the pace of a telegram's list."""
        if listed := self._listed(seen):
            return listed.pace
        return self._remembered.get(structure.digest(seen.outline)) if self._remembered else None

    def miss_pace(self, seen: Observation) -> bool:
        """Learn from a telegram that was held back for its pace alone.

        Returns:
            Whether it missed it by no more than some meters do at times.
        """
        pace = self._pace(seen)
        if pace is None:
            return False
        little = pace.slips(seen)
        pace.miss()
        return little

    def endure(self, kind: str) -> None:
        """Rely less on what telegrams were held back for, again and again and nothing else."""
        if kind == PACE:
            self.habits.slip = SLIP
        elif kind.startswith(LAW):
            self.law_streaks[kind.removeprefix(LAW)] = _DISTRUSTED
        else:
            self.habits.widen(kind)

    def endure_words(self, seen: Observation) -> None:
        """Learn from a telegram that is held back for what it does not repeat, and nothing else."""
        if listed := self._listed(seen):
            listed.words.endure(seen.words)

    def inherit(self, other: "History") -> None:
        """Know what another track of the same sender knew, as far as this one does not."""
        timed = not self.doubts & {CLOCK, PACE, IDENTITY}
        for shape, listed in self._lists.items():
            if known := other._lists.get(shape):  # noqa: SLF001 - of this class
                known.words.go_on(listed.words)
                listed.words = known.words
                pace: Schedule | None = known.pace
            else:
                pace = other._remembered.pop(structure.digest(shape), None)  # noqa: SLF001
            if pace:
                listed.pace.go_on(pace)
        for shape in other.shapes:
            if len(self.shapes) < _MOST_SHAPES and shape not in self._lists:
                self.shapes.append(shape)
                self._lists[shape] = other._lists[shape]  # noqa: SLF001
        self._remembered = {**other._remembered, **self._remembered}  # noqa: SLF001
        if not timed:
            for pace in (*(one.pace for one in self._lists.values()), *self._remembered.values()):
                pace.forget()
        self._need = STEADY
        self._cadence = other._cadence or self._cadence  # noqa: SLF001
        self.ids |= other.ids
        self.law_streaks = {**other.law_streaks, **self.law_streaks}
        for key, number in other.counters.items():
            if key not in self.counters:
                self.counters[key] = number
                self.when[key] = other.when.get(key, self.now)
                self.changed[key] = other.changed.get(key, self.now)

    # --- judging ---

    def doubt(self, seen: Observation) -> list[Violation]:
        """Tell what about a telegram does not go on from this track; nothing when all does."""
        doubts = self.doubt_verified(seen)
        replayed = bool(doubts) and doubts[0].kind == REPLAY
        if self.shapes and self.shapes[0] == seen.outline:
            seen.outline = self.shapes[0]  # so that it need not be compared again
        elif not self._known(seen.outline):
            self._shaped(seen, doubts)
        listed = self._listed(seen)
        if not replayed and listed and listed.words.missed(seen.words):
            doubts.append(
                Violation(REPEATING, "what the meter repeats in each telegram is another")
            )
        timed = self.clock.judge(seen, self._pace(seen), self.habits, replayed=replayed)
        # What has to be gone on with for long need not keep its pace all the while.
        if timed.doubt and not (timed.doubt.kind == PACE and REPLAY in self.doubts):
            doubts.append(timed.doubt)
        # What a gateway holds up arrives all at once: then the meter's clock tells what passed, or
        # what mostly passes from one telegram to the next.
        passed = max(0.0, seen.now - self.now)
        since = max(passed, self._cadence if seen.time is None else timed.passed or 0.0)
        counters.judge(self, seen, since - passed, doubts)
        if since <= jumps.RECENT:
            jumps.judge(self, seen, since, doubts)
        doubts += [
            Violation(LAW + law, "its values contradict each other")
            for law in seen.found.broken
            if self.law_streaks.get(law, 0) >= _LEARNED_AFTER.get(law, _LEARNED)
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

    def _shaped(self, seen: Observation, doubts: list[Violation]) -> None:
        """Tell damage in a list from another list, as some meters push several in turn."""
        if not self.shapes or not structure.strange(seen.outline, self.shapes):
            doubts.append(
                Violation(SHAPE, "its list holds other values, types or units than before")
            )
        elif not seen.checked:
            doubts.append(Violation(LIST, "it is another list than those before"))

    def _known(self, shape: Structure) -> bool:
        if any(structure.alike(shape, known) for known in self.shapes):
            return True
        return structure.digest(shape) in self._remembered if self._remembered else not self.shapes

    def is_again(self, seen: Observation) -> bool:
        """Tell whether a telegram is the last one once more."""
        same = seen.counter is not None and seen.counter == self.counter
        return same and seen.time == self.clock.time and self._says(seen)

    def _replays(self, seen: Observation) -> bool:
        """Tell whether a telegram was here before, or one after it, by its counter."""
        if seen.counter is None or self.counter is None or seen.counter > self.counter:
            return False
        if self.uncounted and seen.counter == self.counter:
            if seen.time is None or self.clock.time is None:
                return self._says(seen)
            return seen.time <= self.clock.time
        return True

    def _says(self, seen: Observation) -> bool:
        """Tell whether all that a telegram says was said before it."""
        return all(self.values.get(key) == value for key, value in seen.values.items())

    def _knows(self, meters: tuple[Meter, ...]) -> bool:
        """Tell whether meters are those of this track, and read as of the same family.

        A link's addresses may decide the family, and no tag covers them.
        """
        main, known = meters[0], self.meters[0] if self.meters else None
        if known and known.number is None and main.number is not None:
            return True  # some lists of a meter say its number, some do not
        same = self._family in {"", _family(main)} if known is None else main == known
        return same and {meter.id for meter in meters} <= self.ids

    # --- memory ---

    def memory(self) -> str:
        """Give what is worth knowing after a restart."""
        paces = {structure.digest(shape): self._lists[shape].pace for shape in self.shapes}
        paces |= self._remembered
        lists = [[digest, *pace.memory()] for digest, pace in paces.items()]
        habits = self.habits
        content = {
            "ids": sorted(self.ids),
            "family": self._family,
            "lists": lists[:_KEPT_SHAPES],
            "laws": [law for law, streak in self.law_streaks.items() if streak >= _LEARNED],
            "counter": self.counter,
            "uncounted": self.uncounted,
            "time": self.clock.time,
            "wall": self._wall,
            "cadence": self._cadence,
            "counters": {key: str(number) for key, number in self.counters.items()},
            "values": self.values,
            "watts": habits.watts,
            "stride": habits.stride,
            "slip": habits.slip,
            "slack": habits.slack,
            "tolerated": sorted(habits.tolerated),
        }
        return json.dumps(content)

    @classmethod
    def restored_from(cls, text: str, now: float, wall: float) -> Self | None:
        """Go on from what was known before the restart; None when it cannot be understood."""
        track = cls(Tolerances())
        habits = track.habits
        try:
            content = json.loads(text)
            track.ids = known = frozenset(map(str, content["ids"]))
            track._family = str(content["family"])
            track.law_streaks = dict.fromkeys(map(str, content["laws"]), _LEARNED)
            counter, moment = content["counter"], content["time"]
            track.counter = None if counter is None else int(counter)
            track.uncounted = bool(content["uncounted"])
            time = None if moment is None else _finite(moment)
            habits.watts = max(_finite(content["watts"]), CONNECTION)
            habits.stride, habits.slip = _finite(content["stride"]), _finite(content["slip"])
            habits.slack = {str(k): max(1.0, _finite(v)) for k, v in content["slack"].items()}
            habits.tolerated = set(map(str, content["tolerated"]))
            track._wall = _finite(content["wall"])
            track._cadence = max(0.0, _finite(content["cadence"]))
            track.counters = {str(k): Decimal(str(v)) for k, v in content["counters"].items()}
            if not all(map(math.isfinite, track.counters.values())):
                return None
            track.values = {str(k): _finite(v) for k, v in content["values"].items()}
            track.now = then = now - max(0.0, wall - track._wall)
            track._remembered = {
                int(digest): Schedule.restored_from(pace, habits)
                for digest, *pace in content["lists"]
            }
        except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError):
            return None
        track.clock.restore(time, then)
        track.when = dict.fromkeys((*track.values, *track.counters), then)
        track.changed = {key: then - counters.REPORTED * ("/" in key) for key in track.counters}
        track.count = _LEARNED
        return track if known else None


def _finite(value: str | float) -> float:
    """Take a number from a memory.

    Raises:
        ValueError: it is none that can be calculated with.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _family(meter: Meter) -> str:
    return f"{meter.type} {meter.manufacturer} {meter.model}"
