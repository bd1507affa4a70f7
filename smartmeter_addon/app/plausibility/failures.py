"""What a telegram fails of all checks."""

from collections.abc import Container, Mapping
from typing import Final, NamedTuple

from app.language.catalogue import Sentence
from app.plausibility import currents, laws, values
from app.plausibility.checks import BY_NAME, CHECKS, OF_ENERGIES, Compared, is_replay
from app.plausibility.decision import Violation
from app.plausibility.evidence import Evidence
from app.plausibility.known import Known
from app.plausibility.pending import Pending
from app.plausibility.track import Observation, Track
from app.plausibility.units import MOST_DIGITS, flows_of
from app.plausibility.values import Walk

_BY_ITSELF: Final = frozenset(
    ("identity", "repeated", "parity", "possible", "connection", "law", "unit")
)
"""Checks that a pending telegram and those that go on from it fail alike."""

_LOADS: Final = frozenset(("rise", "connection"))
"""Checks that a load larger than the connection fails, now this one and now the other."""

_LOAD_TIMES: Final = 4.0
"""How many times more than the connection carries energies may rise while such a load is pending.
"""


class Failed(NamedTuple):
    """What a telegram fails.

    Args:
        violations: the checks.
        laws: that say something of it, and whether it keeps each.
        digits: see `MeanPower.digits`.
        walk: over its values.
    """

    violations: list[Violation]
    laws: Mapping[str, bool]
    digits: int | None
    walk: Walk


def failed(
    observation: Observation, known: Known, track: Track | None, *, pending: Pending | None = None
) -> Failed:
    """Return the checks that a telegram fails; none when it follows from those before.

    Args:
        observation: the telegram.
        known: of its sender.
        track: what it is compared with; None for the first telegram of a sender.
        pending: whose track it is; what the first of them failed by itself is not checked again.
    """
    track = track or Track()
    came_before = is_replay(observation, track)
    compared = Compared(observation, known, track, pending, _laws(observation), came_before)
    found = [one for check in CHECKS if check.find for one in check.find(compared)]
    walk, digits = _walk(compared, {one.check for one in found})
    found += walk.violations
    allowed = pending.names if pending else frozenset[str]()
    # Such a load shows in all values, damage in one of them.
    if pending and pending.checks & _LOADS and currents.agree(observation.values):
        allowed |= {f"connection {key}" for key in observation.values}
    violations = [
        one
        for one in found
        if (
            observation.evidence <= BY_NAME[one.check].evidence
            or one.detail in known.withholding.keys
        )
        and known.limits.factor(one.name)
        and not (one.check in _BY_ITSELF and one.name in allowed)
    ]
    return Failed(violations, compared.laws, digits, walk)


def _walk(compared: Compared, others: Container[str]) -> tuple[Walk, int | None]:
    """Compare the values of a telegram with the last ones.

    Args:
        compared: the telegram.
        others: the checks beside those of values that it fails.

    Returns:
        What the walk over the values found, and by how many digits energies are in another unit,
        see `MeanPower.digits`.
    """
    observation, known, track, pending, *_ = compared
    of = pending.checks if pending else frozenset[str]()
    late = 0.0 if "clock" in others else _late(observation, track)
    times = 10.0**MOST_DIGITS if "unit" in of else _LOAD_TIMES if of & _LOADS else 1.0
    has_unit = not known.withholding.agrees and "identity" not in others
    past = values.Past(track, known.limits, observation.now, late, times, has_unit)
    walk = values.check(observation.values, past)
    digits = known.power.digits(flows_of(observation.values), observation.clock)
    wrong = _by_unit(walk.violations, digits, observation.evidence)
    doubted = known.withholding.keys | {
        name.removeprefix("possible ") for name in (pending.names if pending else ())
    }
    wrong = currents.in_their_unit(wrong, observation.values, track.values, doubted, known.limits)
    return walk._replace(violations=wrong), digits


def _by_unit(found: list[Violation], digits: int | None, evidence: Evidence) -> list[Violation]:
    """Tell energies in another unit from others that fall or rise.

    Args:
        found: what the values of a telegram fail.
        digits: see `MeanPower.digits`.
        evidence: of the telegram.
    """
    if any(one.check == "unit" for one in found):
        # The energies of a telegram change their unit together, some too small to tell.
        return [one._replace(check="unit") if one.check in OF_ENERGIES else one for one in found]
    others = (one for one in found if one.check in OF_ENERGIES)
    if digits and not any(evidence <= BY_NAME[one.check].evidence for one in others):
        sentence = Sentence("check.unit_by_power", {"digits": digits})
        found.append(Violation("unit", sentence, "energies"))
    return found


def _late(observation: Observation, track: Track) -> float:
    """Return the seconds that passed at the meter but not here, as a gateway delayed telegrams.

    Fewer than none passed where a telegram of a list that keeps its push interval comes late.
    """
    known, passed = observation.found.known, observation.now - track.now
    if observation.time is None:
        return max(0.0, (known.gap if known else 0.0) - passed)
    metered = passed if track.time is None else observation.time - track.time
    is_told = known is not None and known.interval is not None and metered >= known.interval
    return metered - passed if is_told else max(0.0, metered - passed)


def _laws(observation: Observation) -> dict[str, bool]:
    """Return the laws that say something of a telegram, and whether it keeps each."""
    values, found = observation.values, observation.found
    kept = {law.name: law.is_kept_by(values) for law in laws.applicable(tuple(values))}
    if found.clocks and (sent := observation.telegram.timestamp):
        kept |= laws.kept_by_clocks(found.content, found.clocks, sent)
    return kept
