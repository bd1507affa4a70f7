"""What an OBIS code measures.

The groups are those of IEC 62056-61 for electricity (A = 1): C says what is measured and in which
phase, D whether it is the instantaneous value (7), an energy (8), an average (4) or maximum (6).
"""

from typing import Final

from app.cosem.obis import Obis
from app.meters.quantities import Quantity

_INSTANTANEOUS: Final = (4, 5, 6, 7)
_INTEGRAL: Final = (8, 9)
_PHASE_STEP: Final = 20
_PHASES_FROM: Final = 21
_PHASES_TO: Final = 80
_ANGLE: Final = 81

_POWERS: Final = {
    **dict.fromkeys((1, 2, 15, 16, 17, 18, 19, 20), Quantity.ACTIVE),
    **dict.fromkeys((3, 4, 5, 6, 7, 8), Quantity.REACTIVE),
    **dict.fromkeys((9, 10), Quantity.APPARENT),
}
_ENERGIES: Final = {
    Quantity.ACTIVE: Quantity.ACTIVE_ENERGY,
    Quantity.REACTIVE: Quantity.REACTIVE_ENERGY,
    Quantity.APPARENT: Quantity.APPARENT_ENERGY,
}
_OTHERS: Final = {
    11: Quantity.CURRENT,
    12: Quantity.VOLTAGE,
    13: Quantity.POWER_FACTOR,
    14: Quantity.FREQUENCY,
    90: Quantity.CURRENT,  # sum of the phases' currents
    91: Quantity.CURRENT,  # neutral
    92: Quantity.VOLTAGE,  # neutral
}


def of(obis: Obis) -> Quantity | None:
    """Tell what a code measures; None for anything but an electrical quantity."""
    if not obis.electrical:
        return None
    group = obis.c
    if _PHASES_FROM <= group <= _PHASES_TO:
        group = (group - 1) % _PHASE_STEP + 1
    power = _POWERS.get(group)
    if obis.d in _INTEGRAL:
        return _ENERGIES[power] if power else None
    if obis.d not in _INSTANTANEOUS:
        return None
    if obis.c == _ANGLE:
        return Quantity.ANGLE
    return power or _OTHERS.get(group)
