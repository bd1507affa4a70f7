"""Invariants: how the values of one telegram are related, and the bounds of each.

The bounds of a quantity hold for every meter. The other invariants hold for most meters and are
learned: a telegram has to keep those that its meter kept so far. An Austrian meter, for instance,
sums its phases before it counts, so it never imports and exports at once.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from app.meters.catalogue import bounds_of_reading, quantity_of_reading
from app.meters.quantities import Quantity

Values = Mapping[str, float]
"""Readings by key, in the units of `sensors`."""

PHASES: Final = ("_l1", "_l2", "_l3")
VOLTAGES: Final = tuple(f"voltage{phase}" for phase in PHASES)
CURRENTS: Final = tuple(f"current{phase}" for phase in PHASES)
ANGLES: Final = tuple(f"phase_angle{phase}" for phase in PHASES)

_KINDS: Final = {
    Quantity.ACTIVE: "power",
    Quantity.REACTIVE: "reactive",
    Quantity.APPARENT: "reactive",
    Quantity.CURRENT: "current",
    Quantity.VOLTAGE: "voltage",
    Quantity.POWER_FACTOR: "factor",
    Quantity.FREQUENCY: "frequency",
    Quantity.ANGLE: "angle",
}
"""Kinds of quantity, by which jumps are checked; all other readings are counters.

state.json holds these kinds. Version 0.1.0 wrote them as they are here.
"""

_APPARENT_SHARE: Final = 1.15
_APPARENT_SLACK: Final = 1000.0
"""Factor and VA by which a power may exceed voltage times current: they are not measured at the
same moment."""

_TARIFF_SLACK: Final = 0.0025
"""kWh or kvarh by which tariffs may miss their total: each is cut off at its last digit."""

_POWER_SLACK: Final = 6.0
_POWER_SHARE: Final = 0.01
"""W, and share of the power, by which parts may miss their sum: each is rounded, and measured at
another moment."""

_VOLT_AMPERE_SLACK: Final = 3.0
"""W by which a power may miss what currents and angles make: both are rounded."""

_TARIFFS: Final = tuple(
    (total, tuple(f"{total}_tariff_{n}" for n in range(1, 5)))
    for total in (
        "energy_import",
        "energy_export",
        "reactive_energy_import",
        "reactive_energy_export",
    )
)
"""Key of a total, and those of its tariffs."""

_DIRECTIONS: Final = (
    ("power_import", "power_export"),
    ("reactive_power_import", "reactive_power_export"),
)
"""Keys of two powers of which one is zero at any time."""


class Findings(NamedTuple):
    """What the invariants say of one telegram.

    Args:
        out_of_bounds: sentences for the log about values that cannot be, by key.
        kept: learned invariants that the telegram keeps.
        broken: learned invariants that it does not keep.
    """

    out_of_bounds: dict[str, str]
    kept: list[str]
    broken: list[str]


# state.json holds the names of the learned invariants: "angles", "net", "phases", the keys of
# totals and of imported powers, and those of `observation`. Version 0.1.0 wrote them as they are.


def check(values: Values, connection_watts: float) -> Findings:
    """Check the values of one telegram by themselves.

    Args:
        values: of the meter's reading.
        connection_watts: the most that its connection carries.
    """
    out_of_bounds: dict[str, str] = {}
    kept: list[str] = []
    broken: list[str] = []
    _check_bounds(values, connection_watts, out_of_bounds)
    apparent = _apparent_power(values, out_of_bounds)
    if apparent is not None and (by_angles := _power_by_angles(values)) is not None:
        expected, rest = by_angles
        off = abs(values.get("power", 0.0) - expected)
        (kept if off <= rest else broken).append("angles")
    for one, other in _DIRECTIONS:
        if one in values and other in values:
            both, any_ = values[one] > 0 < values[other], values[one] or values[other]
            if both:
                broken.append(one)
            elif any_:
                kept.append(one)
    for total, parts in _TARIFFS:
        if parts[0] in values and total in values:
            off = values[total] - sum(values[part] for part in parts if part in values)
            (kept if abs(off) <= _TARIFF_SLACK else broken).append(total)
    _check_sums(values, kept, broken)
    return Findings(out_of_bounds, kept, broken)


@lru_cache(maxsize=1024)
def kind_of(key: str) -> str:
    """Return the kind of quantity of a reading; ``counter`` for what only rises."""
    measured = quantity_of_reading(key)
    return _KINDS.get(measured, "counter") if measured else "counter"


def _check_bounds(values: Values, connection_watts: float, out_of_bounds: dict[str, str]) -> None:
    for key, value in values.items():
        bounds = bounds_of_reading(key, connection_watts)
        # Compared here first, as `allow` would be called for each value of each telegram.
        if not bounds.least <= value <= bounds.most and not bounds.allow(value):
            out_of_bounds[key] = f"{key} of {value:g} cannot be"


def _apparent_power(values: Values, out_of_bounds: dict[str, str]) -> float | None:
    """Return voltage times current in VA, None where they are not sent; no power exceeds it."""
    if "current_l1" not in values or "voltage_l1" not in values:
        return None
    apparent = sum(
        values[volts] * abs(values.get(amperes, 0.0))
        for volts, amperes in zip(VOLTAGES, CURRENTS, strict=True)
        if volts in values
    )
    power = abs(values.get("power", values.get("power_import", 0.0)))
    if power > _APPARENT_SHARE * apparent + _APPARENT_SLACK:
        out_of_bounds["apparent"] = f"a power of {power:g} W at {apparent:.0f} VA cannot be"
    return apparent


def _power_by_angles(values: Values) -> tuple[float, float] | None:
    """Return the power in W that currents and angles make, and the W by which rounding moves it."""
    if "power" not in values or not any(angle in values for angle in ANGLES):
        return None
    power = rest = 0.0
    for volts, amperes, angle in zip(VOLTAGES, CURRENTS, ANGLES, strict=True):
        current = values.get(amperes)
        if current and (degrees := values.get(angle)) is not None:
            apparent = values.get(volts, 0.0) * current
            turn = math.radians(degrees)
            power += apparent * math.cos(turn)
            # Half a volt, half a hundredth of an ampere, half a degree.
            rest += 1.5 + abs(apparent) * (0.003 + 0.009 * abs(math.sin(turn)))
    return power, rest + _VOLT_AMPERE_SLACK


def _check_sums(values: Values, kept: list[str], broken: list[str]) -> None:
    """Compare the power with import less export, and with the sum of the phases."""
    power = values.get("power")
    if power is None:
        return
    if "power_export" in values and "power_import" in values:
        off = abs(power - values["power_import"] + values["power_export"])
        if off:  # zero where this program derived the power
            allowed = _POWER_SLACK + _POWER_SHARE * abs(power)
            (kept if off <= allowed else broken).append("net")
    if "power_l1" in values or "power_import_l1" in values:
        phases = [
            values.get(f"power{phase}", values.get(f"power_import{phase}", 0.0))
            - values.get(f"power_export{phase}", 0.0)
            for phase in PHASES
        ]
        allowed = _POWER_SLACK + _POWER_SHARE * sum(map(abs, phases))
        (kept if abs(power - sum(phases)) <= allowed else broken).append("phases")
