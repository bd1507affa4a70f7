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

Values = Mapping[str, Number]
"""Readings by key, in the units of `sensors`."""

_size: Final[Callable[[Number], Number]] = abs  # type: ignore[assignment] # its result is an object

PHASES: Final = ("l1", "l2", "l3")
POWERS: Final = tuple(f"power_{phase}" for phase in PHASES)
VOLTAGES: Final = tuple(f"voltage_{phase}" for phase in PHASES)
CURRENTS: Final = tuple(f"current_{phase}" for phase in PHASES)
ANGLES: Final = tuple(f"phase_angle_{phase}" for phase in PHASES)

_LEARNED: Final = 10
"""Telegrams in a row that have to keep a law before one that breaks it fails."""

_BROKEN: Final = -10 * _LEARNED
"""What is counted for a law after an accepted telegram broke it."""

CLOCK_LAWS: Final = ("weekday", "clocks")
"""Laws that no telegram keeps by chance: one is enough."""


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


_TARIFF_SLACK: Final = Decimal("0.0025")
"""kWh or kvarh by which tariffs may miss their total: each is cut off at its last digit."""

_POWER_SLACK: Final = 6
_POWER_SHARE: Final = Decimal("0.01")
"""W, and share of the power, by which parts may miss their sum: each is rounded, and measured at
another moment."""

_APPARENT_SHARE: Final = Decimal("1.15")
_APPARENT_SLACK: Final = 1000
"""Factor and VA by which a power may exceed voltage times current: they are not measured at the
same moment."""

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


class _Sum(NamedTuple):
    """A total and its parts.

    Args:
        total: the key of the total.
        plus: keys of parts.
        minus: keys of parts that are taken off.
        slack: by how much the parts may miss the total.
        share: the same, as a share of the parts.
    """

    total: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    slack: Number = _POWER_SLACK
    share: Decimal = _POWER_SHARE


_NET: Final = "net"
_SUMS: Final = {
    _NET: _Sum("power", ("power_import",), ("power_export",)),
    "phases": _Sum(
        "power",
        (*POWERS, *(f"power_import_{phase}" for phase in PHASES)),
        tuple(f"power_export_{phase}" for phase in PHASES),
    ),
    **{
        total: _Sum(
            total, tuple(f"{total}_tariff_{n}" for n in range(1, 5)), (), _TARIFF_SLACK, Decimal()
        )
        for total in (
            "energy_import",
            "energy_export",
            "reactive_energy_import",
            "reactive_energy_export",
        )
    },
}
_DIRECTIONS: Final = (
    ("power_import", "power_export"),
    ("reactive_power_import", "reactive_power_export"),
)
"""Keys of two powers of which one is zero at any time."""


class Applicable(NamedTuple):
    """The laws that say something of the readings of a list."""

    names: tuple[str, ...]
    sums: tuple[tuple[str, _Sum], ...]
    directions: tuple[tuple[str, str], ...]
    apparent: tuple[tuple[str, str], ...]
    angles: tuple[tuple[str, str, str], ...]


@lru_cache(maxsize=256)
def applicable(keys: tuple[str, ...], *, derived: bool) -> Applicable:
    """Find the laws that say something of some readings.

    Args:
        keys: of the readings.
        derived: whether the power was derived by this program, and so is no evidence.
    """
    sums = []
    for name, law in _SUMS.items():
        plus = tuple(key for key in law.plus if key in keys)
        minus = tuple(key for key in law.minus if key in keys)
        needed = minus if name == _NET else plus
        if law.total in keys and needed and not (name == _NET and derived):
            sums.append((name, law._replace(plus=plus, minus=minus)))
    directions = tuple(pair for pair in _DIRECTIONS if pair[0] in keys and pair[1] in keys)
    phases = [one for one in zip(VOLTAGES, CURRENTS, ANGLES, strict=True) if one[0] in keys]
    complete = "power" in keys and bool(phases) and phases[0][1] in keys
    apparent = tuple(one[:2] for one in phases if one[1] in keys) if complete else ()
    angles = tuple(one for one in phases if one[1] in keys and one[2] in keys) if complete else ()
    names = [name for name, _ in sums] + [one for one, _ in directions]
    names += ["apparent"] * bool(apparent) + ["angles"] * bool(angles)
    return Applicable(tuple(names), tuple(sums), directions, apparent, angles)


def broken(laws: Applicable, values: Values) -> list[str]:
    """Return the names of the laws that values break."""
    found = [name for name, law in laws.sums if not _adds_up(law, values)] if laws.sums else []
    found += [one for one, other in laws.directions if values[one] and values[other]]
    if laws.apparent:
        power = values["power"]
        apparent: Number = 0
        for volts, amperes in laws.apparent:
            apparent += values[volts] * _size(values[amperes])
        if _size(power) > _APPARENT_SHARE * apparent + _APPARENT_SLACK:
            found.append("apparent")
        if laws.angles and not _angles_fit(values, laws.angles):
            found.append("angles")
    return found


def _adds_up(law: _Sum, values: Values) -> bool:
    """Tell whether the parts of a total make it."""
    off = values[law.total]
    size: Number = 0
    for key in law.plus:
        off -= (part := values[key])
        size += _size(part)
    for key in law.minus:
        off += (part := values[key])
        size += _size(part)
    allowed = law.slack + law.share * size
    return -allowed <= off <= allowed


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


def _angles_fit(values: Values, phases: tuple[tuple[str, str, str], ...]) -> bool:
    """Tell whether voltages, currents and angles make the power."""
    off: Number = values["power"]
    slack: Number = 3
    for volts, amperes, angle in phases:
        apparent = values[volts] * values[amperes]
        if apparent:
            cosine, sine = _turned(values[angle])
            off -= apparent * cosine
            slack += _ANGLE_SLACK + _size(apparent) * (_ANGLE_SHARE + _DEGREE * sine)
    return -slack <= off <= slack


@lru_cache(maxsize=1024)
def _turned(degrees: Number) -> tuple[Decimal, Decimal]:
    """Return cosine, and sine without its sign."""
    turn = math.radians(degrees)
    if not math.isfinite(turn):
        return Decimal(), Decimal()
    return Decimal(f"{math.cos(turn):.9f}"), Decimal(f"{abs(math.sin(turn)):.9f}")
