"""Tells currents that are counted in another unit from currents that flow.

After a change of firmware, a list that says no units may count currents in tenths of what they were
counted in before: all of them move by the same power of ten, and the power does not. Loads do that,
too, where a battery keeps the power at nothing: small currents have to have made the power before.
"""

import math
from collections.abc import Iterable
from typing import Final

from app.language.catalogue import Sentence
from app.meters.quantities import USUAL_VOLTAGE, Quantity
from app.plausibility.decision import Violation
from app.plausibility.laws import CURRENTS, REACTIVE_POWERS, Values
from app.plausibility.limits import BALANCED, Limits
from app.plausibility.units import digits_between

_SMALL: Final = 1
"""A below which a current says nothing."""

_NEAR: Final = 0.06
"""By how much the logarithm may miss a power of ten: 15 %, as loads change."""

_SHARE: Final = 4
"""A cause moves the power by at least one part in so many of what the currents move by."""

_LEAST_FACTOR: Final = 1 / 3
_MOST_FACTOR: Final = 1.5
"""Power factors between which currents are in the right unit: a wrong one makes less than a tenth,
or several times as much. Panels and loads that balance make less, too."""


def in_their_unit(
    found: list[Violation],
    values: Values,
    before: Values,
    doubted: Iterable[str],
    limits: Limits,
) -> list[Violation]:
    """Tell currents in another unit from loads that come or go.

    Args:
        found: what the values of a telegram fail.
        values: of the telegram.
        before: the last ones.
        doubted: names of what is withheld.
        limits: of the sender.
    """
    if agree(values):
        return found
    keys, powers = _said(values)
    is_doubted = any(key in doubted for key in keys)
    if not (is_doubted or _moved_their_point(keys, powers, values, before, limits)):
        return found
    others = [
        one for one in found if one.detail not in keys and one.name != f"jump {Quantity.CURRENT}"
    ]
    sentence = Sentence("check.currents_by_power")
    return others + [Violation("possible", sentence, key) for key in keys]


def agree(values: Values) -> bool:
    """Tell whether the powers are about what the currents make, or one of the two is not said."""
    keys, powers = _said(values)
    if not keys or powers[-1] not in values:
        return True
    watts = USUAL_VOLTAGE * sum(abs(float(values[key])) for key in keys)
    made = math.hypot(*(float(values[key]) for key in powers))
    return _LEAST_FACTOR <= made / max(watts, 1.0) <= _MOST_FACTOR


def _said(values: Values) -> tuple[list[str], list[str]]:
    """Return the keys of the currents, and of the powers that they make, the active one last."""
    powers = [key for key in REACTIVE_POWERS if key in values]
    powers.append("power" if "power" in values else "power_import")
    return [key for key in CURRENTS if key in values], powers


def _moved_their_point(
    keys: list[str], powers: list[str], values: Values, before: Values, limits: Limits
) -> bool:
    """Tell whether all currents moved by one power of ten, and the powers by little."""
    said = {*keys, *powers}
    if not before.keys() >= said:
        return False
    amperes = [(abs(float(before[key])), abs(float(values[key]))) for key in keys]
    if max(map(max, amperes)) < BALANCED and not agree({key: before[key] for key in said}):
        return False
    amperes = [one for one in amperes if max(one) >= _SMALL]
    if not (amperes and all(map(all, amperes))):
        return False
    moved = [digits_between(*one) for one in amperes]
    digits = round(moved[0])
    is_point = digits != 0 and all(abs(one - digits) <= _NEAR for one in moved)
    # Smaller moves are those of usual loads.
    is_far = not all(limits.of(key).allows(values[key], before[key]) for key in keys)
    watts = math.hypot(*(float(values[key] - before[key]) for key in powers))
    is_cause = watts >= sum(abs(now - last) for last, now in amperes) * USUAL_VOLTAGE / _SHARE
    return is_point and is_far and not is_cause
