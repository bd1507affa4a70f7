"""The table of checks, and what a telegram fails of those that are not of values."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from app.language.catalogue import Sentence
from app.meters.structure import checksum_of, digest
from app.plausibility import clock, laws
from app.plausibility.decision import Violation
from app.plausibility.evidence import Evidence
from app.plausibility.known import Known
from app.plausibility.pending import Pending
from app.plausibility.track import Observation, Track


class Compared(NamedTuple):
    """A telegram, and what it is compared with.

    Args:
        observation: the telegram.
        known: what was learned of its sender.
        track: the last values; an empty one for the first telegram of a sender.
        pending: whose track it is; None for that of the accepted telegrams.
        laws: that say something of the telegram, and whether it keeps each.
        is_replay: whether it came before.
    """

    observation: Observation
    known: Known
    track: Track
    pending: Pending | None
    laws: Mapping[str, bool]
    is_replay: bool


class Check(NamedTuple):
    """A check of telegrams.

    Args:
        name: of the check.
        find: gives what a telegram fails of it. None for those of values: one walk finds them all.
        evidence: it is made of telegrams that nothing better than this protects.
        confirmations: later telegrams of the list that have to go on from one that fails it.
        relaxed: what becomes of it for a sender whose telegrams fail it again and again, and no
            other: its limit is doubled (``widened``), it is no longer made (``given up``), or such
            telegrams are accepted (``passed``). The others identify, or tell what came before or
            cannot be: ``never``.
        confirmed: what happened to the meter when telegrams that fail it are confirmed.
    """

    name: str
    find: Callable[[Compared], list[Violation]] | None
    evidence: Evidence
    confirmations: int
    relaxed: Literal["never", "widened", "given up", "passed"]
    confirmed: str


def _came_before(one: Compared) -> list[Violation]:
    if not one.is_replay:
        return []
    key = "check.came_before" if one.observation.counter is None else "check.counter_not_newer"
    return [Violation("replay", Sentence(key))]


def _comes_from_another(one: Compared) -> list[Violation]:
    return one.known.check_identity(one.observation, one.track)


def _has_another_list(one: Compared) -> list[Violation]:
    found, lists = one.observation.found, one.known.lists
    if found.known or one.pending or not lists:
        return []
    # A checksum of 16 bits lets pass no damage that makes quite another list.
    if one.observation.evidence > Evidence.SUM and not lists.may_hold(found.structure):
        return []
    sentence = Sentence("check.list_differs")
    return [Violation("structure", sentence, f"{digest(found.structure):08x}")]


def _has_another_text(one: Compared) -> list[Violation]:
    if not one.observation.found.texts_differ or one.is_replay:
        return []
    return [Violation("repeated", Sentence("check.another_text"))]


def _had_parity_errors(one: Compared) -> list[Violation]:
    if not one.observation.telegram.push.frame.parity_errors:
        return []
    return [Violation("parity", Sentence("check.parity_errors"))]


def _shows_another_time(one: Compared) -> list[Violation]:
    # An old telegram has an old time, and a clock that was set is at other times.
    is_set = one.pending is not None and "clock" in one.pending.checks
    wrong = clock.check(
        one.observation,
        one.track,
        one.known.limits,
        pending=one.pending is not None,
        checks_interval=not (is_set or one.is_replay),
    )
    return [wrong] if wrong else []


def _breaks_laws(one: Compared) -> list[Violation]:
    known, is_known = one.known, one.observation.found.known is not None
    return [
        Violation("law", Sentence("check.contradiction"), name)
        for name, is_kept in one.laws.items()
        if not is_kept
        and (known.laws.hold(name) or not known.count)
        and (is_known or name in laws.CLOCK_LAWS)
    ]


def is_replay(observation: Observation, track: Track) -> bool:
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


_KEY: Final = "the meter's invocation counter began anew: it has a new key or was replaced"
_METER: Final = "another meter is read than before, or the meter has another number now"
_LIST: Final = "the meter sends another list than before"
_MARKED: Final = "bytes that the adapter calls wrong are right"
_CLOCK: Final = "the meter's clock was set"
_VALUES: Final = "values that were unusual are what the meter measures"
_FELL: Final = "a counter of the meter was set back"
_ROSE: Final = "a counter of the meter moved on by more than was expected"
_UNIT: Final = "energies are in another unit"

OF_ENERGIES: Final = frozenset(("fall", "rise", "unit"))
"""Checks of energies."""

_TAG, _CHECKSUM = Evidence.TAG, Evidence.CHECKSUM

CHECKS: Final = (
    Check("replay", _came_before, _TAG, 2, "never", _KEY),
    Check("identity", _comes_from_another, _TAG, 2, "never", _METER),
    Check("structure", _has_another_list, _CHECKSUM, 2, "passed", _LIST),
    Check("repeated", _has_another_text, _CHECKSUM, 2, "passed", _LIST),
    Check("parity", _had_parity_errors, Evidence.NOTHING, 1, "passed", _MARKED),
    Check("clock", _shows_another_time, _CHECKSUM, 2, "widened", _CLOCK),
    Check("possible", None, _TAG, 2, "never", _VALUES),
    Check("connection", None, _CHECKSUM, 2, "never", _VALUES),
    Check("fall", None, _CHECKSUM, 2, "never", _FELL),
    Check("rise", None, _CHECKSUM, 2, "never", _ROSE),
    Check("unit", None, _TAG, 2, "never", _UNIT),
    Check("jump", None, _CHECKSUM, 1, "widened", _VALUES),
    Check("law", _breaks_laws, _CHECKSUM, 3, "given up", _VALUES),
)
"""All checks, in the order in which they are told. state.json holds their names."""

BY_POWER: Final = "unit energies"
"""Name of the violation that energies grow in another unit than the power says."""

BY_NAME: Final = {check.name: check for check in CHECKS}
