"""The table of checks, and what a telegram fails of them."""

from typing import Final, Literal, NamedTuple

from app.language.catalogue import Sentence
from app.meters.structure import checksum_of, digest
from app.plausibility import clock, currents, laws, values
from app.plausibility.decision import Violation
from app.plausibility.evidence import Evidence
from app.plausibility.known import Known
from app.plausibility.pending import Pending
from app.plausibility.track import Observation, Track
from app.plausibility.units import MOST_DIGITS
from app.plausibility.values import Walk


class Check(NamedTuple):
    """A check of telegrams.

    Args:
        name: of the check.
        evidence: it is made of telegrams that nothing better than this protects.
        confirmations: later telegrams of the list that have to go on from one that fails it.
        relaxed: what becomes of it for a sender whose telegrams fail it again and again, and no
            other: its limit is doubled (``widened``), it is no longer made (``given up``), or such
            telegrams are accepted (``passed``). The others identify, or tell what came before or
            cannot be: ``never``.
        confirmed: what happened to the meter when telegrams that fail it are confirmed.
    """

    name: str
    evidence: Evidence
    confirmations: int
    relaxed: Literal["never", "widened", "given up", "passed"]
    confirmed: str


_KEY: Final = "the meter's invocation counter began anew: it has a new key or was replaced"
_METER: Final = "another meter is read than before, or the meter has another number now"
_LIST: Final = "the meter sends another list than before"
_MARKED: Final = "bytes that the adapter calls wrong are right"
_CLOCK: Final = "the meter's clock was set"
_VALUES: Final = "values that were unusual are what the meter measures"
_FELL: Final = "a counter of the meter was set back"
_ROSE: Final = "a counter of the meter moved on by more than was expected"
_UNIT: Final = "energies are in another unit"

_BY_ITSELF: Final = frozenset(
    ("identity", "repeated", "parity", "possible", "connection", "law", "unit")
)
"""Checks that a pending telegram and those that go on from it fail alike."""

_LOADS: Final = frozenset(("rise", "connection"))
"""Checks that a load larger than the connection fails, now this one and now the other."""

_LOAD_TIMES: Final = 4.0
"""How many times more than the connection carries energies may rise while such a load is pending.
"""

OF_ENERGIES: Final = frozenset(("fall", "rise", "unit"))
"""Checks of energies."""

_TAG, _CHECKSUM = Evidence.TAG, Evidence.CHECKSUM

CHECKS: Final = (
    Check("replay", _TAG, 2, "never", _KEY),
    Check("identity", _TAG, 2, "never", _METER),
    Check("structure", _CHECKSUM, 2, "passed", _LIST),
    Check("repeated", _CHECKSUM, 2, "passed", _LIST),
    Check("parity", Evidence.NOTHING, 1, "passed", _MARKED),
    Check("clock", _CHECKSUM, 2, "widened", _CLOCK),
    Check("possible", _TAG, 2, "never", _VALUES),
    Check("connection", _CHECKSUM, 2, "never", _VALUES),
    Check("fall", _CHECKSUM, 2, "never", _FELL),
    Check("rise", _CHECKSUM, 2, "never", _ROSE),
    Check("unit", _TAG, 2, "never", _UNIT),
    Check("jump", _CHECKSUM, 1, "widened", _VALUES),
    Check("law", _CHECKSUM, 3, "given up", _VALUES),
)
"""All checks, in the order in which they are told. state.json holds their names."""

BY_POWER: Final = "unit energies"
"""Name of the violation that energies grow in another unit than the power says."""

BY_NAME: Final = {check.name: check for check in CHECKS}


