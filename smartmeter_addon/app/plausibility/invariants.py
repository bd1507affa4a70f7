"""What the values of one telegram have to do with each other.

Some laws are nature's and hold for every meter. Others hold for most (an Austrian meter sums its
phases before it counts, so it never imports and exports at once) and are learned: they count
against a telegram only of a meter whose telegrams have kept them so far.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

Values = Mapping[str, float]
"""Readings by key, in the units of `sensors`; those of meters behind the meter by id and key."""

PHASES: Final = ("_l1", "_l2", "_l3")
VOLTAGES: Final = tuple(f"voltage{phase}" for phase in PHASES)
CURRENTS: Final = tuple(f"current{phase}" for phase in PHASES)
ANGLES: Final = tuple(f"phase_angle{phase}" for phase in PHASES)

CONNECTION: Final = 3 * 63 * 230.0
"""Watts of the largest usual connection of a household, three phases of 63 A."""

_KINDS: Final = (
    ("power_factor", "factor"),
    ("power", "power"),
    ("reactive_power", "reactive"),
    ("apparent_power", "reactive"),
    ("voltage", "voltage"),
    ("current", "current"),
    ("phase_angle", "angle"),
    ("frequency", "frequency"),
)
_RANGES: Final = {
    "factor": 2.0,
    "voltage": 300.0,
    "angle": 360.0,
    "frequency": 20.0,
    "counter": math.inf,
}
_BOUNDS: Final = {
    "factor": (-1.0, 1.0),
    "voltage": (40.0, 500.0),  # a transformer's secondary side; between two phases
    "angle": (-360.0, 360.0),
    "frequency": (40.0, 70.0),
    "counter": (0.0, math.inf),
}
_OVERLOAD: Final = 1.2  # what fuses bear for a while
_APPARENT_SHARE: Final = 1.15
_APPARENT_REST: Final = 1000.0  # W: powers and currents are not measured at the same moment
_TARIFF_REST: Final = 0.0025  # kWh: each of the parts is cut off at its last digit
_POWER_REST: Final = 6.0
_POWER_SHARE: Final = 0.01

_TARIFFS: Final = tuple(
    (total, tuple(f"{total}_tariff_{n}" for n in range(1, 5)))
    for total in (
        "energy_import",
        "energy_export",
        "reactive_energy_import",
        "reactive_energy_export",
    )
)
_TWO_WAYS: Final = (
    ("power_import", "power_export"),
    ("reactive_power_import", "reactive_power_export"),
)


class Findings(NamedTuple):
    """What the laws say of one telegram.

    Args:
        absurd: sentences about values that cannot be, by law; empty when all can.
        kept: learned laws that this telegram obeys.
        broken: learned laws that it does not.
    """

    absurd: dict[str, str]
    kept: list[str]
    broken: list[str]


def findings(values: Values, watts: float) -> Findings:
    """Judge the values of one telegram by themselves.

    Args:
        values: what it says.
        watts: the most that the connection carries.
    """
    absurd: dict[str, str] = {}
    kept: list[str] = []
    broken: list[str] = []
    _ranges(values, watts * _OVERLOAD, absurd)
    apparent = _apparent(values, absurd)
    if apparent is not None and (angles := _by_angles(values)) is not None:
        expected, rest = angles
        off = abs(values.get("power", 0.0) - expected)
        (kept if off <= rest else broken).append("angles")
    for one, other in _TWO_WAYS:
        if one in values and other in values:
            both, any_ = values[one] > 0 < values[other], values[one] or values[other]
            if both:
                broken.append(one)
            elif any_:
                kept.append(one)
    for total, parts in _TARIFFS:
        if parts[0] in values and total in values:
            off = values[total] - sum(values[part] for part in parts if part in values)
            (kept if abs(off) <= _TARIFF_REST else broken).append(total)
    _net(values, kept, broken)
    return Findings(absurd, kept, broken)


@lru_cache(maxsize=1024)
def kind_of(key: str) -> str:
    """Give the kind of quantity that a reading is; ``counter`` for what only rises."""
    for beginning, kind in _KINDS:
        if key.startswith(beginning):
            return kind
    return "counter"


@lru_cache(maxsize=1024)
def range_of(key: str, watts: float) -> float:
    """Give how far a reading can be from the least it can be, at a connection for some watts."""
    kind = kind_of(key)
    if kind in ("power", "reactive"):
        return watts
    return watts / (3 * 230) if kind == "current" else _RANGES[kind]


@lru_cache(maxsize=1024)
def _bounds(key: str, watts: float) -> tuple[float, float]:
    kind = kind_of(key)
    if kind in _BOUNDS:
        return _BOUNDS[kind]
    most = range_of(key, watts) * _OVERLOAD
    return -most, most


def _ranges(values: Values, watts: float, absurd: dict[str, str]) -> None:
    for key, value in values.items():
        least, most = _bounds(key, watts)
        # A phase that is not connected has no voltage.
        if not least <= value <= most and (value or kind_of(key) != "voltage"):
            absurd[key] = f"{key} of {value:g} cannot be"


def _apparent(values: Values, absurd: dict[str, str]) -> float | None:
    """Compare the power with voltage times current; give that, None when they are not there."""
    if "current_l1" not in values or "voltage_l1" not in values:
        return None
    apparent = sum(
        values[volts] * abs(values.get(amperes, 0.0))
        for volts, amperes in zip(VOLTAGES, CURRENTS, strict=True)
        if volts in values
    )
    power = abs(values.get("power", values.get("power_import", 0.0)))
    if power > _APPARENT_SHARE * apparent + _APPARENT_REST:
        absurd["apparent"] = f"a power of {power:g} W at {apparent:.0f} VA cannot be"
    return apparent


def _by_angles(values: Values) -> tuple[float, float] | None:
    """Give the power that currents and angles make, and how far it may be off by rounding."""
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
    return power, rest + 3.0


def _net(values: Values, kept: list[str], broken: list[str]) -> None:
    """Compare a sum that a meter sends itself with its parts."""
    power = values.get("power")
    if power is None:
        return
    if "power_export" in values and "power_import" in values:
        off = abs(power - values["power_import"] + values["power_export"])
        if off:  # never when it is this program that subtracts
            allowed = _POWER_REST + _POWER_SHARE * abs(power)
            (kept if off <= allowed else broken).append("net")
    if "power_l1" in values or "power_import_l1" in values:
        phases = [
            values.get(f"power{phase}", values.get(f"power_import{phase}", 0.0))
            - values.get(f"power_export{phase}", 0.0)
            for phase in PHASES
        ]
        allowed = _POWER_REST + _POWER_SHARE * sum(map(abs, phases))
        (kept if abs(power - sum(phases)) <= allowed else broken).append("phases")
