"""Which unit counts of energy have, by the power meanwhile and by how they go on.

All here is pure: a `Record` and a `Sample` make the next `Record`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

from app.cosem.obis import Obis
from app.meters.quantities import CONNECTION_WATTS

_WINDOW: Final = 900.0
"""Seconds for which counts and power are compared at least, and the longest gap between powers."""

_LEAST_SAMPLES: Final = 6
"""Powers in that time that give a mean."""

_SPREAD: Final = 0.3
_SPARSE_SPREAD: Final = 1.5
"""By how much the logarithm of a mean power is off: at least; divided by the square root of the
number of powers it is made of. Far misses are not rare (a kettle between two powers), so the odds
fall with the distance and not with its square."""

_FARTHEST: Final = math.log(3)
"""How far counts may be from every unit to be evidence: more, and power or counts are of another
kind than thought."""

_CLEAR: Final = 10.0
"""Natural logarithm of the odds of the likeliest unit against the next from which on it counts:
two to three hours that fit."""

_LEAST_ODDS: Final = -15.0
"""So that units that seemed impossible for years can turn out right within some hours."""

_LARGEST_UNIT: Final = 9
"""Digits by which a unit is another than 1 Wh; a state that says more is damaged."""

MOST_COUNTS: Final = 2**64
"""More than any counter counts; a value of a list may be of any size."""

_SLACK: Final = 1000.0
"""Wh by which a counter may rise at once, for clocks that were set."""


_MANYFOLD: Final = 5
"""Times what was counted before from which on counts may be in another unit."""


class EnergyKind(StrEnum):
    """Kinds of energies; all of one kind count in one unit."""

    ACTIVE = "active"
    REACTIVE = "reactive"


Counts = Mapping[str, int]
"""Counts of the energies of one kind, by group C of their code."""


class Sample(NamedTuple):
    """What one telegram says of power and energy.

    Args:
        at: when, in seconds since 1970.
        watts: import and export; None without.
        counts: of its energies, by kind.
    """

    at: float
    watts: tuple[float, float] | None
    counts: Mapping[EnergyKind, Counts]


class _Window(NamedTuple):
    """A while for which counts and power are compared.

    Args:
        counts: at its begin.
        began: when, in seconds since 1970.
        latest: counts that were read last.
        read_at: when.
        is_fresh: whether the counts had just moved at its begin.
        watt_hours: what the power made since.
        samples: powers since.
    """

    counts: Counts
    began: float
    latest: Counts
    read_at: float
    is_fresh: bool
    watt_hours: float = 0.0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the counts of one meter.

    Args:
        odds: natural logarithm of the likelihood of each unit, the likeliest at 0, by power of ten.
        active: the unit in which active energies are published; None before it is known.
        reactive: likewise; None where it is that of the active ones.
        since: since when energies are withheld, in seconds since 1970.
        counts: that were read last, by kind.
        moved_at: when they were other ones than before, by kind, in seconds since 1970.
        watts: the last power, and when it was.
        window: what is being compared.
    """

    odds: Mapping[int, float]
    active: int | None = None
    reactive: int | None = None
    since: float | None = None
    counts: Mapping[EnergyKind, Counts] = field(default_factory=dict)
    moved_at: Mapping[EnergyKind, float] = field(default_factory=dict)
    watts: tuple[float, float] | None = None
    watts_at: float = 0.0
    window: _Window | None = None

    @classmethod
    def new(cls, units: tuple[int, ...], known: int | None) -> Self:
        """Make the record of a meter.

        Args:
            units: the powers of ten of Wh between which its family differs.
            known: the one in which its energies were published before; None for a new meter.
        """
        odds = dict.fromkeys(units, 0.0) if known is None else _sure_of(known, units)
        return cls(odds, known)

    @classmethod
    def chosen(cls, unit: int, units: tuple[int, ...]) -> Self:
        """Make the record of a meter whose unit the user says, see `new`."""
        return cls(_sure_of(unit, (*units, unit)), unit)

    @property
    def best(self) -> int | None:
        """The unit whose odds are clear, None as long as none's are."""
        first, *others = sorted(self.odds, key=lambda unit: -self.odds[unit])
        clear = all(self.odds[first] - self.odds[other] >= _CLEAR for other in others)
        return first if clear else None

    @property
    def units(self) -> tuple[int | None, int | None]:
        """In which energies are published."""
        return self.active, self.reactive

    @property
    def is_contradicted(self) -> bool:
        """Whether the power shows another unit than the one in which energies were published."""
        return self.active is not None and self.best not in {None, self.active}

    def after(self, sample: Sample) -> tuple["Record", frozenset[EnergyKind]]:
        """Take one more telegram; return also the kinds of energies whose unit just changed."""
        record = self._powered(sample)
        changed = self._changed(sample)
        active, reactive = self.active, self.reactive
        if EnergyKind.ACTIVE in changed:
            active = changed[EnergyKind.ACTIVE]
            record = replace(record, odds=_sure_of(active, tuple(self.odds)))
        if changed:
            reactive = changed.get(EnergyKind.REACTIVE, self._unit_of(EnergyKind.REACTIVE))
            reactive = None if reactive == active else reactive
        if counts := sample.counts.get(EnergyKind.ACTIVE):
            record = record._counted(counts, sample.at)  # noqa: SLF001 - of this very class
        if active is None:
            active = record.best
        record = replace(record, active=active, reactive=reactive)
        if record.is_contradicted:
            record = replace(record, since=self.since or sample.at)
        elif active is not None:
            record = replace(record, since=None)
        moved = [kind for kind, counts in sample.counts.items() if self.counts.get(kind) != counts]
        if moved:
            known = {**self.counts, **sample.counts}
            at = {**self.moved_at, **dict.fromkeys(moved, sample.at)}
            record = replace(record, counts=known, moved_at=at)
        return record, frozenset(changed)

    def to_state(self) -> dict[str, Any]:
        """Return what is kept over a restart, as JSON values."""
        return {
            "odds": {str(unit): round(odds, 3) for unit, odds in self.odds.items()},
            "active": self.active,
            "reactive": self.reactive,
            "since": self.since,
            "counts": {kind.value: dict(counts) for kind, counts in self.counts.items()},
            "moved_at": {kind.value: at for kind, at in self.moved_at.items()},
        }

    @classmethod
    def from_state(cls, content: Any) -> Self | None:  # noqa: ANN401 - any JSON value
        """Make a record of what `to_state` returned; None of what cannot be understood."""
        try:
            odds = {int(unit): float(one) for unit, one in content["odds"].items()}
            active, reactive, since = (content[key] for key in ("active", "reactive", "since"))
            record = cls(
                odds,
                None if active is None else int(active),
                None if reactive is None else int(reactive),
                None if since is None else float(since),
                {
                    EnergyKind(kind): {str(group): int(count) for group, count in counts.items()}
                    for kind, counts in content["counts"].items()
                },
                {EnergyKind(kind): float(at) for kind, at in content["moved_at"].items()},
            )
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            return None
        numbers = (*odds.values(), *record.moved_at.values(), record.since or 0.0)
        is_known = {record.active, record.reactive} <= {None, *odds}
        if not odds or not is_known or not all(map(math.isfinite, numbers)):
            return None
        counted = (count for counts in record.counts.values() for count in counts.values())
        if not all(0 <= count < MOST_COUNTS for count in counted):
            return None
        return record if all(abs(unit) <= _LARGEST_UNIT for unit in odds) else None

    def _unit_of(self, kind: EnergyKind) -> int | None:
        """Return the unit in which energies of a kind are published."""
        if kind is EnergyKind.REACTIVE and self.reactive is not None:
            return self.reactive
        return self.active

    def _changed(self, sample: Sample) -> dict[EnergyKind, int]:
        """Find the kinds of energies whose unit just changed; return the new units."""
        changed: dict[EnergyKind, int] = {}
        for kind, counts in sample.counts.items():
            before, unit = self.counts.get(kind), self._unit_of(kind)
            if not before or unit is None:
                continue
            seconds = sample.at - self.moved_at.get(kind, 0.0)
            follows = _follow(before, counts, seconds, unit, unit)
            if follows and sum(counts.values()) < _MANYFOLD * sum(before.values()):
                continue
            others = [
                one
                for one in self.odds
                if one != unit and _follow(before, counts, seconds, unit, one)
            ]
            if len(others) == 1 and not (
                follows and self._made(before, counts, seconds, unit, others[0])
            ):
                changed[kind] = others[0]
        new = changed.get(EnergyKind.ACTIVE)
        counts = sample.counts.get(EnergyKind.REACTIVE, {})
        before, unit = self.counts.get(EnergyKind.REACTIVE, {}), self._unit_of(EnergyKind.REACTIVE)
        # Reactive energies change with the active ones, unless they are nearer to what they were.
        if new is not None and unit is not None and EnergyKind.REACTIVE not in changed:
            said, was = sum(counts.values()), sum(before.values())
            moved = math.log10(said / was) if said and was else unit - new
            if abs(moved - (unit - new)) <= abs(moved):
                changed[EnergyKind.REACTIVE] = new
        return changed

    def _made(self, before: Counts, counts: Counts, seconds: float, unit: int, other: int) -> bool:
        """Tell whether counts that go on in two units rather do so in the one that they have.

        After a long gap or with a small counter, a connection could have made either. A rise to
        many times what was counted before is compared with the last power.
        """
        was, said = sum(before.values()), sum(counts.values())
        if not self.watts or not was:
            return True
        made = max(1.0, sum(self.watts) * seconds / 3600)
        stays = max(1.0, (said - was) * 10.0**unit)
        changes = max(1.0, said * 10.0**other - was * 10.0**unit)
        return abs(math.log(stays / made)) <= abs(math.log(changes / made))

    def _powered(self, sample: Sample) -> "Record":
        """Add what the power made since the one before."""
        if sample.watts is None:
            return self
        passed = sample.at - self.watts_at
        window = self.window
        if self.watts is None or not 0 <= passed <= _WINDOW:
            window = None
        elif window is not None and passed:
            mean = (sum(self.watts) + sum(sample.watts)) / 2
            window = window._replace(
                watt_hours=window.watt_hours + mean * passed / 3600, samples=window.samples + 1
            )
        return replace(self, watts=sample.watts, watts_at=sample.at, window=window)

    def _counted(self, counts: Counts, at: float) -> "Record":
        """Compare counts with the power since the window's begin, and begin another one."""
        window, odds = self.window, self.odds
        before = self.counts.get(EnergyKind.ACTIVE)
        seconds = at - self.moved_at.get(EnergyKind.ACTIVE, 0.0)
        if before and not any(_follow(before, counts, seconds, unit, unit) for unit in odds):
            window = None  # they are of another unit than before, or set
            odds = odds if self.active is not None else dict.fromkeys(odds, 0.0)
        if window is None or window.counts.keys() != counts.keys():
            begun = _Window(counts, at, counts, at, is_fresh=False)
            return replace(self, odds=odds, window=begun)
        has_moved = counts != window.latest
        # Some counters are refreshed now and then only: a while begins and ends when one was. One
        # that is read seldom was refreshed for that.
        if has_moved and not window.is_fresh and at - window.read_at < _WINDOW:
            return replace(self, window=_Window(counts, at, counts, at, is_fresh=True))
        if not has_moved or at - window.began < _WINDOW or window.samples < _LEAST_SAMPLES:
            return replace(self, window=window._replace(latest=counts, read_at=at))
        odds = _weighed(odds, window, counts)
        return replace(self, odds=odds, window=_Window(counts, at, counts, at, is_fresh=True))


