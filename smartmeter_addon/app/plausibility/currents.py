"""Tells currents that are counted in another unit from currents that flow.

After a change of firmware, a list that says no units may count currents in tenths of what they were
counted in before: all of them move by the same power of ten, and the power does not.
"""

import math
from collections.abc import Iterable
from typing import Final

from app.language.catalogue import Sentence
from app.meters.quantities import USUAL_VOLTAGE, Quantity
from app.plausibility.decision import Violation
from app.plausibility.laws import CURRENTS, Values

_SMALL: Final = 1
_LARGE: Final = 6
"""A below which a current says nothing, and that one of them has to have: about what a current may
move by without a cause."""

_NEAR: Final = 0.06
"""By how much the logarithm may miss a power of ten: 15 %, as loads change."""

_SHARE: Final = 4
"""A cause moves the power by at least one part in so many of what the currents move by."""

_LEAST_FACTOR: Final = 1 / 3
_MOST_FACTOR: Final = 1.5
"""Power factors between which currents are in the right unit: a wrong one makes less than a tenth,
or several times as much."""


def in_their_unit(
    found: list[Violation], values: Values, before: Values, doubted: Iterable[str]
) -> list[Violation]:
    """Tell currents in another unit from loads that come or go.

    Args:
        found: what the values of a telegram fail.
        values: of the telegram.
        before: the last ones.
        doubted: names of what is withheld.
    """
    keys = [key for key in CURRENTS if key in values]
    power = "power" if "power" in values else "power_import"
    if not keys or power not in values:
        return found
    if any(key in doubted for key in keys):
        watts = USUAL_VOLTAGE * sum(abs(float(values[key])) for key in keys)
        factor = abs(float(values[power])) / max(watts, 1.0)
        is_other = not _LEAST_FACTOR <= factor <= _MOST_FACTOR
    else:
        is_other = power in before and _moved_their_point(keys, power, values, before)
    if not is_other:
        return found
    others = [
        one for one in found if one.detail not in keys and one.name != f"jump {Quantity.CURRENT}"
    ]
    sentence = Sentence("check.currents_by_power")
    return others + [Violation("possible", sentence, key) for key in keys]


def _moved_their_point(keys: list[str], power: str, values: Values, before: Values) -> bool:
    """Tell whether all currents moved by one power of ten, and the power by little."""
    digits, largest, amperes = set(), 0.0, 0.0
    for key in keys:
        last, value = abs(float(before.get(key, 0))), abs(float(values[key]))
        if max(last, value) < _SMALL:
            continue
        if not (last and value):
            return False
        moved = math.log10(value / last)
        if abs(moved - round(moved)) > _NEAR:
            return False
        digits.add(round(moved))
        largest, amperes = max(largest, last, value), amperes + abs(value - last)
    watts = abs(float(values[power] - before[power]))
    is_cause = watts >= amperes * USUAL_VOLTAGE / _SHARE
    return largest >= _LARGE and len(digits) == 1 and 0 not in digits and not is_cause
