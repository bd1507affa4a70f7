"""Readings that a meter does not send and that follow from those it sends, each with its formula.

They are made at two times:

- When a telegram is read, `add_signed_power` adds the signed power of the whole meter, and `Totals`
  the sums of tariffs. They are part of every reading: plausibility compares them, and ``decode``
  shows them.
- When a reading is published, `completed` adds apparent power and the power of each phase. These
  are for the household alone: nothing compares them, and ``decode`` does not show them.

Nothing is guessed: a power factor without a sign does not tell whether a phase takes or gives, so
no power of a phase is made of it; a phase angle does, and its result is only believed while the
phases together make the power that the meter sends itself.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import mul
from types import MappingProxyType
from typing import Final, NamedTuple

from app.cosem.unit import scale
from app.meters.limits import MOST_SENDERS
from app.meters.reading import Reading
from app.meters.sensors import TARIFFS_OF
from app.meters.slots import picker
from app.meters.values import Layout, Values

_PHASES: Final = ("l1", "l2", "l3")
_TENTHS: Final = -1
"""The power of ten of powers by angle: currents come in steps of 0.01 A at best."""

_AGREE_WITHIN: Final = 0.1
_AGREE_TENTHS: Final = 200
"""Share of the apparent power, and tenths of a W, by which powers by angle may miss the meter's:
angles come in whole degrees."""

_SIGNED: Final = {"power": "power_import - power_export"}


def add_signed_power(values: dict[str, Decimal | int]) -> Mapping[str, str]:
    """Add the power of the whole meter with its sign, where the meter sends both directions apart.

    A value of the meter's own is never replaced.

    Args:
        values: what a telegram says, by the reading's key; changed here.

    Returns:
        The formula by key, of what was added.
    """
    if "power" in values or "power_import" not in values or "power_export" not in values:
        return {}
    values["power"] = values["power_import"] - values["power_export"]
    return _SIGNED


_Shown = Mapping[str, frozenset[str]]
"""Which tariffs a sender has shown, by the key of their total."""


class Totals:
    """The energies that senders count by tariff only, each with its total.

    A total has the key of one that the meter would send itself. It never falls: it is only made
    while all tariffs are there that the sender has shown, as a damaged telegram may lack a line,
    and of a sender that sends it itself, if only in another of its lists, it is never made.
    """

    __slots__ = ("_shown",)

    def __init__(self) -> None:
        self._shown: tuple[tuple[str, _Shown], ...] = ()  # of each sender

    def add(self, sender: str, values: dict[str, Decimal | int]) -> Mapping[str, str]:
        """Add the totals that a telegram's tariffs make.

        Args:
            sender: of the telegram.
            values: what it says, by the reading's key; changed here.

        Returns:
            The formula by key, of what was added.
        """
        shown = self.of(sender)
        formulas = {}
        for total, parts in _sums(tuple(values)):
            if shown.get(total, frozenset()) <= parts.keys():
                values[total] = sum(values[key] for key in parts)
                formulas[total] = " + ".join(parts)
        return formulas

    def of(self, sender: str) -> _Shown:
        """Return which tariffs a sender has shown."""
        return next((shown for one, shown in self._shown if one == sender), _NOTHING_SHOWN)

    def learn(self, sender: str, reading: Reading) -> None:
        """Take what a telegram that is accepted shows of its sender's totals and tariffs."""
        others = [one for one in self._shown if one[0] != sender]
        if len(others) < MOST_SENDERS:
            sent = frozenset(reading.values.keys() - reading.derived.keys())
            shown = _shown(tuple(self.of(sender).items()), sent & _COUNTED)
            self._shown = (*others, (sender, shown))


_SENT: Final = frozenset(("",))
"""In the place of tariffs: the meter sends the total itself."""

_NOTHING_SHOWN: Final[_Shown] = MappingProxyType({})

_TARIFFS: Final = {total: frozenset(parts) for total, parts in TARIFFS_OF.items()}
"""The keys of the tariffs of each total."""

_COUNTED: Final = frozenset(_TARIFFS).union(*_TARIFFS.values())
"""The keys of all totals and tariffs."""