class Shown(NamedTuple):
    """What a telegram shows of the unit of its meter's energies.

    Args:
        meter_id: of the meter.
        record: what is known of it with this telegram.
        is_news: whether that is to be kept at once.
        energies: codes of those whose unit the telegram does not say, each with the power of ten of
            Wh with which it is listed.
    """

    meter_id: str
    record: Record
    is_news: bool
    energies: Mapping[Obis, int] = MappingProxyType({})


def _weighed(odds: Mapping[int, float], window: _Window, counts: Counts) -> Mapping[int, float]:
    """Add a comparison to the odds."""
    counted = sum(counts.values()) - sum(window.counts.values())
    # What is counted lies between two counts, at each end.
    rounding = sum(counts[group] != window.counts[group] for group in counts)
    if counted <= 0 or window.watt_hours <= 0:
        return odds
    least = window.watt_hours / (counted + rounding)
    most = window.watt_hours / (counted - rounding) if counted > rounding else math.inf
    far = {unit: max(0.0, math.log(least / 10**unit), -math.log(most / 10**unit)) for unit in odds}
    if min(far.values()) > _FARTHEST:
        return odds
    spread = max(_SPREAD, _SPARSE_SPREAD / math.sqrt(window.samples))
    weighed = {unit: one - far[unit] / spread for unit, one in odds.items()}
    highest = max(weighed.values())
    return {unit: max(one - highest, _LEAST_ODDS) for unit, one in weighed.items()}


def _sure_of(unit: int, units: tuple[int, ...]) -> dict[int, float]:
    return {one: 0.0 if one == unit else -_CLEAR for one in units}


def _follow(before: Counts, counts: Counts, seconds: float, unit: int, new: int) -> bool:
    """Tell whether counts can be of the energies before, by what a connection carries meanwhile."""
    most = CONNECTION_WATTS * max(seconds, 0.0) / 3600 + _SLACK
    least = -(10 ** max(unit, new))  # the coarser unit cuts off
    return all(
        least <= counts[group] * 10**new - before[group] * 10**unit <= most
        for group in counts
        if group in before
    )
