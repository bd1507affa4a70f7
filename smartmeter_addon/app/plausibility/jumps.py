"""Jumps of powers, currents, voltages and so on that nothing in the telegram explains.

A jump of about a tenth of a quantity's range has a cause that shows in the same telegram: a power
goes with currents or counters, a current with the power, an angle or a power factor with its
current. Smaller jumps are not checked, as errors of that size cannot be told from normal changes of
load.
"""

from collections.abc import Iterable
from itertools import product
from operator import mul
from typing import Final

from app.cosem.unit import Number
from app.meters.quantities import USUAL_VOLTAGE, Quantity
from app.plausibility.laws import CURRENTS, VOLTAGES, Values
from app.plausibility.limits import JOULES_PER_KWH, LEAST_STEP

RECENT: Final = 300.0
"""Seconds for which the last value says something about the next one."""

_BALANCE_SLACK: Final = 200
"""W by which currents may miss the power: they are rounded, and measured at another moment."""

_MOVING: Final = 0.15
"""Share by which a power or current has to change to explain a jump of a power factor or angle."""

_LITTLE_AMPERES: Final = 2
"""A below which the power factor and the direction of a current say nothing."""

_TURNING_AMPERES: Final = 5
"""A from which on a current does not turn round from one telegram to the next."""

_LEAST_WATTS: Final = 20
"""The least power that the share above is taken of."""

_FACTOR_SHARE: Final = 0.1
"""Share of the apparent power by which a power factor may miss the power of its phase."""

_ALL_WAYS: Final = tuple(product((1, -1), repeat=len(CURRENTS)))
"""Signs of the currents, each of which flows to the house or from it."""

_FULL_TURN: Final = 360
"""Degrees."""


