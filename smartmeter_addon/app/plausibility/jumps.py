"""Powers, currents, voltages and so on that jump while nothing else in the telegram does.

All thresholds are about a tenth of what the quantity can be in a household: what is smaller nobody
can tell from life. One that was passed may have been passed by life, too, so a jump goes unnoticed
when others of the same telegram go with it: a power with currents or counters, a current with the
power, an angle with its current.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from operator import mul
from typing import Final

from app.plausibility import invariants
from app.plausibility.baseline import Baseline
from app.plausibility.observation import Observation
from app.plausibility.violation import Violation

RECENT: Final = 300.0
"""Seconds for which the last power, voltage or current says something about the next."""

_LEAST_STEP: Final = 0.002
_BALANCE_REST: Final = 200.0  # W
_SECONDS: Final = 3600.0
_KILO: Final = 1000.0
_LEAST_VOLTS: Final = 115.0
_USUAL_VOLTS: Final = 230.0  # where none is said, or none is there for a current
_MOVING: Final = 0.15
_LEAST_MOVING: Final = 20.0  # W
_FULL_TURN: Final = 360.0
_LEAST_AMPERES: Final = 0.1
_LEAST_CHANGE: Final = 0.02  # A
_LITTLE_AMPERES: Final = 0.3
_COARSE_AMPERES: Final = 2.0
_TO_AND_FRO: Final[tuple[int, ...]] = (1, -1)
_FACTOR_SHARE: Final = 0.1
_FACTOR_REST: Final = 20.0  # W


def judge(track: Baseline, seen: Observation, since: float, doubts: list[Violation]) -> None:
    """Look for jumps that nothing else in the telegram goes with.

    Args:
        track: what was believed before.
        seen: the telegram.
        since: seconds from one to the other.
        doubts: what is found is added.
    """
    before, most = track.values, track.habits.most
    for key, value in seen.values.items():
        change = value - before.get(key, value)
        if not change:
            continue
        limit = most.get(key)
        if limit is None:
            limit = most[key] = track.habits.limit(key)
        if -limit <= change <= limit or not _fresh(track, key, seen):
            continue
        if not _explained(track, key, abs(change), seen, since):
            kind = invariants.kind_of(key)
            doubts.append(Violation(kind, f"{key} jumps, and nothing else goes with it"))


def _explained(track: Baseline, key: str, change: float, seen: Observation, since: float) -> bool:
    """Tell whether a jump goes with others of the same telegram."""
    values, before = seen.values, track.values
    net = "power" if "power" in values else "power_import"
    jump = abs(values[net] - before[net]) if net in values and net in before else 0.0
    flow = 0.0  # VA by which the currents changed
    for volts, amperes in zip(invariants.VOLTAGES, invariants.CURRENTS, strict=True):
        if amperes in values and amperes in before:
            flow += abs(values[amperes] - before[amperes]) * _volts(values, volts)
    kind = invariants.kind_of(key)
    if kind == "power":
        if key != net:  # a part goes with the whole, the whole with currents or counters
            return jump >= change / 4 or flow >= change / 2
        return flow >= change / 2 or _drawn(track, seen, net, since)
    if kind == "current":
        return key == "current_n" or _carried(track, seen, net, change, jump)
    if kind == "factor":
        moving = _MOVING * max(abs(before.get(net, 0.0)), _LEAST_MOVING)
        own = _of_phase(track, key, seen)
        return max(jump, flow) >= moving if own is None else own
    if kind == "angle":
        return _turned(track, key, seen)
    return kind == "reactive" and flow >= change / 2


def _carried(track: Baseline, seen: Observation, net: str, change: float, jump: float) -> bool:
    """Tell whether the power goes with a jump of a current."""
    before, values = track.values, seen.values
    if net not in values or net not in before:
        return False
    if jump < change * _LEAST_VOLTS and not _balanced(track, seen, net):
        return False
    # Where currents added up to the power before, they have to go on doing so.
    allowed = [_TO_AND_FRO] * len(invariants.CURRENTS)
    missed, ways = _unsummed(before, net, allowed)
    if missed <= 1:
        allowed = [_ways(track, seen, *one) for one in zip(invariants.CURRENTS, ways, strict=True)]
    return _unsummed(values, net, allowed)[0] <= max(1.0, 2 * missed)


def _ways(track: Baseline, seen: Observation, key: str, way: int) -> tuple[int, ...]:
    """Give the ways that a current may flow: as before, unless it jumps or is small."""
    last, amperes = track.values.get(key), seen.values.get(key)
    if last is None or amperes is None or abs(last) + abs(amperes) <= _COARSE_AMPERES:
        return _TO_AND_FRO
    return _TO_AND_FRO if abs(amperes - last) > track.habits.limit(key) else (way,)


def _of_phase(track: Baseline, key: str, seen: Observation) -> bool | None:
    """Tell whether a phase's power factor goes with its current; None where that is not said."""
    values, phase = seen.values, key[-3:]
    current = f"current{phase}"
    amperes, last = values.get(current), track.values.get(current)
    if amperes is None or last is None:
        return None
    real = values.get(f"power{phase}", values.get(f"power_import{phase}"))
    if real is not None and (volts := values.get(f"voltage{phase}")) is not None:
        real = abs(real - values.get(f"power_export{phase}", 0.0))
        apparent = abs(volts * amperes)
        return abs(abs(values[key]) * apparent - real) <= _FACTOR_SHARE * apparent + _FACTOR_REST
    coarse = amperes.is_integer() and last.is_integer()
    if max(amperes, last) <= (_COARSE_AMPERES if coarse else _LITTLE_AMPERES):
        return True  # the factor of next to nothing is any
    return abs(amperes - last) >= max(_MOVING * last, _LEAST_CHANGE)