class Failed(NamedTuple):
    """What a telegram fails.

    Args:
        violations: the checks.
        laws: names of those that say something of it.
        broken: names of those that it does not keep.
        digits: see `MeanPower.digits`.
        walk: over its values.
    """

    violations: list[Violation]
    laws: tuple[str, ...]
    broken: list[str]
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
    allowed, of = (
        (pending.names, pending.checks) if pending else (frozenset[str](), frozenset[str]())
    )
    names, broken = _laws(observation)
    violations = [
        Violation("law", Sentence("check.contradiction"), name)
        for name in broken
        if (known.laws.hold(name) and (name in laws.CLOCK_LAWS or observation.found.known))
        or (track is None and name in laws.CLOCK_LAWS)
    ]
    digits = None
    if track is None:
        walk = values.check(observation.values, values.Past(Track(), known.limits, observation.now))
        violations += walk.violations
    else:
        violations += _of_telegram(observation, known, track, pending)
        is_clock_wrong = any(one.check == "clock" for one in violations)
        late = 0.0 if is_clock_wrong else _late(observation, track)
        times = 10.0**MOST_DIGITS if "unit" in of else 1.0
        if of & _LOADS:
            allowed |= {f"connection {key}" for key in observation.values}
            times = max(times, _LOAD_TIMES)
        other = known.withholding.agrees or any(one.check == "identity" for one in violations)
        past = values.Past(track, known.limits, observation.now, late, times, not other)
        walk = values.check(observation.values, past)
        digits = known.power.digits(observation.values, observation.clock)
        wrong = _by_unit(walk.violations, digits, observation.evidence)
        doubted = known.withholding.keys | {name.removeprefix("possible ") for name in allowed}
        violations += currents.in_their_unit(
            wrong, observation.values, track.values, doubted, known.limits
        )
    if violations:
        factors = known.limits.factors
        violations = [
            one
            for one in violations
            if (
                observation.evidence <= BY_NAME[one.check].evidence
                or one.detail in known.withholding.keys
            )
            and factors.get(one.name) != 0
            and not (one.check in _BY_ITSELF and one.name in allowed)
        ]
    return Failed(violations, names, broken, digits, walk)


def _of_telegram(
    observation: Observation, known: Known, track: Track, pending: Pending | None
) -> list[Violation]:
    """Return what a telegram fails beside its values; see `failed` for the arguments."""
    violations = []
    is_replay = _is_replay(observation, track)
    if is_replay:
        key = "check.came_before" if observation.counter is None else "check.counter_not_newer"
        violations.append(Violation("replay", Sentence(key)))
    violations += known.check_identity(observation, track)
    listed = observation.found
    shape = listed.structure
    if listed.known is None and pending is None and known.lists:
        # A checksum of 16 bits lets pass no damage that makes quite another list.
        if observation.evidence <= Evidence.SUM or known.lists.may_hold(shape):
            sentence = Sentence("check.list_differs")
            violations.append(Violation("structure", sentence, f"{digest(shape):08x}"))
    elif listed.texts_differ and not is_replay:
        violations.append(Violation("repeated", Sentence("check.another_text")))
    if observation.telegram.push.frame.parity_errors:
        violations.append(Violation("parity", Sentence("check.parity_errors")))
    # An old telegram has an old time, and a clock that was set is at other times.
    wrong = clock.check(
        observation,
        track,
        known.limits,
        pending=pending is not None,
        checks_interval=not is_replay and not (pending and "clock" in pending.checks),
    )
    return [*violations, wrong] if wrong else violations


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
    if track.time is None:
        return 0.0
    metered = observation.time - track.time
    is_told = known is not None and known.interval is not None and metered >= known.interval
    return metered - passed if is_told else max(0.0, metered - passed)


def _laws(observation: Observation) -> tuple[tuple[str, ...], list[str]]:
    """Return the laws that say something of a telegram, and those that it breaks."""
    of = laws.applicable(tuple(observation.values))
    names = tuple(law.name for law in of)
    broken, found = laws.broken(of, observation.values), observation.found
    if found.clocks and (sent := observation.telegram.timestamp):
        names += laws.CLOCK_LAWS
        broken += laws.broken_clocks(found.content, found.clocks, sent)
    return names, broken


def _is_replay(observation: Observation, track: Track) -> bool:
    """Tell whether a telegram's invocation counter is not newer than the last one."""
    counter, last = observation.counter, track.counter
    if counter is None:
        return track.recent is not None and checksum_of(observation.telegram) in track.recent
    if last is None or counter > last:
        return False
    if track.counter_may_repeat and counter == last:
        if observation.time is None or track.time is None:
            return track.holds(observation.values)
        return observation.time <= track.time
    return True
