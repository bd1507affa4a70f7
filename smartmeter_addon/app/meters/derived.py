"""Readings that a meter does not send and that follow from those it sends, each with its formula.

They are made at two times:

- When a telegram is read, `add_signed_power` adds the signed power of the whole meter. It is part
  of every reading: plausibility compares it, and ``decode`` shows it.
- When a reading is published, `completed` adds apparent power and the power of each phase. These
  are for the household alone: nothing compares them, and ``decode`` does not show them.

Nothing is guessed: a power factor without a sign does not tell whether a phase takes or gives, so
no power of a phase is made of it; a phase angle does, and its result is only believed while the
phases together make the power that the meter sends itself.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from app.meters.reading import Reading

_PHASES: Final = ("l1", "l2", "l3")
_TENTH: Final = Decimal("0.1")

# Currents come in steps of 0.01 A at best, and angles in whole degrees.
_AGREE_WITHIN: Final = Decimal("0.1")
_AGREE_WATTS: Final = 20

_Numbers = Mapping[str, Decimal | int]
_Derived = dict[str, tuple[Decimal | int, str]]
"""Value and formula by the reading's key."""


def add_signed_power(values: dict[str, Decimal | int]) -> dict[str, str]:
    """Add the power of the whole meter with its sign, where the meter sends both directions apart.

    A value of the meter's own is never replaced.

    Args:
        values: what a telegram says, by the reading's key; changed here.

    Returns:
        The formula by key, of what was added.
    """
    if "power" in values:
        return {}
    found = _signed(values)
    values.update({key: value for key, (value, _) in found.items()})
    return {key: how for key, (_, how) in found.items()}


def completed(reading: Reading) -> Reading:
    """Add apparent power, in all and by phase, and the signed power of each phase.

    Values of the meter's own are never replaced.
    """
    sent = _sent(reading)
    found: _Derived = {}
    for phase in _PHASES:
        found |= _signed(sent, f"_{phase}")
    apparent = _apparent(sent)
    for phase, power in apparent.items():
        found[f"apparent_power_{phase}"] = (power, f"voltage_{phase} * current_{phase}")
    if apparent:
        total = sum(apparent.values(), Decimal())
        found["apparent_power"] = (total, " + ".join(f"apparent_power_{p}" for p in apparent))
    for phase, power in _by_angle(sent, apparent).items():
        found.setdefault(
            f"power_{phase}",
            (power, f"voltage_{phase} * current_{phase} * cos(phase_angle_{phase})"),
        )
    return _with(reading, found)


def _sent(reading: Reading) -> _Numbers:
    return {key: value for key, value in reading.values.items() if not isinstance(value, str)}


def _with(reading: Reading, found: _Derived) -> Reading:
    """Add what was found and the meter does not send itself."""
    new = {key: value for key, value in found.items() if key not in reading.values}
    if not new:
        return reading
    return replace(
        reading,
        values={**reading.values, **{key: value for key, (value, _) in new.items()}},
        derived={**reading.derived, **{key: how for key, (_, how) in new.items()}},
    )


def _signed(sent: _Numbers, phase: str = "") -> _Derived:
    """Give import less export, of the whole meter or of a phase; nothing if one is missing."""
    taken, given = f"power_import{phase}", f"power_export{phase}"
    if taken not in sent or given not in sent:
        return {}
    return {f"power{phase}": (sent[taken] - sent[given], f"{taken} - {given}")}


def _apparent(sent: _Numbers) -> dict[str, Decimal]:
    """Give voltage times current of each phase; of none if one lacks either."""
    phases = [p for p in _PHASES if f"voltage_{p}" in sent or f"current_{p}" in sent]
    try:
        return {p: Decimal(sent[f"voltage_{p}"] * sent[f"current_{p}"]) for p in phases}
    except KeyError:
        return {}


def _by_angle(sent: _Numbers, apparent: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Give the active power of each phase, if all have an angle and agree with the whole."""
    powers = {}
    for phase, power in apparent.items():
        angle = sent.get(f"phase_angle_{phase}")
        if angle is None and power:
            return {}
        cosine = Decimal(math.cos(math.radians(angle))) if angle is not None else Decimal()
        powers[phase] = (power * cosine).quantize(_TENTH)
    total, whole = sum(powers.values(), Decimal()), sent.get("power")
    tolerated = _AGREE_WATTS + _AGREE_WITHIN * sum(apparent.values(), Decimal())
    if not any(f"phase_angle_{p}" in sent for p in powers) or whole is None:
        return {}
    return powers if abs(total - whole) <= tolerated else {}
