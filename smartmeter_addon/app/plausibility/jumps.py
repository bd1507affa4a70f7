"""Jumps of powers, currents, voltages and so on that nothing in the telegram explains.

A jump of about a tenth of a quantity's range has a cause that shows in the same telegram: a power
goes with currents or counters, a current with the power or another current, a power factor with its
current. Smaller jumps are not checked, as errors of that size cannot be told from normal changes of
load.
"""

import math
from functools import reduce
from operator import sub
from typing import Final

from app.meters.catalogue import OF_A_PERIOD
from app.meters.quantities import USUAL_VOLTAGE, Quantity
from app.plausibility.laws import CURRENTS, PHASES, REACTIVE_POWERS, VOLTAGES, Values
from app.plausibility.limits import BALANCED, JOULES_PER_KWH, LEAST_STEP, Limit
from app.plausibility.units import counters_of, step_of

_SHARE: Final = 4
"""A cause moves by at least one part in so many of the jump."""

_FLOW_SHARE: Final = 2
"""The share above for the currents of a power. They do not say which way they flow: one that a load
turns may be as large as before."""

_REACTIVE_SHARE: Final = 2
"""The share above for a current whose list says the reactive power, too: both make it."""

_MOVING: Final = 0.15
"""Share by which a power or current has to change to explain a jump of a power factor."""

_LITTLE_AMPERES: Final = 2
"""A below which the power factor of a current says nothing."""

_LEAST_WATTS: Final = 20
"""The least power that the share above is taken of, and of which a power factor says something."""

_PARTED: Final = ("power", "power_import", "power_export")
"""Keys of powers that may be sent for each phase, too; the last two are its directions."""

_TURNED_SHARE: Final = 20
"""A power that loads turn gets larger or smaller by more than one part in so many of the jump."""

_NEUTRAL_SHARE: Final = 20
"""Behind a broken neutral no voltage moves by less than one part in so many of what another does.
But for a chance of one in twelve: where the star point moves right across a phase."""

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
    quantity = limit.quantity
    if key.endswith(OF_A_PERIOD):
        return _begins_or_ends(key, limit, before, values)
    if quantity is Quantity.VOLTAGE:
        return _move_together(before, values)
    moves = _Moves(before, values)
    if quantity is Quantity.CURRENT:
        return _makes_power(key, values, moves)
    change = moves.of(key)
    if quantity in {Quantity.ACTIVE, Quantity.REACTIVE, Quantity.APPARENT}:
        flow = sum(map(moves.of, CURRENTS)) * USUAL_VOLTAGE
        cause = 0.0
        if quantity is Quantity.ACTIVE:
            is_net = key == moves.net
            cause = max(moves.counted(seconds), moves.parted()) if is_net else moves.power
        return cause * _SHARE + flow * _FLOW_SHARE >= change
    amperes = f"current{key[-3:]}"
    if amperes in before and amperes in values:
        largest = max(before[amperes], values[amperes])
        return largest <= _LITTLE_AMPERES or moves.of(amperes) >= _MOVING * float(before[amperes])
    if quantity is Quantity.POWER_FACTOR and moves.reactive is not None:
        last, now = moves.factors()
        is_higher = abs(float(values[key])) > now + float(limit.jump)
        # Harmonics lower it, and nothing raises it.
        if is_higher and key == quantity and moves.watts[1] >= _LEAST_WATTS:
            return False
        return abs(now - last) >= change / _SHARE or moves.is_another_load()
    return moves.power >= _MOVING * max(moves.watts[0], _LEAST_WATTS)


def _makes_power(key: str, values: Values, moves: "_Moves") -> bool:
    """Tell whether a current that jumps makes power, or another one balances it.

    Where the power of its phase is said, capacitors move all currents without it.
    """
    if not values.get(f"voltage{key[-3:]}", USUAL_VOLTAGE):
        return False
    watts = moves.of(key) * USUAL_VOLTAGE
    phase = moves.of_phase(key[-2:])
    if phase is not None:
        least = min(map(moves.of, CURRENTS)) * USUAL_VOLTAGE
        return max(phase, least) >= watts / _SHARE
    others = sum(map(moves.of, CURRENTS)) * USUAL_VOLTAGE - watts
    is_balanced = moves.of(key) <= BALANCED and others >= watts / _SHARE
    if key not in CURRENTS or is_balanced:
        return True
    if moves.reactive is None:
        return moves.power >= watts / _SHARE
    return math.hypot(moves.power, moves.reactive) >= watts / _REACTIVE_SHARE


