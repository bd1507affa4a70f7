"""Jumps of powers, currents, voltages and so on that nothing in the telegram explains.

A jump of about a tenth of a quantity's range has a cause that shows in the same telegram: a power
goes with currents or counters, a current with the power or another current, an angle or a power
factor with its current. Smaller jumps are not checked, as errors of that size cannot be told from
normal changes of load.
"""

import math
from typing import Final

from app.meters.quantities import USUAL_VOLTAGE, Quantity
from app.meters.sensors import TARIFFS
from app.plausibility.laws import CURRENTS, PHASES, REACTIVE_POWERS, VOLTAGES, Values
from app.plausibility.limits import FULL_TURN, JOULES_PER_KWH, LEAST_STEP, Limit

RECENT: Final = 300.0
"""Seconds for which the last value of a load says something about the next one."""

_SHARE: Final = 4
"""A cause moves by at least one part in so many of the jump."""

_FLOW_SHARE: Final = 2
"""The share above for the currents of a power. They do not say which way they flow: one that a load
turns may be as large as before."""

_REACTIVE_SHARE: Final = 2
"""The share above for a current whose list says the reactive power, too: both make it."""

_MOVING: Final = 0.15
"""Share by which a power or current has to change to explain a jump of a power factor or angle."""

_LITTLE_AMPERES: Final = 2
"""A below which the power factor and the angle of a current say nothing."""

_LEAST_WATTS: Final = 20
"""The least power that the share above is taken of."""

_PARTED: Final = ("power", "power_import", "power_export")
"""Keys of powers that may be sent for each phase, too; the last two are its directions."""

_GRID_VOLTS: Final = 40
"""V by which the voltage of all phases may move at once: by a generator that is loaded, for one."""


def is_explained(key: str, limit: Limit, before: Values, values: Values, seconds: float) -> bool:
    """Tell whether something else in the telegram explains a jump.

    Args:
        key: of the reading that jumps.
        limit: what it measures, and how far it may move without a cause.
        before: the last values.
        values: of the telegram.
        seconds: between the two.
    """
    moves = _Moves(before, values)
    change, phase = moves.of(key), key[-3:]
    quantity = limit.quantity
    if quantity is Quantity.VOLTAGE:
        return _move_together(key, before, values)
    if quantity is Quantity.CURRENT:
        if not values.get(f"voltage{phase}", USUAL_VOLTAGE):
            return False
        watts = change * USUAL_VOLTAGE
        others = sum(map(moves.of, CURRENTS)) * USUAL_VOLTAGE - watts
        if key not in CURRENTS or others >= watts / _SHARE:
            return True
        if moves.reactive is None:
            return moves.power >= watts / _SHARE
        return math.hypot(moves.power, moves.reactive) >= watts / _REACTIVE_SHARE
    if quantity in {Quantity.ACTIVE, Quantity.REACTIVE, Quantity.APPARENT}:
        flow = sum(map(moves.of, CURRENTS)) * USUAL_VOLTAGE
        cause = 0.0
        if quantity is Quantity.ACTIVE:
            is_net = key == moves.net
            cause = max(moves.counted(seconds), moves.parted()) if is_net else moves.power
        return cause * _SHARE + flow * _FLOW_SHARE >= change
    if quantity is Quantity.ANGLE and FULL_TURN - change <= limit.jump:
        return True  # across zero
    amperes = f"current{phase}"
    if amperes in before and amperes in values:
        largest = max(before[amperes], values[amperes])
        return largest <= _LITTLE_AMPERES or moves.of(amperes) >= _MOVING * float(before[amperes])
    return moves.power >= _MOVING * max(abs(float(before.get(moves.net, 0))), _LEAST_WATTS)


def _move_together(key: str, before: Values, values: Values) -> bool:
    """Tell whether voltages move as by a broken neutral or by the grid; see `is_explained`.

    Behind a broken neutral some rise while others fall. The grid moves all of them one way.
    """
    mean = key[len(VOLTAGES[0]) :]  # of some time, or nothing
    keys = [one for phase in VOLTAGES if (one := phase + mean) in before and one in values]
    volts = [float(values[one] - before[one]) for one in keys]
    rise, fall = sum(one for one in volts if one > 0), -sum(one for one in volts if one < 0)
    if min(rise, fall) >= max(rise, fall) / _SHARE:
        return True
    sizes = list(map(abs, volts))
    return len(sizes) > 1 and max(sizes) <= _GRID_VOLTS and min(sizes) >= max(sizes) / _SHARE


class _Moves:
    """How far the values of a telegram moved."""

    def __init__(self, before: Values, values: Values) -> None:
        self._before = before
        self._values = values
        self.net = "power" if "power" in values else "power_import"
        self.power = self.of(self.net)
        reactive = [one for one in REACTIVE_POWERS if one in before and one in values]
        self.reactive = sum(map(self.of, reactive)) if reactive else None

    def of(self, key: str) -> float:
        """Return how far a reading moved; nothing where it was not sent twice."""
        if key not in self._values or key not in self._before:
            return 0.0
        return abs(float(self._values[key] - self._before[key]))

    def parted(self) -> float:
        """Return how far the parts of the power moved: those of its phases, or both directions."""
        phases = sum(self.of(f"{name}_{phase}") for name in _PARTED for phase in PHASES)
        return max(phases, min(map(self.of, _PARTED[1:])))

    def counted(self, seconds: float) -> float:
        """Return how far the mean power since the last telegram, by the energies, is off that."""
        if seconds <= 0 or self.net not in self._before:
            return 0.0
        watts_per_kwh = JOULES_PER_KWH / seconds
        mean = self._risen("energy_import") * watts_per_kwh
        if self.net == "power":
            mean -= self._risen("energy_export") * watts_per_kwh
        last = float(self._before[self.net])
        towards = mean - last if self._values[self.net] > last else last - mean
        return towards if towards >= LEAST_STEP * watts_per_kwh else 0.0

    def _risen(self, key: str) -> float:
        """Return the kWh by which an energy rose; by its tariffs where the total is not sent."""
        keys = (key,) if key in self._values else tuple(f"{key}_tariff_{n}" for n in TARIFFS)
        return sum(map(self.of, keys))