def _fresh(track: Baseline, key: str, seen: Observation) -> bool:
    """Tell whether a value was seen lately enough to compare the next one with it."""
    return seen.now - track.when.get(key, -RECENT) <= RECENT


def _drawn(track: Baseline, seen: Observation, net: str, passed: float) -> bool:
    """Tell whether the counters went with a jump of the power."""
    imported, exported = (_moved(track, seen, f"energy_{way}") for way in ("import", "export"))
    if imported is None:
        return False
    moved = imported - (exported or 0.0) if net == "power" else imported
    if passed <= 0:
        return False
    mean = moved * _KILO * _SECONDS / passed
    jump = seen.values[net] - track.values[net]
    towards = (mean - track.values[net]) * (1 if jump > 0 else -1)
    blur = _LEAST_STEP * _KILO * _SECONDS / passed
    return towards >= max(blur, abs(jump) / 4)


def _moved(track: Baseline, seen: Observation, key: str) -> float | None:
    """Give the kWh by which a counter moved, or its tariffs where it is not sent."""
    keys = (key,) if key in seen.counters else tuple(f"{key}_tariff_{n}" for n in range(1, 5))
    both = [one for one in keys if one in seen.counters and one in track.counters]
    return sum(float(seen.counters[one] - track.counters[one]) for one in both) if both else None


def _turned(track: Baseline, key: str, seen: Observation) -> bool:
    """Tell whether an angle may have turned so far: round zero, or with its current."""
    change = abs(seen.values[key] - track.values[key]) % _FULL_TURN
    if min(change, _FULL_TURN - change) <= track.habits.limit(key):
        return True
    current = f"current{key[-3:]}"
    amperes, last = seen.values.get(current), track.values.get(current)
    if amperes is None or last is None or max(amperes, last) < _LEAST_AMPERES:
        return True
    if abs(amperes - last) >= last / 10:
        return True
    # Where the angles make the power, one of a current that counts among the others is right.
    flow = sum(abs(seen.values.get(other, 0.0)) for other in invariants.CURRENTS)
    return "angles" in seen.found.kept and amperes >= flow / 10


def _volts(values: Mapping[str, float], key: str) -> float:
    """Give a phase's voltage, or what is usual."""
    return values.get(key) or _USUAL_VOLTS


def _unsummed(
    values: Mapping[str, float], net: str, allowed: Iterable[tuple[int, ...]]
) -> tuple[float, tuple[int, ...]]:
    """Tell by how much currents, each to or fro, miss the power, and which ways miss it the least.

    Args:
        values: by key.
        net: the key of the power.
        allowed: the ways that each phase may flow, 1 to the house and -1 from it.

    Returns:
        The miss in parts of what is usual, and the way of each phase.
    """
    flows = [
        values.get(amperes, 0.0) * _volts(values, volts)
        for volts, amperes in zip(invariants.VOLTAGES, invariants.CURRENTS, strict=True)
    ]
    usual = _BALANCE_REST + sum(map(abs, flows)) / 10
    return min(
        (abs(sum(map(mul, flows, ways)) - values[net]) / usual, ways) for ways in product(*allowed)
    )


def _balanced(track: Baseline, seen: Observation, net: str) -> bool:
    """Tell whether currents that changed on several phases make the change of the power.

    As when a load ends on one phase while another begins on the next; currents bear no sign.
    """
    change = seen.values[net] - track.values[net]
    sums = {0.0}
    most = 0.0
    for volts, amperes in zip(invariants.VOLTAGES, invariants.CURRENTS, strict=True):
        if amperes in seen.values and amperes in track.values:
            part = (seen.values[amperes] - track.values[amperes]) * _volts(seen.values, volts)
            sums = {total + sign * part for total in sums for sign in (1, -1)}
            most += abs(part)
    return any(abs(total - change) <= _BALANCE_REST + most / 10 for total in sums)
