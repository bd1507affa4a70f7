"""The one walk over the values of a telegram, each beside the last one of its kind.

An energy never falls, and rises no faster than the connection allows. All other values are within
what is possible, and jump only with a cause.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from app.cosem.unit import Number
from app.language.catalogue import Sentence
from app.meters.catalogue import quantity_of_reading
from app.meters.quantities import QUANTITIES, Quantity
from app.plausibility import jumps
from app.plausibility.decision import Violation
from app.plausibility.laws import VOLTAGES
from app.plausibility.limits import JOULES_PER_KWH, LEAST_STEP, SUPPLY_VOLTS, Limit, Limits
from app.plausibility.track import Change, Track
from app.plausibility.units import power_of_ten, step_of

HEADROOM: Final = 1.3
"""Factor of a connection over a load that was confirmed: it was hardly the largest."""

_FALL_SHARE: Final = 4
"""How many times as far as it rose last an energy falls at most that damage had made too high: what
raises it once more, in the next telegram, mostly flips a higher bit."""


class Walk(NamedTuple):
    """What a walk over the values of a telegram found.

    Args:
        violations: the checks that they fail.
        moved: keys of the energies that are not what they were.
        floors: what was published of energies that seem to fall a little, and stays published: a
            low bit that was damaged unnoticed made it too high.
        loads: mean powers in W with which energies rose, each with the seconds for which it stood
            still before.
    """

    violations: list[Violation]
    moved: list[str]
    floors: dict[str, Number]
    loads: list[tuple[float, float]]

    @property
    def load(self) -> tuple[float, float]:
        """The largest of the loads; nothing where none was."""
        return max([(0.0, 0.0), *self.loads])


class Past(NamedTuple):
    """What the values of a telegram are compared with.

    Args:
        track: the last values.
        limits: of the sender.
        now: when the telegram came, by the monotonic clock, in seconds.
        late: seconds that passed at the meter but not here, as a gateway delayed telegrams.
        times: how many times more than the connection carries energies may rise.
        has_unit: whether its energies may have another unit now; another meter has other energies.
    """

    track: Track
    limits: Limits
    now: float
    late: float = 0.0
    times: float = 1.0
    has_unit: bool = True


def check(values: Mapping[str, Number], past: Past) -> Walk:
    """Compare the values of a telegram with the last ones."""
    walk = Walk([], [], {}, [])
    before, limits = past.track.values, past.limits
    for key, value in values.items():
        if value == (last := before.get(key)):
            continue
        limit, violation = limits.of(key), None
        if limit.is_energy:
            walk.moved.append(key)
            if last is not None:
                violation = _energy(key, last, value, past, walk)
        elif limit.is_limited and not limit.allows(value, last):
            violation = _outside(key, limit, values, past)
        if violation:
            walk.violations.append(violation)
    if unpowered := _unpowered(values, before):
        others = [one for one in walk.violations if one.name != f"jump {Quantity.VOLTAGE}"]
        walk.violations[:] = others + unpowered
    fell = {one.detail for one in walk.violations if one.check == "fall"}
    for key, floor in past.track.floors.items():
        if key not in fell and values.get(key, floor) < floor:
            walk.floors[key] = floor
    return walk


def _fails(check: str, sentence: str, key: str, **parameters: object) -> Violation:
    """Give a check that a value fails."""
    return Violation(check, Sentence(sentence, {"key": key, **parameters}), key)


def connection_watts(values: Mapping[str, Number]) -> float:
    """Return the W of a connection that carries some powers and currents, and `HEADROOM`."""
    found = 0.0
    for key, value in values.items():
        quantity = quantity_of_reading(key)
        if quantity and (watts := QUANTITIES[quantity].bounds.per_unit):
            found = max(found, HEADROOM * watts * abs(float(value)))
    return found


def _unpowered(values: Mapping[str, Number], before: Mapping[str, Number]) -> list[Violation]:
    """Return voltages that would leave the meter without supply: one phase at least has it.

    A few volts are none. A meter with a supply of its own says that there are 0.
    """
    voltages = [key for key in VOLTAGES if key in values]
    if not voltages or max(values[key] for key in voltages) >= SUPPLY_VOLTS:
        return []
    sentence = Sentence("check.no_voltage", {"volts": SUPPLY_VOLTS})
    if any(values[key] for key in voltages):
        return [Violation("possible", sentence, key) for key in voltages]
    if all(before.get(key) == 0 for key in voltages):
        return []
    return [Violation("jump", sentence, str(Quantity.VOLTAGE))]


def _outside(key: str, limit: Limit, values: Mapping[str, Number], past: Past) -> Violation | None:
    """Return the check that a value fails which its limits do not allow."""
    value, track = values[key], past.track
    if not limit.least <= value <= limit.most:
        if limit.by_connection:
            return _fails("connection", "check.beyond_connection", key, value=value)
        return _fails("possible", "check.impossible", key, value=value)
    seconds = past.now - track.now + past.late
    if jumps.is_explained(key, limit, track.values, values, seconds):
        return None
    jump = _fails("jump", "check.jump", key, last=track.values[key], value=value)
    return jump._replace(detail=str(limit.quantity))


def _energy(key: str, last: Number, value: Number, past: Past, walk: Walk) -> Violation | None:
    """Return the check that an energy fails that is not what it was."""
    track, limits = past.track, past.limits
    passed = past.now - track.seen_at(key) + past.late
    change = track.changed.get(key) or Change(track.now, last)
    stood, moved = past.now - change.at, float(value - last)
    walk.loads.append((moved * JOULES_PER_KWH / max(stood, 0.5), stood))
    least = max(LEAST_STEP, float(step_of(value)))
    seconds = max(passed, min(stood, limits.refresh_seconds))
    allowed = limits.kwh(seconds * past.times) + least
    if moved < 0 and -moved <= _FALL_SHARE * float(last - change.before):
        walk.floors[key] = last
        return None
    if 0 <= moved <= allowed:
        return None
    if past.has_unit and (digits := power_of_ten(last, value, allowed)):
        return _fails("unit", "check.another_unit", key, digits=digits)
    if moved < 0:
        return _fails("fall", "check.fall", key, last=last, value=value)
    return _fails("rise", "check.rise", key, last=last, value=value)
