"""The table of OBIS codes: what each measures, which reading it is, and its name for people.

A code of electricity (A = 1) is taken apart once, by the groups of IEC 62056-6-1: C says what is
measured and in which phase, D how that is processed, E the tariff, F the billing period. Units and
bounds are those of the quantity, see `quantities`; units and names of readings stand in `sensors`.
"""

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem.obis import CURRENT, Obis
from app.cosem.unit import Number
from app.meters import quantities
from app.meters.quantities import CONNECTION_WATTS, COUNTER, QUANTITIES, Bounds, Quantity
from app.meters.sensors import SENSORS

# --- Group C ---


class _Measured(NamedTuple):
    """What group C says, apart from the phase.

    Args:
        quantity: what is measured.
        direction: which way it flows, for people.
        reading: the key of its instantaneous value, to which ``_l1`` to ``_l3`` are added for a
            phase, and then ``_average`` or ``_peak`` for an average or a maximum; it is a reading
            only if `sensors` has the key.
        energy: likewise the key of its time integral, with ``_tariff_1`` and so on.
    """

    quantity: Quantity
    direction: str = ""
    reading: str = ""
    energy: str = ""


_MEASURED: Final = {
    1: _Measured(Quantity.ACTIVE, "import", "power_import", "energy_import"),
    2: _Measured(Quantity.ACTIVE, "export", "power_export", "energy_export"),
    3: _Measured(Quantity.REACTIVE, "import", "reactive_power_import", "reactive_energy_import"),
    4: _Measured(Quantity.REACTIVE, "export", "reactive_power_export", "reactive_energy_export"),
    5: _Measured(Quantity.REACTIVE, "quadrant 1", "reactive_power_q1", "reactive_energy_q1"),
    6: _Measured(Quantity.REACTIVE, "quadrant 2", "reactive_power_q2", "reactive_energy_q2"),
    7: _Measured(Quantity.REACTIVE, "quadrant 3", "reactive_power_q3", "reactive_energy_q3"),
    8: _Measured(Quantity.REACTIVE, "quadrant 4", "reactive_power_q4", "reactive_energy_q4"),
    9: _Measured(Quantity.APPARENT, "import", "apparent_power"),
    10: _Measured(Quantity.APPARENT, "export", "apparent_power_export"),
    11: _Measured(Quantity.CURRENT, reading="current"),
    12: _Measured(Quantity.VOLTAGE, reading="voltage"),
    13: _Measured(Quantity.POWER_FACTOR, reading="power_factor"),
    14: _Measured(Quantity.FREQUENCY, reading="frequency"),
    15: _Measured(Quantity.ACTIVE, "import and export", "power_combined", "energy_combined"),
    16: _Measured(Quantity.ACTIVE, "import less export", "power"),
    **dict.fromkeys((17, 18, 19, 20), _Measured(Quantity.ACTIVE)),  # the quadrants
    # 21 to 80 are the same of the phases.
    81: _Measured(Quantity.ANGLE, reading="phase_angle"),
    90: _Measured(Quantity.CURRENT),  # the sum of the phases' currents
    91: _Measured(Quantity.CURRENT, reading="current_n"),
    92: _Measured(Quantity.VOLTAGE),  # of the neutral conductor
}
_OF_PHASES: Final = range(21, 81)
_PHASE_STEP: Final = 20

_ANGLES: Final = {40: 1, 51: 2, 62: 3, 4: 1, 15: 2, 26: 3}
"""The phase by group E of an angle between the current and the voltage of one phase: tens 4 to 6
are currents, ones 0 to 2 voltages; Siemens writes the pair the other way round."""

# --- Group D ---


class Processing(Enum):
    """What is made of what is measured."""

    AVERAGE = auto()
    """Of the period that runs, or of the last seconds."""
    LAST_AVERAGE = auto()
    """Of the period before."""
    MAXIMUM = auto()
    INSTANTANEOUS = auto()
    INTEGRAL = auto()
    """Since the meter was started."""
    INTEGRAL_OF_PERIOD = auto()
    """Since the billing period began."""
    UNDER_LIMIT = auto()
    """The number of times."""
    OVER_LIMIT = auto()


