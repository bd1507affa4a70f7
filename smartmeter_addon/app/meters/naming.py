"""Which register is which reading.

The phases' codes are the total's plus 20, 40 and 60 in group C; tariffs stand in group E.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem.obis import CURRENT, Obis
from app.cosem.unit import Number
from app.meters import quantities
from app.meters.quantities import QUANTITIES, Quantity
from app.meters.sensors import SENSORS

_Code = tuple[int, int, int]

_POWERS: Final = {
    1: "power_import",
    2: "power_export",
    3: "reactive_power_import",
    4: "reactive_power_export",
    16: "power",
}
_PHASE_VALUES: Final = {11: "current", 12: "voltage", 13: "power_factor"}
_ENERGIES: Final = {
    1: "energy_import",
    2: "energy_export",
    3: "reactive_energy_import",
    4: "reactive_energy_export",
}
_INSTANTANEOUS: Final = 7
_ENERGY: Final = 8
_POWER_FACTOR: Final = QUANTITIES[Quantity.POWER_FACTOR].bounds
_TARIFFS: Final = range(1, 5)
_PHASES: Final = range(1, 4)


def _rows() -> Iterator[tuple[_Code, str]]:
    for c, key in _POWERS.items():
        yield (c, _INSTANTANEOUS, 0), key
        for phase in _PHASES:
            yield (c + 20 * phase, _INSTANTANEOUS, 0), f"{key}_l{phase}"
    for c, key in _PHASE_VALUES.items():
        for phase in _PHASES:
            yield (c + 20 * phase, _INSTANTANEOUS, 0), f"{key}_l{phase}"
    for c, key in _ENERGIES.items():
        yield (c, _ENERGY, 0), key
        for tariff in _TARIFFS:
            yield (c, _ENERGY, tariff), f"{key}_tariff_{tariff}"
    yield (9, _INSTANTANEOUS, 0), "apparent_power"
    for phase in _PHASES:
        yield (9 + 20 * phase, _INSTANTANEOUS, 0), f"apparent_power_l{phase}"
    yield (13, _INSTANTANEOUS, 0), "power_factor"
    yield (14, _INSTANTANEOUS, 0), "frequency"
    yield (91, _INSTANTANEOUS, 0), "current_n"
    # Angles between a phase's current and its voltage: tens 4 to 6 are currents, ones 0 to 2
    # voltages (IEC 62056-61, C = 81); Siemens writes the pair the other way round.
    for phase in _PHASES:
        for pair in (10 * (phase + 3) + phase - 1, 10 * (phase - 1) + phase + 3):
            yield (81, _INSTANTANEOUS, pair), f"phase_angle_l{phase}"


_KEYS: Final = {code: key for code, key in _rows() if key in SENSORS}


class Naming(NamedTuple):
    """A reading's key, and the power of ten from the telegram's unit to the reading's."""

    key: str
    exponent: int


@lru_cache(maxsize=1024)
def of(obis: Obis, unit: str) -> Naming | None:
    """Tell which reading a register is; None if it is none, or its unit does not fit."""
    # Group F other than 255 is a value of a past billing period.
    key = _KEYS.get(obis.cde) if obis.electrical and obis.f == CURRENT else None
    if key is None:
        return None
    exponent = quantities.exponent(unit, SENSORS[key].unit or "")
    return None if exponent is None else Naming(key, exponent)


def possible(key: str, value: Number) -> bool:
    """Tell whether a reading can have this value at all.

    A power factor above 1 is a maker's misunderstanding (E.ON in Hungary: capture ``p1-eon-hu``).
    """
    return not key.startswith("power_factor") or _POWER_FACTOR.allow(value)
