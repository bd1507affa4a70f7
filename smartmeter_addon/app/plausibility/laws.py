"""Laws: how the values of one telegram are related.

They hold for most meters and are learned: a telegram has to keep those that its meter kept so far.
An Austrian meter, for instance, sums its phases before it counts, so it never imports and exports
at once. The numbers are compared exactly; the slack is what rounding and sampling make.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem.unit import Number
from app.meters.sensors import TARIFFS

Values = Mapping[str, Number]
"""Readings by key, in the units of `sensors`."""

_size: Final[Callable[[Number], Number]] = abs  # type: ignore[assignment] # its result is an object

PHASES: Final = ("l1", "l2", "l3")
VOLTAGES: Final = tuple(f"voltage_{phase}" for phase in PHASES)
CURRENTS: Final = tuple(f"current_{phase}" for phase in PHASES)

CLOCK_LAWS: Final = ("weekday", "clocks")
"""Laws that no telegram keeps by chance: one is enough."""

_LEARNED: Final = 10
"""Telegrams in a row that have to keep a law before one that breaks it fails."""

_BROKEN: Final = -10 * _LEARNED
"""What is counted for a law after an accepted telegram broke it."""

_TARIFF_SLACK: Final = Decimal("0.0025")
"""kWh or kvarh by which tariffs may miss their total: each is cut off at its last digit."""

_POWER_SLACK: Final = 6
_POWER_SHARE: Final = Decimal("0.01")
"""W, and share of the power, by which parts may miss their sum: each is rounded, and measured at
another moment."""

_ANGLE_SLACK: Final = Decimal("1.5")
_ANGLE_SHARE: Final = Decimal("0.003")
_DEGREE: Final = Decimal("0.009")
"""W of a phase by which rounding moves what its angle makes: half a hundredth of an ampere, half a
volt, half a degree."""

_WEEKDAYS: Final = range(1, 8)
"""Values of a date-time's day of week that say one."""

_DATE = _WEEKDAY = 4
_TIME: Final = 8
"""Bytes of a date-time: up to the date, where the day of week follows; up to the seconds."""

_COUNTED: Final = (
    *("energy_import", "energy_export", "reactive_energy_import", "reactive_energy_export"),
)
"""Keys of energies that may come with their tariffs."""

_DIRECTIONS: Final = (
    ("power_import", "power_export"),
    ("reactive_power_import", "reactive_power_export"),
)
"""Keys of two powers of which one is zero at any time."""


class Law(NamedTuple):
    """A law.

    Args:
        name: of the law.
        keeps: tells whether values keep it.
    """

    name: str
    keeps: Callable[[Values], bool]


class Learned:
    """Which laws the telegrams of a meter kept.

    Args:
        names: of those that it kept before a restart.
    """

    __slots__ = ("_all", "_counts")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._counts = dict.fromkeys(names, _LEARNED)
        self._all: tuple[str, ...] | None = None  # laws of a list that are all learned

    def add(self, names: tuple[str, ...], broken: Collection[str]) -> None:
        """Learn from an accepted telegram.

        Args:
            names: of the laws that say something of it.
            broken: of those that it does not keep.
        """
        counts = self._counts
        if not broken and names is self._all:
            return
        for name in names:
            counts[name] = min(counts.get(name, 0) + 1, _LEARNED)
        for name in broken:
            counts[name] = min(counts[name] - 1, _BROKEN)
        self._all = names if all(counts[name] == _LEARNED for name in names) else None

    def hold(self, name: str) -> bool:
        """Tell whether a telegram has to keep a law."""
        return self._counts.get(name, 0) >= (1 if name in CLOCK_LAWS else _LEARNED)

    def names(self) -> list[str]:
        """Return the laws that are kept over a restart."""
        return [name for name, count in self._counts.items() if count >= _LEARNED]


@lru_cache(maxsize=256)
def applicable(keys: tuple[str, ...]) -> tuple[Law, ...]:
    """Find the laws that say something of readings with these keys."""
    laws = []
    for total in _COUNTED:
        tariffs = [key for n in TARIFFS if (key := f"{total}_tariff_{n}") in keys]
        if total in keys and tariffs:
            laws.append(Law(total, _sum(total, tariffs, (), _TARIFF_SLACK, Decimal())))
    names = [*(f"power_{phase}" for phase in PHASES), *(f"power_import_{p}" for p in PHASES)]
    plus = [key for key in names if key in keys]
    minus = [key for phase in PHASES if (key := f"power_export_{phase}") in keys]
    if "power" in keys and plus:
        laws.append(Law("phases", _sum("power", plus, minus, _POWER_SLACK, _POWER_SHARE)))
    laws += [Law(one[0], _one_way(*one)) for one in _DIRECTIONS if set(one) <= set(keys)]
    phases = [(f"voltage_{one}", f"current_{one}", f"phase_angle_{one}") for one in PHASES]
    if "power" in keys and (turned := [one for one in phases if set(one) <= set(keys)]):
        laws.append(Law("angles", _turned(turned)))
    return tuple(laws)


def broken(laws: tuple[Law, ...], values: Values) -> list[str]:
    """Return the names of the laws that values break."""
    return [law.name for law in laws if not law.keeps(values)]


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


def _sum(
    total: str, plus: Collection[str], minus: Collection[str], slack: Number, share: Decimal
) -> Callable[[Values], bool]:
    """Make the law that parts make their total.

    Args:
        total: its key.
        plus: keys of parts.
        minus: keys of parts that are taken off.
        slack: by how much the parts may miss the total.
        share: the same, as a share of the parts.
    """

    def keeps(values: Values) -> bool:
        parts = [values[key] for key in plus] + [-values[key] for key in minus]
        allowed = slack + share * sum(map(_size, parts)) if share else slack
        return -allowed <= values[total] - sum(parts) <= allowed

    return keeps


def _one_way(one: str, other: str) -> Callable[[Values], bool]:
    """Make the law that one of two powers is zero."""

    def keeps(values: Values) -> bool:
        return not (values[one] and values[other])

    return keeps


def _turned(phases: Collection[tuple[str, str, str]]) -> Callable[[Values], bool]:
    """Make the law that voltages, currents and angles make the power."""

    def keeps(values: Values) -> bool:
        off: Number = values["power"]
        slack: Number = 3
        for volts, amperes, angle in phases:
            if apparent := values[volts] * values[amperes]:
                cosine, sine = _parts_of(values[angle])
                off -= apparent * cosine
                slack += _ANGLE_SLACK + _size(apparent) * (_ANGLE_SHARE + _DEGREE * sine)
        return -slack <= off <= slack

    return keeps


@lru_cache(maxsize=1024)
def _parts_of(degrees: Number) -> tuple[Decimal, Decimal]:
    """Return cosine, and sine without its sign."""
    turn = math.radians(degrees)
    if not math.isfinite(turn):
        return Decimal(), Decimal()
    return Decimal(f"{math.cos(turn):.9f}"), Decimal(f"{abs(math.sin(turn)):.9f}")
