"""The table of checks, and what a telegram fails of them."""

from typing import Final, NamedTuple

from app.plausibility import clock, laws, values
from app.plausibility.evidence import Evidence
from app.plausibility.known import Known
from app.plausibility.lists import texts_differ
from app.plausibility.structure import checksum_of, content_of, digest
from app.plausibility.track import Observation, Track
from app.plausibility.violation import Violation


class Check(NamedTuple):
    """A check of telegrams.

    Args:
        name: of the check.
        evidence: it is made of telegrams that nothing better than this protects.
        confirmations: later telegrams of the list that have to go on from one that fails it.
        relaxable: whether it is given up for a sender whose telegrams fail it again and again, and
            no other check. What identifies, what was sent before and what cannot be never is.
        confirmed: what happened to the meter when telegrams that fail it are confirmed.
    """

    name: str
    evidence: Evidence
    confirmations: int
    relaxable: bool
    confirmed: str


_VALUES: Final = "values that were unusual are what the meter measures"
_LIST: Final = "the meter sends another list than before"
_CLOCK: Final = "the meter's clock was set"

_BY_ITSELF: Final = frozenset(("identity", "repeated", "possible", "connection", "law", "unit"))
"""Checks that a pending telegram and those that go on from it fail alike."""

_TIMES: Final = {"rise": 4.0, "connection": 4.0, "unit": 1e6}
"""How many times more than the connection carries energies may rise while pending, by check."""

_ENERGIES: Final = frozenset(("fall", "rise", "unit"))
_CLOCKS: Final = frozenset(("clock", "schedule"))

CHECKS: Final = (
    Check(
        "replay",
        Evidence.TAG,
        2,
        relaxable=False,
        confirmed="the meter's invocation counter began anew: it has a new key or was replaced",
    ),
    Check(
        "identity",
        Evidence.TAG,
        2,
        relaxable=False,
        confirmed="another meter is read than before, or the meter has another number now",
    ),
    Check("structure", Evidence.CHECKSUM, 2, relaxable=True, confirmed=_LIST),
    Check("list", Evidence.SUM, 1, relaxable=False, confirmed=_LIST),
    Check("repeated", Evidence.CHECKSUM, 2, relaxable=True, confirmed=_LIST),
    Check("clock", Evidence.CHECKSUM, 2, relaxable=True, confirmed=_CLOCK),
    Check("schedule", Evidence.CHECKSUM, 2, relaxable=True, confirmed=_CLOCK),
    Check("possible", Evidence.TAG, 2, relaxable=False, confirmed=_VALUES),
    Check("connection", Evidence.CHECKSUM, 2, relaxable=False, confirmed=_VALUES),
    Check(
        "fall",
        Evidence.CHECKSUM,
        2,
        relaxable=False,
        confirmed="a counter of the meter was set back",
    ),
    Check(
        "rise",
        Evidence.CHECKSUM,
        2,
        relaxable=False,
        confirmed="a counter of the meter moved on by more than was expected",
    ),
    Check("unit", Evidence.TAG, 2, relaxable=False, confirmed="energies are in another unit"),
    Check("jump", Evidence.CHECKSUM, 1, relaxable=True, confirmed=_VALUES),
    Check("law", Evidence.CHECKSUM, 3, relaxable=True, confirmed=_VALUES),
    Check("report", Evidence.SUM, 2, relaxable=False, confirmed=_VALUES),
)
"""All checks, in the order in which they are told. state.json holds their names."""

BY_NAME: Final = {check.name: check for check in CHECKS}


class Failed(NamedTuple):
    """What a telegram fails.

    Args:
        violations: the checks.
        laws: names of those that say something of it.
        broken: names of those that it does not keep.
        digits: see `MeanPower.digits`.
    """

    violations: list[Violation]
    laws: tuple[str, ...]
    broken: list[str]
    digits: int | None


