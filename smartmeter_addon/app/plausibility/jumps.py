"""Checks powers, currents, voltages and so on for jumps without a cause.

A jump of about a tenth of a quantity's range has a cause that shows in the same telegram: a power
goes with currents or counters, a current with the power, an angle or a power factor with its
current. Smaller jumps are not checked, as errors of that size cannot be told from normal changes of
load.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from operator import mul
from typing import Final

from app.meters.quantities import USUAL_VOLTAGE
from app.plausibility import invariants
from app.plausibility.baseline import Baseline
from app.plausibility.observation import Observation
from app.plausibility.violation import Violation

RECENT: Final = 300.0
"""Seconds for which the last value says something about the next one."""

_LEAST_STEP: Final = 0.002
"""kWh: two units of the last digit of most meters."""

_BALANCE_SLACK: Final = 200.0
"""W by which currents may miss the power: they are rounded, and measured at another moment."""

_HOUR: Final = 3600.0
"""Seconds."""

_KILO: Final = 1000.0

_LEAST_VOLTS: Final = USUAL_VOLTAGE / 2
"""W by which the power changes at least with each A of a current: at a power factor of 0.5."""

_MOVING: Final = 0.15
"""Share by which a power or current has to change to explain a jump of a power factor."""

_LEAST_MOVING: Final = 20.0
"""W of the least power that this share is taken of."""

_FULL_TURN: Final = 360.0
"""Degrees."""

_LEAST_AMPERES: Final = 0.1
"""A below which the angle of a current says nothing."""

_LEAST_CHANGE: Final = 0.02
"""A: two units of the last digit of most meters."""

_LITTLE_AMPERES: Final = 0.3
"""A below which the power factor of a phase says nothing."""

_COARSE_AMPERES: Final = 2.0
"""The same where currents are sent in whole A; and A below which a current may turn round."""

_BOTH_DIRECTIONS: Final[tuple[int, ...]] = (1, -1)
"""Signs of a current that flows to the house or from it."""

_FACTOR_SHARE: Final = 0.1
_FACTOR_SLACK: Final = 20.0
"""Share of the apparent power, and W, by which a power factor may miss the power of its phase."""


def check(
    baseline: Baseline, observation: Observation, since: float, violations: list[Violation]
) -> None:
    """Check the values of a telegram for jumps that nothing in it explains.

    Args:
        baseline: the last counters and values.
        observation: the telegram.
        since: seconds from one to the other.
        violations: appended to.
    """
    before, limits = baseline.values, baseline.tolerances.limits
    for key, value in observation.values.items():
        change = value - before.get(key, value)
        if not change:
            continue
        limit = limits.get(key)
        if limit is None:
            limit = limits[key] = baseline.tolerances.limit(key)
        if -limit <= change <= limit or not _is_recent(baseline, key, observation):
            continue
        if not _is_explained(baseline, key, abs(change), observation, since):
            kind = invariants.kind_of(key)
            violations.append(Violation(kind, f"{key} jumps, and nothing else goes with it"))


def _is_recent(baseline: Baseline, key: str, observation: Observation) -> bool:
    """Tell whether a value was seen recently enough to compare the next one with it."""
    return observation.now - baseline.seen_at.get(key, -RECENT) <= RECENT


def _is_explained(
    baseline: Baseline, key: str, change: float, observation: Observation, since: float
) -> bool:
    """Tell whether something else in the telegram explains a jump."""
    values, before = observation.values, baseline.values
    net = "power" if "power" in values else "power_import"
    jump = abs(values[net] - before[net]) if net in values and net in before else 0.0
    flow = 0.0  # VA by which the currents changed
    for volts, amperes in zip(invariants.VOLTAGES, invariants.CURRENTS, strict=True):
        if amperes in values and amperes in before:
            flow += abs(values[amperes] - before[amperes]) * _volts(values, volts)
    kind = invariants.kind_of(key)
    if kind == "power":
        if key != net:  # of a phase or a direction
            return jump >= change / 4 or flow >= change / 2
        return flow >= change / 2 or _is_counted(baseline, observation, net, since)
    if kind == "current":
        return key == "current_n" or _is_in_power(baseline, observation, net, change, jump)
    if kind == "factor":
        moving = _MOVING * max(abs(before.get(net, 0.0)), _LEAST_MOVING)
        by_phase = _goes_with_phase(baseline, key, observation)
        return max(jump, flow) >= moving if by_phase is None else by_phase
    if kind == "angle":
        return _goes_with_current(baseline, key, observation)
    return kind == "reactive" and flow >= change / 2


def _is_counted(baseline: Baseline, observation: Observation, net: str, since: float) -> bool:
    """Tell whether the energies rose as a jump of the power makes them."""
    imported, exported = (
        _moved(baseline, observation, f"energy_{way}") for way in ("import", "export")
    )
    if imported is None:
        return False
    moved = imported - (exported or 0.0) if net == "power" else imported
    if since <= 0:
        return False
    mean = moved * _KILO * _HOUR / since
    jump = observation.values[net] - baseline.values[net]
    towards = (mean - baseline.values[net]) * (1 if jump > 0 else -1)
    rounding = _LEAST_STEP * _KILO * _HOUR / since
    return towards >= max(rounding, abs(jump) / 4)


def _moved(baseline: Baseline, observation: Observation, key: str) -> float | None:
    """Return the kWh by which an energy rose; by its tariffs where the total is not sent."""
    tariffs = tuple(f"{key}_tariff_{n}" for n in range(1, 5))
    keys = (key,) if key in observation.counters else tariffs
    both = [one for one in keys if one in observation.counters and one in baseline.counters]
    if not both:
        return None
    return sum(float(observation.counters[one] - baseline.counters[one]) for one in both)


def _is_in_power(
    baseline: Baseline, observation: Observation, net: str, change: float, jump: float
) -> bool:
    """Tell whether the power shows the jump of a current."""
    before, values = baseline.values, observation.values
    if net not in values or net not in before:
        return False
    if jump < change * _LEAST_VOLTS and not _is_balanced(baseline, observation, net):
        return False
    # Currents that made the power before have to make it now.
    allowed = [_BOTH_DIRECTIONS] * len(invariants.CURRENTS)
    missed, directions = _missed_by(before, net, allowed)
    if missed <= 1:
        allowed = [
            _directions(baseline, observation, *one)
            for one in zip(invariants.CURRENTS, directions, strict=True)
        ]
    return _missed_by(values, net, allowed)[0] <= max(1.0, 2 * missed)


def _directions(
    baseline: Baseline, observation: Observation, key: str, before: int
) -> tuple[int, ...]:
    """Return the directions in which a current may flow: as before, unless it jumps or is small."""
    last, amperes = baseline.values.get(key), observation.values.get(key)
    if last is None or amperes is None or abs(last) + abs(amperes) <= _COARSE_AMPERES:
        return _BOTH_DIRECTIONS
    jumps = abs(amperes - last) > baseline.tolerances.limit(key)
    return _BOTH_DIRECTIONS if jumps else (before,)


def _missed_by(
    values: Mapping[str, float], net: str, allowed: Iterable[tuple[int, ...]]
) -> tuple[float, tuple[int, ...]]:
    """Find the directions of the currents with which they miss the power the least.

    Args:
        values: by key.
        net: the key of the power.
        allowed: the directions in which the current of each phase may flow.

    Returns:
        The miss as a share of the usual one, and the direction of each phase's current.
    """
    flows = [
        values.get(amperes, 0.0) * _volts(values, volts)
        for volts, amperes in zip(invariants.VOLTAGES, invariants.CURRENTS, strict=True)
    ]
    usual = _BALANCE_SLACK + sum(map(abs, flows)) / 10
    return min(
        (abs(sum(map(mul, flows, ways)) - values[net]) / usual, ways) for ways in product(*allowed)
    )


def _is_balanced(baseline: Baseline, observation: Observation, net: str) -> bool:
    """Tell whether currents that changed on several phases make the change of the power.

    A load may end on one phase while another begins on the next. Currents have no sign.
    """
    change = observation.values[net] - baseline.values[net]
    sums = {0.0}
    most = 0.0
    for volts, amperes in zip(invariants.VOLTAGES, invariants.CURRENTS, strict=True):
        if amperes in observation.values and amperes in baseline.values:
            moved = observation.values[amperes] - baseline.values[amperes]
            part = moved * _volts(observation.values, volts)
            sums = {total + sign * part for total in sums for sign in (1, -1)}
            most += abs(part)
    return any(abs(total - change) <= _BALANCE_SLACK + most / 10 for total in sums)


def _goes_with_phase(baseline: Baseline, key: str, observation: Observation) -> bool | None:
    """Tell whether a power factor goes with its phase; None where no current of it is sent."""
    values, phase = observation.values, key[-3:]
    current = f"current{phase}"
    amperes, last = values.get(current), baseline.values.get(current)
    if amperes is None or last is None:
        return None
    real = values.get(f"power{phase}", values.get(f"power_import{phase}"))
    if real is not None and (volts := values.get(f"voltage{phase}")) is not None:
        real = abs(real - values.get(f"power_export{phase}", 0.0))
        apparent = abs(volts * amperes)
        return abs(abs(values[key]) * apparent - real) <= _FACTOR_SHARE * apparent + _FACTOR_SLACK
    coarse = amperes.is_integer() and last.is_integer()
    if max(amperes, last) <= (_COARSE_AMPERES if coarse else _LITTLE_AMPERES):
        return True
    return abs(amperes - last) >= max(_MOVING * last, _LEAST_CHANGE)


def _goes_with_current(baseline: Baseline, key: str, observation: Observation) -> bool:
    """Tell whether an angle may have turned that far: across zero, or with its current."""
    change = abs(observation.values[key] - baseline.values[key]) % _FULL_TURN
    if min(change, _FULL_TURN - change) <= baseline.tolerances.limit(key):
        return True
    current = f"current{key[-3:]}"
    amperes, last = observation.values.get(current), baseline.values.get(current)
    if amperes is None or last is None or max(amperes, last) < _LEAST_AMPERES:
        return True
    if abs(amperes - last) >= last / 10:
        return True
    # Where the angles make the power, the angle of a large current is right.
    flow = sum(abs(observation.values.get(other, 0.0)) for other in invariants.CURRENTS)
    return "angles" in observation.findings.kept and amperes >= flow / 10


def _volts(values: Mapping[str, float], key: str) -> float:
    """Return the voltage of a phase in V; what is usual where it is not sent, or zero."""
    return values.get(key) or USUAL_VOLTAGE
