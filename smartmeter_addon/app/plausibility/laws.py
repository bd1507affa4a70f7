"""Laws: how the values of one telegram are related.

They hold for most meters and are learned: a telegram has to keep those that its meter kept so far.
An Austrian meter, for instance, sums its phases before it counts, so it never imports and exports
at once. The numbers are compared exactly; the slack is what rounding and sampling make.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from app.cosem.unit import Number, scaler_of
from app.meters.sensors import TARIFFS_OF

Values = Mapping[str, Number]
"""Readings by key, in the units of `sensors`."""

_size: Final[Callable[[Number], Number]] = abs  # type: ignore[assignment] # its result is an object

PHASES: Final = ("l1", "l2", "l3")
VOLTAGES: Final = tuple(f"voltage_{phase}" for phase in PHASES)
CURRENTS: Final = tuple(f"current_{phase}" for phase in PHASES)
REACTIVE_POWERS: Final = ("reactive_power", "reactive_power_import", "reactive_power_export")
"""Of a list that says the reactive power: the first or the others."""

CLOCK_LAWS: Final = ("weekday", "clocks")
"""Laws that no telegram keeps by chance: one is enough."""

LEARNED: Final = 10
"""Telegrams in a row that have to keep a law before one that breaks it fails."""

_BROKEN: Final = -10 * LEARNED
"""What is counted for a law after an accepted telegram broke it."""

_TARIFF_SLACK: Final = 0.0025
"""kWh or kvarh by which tariffs may miss their total, or one unit of the last digit for each tariff
if that is more: each is cut off there."""

_POWER_SLACK: Final = 6.0
_POWER_SHARE: Final = 100
"""W, and one part in so many of the power, by which parts may miss their sum: each is rounded, and
measured at another moment."""

_ANGLE_SLACK: Final = 1.5
_ANGLE_SHARE: Final = 0.003
_DEGREE: Final = 0.009
"""W of a phase by which rounding moves what its angle makes: half a hundredth of an ampere, half a
volt, half a degree."""

_WEEKDAYS: Final = range(1, 8)
"""Values of a date-time's day of week that say one."""

_DATE = _WEEKDAY = 4
_TIME: Final = 8
"""Bytes of a date-time: up to the date, where the day of week follows; up to the seconds."""

_DIRECTIONS: Final = (
    ("power_import", "power_export"),
    ("reactive_power_import", "reactive_power_export"),
)
"""Keys of two powers of which one is zero at any time."""


Keeps = Callable[[Sequence[Any], int], bool]
"""Tells whether numbers keep a law, see `Law`."""


class Law(NamedTuple):
    """A law.

    Args:
        name: of the law.
        keys: of the readings that it says something of.
        keeps: tells whether their numbers keep it, in this order. The second argument is the number
            that stands for 1: 1, or more where these are integers with one scale.
        of_counts: makes what tells the same of a telegram's counts, by the places and the powers of
            ten of these numbers. None where numbers are compared exactly; else they are floats.
    """

    name: str
    keys: tuple[str, ...]
    keeps: Keeps
    of_counts: "Callable[[Sequence[int], Sequence[int]], Keeps] | None" = None

    def is_kept_by(self, values: Values) -> bool:
        """Tell whether values keep it."""
        numbers = (values[key] for key in self.keys)
        return self.keeps([float(n) for n in numbers] if self.of_counts else list(numbers), 1)


