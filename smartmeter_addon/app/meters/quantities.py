"""The table of quantities: the units they come in, and what values they can have.

Bounds are wide enough for every household. They tell damage, and a scale that was guessed wrong,
from what a meter can measure; they are no limits of a standard.
"""

import math
from enum import StrEnum
from typing import Final, NamedTuple

from app.cosem.unit import Number

USUAL_VOLTAGE: Final = 230
"""Volts between a phase and the neutral conductor in Europe (IEC 60038)."""

CONNECTION_WATTS: Final = 3 * 63 * float(USUAL_VOLTAGE)
"""W of the largest usual connection of a household, three phases of 63 A."""

_OVERLOAD: Final = 1.44
"""What the main fuses carry for a while: between 1.25 times their current, which they carry for an
hour, and 1.6 times it, at which they melt within the hour (gG fuses up to 63 A, IEC 60269-1)."""

MOST_PER_HOUR: Final = {
    "gas": 25.0,
    "water": 16.0,
    "heat": 0.6,
    "cooling": 0.6,
    "energy": _OVERLOAD * CONNECTION_WATTS / 1000,
}
"""The most that a submeter counts in an hour, by the key of its reading: m³ through a G16 gas
meter and a Q3 16 water meter, GJ at 167 kW, kWh through the largest usual connection."""


class Quantity(StrEnum):
    """Kinds of electrical quantity; the value is the key that profiles use."""

    ACTIVE = "active_power"
    REACTIVE = "reactive_power"
    APPARENT = "apparent_power"
    ACTIVE_ENERGY = "active_energy"
    REACTIVE_ENERGY = "reactive_energy"
    APPARENT_ENERGY = "apparent_energy"
    CURRENT = "current"
    VOLTAGE = "voltage"
    POWER_FACTOR = "power_factor"
    FREQUENCY = "frequency"
    ANGLE = "angle"


class Bounds(NamedTuple):
    """What the values of a quantity can be, in the unit of its readings.

    Args:
        least: the least that is possible.
        most: the most that is possible.
        range: how far the values of one meter can be from each other.
        jump_share: the part of the range that is a suspicious jump from one telegram to the next,
            if nothing else goes with it.
        or_zero: whether zero is possible below the least, too.
        per_unit: for what the connection bounds, the watts of the connection that carries 1; all
            numbers are then shares of what the connection carries. None for other quantities.
    """

    least: float = 0.0
    most: float = math.inf
    range: float = math.inf
    jump_share: float = math.inf
    or_zero: bool = False
    per_unit: int | None = None

    @property
    def jump(self) -> float:
        """How large a suspicious jump is at least."""
        return self.range * self.jump_share

    def allow(self, value: Number | float) -> bool:
        """Tell whether a value is possible."""
        return self.least <= value <= self.most or (self.or_zero and not value)

    def at(self, watts: float) -> "Bounds":
        """Give the bounds at a connection for some watts."""
        if self.per_unit is None:
            return self
        carried = watts / self.per_unit
        return Bounds(self.least * carried, self.most * carried, carried, self.jump_share)


COUNTER: Final = Bounds()
"""Of what only rises: how fast is a question of time and not of a single value."""

_POWER: Final = Bounds(-_OVERLOAD, _OVERLOAD, range=1.0, jump_share=0.09, per_unit=1)
_CURRENT: Final = _POWER._replace(per_unit=3 * USUAL_VOLTAGE)


class _Row(NamedTuple):
    """A quantity.

    Args:
        unit: what a register counts in whose telegram names no unit.
        bounds: what its values can be.
    """

    unit: str
    bounds: Bounds


# Jumps are about a tenth of the range: smaller ones also occur without any damage.
QUANTITIES: Final = {
    Quantity.ACTIVE: _Row("W", _POWER),
    Quantity.REACTIVE: _Row("var", _POWER),
    Quantity.APPARENT: _Row("VA", _POWER),
    Quantity.ACTIVE_ENERGY: _Row("Wh", COUNTER),
    Quantity.REACTIVE_ENERGY: _Row("varh", COUNTER),
    Quantity.APPARENT_ENERGY: _Row("VAh", COUNTER),
    Quantity.CURRENT: _Row("A", _CURRENT),
    # From a transformer's secondary side, 100 V / √3, to 400 V between phases, with room; a phase
    # that is not connected has none.
    Quantity.VOLTAGE: _Row("V", Bounds(40.0, 500.0, range=300.0, jump_share=0.05, or_zero=True)),
    Quantity.POWER_FACTOR: _Row("", Bounds(-1.0, 1.0, range=2.0, jump_share=0.085)),
    # Grids of 50 and 60 Hz, and generators that run off them.
    Quantity.FREQUENCY: _Row("Hz", Bounds(40.0, 70.0, range=20.0, jump_share=0.05)),
    # From -180° to 180° or from 0° to 360°, as the meter likes. It may go on at the other end.
    Quantity.ANGLE: _Row("deg", Bounds(-360.0, 360.0)),
}
"""Every quantity, its unit and its bounds."""

_PREFIXES: Final = {"": 0, "k": 3, "M": 6}
_SPELLINGS: Final = {
    "deg": "°",
    "Deg": "°",
    "m3": "m³",
    "Nm3": "m³",
    "kVArh": "kvarh",
    "kVAr": "kvar",
}


def _conversions() -> dict[tuple[str, str], int]:
    """Give the power of ten between units that differ in their prefix only."""
    table = {("MJ", "GJ"): -3, ("dm3", "m³"): -3}
    for base in ("Wh", "varh", "VAh", "W", "var", "VA", "V", "A", "Hz"):
        for given, given_exponent in _PREFIXES.items():
            for wanted, wanted_exponent in _PREFIXES.items():
                table[given + base, wanted + base] = given_exponent - wanted_exponent
    return table


_CONVERSIONS: Final = _conversions()


def exponent(given: str, wanted: str) -> int | None:
    """Give the power of ten from one unit to another; None if they measure different things."""
    given = _SPELLINGS.get(given, given)
    return 0 if given == wanted else _CONVERSIONS.get((given, wanted))
