"""Laws: how the values of one telegram are related.

They hold for most meters and are learned: a telegram has to keep those that its meter kept so far.
An Austrian meter, for instance, sums its phases before it counts, so it never imports and exports
at once. The numbers are compared exactly; the slack is what rounding and sampling make.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain
from operator import mul
from typing import Final, NamedTuple

from app.cosem.unit import Number, scale, scaler_of
from app.meters.sensors import TARIFFS_OF
from app.meters.slots import picker

Values = Mapping[str, Number]
"""Readings by key, in the units of `sensors`."""

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

_TARIFF_SLACK: Final = Decimal("0.0025")
"""kWh or kvarh by which tariffs may miss their total, or one unit of the last digit, at most 1, for
each tariff if that is more: each is cut off there."""

_POWER_SLACK: Final = Decimal(6)
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

_POWERS: Final = ("power", "reactive_power")
_DIRECTIONS: Final = tuple((f"{one}_import", f"{one}_export") for one in _POWERS)
"""Keys of two powers of which one is zero at any time."""

Places = tuple[int, ...]
Exponents = tuple[int, ...]
"""Where the numbers of a law stand among a telegram's counts, and the powers of ten of these."""

Keeps = Callable[[tuple[int, ...]], bool]
"""Tells whether the counts of a telegram keep a law."""


class Law(NamedTuple):
    """A law.

    Args:
        name: of the law.
        keys: of the readings that it says something of.
        of_counts: makes what tells whether their numbers, in this order, keep it.
    """

    name: str
    keys: tuple[str, ...]
    of_counts: Callable[[Places, Exponents], Keeps]

    def is_kept_by(self, values: Values) -> bool:
        """Tell whether values keep it."""
        numbers = [values[key] for key in self.keys]
        exponents = tuple(map(scaler_of, numbers))
        counts = (int(scale(n, -exponent)) for n, exponent in zip(numbers, exponents, strict=True))
        return self.of_counts(tuple(range(len(numbers))), exponents)(tuple(counts))


class Learned:
    """Which laws the telegrams of a meter kept.

    Args:
        names: of those that it kept before a restart.
    """

    __slots__ = ("_counts",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._counts = dict.fromkeys(names, LEARNED)

    def add(self, kept: Mapping[str, bool], telegrams: int = 1) -> None:
        """Learn from some telegrams whether they keep the laws that say something of them."""
        for name, is_kept in kept.items():
            count = min(self._counts.get(name, 0) + telegrams, LEARNED)
            self._counts[name] = count if is_kept else _BROKEN

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
    net, taken, minus = (
        [key for phase in PHASES if (key := f"{name}_{phase}") in keys]
        for name in ("power", "power_import", "power_export")
    )
    if "power" in keys and (plus := net + taken):
        laws.append(Law("phases", ("power", *plus, *minus), partial(_phases, len(plus))))
    laws += [Law(one[0], one, _one_way) for one in _DIRECTIONS if set(one) <= set(keys)]
    phases = [(f"voltage_{one}", f"current_{one}", f"phase_angle_{one}") for one in PHASES]
    if "power" in keys and (turned := [one for one in phases if set(one) <= set(keys)]):
        laws.append(Law("angles", ("power", *chain(*turned)), _turned))
    return tuple(laws)


def kept_by_clocks(content: bytes, clocks: tuple[int, ...], sent: datetime) -> dict[str, bool]:
    """Tell which laws of clocks a telegram keeps.

    Args:
        content: of the telegram.
        clocks: where date-times stand in it, in bytes.
        sent: the telegram's time. Its day of week has to be that of the date (``weekday``), and all
            its clocks have to show the same (``clocks``).
    """
    said = content[clocks[0] + _WEEKDAY]
    shown = {content[at : at + _DATE] + content[at + _DATE + 1 : at + _TIME] for at in clocks}
    is_weekday = said not in _WEEKDAYS or said == sent.isoweekday()
    return dict(zip(CLOCK_LAWS, (is_weekday, len(shown) == 1), strict=True))


@lru_cache(maxsize=64)
def _add_up(places: Places, exponents: Exponents) -> Keeps:
    """Make the law that tariffs make their total, which is the first."""
    last_digits = (len(exponents) - 1) * Decimal(1).scaleb(min(max(exponents), 0))
    slack = int(max(_TARIFF_SLACK, last_digits).scaleb(-min(exponents)))
    return _of_parts(places, exponents, lambda n: -slack <= n[0] - sum(n[1:]) <= slack)


@lru_cache(maxsize=64)
def _phases(plus: int, places: Places, exponents: Exponents) -> Keeps:
    """Make the law that so many powers, less those behind them, make the first of all."""
    slack = int(_POWER_SLACK.scaleb(-min(exponents)) * _POWER_SHARE)

    def keeps(numbers: tuple[int, ...]) -> bool:
        parts = numbers[1:]
        off = numbers[0] - sum(parts[:plus]) + sum(parts[plus:])
        return abs(off) * _POWER_SHARE <= slack + sum(map(abs, parts))

    return _of_parts(places, exponents, keeps)


def _of_parts(places: Places, exponents: Exponents, keeps: Keeps) -> Keeps:
    """Make a law of all counts of one of its numbers, in the least of their powers of ten."""
    pick = picker(places)
    factors = [10 ** (exponent - min(exponents)) for exponent in exponents]
    if max(factors) == 1:
        return lambda counts: keeps(pick(counts))
    return lambda counts: keeps(tuple(map(mul, factors, pick(counts))))


def _one_way(places: Places, _: Exponents) -> Keeps:
    """Make the law that one of two powers is zero."""
    taken, given = places
    return lambda counts: not (counts[taken] and counts[given])


@lru_cache(maxsize=64)
def _turned(places: Places, exponents: Exponents) -> Keeps:
    """Make the law that voltages, currents and angles make the power, which is the first."""
    power, *others = places
    watt, *ones = (float(f"1e{exponent}") for exponent in exponents)
    phases = []
    for n in range(0, len(others), 3):
        voltage, current, angle = others[n : n + 3]
        phases.append((voltage, current, angle, ones[n] * ones[n + 1], _parts_of(ones[n + 2])))

    def keeps(counts: tuple[int, ...]) -> bool:
        off, slack = counts[power] * watt, 3.0
        for voltage, current, angle, factor, parts in phases:
            if apparent := counts[voltage] * counts[current] * factor:
                cosine, share = parts(counts[angle])
                off -= apparent * cosine
                slack += _ANGLE_SLACK + abs(apparent) * share
        return -slack <= off <= slack

    return keeps


@lru_cache(maxsize=64)
def _parts_of(degrees: float) -> Callable[[int], tuple[float, float]]:
    """Return what tells of an angle, counted in so many degrees.

    That is its cosine, and the share of the power by which rounding may move it.
    """

    @lru_cache(maxsize=1024)
    def parts(angle: int) -> tuple[float, float]:
        turn = math.radians(angle * degrees)
        if not math.isfinite(turn):
            return 0.0, _ANGLE_SHARE
        return math.cos(turn), _ANGLE_SHARE + _DEGREE * abs(math.sin(turn))

    return parts
