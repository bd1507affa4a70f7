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
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple, cast

from app.meters.limits import has_room
from app.meters.reading import Reading
from app.meters.sensors import SENSORS, TARIFFS

_PHASES: Final = ("l1", "l2", "l3")
_ZERO: Final = Decimal()
_TENTH: Final = Decimal("0.1")

# Currents come in steps of 0.01 A at best, and angles in whole degrees.
_AGREE_WITHIN: Final = Decimal("0.1")
_AGREE_WATTS: Final = 20

_Numbers = Mapping[str, Decimal | int]
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


class Totals:
    """The energies that senders count by tariff only, each with its total.

    A total has the key of one that the meter would send itself. It never falls: it is only made
    while all tariffs are there that the sender has shown, as a damaged telegram may lack a line,
    and of a sender that sends it itself, if only in another of its lists, it is never made.
    """

    def __init__(self) -> None:
        self._parts: dict[str, dict[str, frozenset[str]]] = {}  # by sender and key of the total

    def add(self, sender: str, values: dict[str, Decimal | int]) -> Mapping[str, str]:
        """Add the totals that a telegram's tariffs make.

        Args:
            sender: of the telegram.
            values: what it says, by the reading's key; changed here.

        Returns:
            The formula by key, of what was added.
        """
        known = self._parts.get(sender, {})
        formulas = {}
        for total, parts in _sums(tuple(values)):
            if known.get(total, frozenset()) <= parts.keys():
                values[total] = sum(values[key] for key in parts)
                formulas[total] = " + ".join(parts)
        return formulas

    def of(self, sender: str) -> Mapping[str, frozenset[str]]:
        """Return which tariffs a sender has shown, by the key of their total."""
        return dict(self._parts.get(sender, {}))

    def learn(self, sender: str, reading: Reading) -> None:
        """Take what a telegram that is accepted shows of its sender's totals and tariffs."""
        if not has_room(self._parts, sender):
            return
        known = self._parts.setdefault(sender, {})
        for total, parts in _TARIFFS.items():
            if total in reading.values and total not in reading.derived:
                known[total] = _SENT
            elif total not in known or known[total] != _SENT:
                known[total] = known.get(total, frozenset()).union(parts & reading.values.keys())


_SENT: Final = frozenset(("",))
"""In the place of tariffs: the meter sends the total itself."""

_TARIFFS: Final = {
    key: frozenset(f"{key}_tariff_{n}" for n in TARIFFS)
    for key in SENSORS
    if f"{key}_tariff_1" in SENSORS
}
"""The keys of the tariffs of each total."""


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
    """Keys of one phase's readings, those of what is made of them first; empty for what is not."""

    apparent: str
    power: str
    voltage: str
    current: str
    angle: str


class _Plan(NamedTuple):
    """What is made of the readings that a list has, found once.

    Args:
        signed: the key of each phase's power, of its import and of its export.
        phases: those with an apparent power.
        total: whether the apparent powers are added up.
        by_angle: whether the phases' powers are made of their angles.
        formulas: by key, with those that the reading had before, but for those by angle.
        with_angles: the same with those by angle.
    """

    signed: tuple[tuple[str, str, str], ...]
    phases: tuple[_Phase, ...]
    total: bool
    by_angle: bool
    formulas: Mapping[str, str]
    with_angles: Mapping[str, str]


def completed(reading: Reading) -> Reading:
    """Add apparent power, in all and by phase, and the signed power of each phase.

    Values of the meter's own are never replaced.
    """
    plan = _plan(tuple(reading.values), tuple(reading.derived.items()))
    if plan is None:
        return reading
    sent = cast("_Numbers", reading.values)  # what is reckoned with is a number
    values: dict[str, Decimal | int | str] = dict(reading.values)
    for key, taken, given in plan.signed:
        values[key] = sent[taken] - sent[given]
    powers = [Decimal(sent[one.voltage] * sent[one.current]) for one in plan.phases]
    for one, power in zip(plan.phases, powers, strict=True):
        if one.apparent:
            values[one.apparent] = power
    total = sum(powers, _ZERO)
    if plan.total:
        values["apparent_power"] = total
    formulas = plan.formulas
    if plan.by_angle and (found := _by_angle(sent, plan.phases, powers, total)):
        values |= found
        formulas = plan.with_angles
    return reading._replace(values=values, derived=formulas)


@lru_cache(maxsize=256)
def _plan(keys: tuple[str, ...], before: tuple[tuple[str, str], ...]) -> _Plan | None:
    """Find what is made of the readings of a list; None for nothing.

    Args:
        keys: of the readings.
        before: formulas of those that were made before, by key.
    """
    formulas = dict(before)
    signed = tuple(
        (f"power_{p}", f"power_import_{p}", f"power_export_{p}")
        for p in _PHASES
        if f"power_{p}" not in keys and {f"power_import_{p}", f"power_export_{p}"} <= set(keys)
    )
    formulas |= {key: f"{taken} - {given}" for key, taken, given in signed}
    made = {key for key, _, _ in signed}.union(keys)
    phases = tuple(
        _Phase(
            "" if f"apparent_power_{p}" in made else f"apparent_power_{p}",
            "" if f"power_{p}" in made else f"power_{p}",
            f"voltage_{p}",
            f"current_{p}",
            f"phase_angle_{p}",
        )
        for p in _PHASES
        if f"voltage_{p}" in keys or f"current_{p}" in keys
    )
    if any(one.voltage not in keys or one.current not in keys for one in phases):
        phases = ()
    product = {one: f"{one.voltage} * {one.current}" for one in phases}
    formulas |= {one.apparent: how for one, how in product.items() if one.apparent}
    total = bool(phases) and "apparent_power" not in keys
    if total:
        sum_of = " + ".join(f"apparent_{one.voltage.replace('voltage', 'power')}" for one in phases)
        formulas["apparent_power"] = sum_of
    by_angle = "power" in keys and any(one.angle in keys for one in phases)
    with_angles = formulas | {
        one.power: f"{how} * cos({one.angle})" for one, how in product.items() if one.power
    }
    if not signed and not phases:
        return None
    return _Plan(signed, phases, total, by_angle, formulas, with_angles)


def _by_angle(
    sent: _Numbers, phases: Iterable[_Phase], powers: Iterable[Decimal], apparent: Decimal
) -> dict[str, Decimal]:
    """Give the active power of each phase, if all have an angle and agree with the whole.

    Args:
        sent: the readings.
        phases: of the meter.
        powers: their apparent powers.
        apparent: the sum of these.
    """
    found = {}
    total = _ZERO
    for one, power in zip(phases, powers, strict=True):
        angle = sent.get(one.angle)
        if angle is None and power:
            return {}
        active = (power * (_ZERO if angle is None else _cosine(angle))).quantize(_TENTH)
        total += active
        if one.power:
            found[one.power] = active
    return found if abs(total - sent["power"]) <= _AGREE_WATTS + _AGREE_WITHIN * apparent else {}


@lru_cache(maxsize=1024)
def _cosine(degrees: Decimal | int) -> Decimal:
    return Decimal(math.cos(math.radians(degrees)))
