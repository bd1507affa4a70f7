"""What one sender has said so far, and whether the next telegram goes on from there.

Whatever is doubted here may be life all the same, so it is only held back until others confirm it.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Final, Self

from app.cosem.unit import Number
from app.meters.plausibility import counters, jumps, outline
from app.meters.plausibility.clockwork import Clockwork
from app.meters.plausibility.doubt import (
    ABSURD,
    CLOCK,
    IDENTITY,
    LAW,
    LIST,
    PACE,
    REPEATING,
    REPLAY,
    SHAPE,
    Doubt,
)
from app.meters.plausibility.habits import Habits
from app.meters.plausibility.outline import Outline
from app.meters.plausibility.seen import Seen
from app.meters.plausibility.steady import Steady
from app.meters.reading import Meter

_MOST_SHAPES: Final = 64
_KEPT_SHAPES: Final = 8
_LEARNED: Final = 10
"""Telegrams that have to keep a law before one that breaks it is doubted."""

_LEARNED_AFTER: Final = {"weekday": 1, "clocks": 1}
"""Other than that: no chance makes these agree."""


class Track:
    """The telegrams of one sender that go on from one another.

    Args:
        habits: shared by all tracks of a sender.
    """

    __slots__ = (
        "_family",
        "_repeated",
        "_repeated_now",
        "_wall",
        "changed",
        "clock",
        "count",
        "counter",
        "counters",
        "digests",
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

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.count = 0
        self.now = self._wall = 0.0
        self.clock = Clockwork()
        self.counter: int | None = None
        self.meters: tuple[Meter, ...] = ()
        self.ids: frozenset[str] = frozenset()
        self._family = ""  # of meters, and the model
        self.shapes: list[Outline] = []
        self._repeated: dict[Outline, Steady] = {}  # of these
        self._repeated_now = Steady(())  # of the first of these
        self.digests: frozenset[int] = frozenset()  # of outlines before the restart
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

    def take(self, seen: Seen) -> None:
        """Go on from a telegram."""
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
        if len(seen.meters) > 1:  # a meter's own counters are among its values
            self.when.update(dict.fromkeys(seen.counters, now))
        streaks = self.law_streaks
        for law in seen.found.kept:
            streaks[law] = streaks.get(law, 0) + 1
        for law in seen.found.broken:
            streaks[law] = -10 * _LEARNED  # not relied on again soon

    def _take_shape(self, seen: Seen) -> None:
        """Let the telegram's list be the first of those known."""
        shapes = self.shapes
        if not shapes or (shapes[0] is not seen.outline and shapes[0] != seen.outline):
            known = self._repeated.get(seen.outline) or Steady(seen.words)
            if seen.outline in self._repeated:
                shapes.remove(seen.outline)
            shapes.insert(0, seen.outline)
            self._repeated[seen.outline] = self._repeated_now = known
            for shape in shapes[_MOST_SHAPES:]:
                del self._repeated[shape]
            del shapes[_MOST_SHAPES:]
        self._repeated_now.take(seen.words)

    def missed(self, seen: Seen) -> list[int]:
        """Give the places of what the meter repeated so far and does not repeat here."""
        if self.shapes and self.shapes[0] is seen.outline:
            return self._repeated_now.missed(seen.words)
        known = self._repeated.get(seen.outline)
        return known.missed(seen.words) if known else []

    def endure(self, seen: Seen) -> None:
        """Learn from a telegram that is held back for what it does not repeat, and nothing else."""
        if known := self._repeated.get(seen.outline):
            known.endure(seen.words)

    def inherit(self, other: "Track") -> None:
        """Know what another track of the same sender knew, as far as this one does not."""
        self.digests |= other.digests
        for shape in other.shapes:
            known = other._repeated[shape]  # noqa: SLF001 - of this class
            if shape not in self._repeated and len(self.shapes) < _MOST_SHAPES:
                self.shapes.append(shape)
                self._repeated[shape] = known
            elif shape in self._repeated and REPEATING not in self.doubts:
                known.go_on(self._repeated[shape])
                self._repeated[shape] = known
        self._repeated_now = self._repeated[self.shapes[0]]
        self.ids |= other.ids
        self.law_streaks = {**other.law_streaks, **self.law_streaks}
        for key, number in other.counters.items():
            if key not in self.counters:
                self.counters[key] = number
                self.when[key] = other.when.get(key, self.now)
                self.changed[key] = other.changed.get(key, self.now)
        self.clock.inherit(other.clock, doubted=bool(self.doubts & {CLOCK, PACE, IDENTITY}))

    # --- judging ---

    def doubt(self, seen: Seen) -> list[Doubt]:
        """Tell what about a telegram does not go on from this track; nothing when all does."""
        doubts = self.doubt_verified(seen)
        replayed = bool(doubts) and doubts[0].kind == REPLAY
        if self.shapes and self.shapes[0] == seen.outline:
            seen.outline = self.shapes[0]  # so that it need not be compared again
        elif not self._known(seen.outline):
            self._shaped(seen, doubts)
        if not replayed and self.missed(seen):
            doubts.append(Doubt(REPEATING, "what the meter repeats in each telegram is another"))
        timed = self.clock.judge(seen, self.habits, replayed=replayed)
        if timed.doubt:
            doubts.append(timed.doubt)
        # What a gateway holds up arrives all at once: then the meter's clock tells what passed.
        passed = max(0.0, seen.now - self.now)
        late = max(0.0, (timed.passed or 0.0) - passed)
        counters.judge(self, seen, late, doubts)
        if passed + late <= jumps.RECENT:
            jumps.judge(self, seen, doubts)
        doubts += [
            Doubt(LAW + law, "its values contradict each other")
            for law in seen.found.broken
            if self.law_streaks.get(law, 0) >= _LEARNED_AFTER.get(law, _LEARNED)
            and LAW + law not in self.doubts
        ]
        doubts += [
            Doubt(ABSURD + key, sentence)
            for key, sentence in seen.found.absurd.items()
            if ABSURD + key not in self.doubts
        ]
        return doubts

    def doubt_verified(self, seen: Seen) -> list[Doubt]:
        """Tell what can be doubted of a telegram whose tag was verified: whose it is, and when."""
        doubts: list[Doubt] = []
        if self._replays(seen):
            sentence = "its counter is not newer than that of a telegram before it"
            doubts.append(Doubt(REPLAY, sentence))
        if seen.meters != self.meters and not self._knows(seen.meters):
            doubts.append(Doubt(IDENTITY, "it comes from another meter than those before"))
        return doubts

    def _shaped(self, seen: Seen, doubts: list[Doubt]) -> None:
        """Tell damage in a list from another list, as some meters push several in turn."""
        if not self.shapes or not outline.strange(seen.outline, self.shapes):
            doubts.append(Doubt(SHAPE, "its list holds other values, types or units than before"))
        elif not seen.checked:
            doubts.append(Doubt(LIST, "it is another list than those before"))

    def _known(self, shape: Outline) -> bool:
        if any(outline.alike(shape, known) for known in self.shapes):
            return True
        if self.digests:
            return outline.digest(shape) in self.digests
        return not self.shapes

    def _replays(self, seen: Seen) -> bool:
        """Tell whether a telegram was here before, or one after it, by its counter."""
        if seen.counter is None or self.counter is None or seen.counter > self.counter:
            return False
        if self.uncounted and seen.counter == self.counter:
            return seen.time is None or self.clock.time is None or seen.time <= self.clock.time
        return True

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
        shapes = [outline.digest(shape) for shape in self.shapes] + sorted(self.digests)
        laws_kept = [law for law, streak in self.law_streaks.items() if streak >= _LEARNED]
        content = {
            "ids": sorted(self.ids),
            "family": self._family,
            "shapes": shapes[:_KEPT_SHAPES],
            "laws": laws_kept,
            "counter": self.counter,
            "time": self.clock.time,
            "step": self.clock.step,
            "wall": self._wall,
            "counters": {key: str(number) for key, number in self.counters.items()},
            "values": self.values,
            "watts": self.habits.watts,
            "stride": self.habits.stride,
        }
        return json.dumps(content)

    @classmethod
    def restored_from(cls, text: str, now: float, wall: float) -> Self | None:
        """Go on from what was known before the restart; None when it cannot be understood."""
        track = cls(Habits())
        try:
            content = json.loads(text)
            track.ids = known = frozenset(map(str, content["ids"]))
            track._family = str(content["family"])
            track.digests = frozenset(map(int, content["shapes"]))
            track.law_streaks = dict.fromkeys(map(str, content["laws"]), _LEARNED)
            counter, moment, step = content["counter"], content["time"], content["step"]
            track.counter = None if counter is None else int(counter)
            time = None if moment is None else float(moment)
            pace = float(step) if step else None
            track.habits.watts = float(content["watts"])
            track.habits.stride = float(content["stride"])
            track._wall = float(content["wall"])
            track.counters = {str(k): Decimal(str(v)) for k, v in content["counters"].items()}
            track.values = {str(k): float(v) for k, v in content["values"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
            return None
        track.now = then = now - max(0.0, wall - track._wall)
        track.clock.restore(time, pace, track.counter, then)
        track.when = dict.fromkeys((*track.values, *track.counters), then)
        track.changed = {key: then - counters.REPORTED * ("/" in key) for key in track.counters}
        track.count = _LEARNED
        return track if known else None


def _family(meter: Meter) -> str:
    return f"{meter.type} {meter.manufacturer} {meter.model}"