def _begins_or_ends(key: str, limit: Limit, before: Values, values: Values) -> bool:
    """Tell whether a mean or a peak jumps with its period; see `is_explained`.

    A mean begins at nothing, or is about what is measured now. A peak is a mean that ended.
    """
    bare, _, _ = key.rpartition("_")
    mean = f"{bare}_average"
    near = (0, values.get(bare)) if key == mean else (before.get(mean), values.get(mean))
    return any(limit.allows(values[key], one) for one in near if one is not None)


def _move_together(before: Values, values: Values) -> bool:
    """Tell whether voltages move as by a broken neutral or by the grid; see `is_explained`.

    Behind a broken neutral some rise while others fall. The grid moves all of them one way.
    """
    sent = (key for key in VOLTAGES if key in before and key in values)
    volts = [float(values[key] - before[key]) for key in sent]
    rise, fall = (sum(max(way * one, 0.0) for one in volts) for way in (1, -1))
    least, most = min(map(abs, volts)), max(map(abs, volts))
    if min(rise, fall) >= max(rise, fall) / _SHARE:
        return least >= most / _NEUTRAL_SHARE
    return len(volts) > 1 and most <= _GRID_VOLTS and least >= most / _SHARE


class _Moves:
    """How far the values of a telegram moved."""

    def __init__(self, before: Values, values: Values) -> None:
        self._before = before
        self._values = values
        self.net = "power" if "power" in values else "power_import"
        self.power = self.of(self.net)
        self.watts = [abs(float(one.get(self.net, 0))) for one in (before, values)]
        self._vars = [one for one in REACTIVE_POWERS if one in before and one in values]
        self.reactive = sum(map(self.of, self._vars)) if self._vars else None

    def of(self, key: str) -> float:
        """Return how far a reading moved; nothing where it was not sent twice."""
        if key not in self._values or key not in self._before:
            return 0.0
        return abs(float(self._values[key] - self._before[key]))

    def of_phase(self, phase: str) -> float | None:
        """Return how far the power of a phase moved; None where the list does not say it."""
        if not any(f"{name}_{phase}" in self._values for name in _PARTED):
            return None
        return math.hypot(
            *(sum(self.of(f"{name}_{phase}") for name in of) for of in (_PARTED, REACTIVE_POWERS))
        )

    def factors(self) -> list[float]:
        """Return the power factors, the last one and this, that active and reactive power make."""
        factors = []
        for values, watts in zip((self._before, self._values), self.watts, strict=True):
            # What is taken, less what is given, where both are said.
            reactive = reduce(sub, (float(values[key]) for key in self._vars))
            factors.append(watts / max(math.hypot(watts, reactive), 1.0))
        return factors

    def is_another_load(self) -> bool:
        """Tell whether the power is less than half of what it was, or was that of what it is.

        Then the power factor may be any: harmonics lower it and are no reactive power.
        """
        return self.power >= max(_LEAST_WATTS, *self.watts) / 2

    def parted(self) -> float:
        """Return how far the parts of the power moved: those of its phases, or both directions."""
        phases = sum(self.of(f"{name}_{phase}") for name in _PARTED for phase in PHASES)
        last, now = self.watts
        # Damage that exchanges both directions turns the power and leaves its size as it is.
        is_turned = abs(now - last) > self.power / _TURNED_SHARE
        return max(phases, min(map(self.of, _PARTED[1:])) * is_turned)

    def counted(self, seconds: float) -> float:
        """Return how far the mean power since the last telegram, by the energies, is off that."""
        taken, given = (
            [key for key in counters_of(total, self._values) if key in self._before]
            for total in ("energy_import", "energy_export")
        )
        if seconds <= 0 or not taken:
            return 0.0
        watts_per_kwh = JOULES_PER_KWH / seconds
        kwh = sum(map(self.of, taken)) - sum(map(self.of, given)) * (self.net == "power")
        mean, last, now = kwh * watts_per_kwh, self._before[self.net], self._values[self.net]
        towards = mean - float(last) if now > last else float(last) - mean
        # A counter that did not move for its last digit says nothing.
        step = max(LEAST_STEP, *(float(step_of(self._values[key])) for key in taken))
        return towards if towards >= step * watts_per_kwh else 0.0
