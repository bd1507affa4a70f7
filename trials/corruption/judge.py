"""Compares what is published with what the meter said, and counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from app.meters.catalogue import quantity_of_reading
from app.meters.quantities import MOST_PER_HOUR
from app.meters.sensors import SENSORS
from tests.support.quantities import CONNECTION, RANGES, range_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.meters.reading import Reading
    from trials.corruption.cases import Case
    from trials.corruption.streams import Pushed

MOST_SHOWN: Final = 8
"""Errors of each kind of session that are printed in full."""

PROMISED: Final = 3
"""Good telegrams after damaged ones with the last of which the right values are published."""

GRAVE: Final = ("identity", "time", "older", "late", "falls", "leaps", "tenth", "unknown key")
"""Beginnings of errors that must not occur even where the checksum is repaired."""

_LATEST: Final = 30
"""Telegrams after which one that a damaged length delayed has come."""

_FLOWS: Final = {"gas": (25.0, 3600.0), "water": (16.0, 3600.0), "heat": (0.6, 3600.0)}
"""By reading of a submeter, the most that it counts in an hour, and seconds between its reports."""

_STATES: Final = frozenset(
    key
    for key in SENSORS
    if quantity_of_reading(key) is None and key not in {*MOST_PER_HOUR, "timestamp"}
)
"""Keys of what is no measured number: texts, the tariff in use, limits, counts."""


@dataclass(slots=True)
class Result:
    """What was counted.

    Args:
        damaged: damaged telegrams.
        good: telegrams that were not damaged.
        not_accepted: those of them that were pending or rejected.
        stuck: sessions that ended with good telegrams that were not accepted.
        published: damaged telegrams that were published, wrong or not.
        wrong: damaged telegrams that were published with anything wrong.
        mixed: damaged telegrams that were published with a part of the telegram before.
        ghosts: ids of meters that do not exist, of each session.
        recovered: how often the right values were published again with which good telegram after
            damaged ones; 0 for never.
        errors: by kind of error and key.
        largest: the largest error below the limit, by key, as a share of that limit.
        shown: the first errors in full.
        by_list: by list, good telegrams that were not accepted, and all good telegrams.
    """

    damaged: int = 0
    good: int = 0
    not_accepted: int = 0
    stuck: int = 0
    published: int = 0
    wrong: int = 0
    mixed: int = 0
    ghosts: int = 0
    recovered: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    largest: dict[str, float] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    by_list: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def grave(self) -> int:
        """How many errors are grave."""
        return sum(count for error, count in self.errors.items() if error.startswith(GRAVE))

    @property
    def late(self) -> int:
        """How often the right values came later than is promised, or never."""
        return sum(count for n, count in self.recovered.items() if not 0 < n <= PROMISED)

    def add(self, other: Result) -> None:
        """Add what was counted in other sessions."""
        self.damaged += other.damaged
        self.good += other.good
        self.not_accepted += other.not_accepted
        self.stuck += other.stuck
        self.published += other.published
        self.wrong += other.wrong
        self.mixed += other.mixed
        self.ghosts += other.ghosts
        self.recovered.update(other.recovered)
        self.errors.update(other.errors)
        for key, share in other.largest.items():
            self.largest[key] = max(share, self.largest.get(key, 0.0))
        for line in other.shown:
            self.show(line)
        for name, (not_accepted, good) in other.by_list.items():
            before = self.by_list.get(name, (0, 0))
            self.by_list[name] = before[0] + not_accepted, before[1] + good

    def show(self, line: str) -> None:
        """Keep an error that is printed in full, unless there are many."""
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(line)


class Judge:
    """Compares what is published in one session with what the meter said.

    Args:
        case: the session's.
        pushed: what the meter said.
        result: counts.
    """

    def __init__(self, case: Case, pushed: Sequence[Pushed], result: Result) -> None:
        self._result = result
        self._case = case
        self._pushed = pushed
        self._ids = {reading.meter.id for one in pushed for reading in one.readings}
        self._last: dict[str, Reading] = {}  # by the meter's id
        self._last_at = 0
        self._last_second = 0.0
        self.right_at = -1
        """The number of the last telegram that was published and right."""

    def judge(self, found: list[tuple[Reading, ...]], at: int, damage: str) -> None:
        """Count a telegram after which anything wrong is published.

        Args:
            found: the readings of each accepted telegram.
            at: the number of the telegram.
            damage: its damage, for people.
        """
        errors = self._compare(found, at)
        if any(kind.startswith("stale") for kind in errors):
            self._result.mixed += all(kind.startswith(("stale", "kept")) for kind in errors)
        if any(not kind.startswith(("kept", "stale")) for kind in errors):
            self._result.wrong += 1
            if not self._case.repaired or any(kind.startswith(GRAVE) for kind in errors):
                self._result.show(f"{self._case}: telegram {at}, {damage}: {dict(errors)}")

    def _compare(self, found: list[tuple[Reading, ...]], at: int) -> Counter[str]:
        errors: Counter[str] = Counter()
        for readings in found:
            # A telegram may become complete only with the bytes of those that follow.
            near = range(at, max(-1, at - _LATEST), -1)
            n = self._find(readings, near)
            late = self._find(readings, range(at - _LATEST, -1, -1)) if n is None else None
            new: Counter[str] = Counter()
            if n is not None and n < self._last_at:
                new["older"] += 1
            elif late is not None:
                n, new["late"] = late, 1
            elif n is None:
                time = readings[0].timestamp
                n = next((n for n in near[:2] if self._pushed[n].readings[0].timestamp == time), at)
                for reading in readings:
                    new += self._errors(reading, n, at)
            if all(kind.startswith("kept") for kind in new) and self._is_whole(readings, n):
                self.right_at = n
            errors += new
            ghosts = {reading.meter.id for reading in readings} - self._ids
            self._result.ghosts += len(ghosts - self._last.keys())
            self._last |= {reading.meter.id: reading for reading in readings}
            self._last_at, self._last_second = n, self._pushed[n].second
        self._result.errors.update(errors)
        return errors

    def _find(self, readings: tuple[Reading, ...], numbers: range) -> int | None:
        """Return the first of some telegrams that says exactly this."""
        return next((n for n in numbers if self._pushed[n].readings == readings), None)

    def _is_whole(self, readings: tuple[Reading, ...], n: int) -> bool:
        """Tell whether all is there that a telegram says."""
        keys = [one.values.keys() for one in readings]
        return keys == [one.values.keys() for one in self._pushed[n].readings]

    def _errors(self, reading: Reading, n: int, at: int) -> Counter[str]:
        errors: Counter[str] = Counter()
        pushed = self._pushed[n]
        truth = next((one for one in pushed.readings if one.meter == reading.meter), None)
        if truth is None:
            errors["identity"] += 1
            return errors
        near = self._pushed[max(0, n - 1) : min(n + 1, at) + 1]
        olds = [one for other in near for one in other.readings if one.meter == reading.meter]
        if reading.timestamp not in {truth.timestamp, None}:
            stale = reading.timestamp in {one.timestamp for one in olds}
            errors["stale time" if stale else "time"] += 1
        last = self._last.get(reading.meter.id, truth).values
        for key, value in reading.values.items():
            said = truth.values.get(key)
            if key in _STATES or isinstance(value, str) or isinstance(said, str):
                errors[f"text {key}"] += value != said
                continue
            if said is None:
                errors[f"unknown key {key}"] += 1
                continue
            if value != said and any(value == one.values.get(key) for one in olds):
                errors[f"stale {key}"] += 1  # the value of the telegram before
            elif value != said and value == last.get(key) and range_key(key) is None:
                errors[f"kept {key}"] += 1  # of an earlier error: until the counter passes it
            elif value != said:
                errors[self._graded(key, float(value), float(said), pushed.second)] += 1
            shown = last.get(key)
            if range_key(key) is None and shown is not None and float(value) < float(shown):
                errors[f"falls {key}"] += 1
        return +errors  # without those counted zero times

    def _graded(self, key: str, value: float, said: float, second: float) -> str:
        off = abs(value - said)
        kind = range_key(key)
        if kind is None:
            flow, rest = _FLOWS.get(key, (CONNECTION / 1000, 0.0))
            allowed = flow * (second - self._last_second + rest) / 3600 + 0.002
            grave, share = f"leaps {key}", off / allowed
        else:
            if kind == "phase_angle":
                off = min(off % 360, 360 - off % 360)
            grave, share = f"tenth {key}", off / RANGES[kind] * 10
        if share > 1:
            return grave
        self._result.largest[key] = max(share, self._result.largest.get(key, 0.0))
        return f"small {key}"