def failed(
    observation: Observation,
    known: Known,
    track: Track | None,
    *,
    pending: frozenset[str] | None = None,
    without: frozenset[str] = frozenset(),
) -> Failed:
    """Return the checks that a telegram fails; none when it follows from those before.

    Args:
        observation: the telegram.
        known: of its sender.
        track: what it is compared with; None for the first telegram of a sender.
        pending: names of the violations of the telegram before, where the track is pending for
            them; what they say of one telegram by itself is not checked again.
        without: names of checks that are not made.
    """
    names, broken = _laws(observation)
    violations = [
        Violation("law", "its values contradict each other", name)
        for name in broken
        if (known.laws.hold(name) and (name in laws.CLOCK_LAWS or observation.found.known))
        or (track is None and name in laws.CLOCK_LAWS)
    ]
    digits = None
    if track is None:
        violations += values.check_first(observation, known.limits)
    else:
        digits = _compare(observation, known, track, violations, pending)
    if violations:
        factors = known.limits.factors
        violations = [
            one
            for one in violations
            if (
                observation.evidence <= BY_NAME[one.check].evidence
                or one.detail in known.withholding.keys
            )
            and one.check not in without
            and factors.get(one.name) != 0
            and not (pending and one.check in _BY_ITSELF and one.name in pending)
        ]
    return Failed(violations, names, broken, digits)


def _compare(
    observation: Observation,
    known: Known,
    track: Track,
    violations: list[Violation],
    pending: frozenset[str] | None,
) -> int | None:
    """Compare a telegram with those before it; see `failed` for the arguments."""
    is_replay = _is_replay(observation, track)
    if is_replay:
        old = "its invocation counter is not newer than that of a telegram before it"
        sentence = "it came before" if observation.counter is None else old
        violations.append(Violation("replay", sentence))
    known.check_identity(observation, track, violations)
    listed = observation.found
    if listed.known is None:
        if pending is None and known.lists:
            violations.append(_of_list(observation, known))
    elif texts_differ(listed) and not is_replay:
        violations.append(Violation("repeated", "a text, a status or an address of it is another"))
    # An old telegram has an old time, and a clock that was set another schedule.
    wrong = clock.failed_check(
        observation,
        track,
        known.limits,
        pending=pending is not None,
        checks_schedule=not is_replay and not _CLOCKS & (pending or frozenset()),
    )
    if wrong:
        violations.append(Violation(*wrong))
    late = 0.0 if wrong else _late(observation, track)
    of = {name.partition(" ")[0] for name in pending or ()}
    times = max((_TIMES.get(check, 1.0) for check in of), default=1.0)
    found = values.check(observation, track, known.limits, late, times)
    if any(one.check == "unit" for one in found):
        # The energies of a telegram change their unit together, some too small to tell.
        found = [one._replace(check="unit") if one.check in _ENERGIES else one for one in found]
    violations += found
    digits = known.power.digits(observation.values)
    if digits and not any(one.check in _ENERGIES for one in found):
        sentence = f"energies grow 10^{digits} times as fast as the power says: another unit"
        violations.append(Violation("unit", sentence, "energies"))
    return digits


def _late(observation: Observation, track: Track) -> float:
    """Return the seconds that passed at the meter but not here, as a gateway delayed telegrams."""
    known = observation.found.known
    metered = 0.0
    if observation.moment is None:
        metered = known.gap if known else 0.0
    elif track.time is not None:
        metered = observation.moment.time - track.time
    return max(0.0, metered - (observation.now - track.now))


def _laws(observation: Observation) -> tuple[tuple[str, ...], list[str]]:
    """Return the laws that say something of a telegram, and those that it breaks."""
    reading, found = observation.telegram.reading, observation.found
    names: tuple[str, ...] = ()
    broken: list[str] = []
    if reading is not None:
        of = laws.applicable(tuple(observation.values), derived="power" in reading.derived)
        names, broken = of.names, laws.broken(of, observation.values)
    if found.clocks and (sent := observation.telegram.timestamp):
        names += laws.CLOCK_LAWS
        broken += laws.broken_clocks(content_of(observation.telegram), found.clocks, sent)
    return names, broken


def _is_replay(observation: Observation, track: Track) -> bool:
    """Tell whether a telegram's invocation counter is not newer than the last one."""
    counter, last = observation.counter, track.counter
    if counter is None:
        return bool(track.recent) and checksum_of(observation.telegram) in track.recent
    if last is None or counter > last:
        return False
    if track.counter_may_repeat and counter == last:
        if observation.moment is None or track.time is None:
            return track.holds(observation.values)
        return observation.moment.time <= track.time
    return True


def _of_list(observation: Observation, known: Known) -> Violation:
    """Tell damage in a known list from another list."""
    shape = observation.found.structure
    if known.lists.nearest(shape):
        sentence = "its list holds other values, types or units than before"
        return Violation("structure", sentence, f"{digest(shape):08x}")
    return Violation("list", "it is another list than those before")