class Learned:
    """Which laws the telegrams of a meter kept.

    Args:
        names: of those that it kept before a restart.
    """

    __slots__ = ("_counts",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._counts = dict.fromkeys(names, LEARNED)

    def add(self, names: Iterable[str], broken: Iterable[str], telegrams: int = 1) -> None:
        """Learn from accepted telegrams.

        Args:
            names: of the laws that say something of them.
            broken: of those that they do not keep.
            telegrams: how many.
        """
        counts = self._counts
        for name in names:
            counts[name] = min(counts.get(name, 0) + telegrams, LEARNED)
        for name in broken:
            counts[name] = min(counts[name] - 1, _BROKEN)

    def hold(self, name: str) -> bool:
        """Tell whether a telegram has to keep a law."""
        return self._counts.get(name, 0) >= (1 if name in CLOCK_LAWS else LEARNED)

    def names(self) -> list[str]:
        """Return the laws that are kept over a restart."""
        return [name for name, count in self._counts.items() if count >= LEARNED]


@lru_cache(maxsize=256)
def applicable(keys: tuple[str, ...]) -> tuple[Law, ...]:
    """Find the laws that say something of readings with these keys."""
    laws = []
    for total, parts in TARIFFS_OF.items():
        tariffs = [key for key in parts if key in keys]
        if total in keys and tariffs:
            laws.append(Law(total, (total, *tariffs), _add_up))
    names = [*(f"power_{phase}" for phase in PHASES), *(f"power_import_{p}" for p in PHASES)]
    plus = [key for key in names if key in keys]
    minus = [key for phase in PHASES if (key := f"power_export_{phase}") in keys]
    if "power" in keys and plus:
        laws.append(Law("phases", ("power", *plus, *minus), _phases(len(plus))))
    laws += [Law(one[0], one, _one_way) for one in _DIRECTIONS if set(one) <= set(keys)]
    phases = [(f"voltage_{one}", f"current_{one}", f"phase_angle_{one}") for one in PHASES]
    if "power" in keys and (turned := [one for one in phases if set(one) <= set(keys)]):
        of = ("power", *(key for one in turned for key in one))
        keeps = _turned(range(len(of)), (0,) * len(of))
        laws.append(Law("angles", of, keeps, of_counts=_turned))
    return tuple(laws)


def broken(laws: tuple[Law, ...], values: Values) -> list[str]:
    """Return the names of the laws that values break."""
    return [law.name for law in laws if not law.is_kept_by(values)]


def broken_clocks(content: bytes, clocks: tuple[int, ...], sent: datetime) -> list[str]:
    """Return the names of the laws of clocks that a telegram breaks.

    Args:
        content: of the telegram.
        clocks: where date-times stand in it, in bytes.
        sent: the telegram's time. Its day of week has to be that of the date (``weekday``), and all
            its clocks have to show the same (``clocks``).
    """
    found = []
    said = content[clocks[0] + _WEEKDAY]
    if said in _WEEKDAYS and said != sent.isoweekday():
        found.append("weekday")
    shown = {content[at : at + _DATE] + content[at + _DATE + 1 : at + _TIME] for at in clocks}
    return found + ["clocks"] * (len(shown) > 1)


def _add_up(numbers: Sequence[Number], one: int) -> bool:
    """Tell whether tariffs make their total, which is the first; see `Law`."""
    off = _size(numbers[0] - sum(numbers[1:]))
    if off <= _TARIFF_SLACK * one:
        return True
    step = 1 if one > 1 else 10.0 ** max(map(scaler_of, numbers))
    return off <= step * (len(numbers) - 1)


def _phases(plus: int) -> Callable[[Sequence[Number], int], bool]:
    """Make the law that so many powers, less those behind them, make the first of all."""

    def keeps(numbers: Sequence[Number], one: int) -> bool:
        parts = numbers[1:]
        off = numbers[0] - sum(parts[:plus]) + sum(parts[plus:])
        return _size(off) <= _POWER_SLACK * one + float(sum(map(_size, parts))) / _POWER_SHARE

    return keeps


def _one_way(numbers: Sequence[Number], _: int) -> bool:
    """Tell whether one of two powers is zero."""
    return not (numbers[0] and numbers[1])


def _turned(places: Sequence[int], exponents: Sequence[int]) -> Keeps:
    """Make the law that voltages, currents and angles make the power, which is the first."""
    power, watt = places[0], 10.0 ** exponents[0]
    phases = []
    for n in range(1, len(places), 3):
        voltage, current, angle = places[n : n + 3]
        factor = 10.0 ** (exponents[n] + exponents[n + 1])
        phases.append((voltage, current, angle, factor, _parts_of(exponents[n + 2])))

    def keeps(numbers: Sequence[float], _: int) -> bool:
        off, slack = numbers[power] * watt, 3.0
        for voltage, current, angle, factor, parts in phases:
            if apparent := numbers[voltage] * numbers[current] * factor:
                cosine, share = parts(numbers[angle])
                off -= apparent * cosine
                slack += _ANGLE_SLACK + abs(apparent) * share
        return -slack <= off <= slack

    return keeps


@lru_cache(maxsize=64)
def _parts_of(exponent: int) -> Callable[[float], tuple[float, float]]:
    """Return what tells of an angle, counted in a power of ten of degrees.

    That is its cosine, and the share of the power by which rounding may move it.
    """

    @lru_cache(maxsize=1024)
    def parts(angle: float) -> tuple[float, float]:
        turn = math.radians(angle * 10.0**exponent)
        if not math.isfinite(turn):
            return 0.0, _ANGLE_SHARE
        return math.cos(turn), _ANGLE_SHARE + _DEGREE * abs(math.sin(turn))

    return parts
