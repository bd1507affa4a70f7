"""What one sender has said so far, and whether the next telegram goes on from there.

Whatever is doubted here may be life all the same, so it is only held back until others confirm it.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Final, Self

from app.cosem.unit import Number
from app.meters.plausibility import jumps, outline
from app.meters.plausibility.habits import Doubt, Habits
from app.meters.plausibility.outline import Outline
from app.meters.plausibility.seen import Seen
from app.meters.plausibility.steady import Steady
from app.meters.reading import Meter

_SPOT: Final = 60.0
"""Seconds for which two powers say what was drawn in between."""

_MOST_SHAPES: Final = 64
_KEPT_SHAPES: Final = 8
_LEARNED: Final = 10
"""Telegrams that have to keep a law before one that breaks it is doubted."""

_LEARNED_AFTER: Final = {"weekday": 1, "clocks": 1}
"""Other than that: no chance makes these agree."""

_CLOCK_REST: Final = 20.0
_CLOCK_SHARE: Final = 0.02
_MOST_BEHIND: Final = 3600.0
_WALL_REST: Final = 30.0
_WALL_SHARE: Final = 0.001
"""By how much the meter's clock and the computer's may part over a restart."""

_STEADY: Final = 3
_UNSTEADIEST: Final = 4096
_FASTER: Final = 4.0
_REACTIVE_SHARE: Final = 0.5
"""Of the connection: where a telegram says no reactive power, this alone bounds its energy."""

_BOUNCE: Final = 2300.0
"""Watts that may have been drawn for a moment between two telegrams and show in neither."""

_LEAST_STEP: Final = 0.002
"""kWh: two units of the last digit of most meters."""

SMALL_FALL: Final = 5.0
"""Seconds of full load: by so much a low bit that was damaged and believed lets counters fall."""

_SECONDS: Final = 3600.0
_KILO: Final = 1000.0
_ROLLOVERS: Final = (*(10**n for n in range(3, 10)), 4294967.296)
"""kWh after which counters begin anew: full digits, full 32 bits of Wh."""

_FLOWS: Final = {"gas": 25.0, "water": 16.0, "heat": 0.6, "time": _SECONDS}
"""The most in an hour: m³ of a G16 gas meter and of a Q3 16 water meter, GJ at 160 kW, seconds."""

_REPORTED: Final = 3900.0
"""Seconds between two reports of a meter behind the meter, with some to spare."""

_POWER_OF: Final = {
    key: energy.replace("energy", "power")
    for energy in (
        "energy_import",
        "energy_export",
        "reactive_energy_import",
        "reactive_energy_export",
    )
    for key in (energy, *(f"{energy}_tariff_{n}" for n in range(1, 5)))
}


_OPPOSITE: Final = {
    one: other
    for quantity in ("power", "reactive_power")
    for one, other in (
        (f"{quantity}_import", f"{quantity}_export"),
        (f"{quantity}_export", f"{quantity}_import"),
    )
}

REPLAY: Final = "replay"
FELL: Final = "fell"
LEAP: Final = "leap"
CLOCK: Final = "clock"
PACE: Final = "pace"
IDENTITY: Final = "identity"
SHAPE: Final = "shape"
LIST: Final = "list"
STEADY: Final = "law of repeating"

REPLAYED: Final = "its counter is not newer than that of a telegram before it"


class Track:
    """The telegrams of one sender that go on from one another.

    Args:
        habits: shared by all tracks of a sender.
    """

    __slots__ = (
        "_behind",
        "_steady",
        "_steady_now",
        "_timed_at",
        "_timed_counter",
        "changed",
        "count",
        "counter",
        "counters",
        "digests",
        "doubts",
        "family",
        "habits",
        "ids",
        "law_streaks",
        "meters",
        "need",
        "now",
        "repeats",
        "restored",
        "shapes",
        "steady",
        "step",
        "time",
        "uncounted",
        "values",
        "wall",
        "when",
    )

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.count = 0
        self.meters: tuple[Meter, ...] = ()
        self.ids: frozenset[str] = frozenset()
        self.family = ""  # of meters, and the model
        self.shapes: list[Outline] = []
        self.steady: dict[Outline, Steady] = {}  # of these
        self._steady_now = Steady(())  # of the first of these
        self.counter: int | None = None
        self.time: float | None = None
        self.wall = 0.0
        self.now = 0.0
        self.restored = False
        self.counters: dict[str, Number] = {}
        self.values: dict[str, float] = {}
        self.law_streaks: dict[str, int] = {}
        self.doubts: frozenset[str] = frozenset()
        """Why the telegrams of a track that is not believed yet are doubted."""
        self.uncounted = False
        """Whether telegrams may share a counter, as long as their clock goes on."""
        self.repeats = False
        """Whether the last telegram did."""
        self.digests: frozenset[int] = frozenset()  # of outlines before the restart
        self.when: dict[str, float] = {}  # each value was last seen
        self.changed: dict[str, float] = {}  # each counter last moved
        self.step: float | None = None  # seconds of the meter from one telegram to the next
        self._steady = 0
        self.need = _STEADY
        self._timed_at = 0.0
        self._timed_counter: int | None = None  # of the last telegram with a time
        self._behind = 0.0  # seconds by which the last telegram came late, as far as known

    # --- taking ---

    def take(self, seen: Seen) -> None:
        """Go on from a telegram."""
        self._learn_step(seen)
        self.repeats = self.count > 0 and seen.counter is not None and seen.counter == self.counter
        self.count += 1
        if self.meters != seen.meters:
            self.meters = seen.meters
            self.family = _family(seen.meters[0])
            self.ids |= {meter.id for meter in seen.meters}
        self._take_shape(seen)
        now = seen.now
        for key, number in seen.counters.items():
            if self.counters.get(key) != number:
                self.changed[key] = now
        self.counters.update(seen.counters)
        self.values.update(seen.values)
        self.when.update(dict.fromkeys(seen.values, now))
        if len(seen.meters) > 1:  # a meter's own counters are among its values
            self.when.update(dict.fromkeys(seen.counters, now))
        self.counter = seen.counter
        if seen.time is not None:
            self.time, self._timed_at, self._timed_counter = seen.time, now, seen.counter
        self.wall, self.now, self.restored = seen.wall, now, False
        streaks = self.law_streaks
        for law in seen.found.kept:
            streaks[law] = streaks.get(law, 0) + 1
        for law in seen.found.broken:
            streaks[law] = -10 * _LEARNED  # not relied on again soon

    def _take_shape(self, seen: Seen) -> None:
        """Let the telegram's list be the first of those known."""
        shapes = self.shapes
        if not shapes or (shapes[0] is not seen.outline and shapes[0] != seen.outline):
            known = self.steady.get(seen.outline) or Steady(seen.words)
            if seen.outline in self.steady:
                shapes.remove(seen.outline)
            shapes.insert(0, seen.outline)
            self.steady[seen.outline] = self._steady_now = known
            for shape in shapes[_MOST_SHAPES:]:
                del self.steady[shape]
            del shapes[_MOST_SHAPES:]
        self._steady_now.take(seen.words)

    def missed(self, seen: Seen) -> list[int]:
        """Give the places of what the meter repeated so far and does not repeat here."""
        if self.shapes and self.shapes[0] is seen.outline:
            return self._steady_now.missed(seen.words)
        known = self.steady.get(seen.outline)
        return known.missed(seen.words) if known else []

    def distrust(self, seen: Seen) -> None:
        """Never again rely on what this telegram does not repeat."""
        if known := self.steady.get(seen.outline):
            known.distrust(known.missed(seen.words))

    def forget_step(self) -> None:
        """Rely on the meter's pace only after it was steady for longer."""
        self._steady, self.need = 0, min(2 * self.need, _UNSTEADIEST)

    def inherit(self, other: "Track") -> None:
        """Know what another track of the same sender knew, as far as this one does not."""
        self.digests |= other.digests
        for shape in other.shapes:
            if len(self.shapes) < _MOST_SHAPES and shape not in self.steady:
                self.shapes.append(shape)
                self.steady[shape] = other.steady[shape]
        self.ids |= other.ids
        self.law_streaks = {**other.law_streaks, **self.law_streaks}
        for key, number in other.counters.items():
            if key not in self.counters:
                self.counters[key] = number
                self.when[key] = other.when.get(key, self.now)
                self.changed[key] = other.changed.get(key, self.now)
        self.step, self.need = other.step, other.need

    def _learn_step(self, seen: Seen) -> None:
        if seen.time is None or self.time is None or self.restored:
            return
        passed = seen.time - self.time
        late = seen.now - self._timed_at - passed
        self._behind = min(max(0.0, self._behind + late), _MOST_BEHIND)
        telegrams = self._telegrams_since(seen)
        step = self.step
        if telegrams is None:
            steady = bool(step) and passed > 0 and not passed % (step or 1)
        else:
            steady = passed == (step or 0) * telegrams
        if step and steady:
            self._steady += 1
        elif passed > 0 and not passed % (telegrams or 1):
            self.step, self._steady = passed / (telegrams or 1), 0
        else:
            self.step, self._steady = None, 0

    def _telegrams_since(self, seen: Seen) -> int | None:
        """Count the telegrams since the last one with a time; None if they cannot be."""
        if seen.counter is None or self._timed_counter is None:
            return None
        passed = seen.counter - self._timed_counter
        return passed if passed > 0 else None

    # --- judging ---

    def doubt(self, seen: Seen) -> list[Doubt]:
        """Tell what about a telegram does not go on from this track; nothing when all does."""
        doubts: list[Doubt] = []
        if replayed := self.replays(seen):
            doubts.append(Doubt(REPLAY, REPLAYED))
        self.identified(seen, doubts)
        if self.shapes and self.shapes[0] == seen.outline:
            seen.outline = self.shapes[0]  # so that it need not be compared again
        elif not self._known(seen.outline):
            self._shaped(seen, doubts)
        if not replayed and self.missed(seen):
            doubts.append(Doubt(STEADY, "what the meter repeats in each telegram is another"))
        passed = max(0.0, seen.now - self.now)
        metered = self._clocked(seen, passed, doubts, replayed=replayed)
        # What a gateway holds up arrives all at once: then the meter's clock tells what passed.
        late = 0.0 if metered is None else max(0.0, metered - passed)
        self._counted_up(seen, late, doubts)
        if passed + late <= jumps.RECENT:
            jumps.judge(self, seen, doubts)
        doubts += [
            Doubt(f"law {law}", "its values contradict each other")
            for law in seen.found.broken
            if self.law_streaks.get(law, 0) >= _LEARNED_AFTER.get(law, _LEARNED)
            and f"law {law}" not in self.doubts
        ]
        for key, sentence in seen.found.absurd.items():
            if f"absurd {key}" not in self.doubts:
                doubts.append(Doubt(f"absurd {key}", sentence))
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

    def replays(self, seen: Seen) -> bool:
        """Tell whether a telegram was here before, or one after it, by its counter."""
        if seen.counter is None or self.counter is None or seen.counter > self.counter:
            return False
        if self.uncounted and seen.counter == self.counter:
            return seen.time is None or self.time is None or seen.time <= self.time
        return True

    def leap(self, seen: Seen) -> tuple[float, float]:
        """Give the seconds for which a counter stood still before it moved, and the mean watts.

        Of the counter that moved the fastest.
        """
        found = (0.0, 0.0)
        for key, number in seen.counters.items():
            moved = float(number - self.counters.get(key, number))
            stood = seen.now - self.changed.get(key, seen.now)
            if "energy" in key and stood > 0 and moved * _KILO * _SECONDS / stood > found[1]:
                found = stood, moved * _KILO * _SECONDS / stood
        return found

    def identified(self, seen: Seen, doubts: list[Doubt]) -> None:
        """Doubt a telegram of another meter, or one that was read as of another family.

        A link's addresses may decide the family, and no tag covers them.
        """
        if seen.meters == self.meters:
            return
        main, known = seen.meters[0], self.meters[0] if self.meters else None
        if known and known.number is None and main.number is not None:
            return  # some lists of a meter say its number, some do not
        same = self.family in {"", _family(main)} if known is None else main == known
        if same and {meter.id for meter in seen.meters} <= self.ids:
            return
        doubts.append(Doubt(IDENTITY, "it comes from another meter than those before"))

    def _clocked(
        self, seen: Seen, passed: float, doubts: list[Doubt], *, replayed: bool
    ) -> float | None:
        """Compare the meter's clock with ours; give the seconds that passed on it."""
        if seen.time is None or self.time is None:
            return None
        metered = seen.time - self.time
        if self.restored and not (self.step and seen.counter is not None):
            rest = _WALL_REST + _WALL_SHARE * passed
            right = metered >= -_CLOCK_REST and abs(metered - passed) <= rest
            right = right and not (self.step and metered % self.step)
        elif self.step and self._steady >= self.need and not replayed:
            telegrams = self._telegrams_since(seen)
            if telegrams is None:
                right = (
                    metered > 0
                    and not metered % self.step
                    and self._near(metered, max(0.0, seen.now - self._timed_at))
                )
            else:
                right = metered == telegrams * self.step
        else:
            right = self._near(metered, max(0.0, seen.now - self._timed_at))
        if right:
            return metered
        if self._near(metered, max(0.0, seen.now - self._timed_at)) and not self.restored:
            doubts.append(Doubt(PACE, "its clock does not go on as steadily as before"))
            return metered
        if metered < -_CLOCK_REST:
            doubts.append(Doubt(CLOCK, "its clock goes back"))
        else:
            doubts.append(Doubt(CLOCK, "its clock does not go on as time does"))
        return None

    @property
    def _paced(self) -> bool:
        """Whether the meter's pace is known; of a young track the first two telegrams tell it."""
        young = self.count < _LEARNED and self.need == _STEADY
        return young or self._steady >= self.need

    def _near(self, metered: float, passed: float) -> bool:
        rest = _CLOCK_REST * self.habits.slack.get(CLOCK, 1.0)
        # A gateway that stalls hands a telegram over late, and the next ones in time again.
        latest = passed + self._behind
        return -rest <= metered <= latest + rest + _CLOCK_SHARE * passed

    def _counted_up(self, seen: Seen, late: float, doubts: list[Doubt]) -> None:
        before, spot = self.counters, self.values
        for key, number in seen.counters.items():
            last = before.get(key)
            if last is None or number == last:
                continue
            passed = seen.now - self.when[key]
            allowed = self._allowed(key, passed + late, seen.now)
            moved = float(number - last)
            if moved < 0:
                little = 0.0 if "/" in key else self.habits.watts * SMALL_FALL / _SECONDS / _KILO
                if -moved > little and not _rolled_over(float(last), float(number), allowed):
                    doubts.append(Doubt(FELL, f"{key} falls from {last} to {number}"))
                continue
            if moved > allowed:
                doubts.append(Doubt(LEAP, f"{key} rises faster than the connection allows"))
                continue
            if moved <= _LEAST_STEP:
                continue
            power = _POWER_OF.get(key)
            if power in seen.values and power in spot and passed + late <= _SPOT:
                drawn = max(seen.values[power], spot[power]) * 1.1
                more = moved - drawn * (passed + late) / _SECONDS / _KILO
                if more > _LEAST_STEP and more > self._bounced(key, power, seen, passed + late):
                    doubts.append(Doubt("bounce", f"{key} rises faster than the power says"))

    def _bounced(self, key: str, power: str, seen: Seen, passed: float) -> float:
        """Give the kWh by which a counter may rise beyond what the powers seen make of it."""
        watts = max(0.0, _BOUNCE - self._against(power, seen))
        watts *= self.habits.slack.get("bounce", 1.0)
        digit = _last_digit(seen.counters[key], self.counters[key])
        blur = max(_LEAST_STEP, 2 * digit)
        return watts * passed / _SECONDS / _KILO + blur + self._stood(key, seen.now)

    def _against(self, power: str, seen: Seen) -> float:
        """Give what flowed the other way, both now and before."""
        other = _OPPOSITE[power]
        return min(seen.values.get(other, 0.0), self.values.get(other, 0.0))

    def _stood(self, key: str, now: float) -> float:
        """Give the kWh that a counter can have to catch up, if it was seen to stand still."""
        stood = min(now - self.changed.get(key, now), self.habits.stride)
        return self.habits.watts * stood / _SECONDS / _KILO

    def _allowed(self, key: str, passed: float, now: float) -> float:
        """Give by how much a counter can rise in a time."""
        flow = _FLOWS.get(key.rpartition("/")[2])
        if flow is not None:
            return flow * (max(passed, now - self.changed[key]) + _REPORTED) / _SECONDS
        stood = min(now - self.changed.get(key, now), self.habits.stride)
        # What is held back for rising fast may rise as fast once more.
        watts = self.habits.watts * (_FASTER if LEAP in self.doubts else 1.0)
        if key.startswith("reactive"):
            watts *= _REACTIVE_SHARE
        return watts * max(passed, stood) / _SECONDS / _KILO + _LEAST_STEP

    # --- memory ---

    def memory(self) -> str:
        """Give what is worth knowing after a restart."""
        shapes = [outline.digest(shape) for shape in self.shapes] + sorted(self.digests)
        laws_kept = [law for law, streak in self.law_streaks.items() if streak >= _LEARNED]
        content = {
            "ids": sorted(self.ids),
            "family": self.family,
            "shapes": shapes[:_KEPT_SHAPES],
            "laws": laws_kept,
            "counter": self.counter,
            "time": self.time,
            "step": self.step if self._steady >= self.need else None,
            "wall": self.wall,
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
            track.family = str(content["family"])
            track.digests = frozenset(map(int, content["shapes"]))
            track.law_streaks = dict.fromkeys(map(str, content["laws"]), _LEARNED)
            counter, moment = content["counter"], content["time"]
            track.counter = None if counter is None else int(counter)
            track.time = None if moment is None else float(moment)
            track.habits.watts = float(content["watts"])
            track.habits.stride = float(content["stride"])
            if step := content["step"]:
                track.step, track._steady = float(step), track.need
            track.wall = float(content["wall"])
            track.counters = {str(k): Decimal(str(v)) for k, v in content["counters"].items()}
            track.values = {str(k): float(v) for k, v in content["values"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
            return None
        track.now = track._timed_at = then = now - max(0.0, wall - track.wall)
        track._timed_counter = track.counter
        track.when = dict.fromkeys((*track.values, *track.counters), then)
        track.changed = dict.fromkeys(track.counters, then)
        track.restored = True
        track.count = _LEARNED
        return track if known else None


def _last_digit(one: Number, other: Number) -> float:
    """Give what one in the last digit of a counter in kWh is worth, as far as two numbers say."""
    for exponent in (0, -1, -2):
        digit = Decimal(10) ** exponent
        if not one % digit and not other % digit:
            return float(digit)
    return 0.001


def _rolled_over(last: float, number: float, allowed: float) -> bool:
    return any(
        last < full <= last + allowed and full - last + number <= allowed for full in _ROLLOVERS
    )


def _family(meter: Meter) -> str:
    return f"{meter.type} {meter.manufacturer} {meter.model}"