_PROCESSING: Final = {
    4: Processing.AVERAGE,
    5: Processing.LAST_AVERAGE,
    6: Processing.MAXIMUM,
    7: Processing.INSTANTANEOUS,
    8: Processing.INTEGRAL,
    9: Processing.INTEGRAL_OF_PERIOD,
    24: Processing.AVERAGE,
    32: Processing.UNDER_LIMIT,
    36: Processing.OVER_LIMIT,
}
_SUFFIXES: Final = {Processing.AVERAGE: "_average", Processing.MAXIMUM: "_peak"}
_INTEGRALS: Final = frozenset((Processing.INTEGRAL, Processing.INTEGRAL_OF_PERIOD))
_LIMITS: Final = {
    Processing.UNDER_LIMIT: "voltage sags",
    Processing.OVER_LIMIT: "voltage swells",
}
_ENERGIES: Final = {
    Quantity.ACTIVE: Quantity.ACTIVE_ENERGY,
    Quantity.REACTIVE: Quantity.REACTIVE_ENERGY,
    Quantity.APPARENT: Quantity.APPARENT_ENERGY,
}

# --- Codes that are no electricity ---

_ABSTRACT: Final = {
    (0, 0, 0): "meter number",
    (0, 0, 1): "meter number",
    (0, 0, 5): "meter number",
    (0, 2, 8): "version of the P1 standard",
    (0, 2, 129): "version of the list",
    (0, 9, 1): "time",
    (0, 9, 2): "date",
    (1, 0, 0): "clock",
    (17, 0, 0): "limit of power or current",
    (24, 1, 0): "kind of the meter behind",
    (24, 2, 1): "counter of the meter behind",
    (24, 2, 3): "counter of the meter behind",
    (24, 4, 0): "valve or switch of the meter behind",
    (25, 9, 0): "push setup",
    (42, 0, 0): "logical device name",
    (96, 1, 0): "device number",
    (96, 1, 1): "device number 2",
    (96, 1, 4): "version of the telegram",
    (96, 1, 7): "device model",
    (96, 3, 10): "breaker or relay",
    (96, 5, 5): "status",
    (96, 7, 9): "long power failures",
    (96, 7, 21): "power failures",
    (96, 13, 0): "message",
    (96, 13, 1): "message code",
    **{(96, 13, n): f"message {n}" for n in range(2, 6)},
    (96, 14, 0): "tariff in use",
    (96, 50, 68): "breaker",
    (97, 97, 0): "error register",
    (98, 1, 0): "monthly history",
    (99, 97, 0): "log of power failures",
}
"""Names by groups C, D and E."""

_FUSE: Final = 4
_FUSE_UNIT: Final = "A"
_FUSES: Final = {f"current_l{n}_average": f"current_limit_l{n}" for n in range(1, 4)}
"""The thresholds of fuses, by the keys of the averages whose codes they have."""

# --- What codes are ---


class Measurand(NamedTuple):
    """A code of electricity, taken apart.

    Args:
        quantity: what its register holds; None for what is no quantity, such as a count.
        direction: ``import``, ``quadrant 1`` and so on; empty for what does not flow.
        phase: 1 to 3; 0 for what is not of one phase.
        processing: what was made of what is measured; None for a group D that is not known.
        tariff: 0 for all.
        reading_key: None for what is no reading.
    """

    quantity: Quantity | None
    direction: str
    phase: int
    processing: Processing | None
    tariff: int
    reading_key: str | None


class Conversion(NamedTuple):
    """A reading's key, and the power of ten from the telegram's unit to the reading's."""

    key: str
    exponent: int


@lru_cache(maxsize=1024)
def measurand(obis: Obis) -> Measurand | None:
    """Take a code of electricity apart; None for any other."""
    if not obis.electrical:
        return None
    c, d, e = obis.cde
    phase = 0
    if c in _OF_PHASES:
        phase, c = divmod(c - 1, _PHASE_STEP)
        c += 1
    measured, processing = _MEASURED.get(c), _PROCESSING.get(d)
    if measured is None or processing is None or processing in _LIMITS:
        return Measurand(None, "", phase, processing, e, None)
    quantity: Quantity | None = measured.quantity
    if processing in _INTEGRALS:
        quantity = _ENERGIES.get(measured.quantity)
    # Group F other than 255 is a value of a past billing period.
    key = _reading(measured, processing, phase, e) if obis.f == CURRENT else None
    return Measurand(quantity, measured.direction, phase, processing, e, key)


def _reading(measured: _Measured, processing: Processing, phase: int, e: int) -> str | None:
    """Give the key of a reading; None if it is none."""
    key = ""
    if processing is Processing.INTEGRAL:
        tariff = f"_tariff_{e}" if e else ""
        key = measured.energy + (f"_l{phase}" if phase else "") + tariff
    elif processing in _SUFFIXES and not e:
        key = measured.reading + (f"_l{phase}" if phase else "") + _SUFFIXES[processing]
    elif processing is Processing.INSTANTANEOUS:
        if measured.quantity is Quantity.ANGLE:
            phase, e = _ANGLES.get(e, 0), 0
        if not e:
            key = f"{measured.reading}_l{phase}" if phase else measured.reading
    return key if key in SENSORS else None


