"""The one walk over the values of a telegram, each beside the last one of its kind.

An energy never falls, and rises no faster than the connection allows. All other values are within
what is possible, and jump only with a cause.
"""

from collections.abc import Mapping
from typing import Final

from app.cosem.unit import Number
from app.meters.catalogue import quantity_of_reading
from app.meters.quantities import USUAL_VOLTAGE, Quantity
from app.plausibility.jumps import RECENT, Change
from app.plausibility.limits import JOULES_PER_KWH, LEAST_STEP, Limit, Limits
from app.plausibility.track import Observation, Track
from app.plausibility.units import power_of_ten
from app.plausibility.violation import Violation

_HEADROOM: Final = 1.2
"""Factor of a connection over a power or current that was confirmed: it was hardly the largest."""

_ROLLOVERS: Final = (*(10**n for n in range(3, 10)), 4294967.296)
"""kWh at which counters begin at zero again: all digits are full, or 32 bits of Wh."""


def check(
    observation: Observation, track: Track, limits: Limits, late: float, times: float = 1.0
) -> list[Violation]:
    """Return the checks that the values of a telegram fail.

    Which energies moved, and which seem to fall a little, is noted in the observation.

    Args:
        observation: the telegram.
        track: the last values.
        limits: of the sender.
        late: seconds that passed at the meter but not here, as a gateway delayed telegrams.
        times: how many times more than the connection carries energies may rise.
    """
    violations: list[Violation] = []
    before, by_key = track.values, limits.by_key
    since = observation.now - track.now + late
    at_most = limits.kwh(since) + LEAST_STEP
    moved, floors = observation.moved, observation.floors
    moved.clear()
    floors.clear()
    for key, value in observation.values.items():
        last = before.get(key)
        if value == last:
            continue
        limit = by_key.get(key) or limits.of(key)
        violation = None
        if limit.is_energy:
            moved.append(key)
            if last is not None and not 0 < value - last <= at_most:
                violation = _energy(key, last, value, observation, track, limits, late, times)
        elif limit.quantity is None:
            continue
        elif not limit.least <= value <= limit.most:
            violation = _beyond(key, value, limit)
        elif last is not None and not limit.fall <= value - last <= limit.jump:
            violation = _jump(key, limit, observation, track, since)
        if violation:
            violations.append(violation)
    if track.floors:
        said = observation.values
        floors |= {
            key: floor for key, floor in track.floors.items() if said.get(key, floor) < floor
        }
    return violations


def check_first(observation: Observation, limits: Limits) -> list[Violation]:
    """Return the values of the first telegram of a sender that are beyond what is possible."""
    return [
        _beyond(key, value, limit)
        for key, value in observation.values.items()
        if (limit := limits.of(key)).quantity is not None
        and not limit.is_energy
        and not limit.least <= value <= limit.most
    ]


def mean_watts(observation: Observation, track: Track, limits: Limits) -> tuple[float, float]:
    """Return how the energy rose that rose the fastest since the last telegram of a track.

    Returns:
        Seconds for which it stood still before, and the mean power in W.
    """
    found = (0.0, 0.0)
    for key, value in observation.values.items():
        if limits.of(key).is_energy and key in track.values and track.values[key] != value:
            stood = observation.now - track.changed.get(key, (track.now,))[0]
            watts = float(value - track.values[key]) * JOULES_PER_KWH / max(stood, 0.5)
            found = max(found, (stood, watts), key=lambda one: one[1])
    return found


def connection_watts(values: Mapping[str, Number]) -> float:
    """Return the W of a connection that carries some powers and currents, and a fifth more."""
    found = 0.0
    for key, value in values.items():
        quantity = quantity_of_reading(key)
        if quantity in {Quantity.ACTIVE, Quantity.REACTIVE, Quantity.APPARENT}:
            found = max(found, _HEADROOM * abs(float(value)))
        elif quantity is Quantity.CURRENT:
            found = max(found, _HEADROOM * 3 * USUAL_VOLTAGE * abs(float(value)))
    return found


def _beyond(key: str, value: Number, limit: Limit) -> Violation:
    if limit.by_connection:
        return Violation("connection", f"{key} of {value} is more than the connection carries", key)
    return Violation("possible", f"{key} of {value} cannot be", key)


def _jump(
    key: str, limit: Limit, observation: Observation, track: Track, seconds: float
) -> Violation | None:
    """Return a jump that nothing in the telegram explains."""
    if observation.now - track.seen_at(key) > RECENT:
        return None
    change = Change(track.values, observation.values, seconds)
    if change.explains(limit.quantity, key, limit.jump):
        return None
    last, value = track.values[key], observation.values[key]
    sentence = f"{key} jumps from {last} to {value}, and nothing else goes with it"
    return Violation("jump", sentence, str(limit.quantity))


def _energy(  # noqa: PLR0917 - of two numbers and what is known of both
    key: str,
    last: Number,
    value: Number,
    observation: Observation,
    track: Track,
    limits: Limits,
    late: float,
    times: float,
) -> Violation | None:
    """Return the check that an energy fails, now that all its past is considered."""
    now = observation.now
    passed = now - track.seen_at(key) + late
    changed_at, before = track.changed.get(key, (now, last))
    stood = min(now - changed_at, limits.refresh_seconds)
    allowed = limits.kwh(max(passed, stood) * times) + LEAST_STEP
    moved = float(value - last)
    if moved < 0 and value >= before:
        observation.floors[key] = last  # a low bit of it was damaged, or is now
        return None
    if 0 <= moved <= allowed or (moved < 0 and _rolled_over(float(last), float(value), allowed)):
        return None
    if digits := power_of_ten(last, value, allowed):
        sentence = f"{key} is 10^{digits} times what it was: its unit changed, or was misread"
        return Violation("unit", sentence, key)
    if moved < 0:
        return Violation("fall", f"{key} falls from {last} to {value}", key)
    sentence = f"{key} rises from {last} to {value}, faster than the connection allows"
    return Violation("rise", sentence, key)


def _rolled_over(last: float, value: float, allowed: float) -> bool:
    """Tell whether a counter was full and began at zero again."""
    return any(
        last < full <= last + allowed and full - last + value <= allowed for full in _ROLLOVERS
    )
