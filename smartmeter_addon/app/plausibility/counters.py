"""Energies, and what is counted behind the meter: never falling, nor rising faster than they can.

How fast that is says the connection at least, and mostly the power before and after.
"""

from decimal import Decimal
from typing import Final

from app.cosem.unit import Number
from app.plausibility.baseline import REPORTED, Baseline
from app.plausibility.observation import Observation
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import BOUNCE, FELL, LEAP, Violation

_SECONDS: Final = 3600.0
_KILO: Final = 1000.0

_SPOT: Final = 130.0
"""Seconds for which two powers say what was drawn in between."""

_SPOT_SHARE: Final = 1.1
_BOUNCE_WATTS: Final = 2300.0
"""What may have been drawn for a moment between two telegrams and show in neither."""

_LEAST_STEP: Final = 0.002
"""kWh: two units of the last digit of most meters."""

_SHORTEST: Final = 0.5
"""Seconds; what a gateway held up comes faster, and tells no power."""

_FASTER: Final = 4.0
_REACTIVE_SHARE: Final = 0.5
"""Of the connection: where a telegram says no reactive power, this alone bounds its energy."""

_SMALL_FALL: Final = 5.0
"""Seconds of full load: by so much a low bit that was damaged and believed lets counters fall."""

_ROLLOVERS: Final = (*(10**n for n in range(3, 10)), 4294967.296)
"""kWh after which counters begin anew: full digits, full 32 bits of Wh."""

_FLOWS: Final = {"gas": 25.0, "water": 16.0, "heat": 0.6}
"""The most in an hour: m³ of a G16 gas meter and of a Q3 16 water meter, GJ at 160 kW."""

TIME: Final = "time"
"""When a meter behind the meter reported last, which is counted, too."""

_LATE_REPORT: Final = 600.0

_POWER_OF: Final = {
    key: energy.replace("energy", "power")
    for energy in (
        "energy_import",
        "energy_export",
        "reactive_energy_import",
        "reactive_energy_export",
    )
    for key in (energy, *(f"{energy}_tariff_{n}" for n in range(1, 5)))
}
_OPPOSITE: Final = {
    one: other
    for quantity in ("power", "reactive_power")
    for one, other in (
        (f"{quantity}_import", f"{quantity}_export"),
        (f"{quantity}_export", f"{quantity}_import"),
    )
}


def judge(
    track: Baseline, seen: Observation, late: float, doubts: list[Violation], *, leaping: bool
) -> None:
    """Look for counters that move as they cannot.

    Args:
        track: what was believed before.
        seen: the telegram.
        late: seconds that passed at the meter, but not here, as a gateway held telegrams up.
        doubts: what is found is added.
        leaping: whether the telegrams before it were held back for rising fast.
    """
    before = track.counters
    for key, number in seen.counters.items():
        last = before.get(key)
        if last is None or number == last:
            continue
        passed = seen.now - track.when[key] + late
        allowed = _allowed(track, key, passed, seen.now, leaping=leaping)
        moved = float(number - last)
        if moved < 0:
            little = 0.0 if "/" in key else small_fall(track.habits)
            if -moved > little and not _rolled_over(float(last), float(number), allowed):
                doubts.append(Violation(FELL, f"{key} falls from {last} to {number}"))
        elif moved > allowed:
            doubts.append(Violation(LEAP, f"{key} rises faster than the connection allows"))
        elif moved > _LEAST_STEP and passed <= _SPOT and _bounces(track, seen, key, moved, passed):
            doubts.append(Violation(BOUNCE, f"{key} rises faster than the power says"))


def small_fall(habits: Tolerances) -> float:
    """Give the kWh by which a counter may seem to fall: it was believed with a low bit too many."""
    return habits.watts * _SMALL_FALL / _SECONDS / _KILO


def leap(track: Baseline, seen: Observation) -> tuple[float, float]:
    """Give for how many seconds the fastest counter stood still before it moved, and mean watts."""
    found = (0.0, 0.0)
    for key, number in seen.counters.items():
        moved = float(number - track.counters.get(key, number))
        stood = seen.now - track.changed.get(key, seen.now)
        if "energy" in key and stood >= _SHORTEST and moved * _KILO * _SECONDS / stood > found[1]:
            found = stood, moved * _KILO * _SECONDS / stood
    return found


def _allowed(track: Baseline, key: str, passed: float, now: float, *, leaping: bool) -> float:
    """Give by how much a counter can rise in a time."""
    what = key.rpartition("/")[2]
    if what == TIME:
        return max(passed, now - track.changed[key]) + _LATE_REPORT
    if what in _FLOWS:
        return _FLOWS[what] * (max(passed, now - track.changed[key]) + REPORTED) / _SECONDS
    # What is held back for rising fast may rise as fast once more.
    watts = track.habits.watts * (_FASTER if leaping else 1.0)
    if key.startswith("reactive"):
        watts *= _REACTIVE_SHARE
    stood = min(now - track.changed.get(key, now), track.habits.stride)
    return watts * max(passed, stood) / _SECONDS / _KILO + _LEAST_STEP


def _bounces(track: Baseline, seen: Observation, key: str, moved: float, passed: float) -> bool:
    """Tell whether a counter rises faster than the powers seen make of it."""
    power = _POWER_OF.get(key)
    if power not in seen.values or power not in track.values:
        return False
    hours = passed / _SECONDS / _KILO
    more = moved - max(seen.values[power], track.values[power]) * _SPOT_SHARE * hours
    if more <= _LEAST_STEP:
        return False
    other = _OPPOSITE[power]
    against = min(seen.values.get(other, 0.0), track.values.get(other, 0.0))
    watts = max(0.0, _BOUNCE_WATTS - against) * track.habits.slack.get(BOUNCE, 1.0)
    blur = max(_LEAST_STEP, 2 * _last_digit(seen.counters[key], track.counters[key]))
    return more > watts * hours + blur + _caught_up(track, key, seen.now)


def _caught_up(track: Baseline, key: str, now: float) -> float:
    """Give the kWh that a counter can have to catch up, if it was seen to stand still."""
    stood = min(now - track.changed.get(key, now), track.habits.stride)
    return track.habits.watts * stood / _SECONDS / _KILO


def _last_digit(one: Number, other: Number) -> float:
    """Give what one in the last digit of a counter in kWh is worth, as far as two numbers say."""
    for exponent in (0, -1, -2):
        digit = Decimal(10) ** exponent
        if not one % digit and not other % digit:
            return float(digit)
    return 0.001


def _rolled_over(last: float, number: float, allowed: float) -> bool:
    return any(
        last < full <= last + allowed and full - last + number <= allowed for full in _ROLLOVERS
    )