@lru_cache(maxsize=256)
def _shown(before: tuple[tuple[str, frozenset[str]], ...], sent: frozenset[str]) -> _Shown:
    """Return what a sender has shown after one more telegram; many senders show the same.

    Args:
        before: what it has shown before, by the key of the total.
        sent: the keys of the totals and tariffs that the telegram says.
    """
    shown = dict(before)
    for total, parts in _TARIFFS.items():
        if total in sent:
            shown[total] = _SENT
        elif shown.get(total) != _SENT:
            shown[total] = shown.get(total, frozenset()) | (parts & sent)
    return shown


@lru_cache(maxsize=256)
def _sums(keys: tuple[str, ...]) -> tuple[tuple[str, Mapping[str, None]], ...]:
    """Find the totals that are missing, with their tariffs in order.

    One tariff makes none, nor do some of which one between is missing.
    """
    found = (
        (total, dict.fromkeys(sorted(parts.intersection(keys))))
        for total, parts in _TARIFFS.items()
        if total not in keys
    )
    return tuple(
        (total, parts)
        for total, parts in found
        if len(parts) > 1 and f"{total}_tariff_{len(parts)}" == next(reversed(parts))
    )


class _Phase(NamedTuple):
    """A phase whose power may follow from its angle.

    Args:
        voltage: its place among the numbers.
        current: likewise.
        tenth: their product, as it is counted, where it is a tenth of a voltampere.
        angle: its place; None where the list has none.
        cosine: of an angle, as it is counted.
        is_power_sent: whether the meter sends the phase's power.
    """

    voltage: int
    current: int
    tenth: float
    angle: int | None
    cosine: Callable[[int], float]
    is_power_sent: bool


class _ByAngle(NamedTuple):
    """How the powers of phases are made of their angles.

    Args:
        phases: of the list.
        power: the place of the meter's power.
        power_tenths: what one count of it stands for, in tenths of a watt.
        layout: of all values, with those made.
        formulas: of all that the meter does not send, by key.
    """

    phases: tuple[_Phase, ...]
    power: int
    power_tenths: float
    layout: Layout
    formulas: Mapping[str, str]


class _Plan(NamedTuple):
    """What is made of the readings of a list, found once.

    Args:
        signed: the signed power of each phase: the place of the power taken, what its counts are
            multiplied by, and the same of the power given.
        products: the apparent power of each phase: the places of its voltage and its current.
        pick_apparent: takes of these the apparent powers that the meter does not send.
        total: makes the apparent power of all phases of these; None where the meter sends it.
        by_angle: how the phases' powers are made of their angles; None where they are not.
        layout: of all values but those by angle.
        formulas: by key, with those that the reading had before, but for those by angle.
    """

    signed: tuple[tuple[int, int, int, int], ...]
    products: tuple[tuple[int, int], ...]
    pick_apparent: Callable[[tuple[int, ...]], tuple[int, ...]]
    total: Callable[[Sequence[int]], int] | None
    by_angle: _ByAngle | None
    layout: Layout
    formulas: Mapping[str, str]


def completed(reading: Reading) -> Reading:
    """Add apparent power, in all and by phase, and the signed power of each phase.

    Values of the meter's own are never replaced.
    """
    meter, sent, said, unknown, before, details, type_code = reading
    values = Values.of(said)
    plan = _plan(values.layout, tuple(before.items()))
    if plan is None:
        return reading
    signed, products, pick_apparent, total, by_angle, layout, formulas = plan
    counts, made = values.counts, []
    # For as few as three, a comprehension takes longer than a loop.
    for taken, factor, given, given_factor in signed:
        made.append(counts[taken] * factor - counts[given] * given_factor)
    powers = []
    for voltage, current in products:
        powers.append(counts[voltage] * counts[current])
    made += pick_apparent(tuple(powers))
    if total:
        made.append(total(powers))
    if by_angle and (found := _powers(by_angle, counts)) is not None:
        made += found
        layout, formulas = by_angle.layout, by_angle.formulas
    said = Values(layout, (*counts, *made))
    # A named tuple is made so in half the time that its class takes.
    return tuple.__new__(Reading, (meter, sent, said, unknown, formulas, details, type_code))