class Change:
    """Two telegrams of a meter, one after the other.

    Args:
        before: the last values.
        values: those of a telegram.
        seconds: between the two.
    """

    def __init__(self, before: Values, values: Values, seconds: float) -> None:
        self._before = before
        self._values = values
        self._seconds = seconds
        self._net = "power" if "power" in values else "power_import"

    def explains(self, quantity: Quantity | None, key: str, limit: Number) -> bool:
        """Tell whether something else in the telegram explains a jump.

        Args:
            quantity: what jumps.
            key: of the reading that jumps.
            limit: how far it may move without a cause.
        """
        change = self._moved(key)
        power, flow = self._moved(self._net), self._flow()
        if quantity is Quantity.ACTIVE:
            if key != self._net:  # of a phase or a direction
                return power >= change / 4 or flow >= change / 2
            return flow >= change / 2 or self._is_counted(change)
        if quantity is Quantity.CURRENT:
            return key not in CURRENTS or self._makes_power(limit)
        if quantity is Quantity.VOLTAGE:
            return self._moves_with_others(key)
        if quantity is Quantity.ANGLE and _FULL_TURN - change <= limit:
            return True  # across zero
        if quantity in {Quantity.ANGLE, Quantity.POWER_FACTOR}:
            return self._is_moving(key, power, flow)
        return quantity in {Quantity.REACTIVE, Quantity.APPARENT} and flow >= change / 2

    def _moved(self, key: str) -> float:
        """Return how far a reading moved; nothing where it was not sent twice."""
        if key not in self._values or key not in self._before:
            return 0.0
        return abs(float(self._values[key] - self._before[key]))

    def _flow(self) -> float:
        """Return the VA by which the currents changed."""
        return sum(
            self._moved(amperes) * self._volts(volts)
            for volts, amperes in zip(VOLTAGES, CURRENTS, strict=True)
        )

    def _volts(self, key: str) -> float:
        """Return the voltage of a phase in V; what is usual where it is not sent, or zero."""
        return float(self._values.get(key) or USUAL_VOLTAGE)

    def _is_counted(self, change: float) -> bool:
        """Tell whether the energies rose as a jump of the power makes them."""
        if self._seconds <= 0 or self._net not in self._before:
            return False
        watts_per_kwh = JOULES_PER_KWH / self._seconds
        mean = self._risen("energy_import") * watts_per_kwh
        if self._net == "power":
            mean -= self._risen("energy_export") * watts_per_kwh
        last = float(self._before[self._net])
        towards = mean - last if self._values[self._net] > last else last - mean
        return towards >= max(LEAST_STEP * watts_per_kwh, change / 4)

    def _risen(self, key: str) -> float:
        """Return the kWh by which an energy rose; by its tariffs where the total is not sent."""
        keys = (key,) if key in self._values else tuple(f"{key}_tariff_{n}" for n in range(1, 5))
        return sum(map(self._moved, keys))

    def _makes_power(self, limit: Number) -> bool:
        """Tell whether the currents make the change of the power.

        Currents have no sign. One that is small or jumps may turn round, if it is not large before
        and after.
        """
        if self._net not in self._values or self._net not in self._before:
            return False
        before, flows = self._flows(self._before), self._flows(self._values)
        last, power = float(self._before[self._net]), float(self._values[self._net])
        ways = min(_ALL_WAYS, key=lambda way: abs(sum(map(mul, way, before)) - last))
        certain = abs(sum(map(mul, ways, before)) - last) <= _slack(before)
        free = [not certain or self._may_turn(one, limit) for one in CURRENTS]
        old = list(map(mul, ways, before))
        for way in _ALL_WAYS:
            if any(w != v and not f for w, v, f in zip(way, ways, free, strict=True)):
                continue
            moves = [new - was for new, was in zip(map(mul, way, flows), old, strict=True)]
            if abs(sum(moves) - power + last) <= _slack(moves):
                return True
        return False

    def _flows(self, values: Values) -> list[float]:
        """Return voltage times current of each phase, in VA."""
        return [
            float(values.get(amperes, 0)) * self._volts(volts)
            for volts, amperes in zip(VOLTAGES, CURRENTS, strict=True)
        ]

    def _may_turn(self, key: str, limit: Number) -> bool:
        """Tell whether a current may flow the other way now."""
        now, before = self._values.get(key, 0), self._before.get(key, 0)
        if now + before <= _LITTLE_AMPERES:
            return True
        return self._moved(key) > limit and min(float(now), float(before)) <= _TURNING_AMPERES

    def _moves_with_others(self, key: str) -> bool:
        """Tell whether another phase's voltage moves as well, by the grid or a broken neutral."""
        change = self._moved(key)
        others = (other for other in VOLTAGES if other != key)
        return any(self._moved(other) >= change / 4 for other in others)

    def _is_moving(self, key: str, power: float, flow: float) -> bool:
        """Tell whether a power factor or angle goes with its current, or says nothing."""
        phase = key[-3:]
        amperes = self._values.get(f"current{phase}")
        if amperes is None or f"current{phase}" not in self._before:
            before = abs(float(self._before.get(self._net, 0)))
            return max(power, flow) >= _MOVING * max(before, _LEAST_WATTS)
        last = self._before[f"current{phase}"]
        if max(amperes, last) <= _LITTLE_AMPERES or self._is_of_phase(key, phase, amperes):
            return True
        return self._moved(f"current{phase}") >= _MOVING * float(last)

    def _is_of_phase(self, key: str, phase: str, amperes: Number) -> bool:
        """Tell whether a power factor is that of the power of its phase."""
        real = self._values.get(f"power{phase}", self._values.get(f"power_import{phase}"))
        if real is None or "angle" in key:
            return False
        watts = abs(float(real - self._values.get(f"power_export{phase}", 0)))
        apparent = abs(float(amperes)) * self._volts(f"voltage{phase}")
        off = abs(abs(float(self._values[key])) * apparent - watts)
        return off <= _FACTOR_SHARE * apparent + _LEAST_WATTS


def _slack(watts: Iterable[float]) -> float:
    """Return the W by which currents may miss the power that they make."""
    return _BALANCE_SLACK + sum(map(abs, watts)) / 10
