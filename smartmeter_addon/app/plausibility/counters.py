"""Checks counters: energies, and what submeters count.

A counter never falls. An energy rises no faster than the connection allows, and mostly no faster
than the power before and after allows.
"""

from decimal import Decimal
from typing import Final

from app.cosem.unit import Number
from app.meters.quantities import MOST_PER_HOUR, USUAL_VOLTAGE
from app.plausibility.baseline import REPORT_SECONDS, Baseline
from app.plausibility.observation import Observation
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import AHEAD_OF_POWER, FALL, RISE, Violation

_HOUR: Final = 3600.0
"""Seconds."""

_KILO: Final = 1000.0

_POWER_SECONDS: Final = 130.0
"""Seconds over which the powers before and after tell the energy: two pushes of a meter that pushes
each minute, of which one was lost."""

_POWER_SHARE: Final = 1.1
"""Factor by which the mean power may exceed the larger of the two: it changes in between."""

_SHORT_LOAD_WATTS: Final = 10.0 * USUAL_VOLTAGE
"""W of a load that runs between two telegrams and shows in neither: 10 A."""

_LEAST_STEP: Final = 0.002
"""kWh: two units of the last digit of most meters."""

_SHORTEST: Final = 0.5
"""Seconds: telegrams that a gateway delayed follow each other faster, and tell no power."""

_ONCE_MORE: Final = 4.0
"""Factor by which counters may exceed the connection while they are pending for just that."""

_REACTIVE_SHARE: Final = 0.5
"""Share of the connection that bounds a reactive energy: many telegrams have no reactive power."""

_SMALL_FALL: Final = 5.0
"""Seconds of full load: the energy by which a low bit that was damaged unnoticed makes a counter
too high, so that the next one seems to fall."""

_ROLLOVERS: Final = (*(10**n for n in range(3, 10)), 4294967.296)
"""kWh at which counters begin at zero again: all digits are full, or 32 bits of Wh."""

_REPORT_TIME: Final = "time"
"""Key of the time of a submeter's report, which is checked like a counter of seconds."""

_LATE_REPORT: Final = 600.0
"""Seconds by which a submeter may report late."""

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
"""Key of the power that each energy is the integral of."""

_OPPOSITE: Final = {
    one: other
    for quantity in ("power", "reactive_power")
    for one, other in (
        (f"{quantity}_import", f"{quantity}_export"),
        (f"{quantity}_export", f"{quantity}_import"),
    )
}
"""Key of the power in the other direction."""


def check(
    baseline: Baseline,
    observation: Observation,
    late: float,
    violations: list[Violation],
    *,
    rising: bool,
) -> None:
    """Check the counters of a telegram.

    Args:
        baseline: the last counters and values.
        observation: the telegram.
        late: seconds that passed at the meter but not here, as a gateway delayed telegrams.
        violations: appended to.
        rising: whether the baseline is pending as its counters rose too fast (`RISE`).
    """
    before = baseline.counters
    for key, number in observation.counters.items():
        last = before.get(key)
        if last is None or number == last:
            continue
        passed = observation.now - baseline.seen_at[key] + late
        allowed = _allowed(baseline, key, passed, observation.now, rising=rising)
        moved = float(number - last)
        if moved < 0:
            little = 0.0 if "/" in key else small_fall(baseline.tolerances)
            if -moved > little and not _rolled_over(float(last), float(number), allowed):
                violations.append(Violation(FALL, f"{key} falls from {last} to {number}"))
        elif moved > allowed:
            sentence = f"{key} rises faster than the connection allows"
            violations.append(Violation(RISE, sentence))
        elif (
            moved > _LEAST_STEP
            and passed <= _POWER_SECONDS
            and _is_ahead_of_power(baseline, observation, key, moved, passed)
        ):
            sentence = f"{key} rises faster than the power says"
            violations.append(Violation(AHEAD_OF_POWER, sentence))


def small_fall(tolerances: Tolerances) -> float:
    """Return the kWh by which a counter may seem to fall, as the last one was too high."""
    return tolerances.connection_watts * _SMALL_FALL / _HOUR / _KILO


def fastest_rise(baseline: Baseline, observation: Observation) -> tuple[float, float]:
    """Return how the fastest energy rose.

    Returns:
        Seconds for which it stood still before, and the mean power in W.
    """
    found = (0.0, 0.0)
    for key, number in observation.counters.items():
        moved = float(number - baseline.counters.get(key, number))
        stood = observation.now - baseline.changed_at.get(key, observation.now)
        if "energy" in key and stood >= _SHORTEST and moved * _KILO * _HOUR / stood > found[1]:
            found = stood, moved * _KILO * _HOUR / stood
    return found


def _allowed(baseline: Baseline, key: str, passed: float, now: float, *, rising: bool) -> float:
    """Return by how much a counter can rise in a time, in its unit."""
    what = key.rpartition("/")[2]
    if what == _REPORT_TIME:
        return max(passed, now - baseline.changed_at[key]) + _LATE_REPORT
    if what in MOST_PER_HOUR:
        stood = max(passed, now - baseline.changed_at[key])
        return MOST_PER_HOUR[what] * (stood + REPORT_SECONDS) / _HOUR
    watts = baseline.tolerances.connection_watts * (_ONCE_MORE if rising else 1.0)
    if key.startswith("reactive"):
        watts *= _REACTIVE_SHARE
    stood = min(now - baseline.changed_at.get(key, now), baseline.tolerances.refresh_seconds)
    return watts * max(passed, stood) / _HOUR / _KILO + _LEAST_STEP


def _is_ahead_of_power(
    baseline: Baseline, observation: Observation, key: str, moved: float, passed: float
) -> bool:
    """Tell whether an energy rises faster than the powers before and after allow."""
    power = _POWER_OF.get(key)
    if power not in observation.values or power not in baseline.values:
        return False
    kwh_per_watt = passed / _HOUR / _KILO
    larger = max(observation.values[power], baseline.values[power])
    more = moved - larger * _POWER_SHARE * kwh_per_watt
    if more <= _LEAST_STEP:
        return False
    other = _OPPOSITE[power]
    against = min(observation.values.get(other, 0.0), baseline.values.get(other, 0.0))
    widened = baseline.tolerances.factors.get(AHEAD_OF_POWER, 1.0)
    watts = max(0.0, _SHORT_LOAD_WATTS - against) * widened
    rounding = max(_LEAST_STEP, 2 * _last_digit(observation.counters[key], baseline.counters[key]))
    return more > watts * kwh_per_watt + rounding + _caught_up(baseline, key, observation.now)


def _caught_up(baseline: Baseline, key: str, now: float) -> float:
    """Return the kWh by which a counter catches up that is refreshed now and then only."""
    stood = min(now - baseline.changed_at.get(key, now), baseline.tolerances.refresh_seconds)
    return baseline.tolerances.connection_watts * stood / _HOUR / _KILO


def _last_digit(one: Number, other: Number) -> float:
    """Return the kWh of one unit of a counter's last digit, as two of its numbers suggest."""
    for exponent in (0, -1, -2):
        digit = Decimal(10) ** exponent
        if not one % digit and not other % digit:
            return float(digit)
    return 0.001


def _rolled_over(last: float, number: float, allowed: float) -> bool:
    """Tell whether a counter was full and began at zero again."""
    return any(
        last < full <= last + allowed and full - last + number <= allowed for full in _ROLLOVERS
    )