def is_abstract(obis: Obis) -> bool:
    """Tell whether a code is known and holds no quantity: a number, a time, a state, a log."""
    return obis.cde in _ABSTRACT


def is_peak(obis: Obis) -> bool:
    """Tell whether a code is of a maximum that is a reading."""
    found = measurand(obis)
    return bool(found and found.reading_key and found.processing is Processing.MAXIMUM)


def quantity_of(obis: Obis) -> Quantity | None:
    """Tell what a code measures; None for anything but an electrical quantity."""
    found = measurand(obis)
    return found.quantity if found else None


@lru_cache(maxsize=1024)
def conversion_of(obis: Obis, unit: str, *, has_fuses: bool = True) -> Conversion | None:
    """Tell which reading a register is; None if it is none, or its unit does not fit.

    Args:
        obis: its code.
        unit: its unit.
        has_fuses: whether the meter sends the threshold of its fuses as the average current of a
            phase (1-0:31.4.0), as P1 meters do in Belgium and Hungary. In kA it is an average.
    """
    found = measurand(obis)
    if found is None or found.reading_key is None:
        return None
    key = found.reading_key
    if has_fuses and unit == _FUSE_UNIT and obis.d == _FUSE:
        key = _FUSES.get(key, key)
    exponent = quantities.exponent(unit, SENSORS[key].unit or "")
    return None if exponent is None else Conversion(key, exponent)


@lru_cache(maxsize=1024)
def name_of(obis: Obis, unit: str, *, has_fuses: bool = True) -> str | None:
    """Name a register in English, for people who look at a line; None if nobody knows what it is.

    Args:
        obis: its code.
        unit: its unit; in a unit that does not fit, it is not named like a reading.
        has_fuses: see `conversion_of`.
    """
    if reading := conversion_of(obis, unit, has_fuses=has_fuses):
        name = SENSORS[reading.key].name_en
        return name[0].lower() + name[1:]
    if abstract := _ABSTRACT.get(obis.cde):
        return abstract
    found = measurand(obis)
    return _described(found) if found else None


def _described(code: Measurand) -> str | None:
    phase = f" L{code.phase}" if code.phase else ""
    if code.processing in _LIMITS:
        return _LIMITS[code.processing] + phase
    if code.quantity is None:
        return None
    parts = (
        "maximum" if code.processing is Processing.MAXIMUM else "",
        code.quantity.value.replace("_", " "),
        code.direction,
        f"tariff {code.tariff}" if code.tariff else "",
    )
    return " ".join(filter(None, parts)) + phase


# --- What readings are ---

_SUFFIX: Final = re.compile(r"(_(l|tariff_)\d)?(_average|_peak)?$")
OF_A_PERIOD: Final = tuple(_SUFFIXES.values())
"""Ends of the keys of what is said of a period: means, and peaks, which are means that ended."""

_QUANTITIES: Final = {
    **{one.reading: one.quantity for one in _MEASURED.values() if one.reading},
    **{one.energy: _ENERGIES[one.quantity] for one in _MEASURED.values() if one.energy},
}


@lru_cache(maxsize=1024)
def quantity_of_reading(key: str) -> Quantity | None:
    """Tell what a reading measures; None for gas and so on, and for the time."""
    return _QUANTITIES.get(_SUFFIX.sub("", key))


@lru_cache(maxsize=1024)
def bounds_of_reading(key: str, watts: float = CONNECTION_WATTS) -> Bounds:
    """Tell what values a reading can have.

    Args:
        key: of the reading; what is no electrical quantity is a counter.
        watts: what the connection carries.
    """
    measured = quantity_of_reading(key)
    return QUANTITIES[measured].bounds.at(watts) if measured else COUNTER


_POWER_FACTOR: Final = QUANTITIES[Quantity.POWER_FACTOR].bounds
_POWER_FACTORS: Final = frozenset(
    key for key in SENSORS if quantity_of_reading(key) is Quantity.POWER_FACTOR
)


def possible(key: str, value: Number) -> bool:
    """Tell whether a reading can have this value at all, in whichever household.

    A power factor above 1 is a maker's misunderstanding (E.ON in Hungary: capture ``p1-eon-hu``).
    """
    return key not in _POWER_FACTORS or _POWER_FACTOR.allow(value)