@lru_cache(maxsize=256)
def _plan(layout: Layout, before: tuple[tuple[str, str], ...]) -> _Plan | None:
    """Find what is made of the readings of a list; None for nothing.

    Args:
        layout: of the readings.
        before: formulas of those that were made before, by key.
    """
    places, exponents = layout.places, layout.exponents
    formulas, made = dict(before), dict[str, int]()  # exponents by key
    signed = []
    for one in _PHASES:
        key, taken, given = f"power_{one}", f"power_import_{one}", f"power_export_{one}"
        if key not in places and taken in places and given in places:
            exponent = min(exponents[places[taken]], exponents[places[given]])
            factors = [int(10 ** (exponents[places[k]] - exponent)) for k in (taken, given)]
            signed.append((places[taken], factors[0], places[given], factors[1]))
            formulas[key], made[key] = f"{taken} - {given}", exponent
    named = [one for one in _PHASES if {f"voltage_{one}", f"current_{one}"} & places.keys()]
    if any(f"{what}_{one}" not in places for one in named for what in ("voltage", "current")):
        named = []
    if not signed and not named:
        return None
    products = [(places[f"voltage_{one}"], places[f"current_{one}"]) for one in named]
    of_product = [exponents[voltage] + exponents[current] for voltage, current in products]
    apparent = [n for n, one in enumerate(named) if f"apparent_power_{one}" not in places]
    for n in apparent:
        key = f"apparent_power_{named[n]}"
        formulas[key], made[key] = _product(named[n]), of_product[n]
    total = None
    if named and "apparent_power" not in places:
        lowest = min(of_product)
        formulas["apparent_power"] = " + ".join(f"apparent_power_{one}" for one in named)
        made["apparent_power"] = lowest
        total = _sum_of(tuple(int(10 ** (exponent - lowest)) for exponent in of_product))
    return _Plan(
        tuple(signed),
        tuple(products),
        picker(apparent),
        total,
        _by_angle(layout, named, made, formulas),
        layout.extended(made),
        formulas,
    )


def _sum_of(factors: tuple[int, ...]) -> Callable[[Sequence[int]], int]:
    """Return what adds up numbers, each times its factor."""
    if set(factors) == {1}:
        return sum
    return lambda numbers: sum(map(mul, numbers, factors))


def _by_angle(
    layout: Layout, named: Iterable[str], made: Mapping[str, int], formulas: Mapping[str, str]
) -> _ByAngle | None:
    """Find how the powers of phases are made of their angles; None where they are not.

    Args:
        layout: of the readings.
        named: the phases.
        made: powers of ten of what else is made of the readings, by key.
        formulas: likewise.
    """
    places, exponents = layout.places, layout.exponents
    phases, by_angle = [], {}
    for one in named:
        voltage, current = places[f"voltage_{one}"], places[f"current_{one}"]
        angle = places.get(f"phase_angle_{one}")
        # Of floats that are next to nothing, it is more than any float, and the power is none.
        tenth = float(f"1e{_TENTHS - exponents[voltage] - exponents[current]}")
        is_sent = f"power_{one}" in {*places, *made}
        cosine = _cosine_of(exponents[angle or 0])
        phases.append(_Phase(voltage, current, tenth, angle, cosine, is_sent))
        if not is_sent:
            by_angle[f"power_{one}"] = f"{_product(one)} * cos(phase_angle_{one})"
    power = places.get("power")
    if power is None or not by_angle or all(phase.angle is None for phase in phases):
        return None
    return _ByAngle(
        tuple(phases),
        power,
        10.0 ** (exponents[power] - _TENTHS),
        layout.extended({**made, **dict.fromkeys(by_angle, _TENTHS)}),
        {**formulas, **by_angle},
    )


def _product(phase: str) -> str:
    return f"voltage_{phase} * current_{phase}"


def _powers(by_angle: _ByAngle, counts: Sequence[int]) -> list[int] | None:
    """Give the active power of each phase that the meter does not send, in tenths of a watt.

    Returns:
        None unless all phases that carry something have an angle, and agree with the power of the
        meter.
    """
    phases, place, factor, _, _ = by_angle
    found, total, apparent = [], 0, 0.0
    for voltage, current, tenth, angle, cosine, is_sent in phases:
        active = 0
        if power := counts[voltage] * counts[current]:
            if angle is None:
                return None
            tenths = power / tenth
            active = round(tenths * cosine(counts[angle]))
            total += active
            apparent += tenths
        if not is_sent:
            found.append(active)
    off = abs(total - counts[place] * factor)
    return found if off <= _AGREE_TENTHS + _AGREE_WITHIN * apparent else None


@lru_cache(maxsize=64)
def _cosine_of(exponent: int) -> Callable[[int], float]:
    """Return what gives the cosine of an angle in degrees, counted in a power of ten."""
    return lru_cache(maxsize=1024)(lambda angle: math.cos(math.radians(scale(angle, exponent))))
