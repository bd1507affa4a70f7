"""One sender: what it sent last, what is pending, and what its telegrams have shown."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from app.language.catalogue import Sentence, Text
from app.meters.structure import checksum_of
from app.meters.telegram import Withheld
from app.meters.values import Values
from app.plausibility import values
from app.plausibility.checks import BY_NAME, CHECKS, OF_ENERGIES
from app.plausibility.decision import Decision, Violation
from app.plausibility.evidence import Evidence
from app.plausibility.failures import Failed, failed
from app.plausibility.known import Known
from app.plausibility.pending import Pending
from app.plausibility.relaxation import Relaxation
from app.plausibility.track import Observation, Track
from app.plausibility.usual import Usual

_BESIDE_ANOTHER: Final = 60
"""Confirmations of a sender beside one that is still heard, or of a submeter without a number in
place of one that has it: damage may make the same name again."""

_UNPROTECTED: Final = 10
"""Confirmations of another meter where nothing protects telegrams: a bit may be stuck for some."""

_RECORDING_SECONDS: Final = 600.0
_RECORDING_SECONDS_VERIFIED: Final = 86400.0
"""Seconds for which old invocation counters with old times have to come before they are accepted: a
recording is shorter. A longer one is feared only where the tag is verified, as nothing else can be
forged there."""

_MOST_PENDING: Final = 8
"""Pending tracks: noise between the telegrams of one begins others."""


@dataclass(slots=True)
class Sender:
    """What is known of one sender.

    Args:
        known: what was learned in accepted telegrams.
        track: of the accepted telegrams; None before the first.
        heard_before: telegrams of other senders before it was first heard.
        is_new: whether others were known then.
        usual: what its next telegram keeps to if it is a usual one; None where none can be.
    """

    known: Known = field(default_factory=Known)
    track: Track | None = None
    heard_before: int = 0
    is_new: bool = False
    usual: Usual | None = None
    _pending: Sequence[Pending] = ()
    _relaxation: Relaxation = field(default_factory=Relaxation)

    def judge(self, observation: Observation, *, is_alone: bool) -> Decision:
        """Decide about a telegram.

        Args:
            observation: the telegram.
            is_alone: whether no other sender was heard since this one was first heard.
        """
        self.settle()
        self.usual = None
        known = self.known
        failure = failed(observation, known, self.track)
        violations = failure.violations
        others = observation.telegram.others
        reports = known.reports.pending(others, observation.now, observation.wall)
        if self.is_new and self.track is None and observation.evidence < Evidence.TAG:
            sentence = Sentence("check.new_sender")
            violations.append(Violation("identity", sentence))
        if failure.digits == 0:
            known.withholding.forget_units()
        remaining = known.withholding.remaining(observation, violations)
        told = None
        if remaining:
            if self._is_duplicate(observation, remaining):
                return Decision(remaining, is_accepted=False)
            if any(one.is_repeated_by(observation) for one in self._pending):
                return self._hold(observation, remaining)
            pending = self._confirm(observation, remaining)
            if pending and self._is_confirmed(pending, observation, is_alone=is_alone):
                told = self._adopt(pending, observation, failure)
            elif not self._relax(observation, remaining):
                return self._hold(observation, remaining)
        withheld = self._accept(observation, failure, reports)
        return Decision(
            violations, withheld=withheld, reports=reports, floors=failure.walk.floors, told=told
        )

    def settle(self) -> None:
        """Learn from the usual telegrams since the last one that was not."""
        if self.usual:
            self.usual.settle()

    def miss(self) -> None:
        """Take note of a new telegram that is not accepted, or cannot be read."""
        self.settle()
        self.usual = None
        if self.track:
            self.track.is_followed = True

    def withheld(self, wall: float) -> tuple[Withheld, ...]:
        """Return what is withheld for longer than two of its own push intervals."""
        if self.usual:  # all is published
            return ()
        return (*self.known.withholding.told(), *self.known.reports.overdue(wall))

    def _is_duplicate(self, observation: Observation, violations: list[Violation]) -> bool:
        """Tell whether a telegram is an accepted one again.

        It confirms nothing, is no telegram that fails a check, and nothing is withheld with it.
        """
        track = self.track
        if observation.counter is None and any(one.check == "replay" for one in violations):
            return True
        if track is None or observation.counter is None or observation.counter != track.counter:
            return False
        return track.time == observation.time and track.holds(observation.values)

    def _confirm(self, observation: Observation, violations: list[Violation]) -> Pending | None:
        """Return the pending telegrams that a telegram goes on from; begin new ones if none."""
        for pending in self._pending:
            if pending.structure != observation.found.structure:
                continue
            failure = failed(observation, self.known, pending.track, pending=pending)
            if not failure.violations:
                pending.add(observation, failure.walk.load[0])
                return pending
        delay = self.track.late(observation.time, observation.now) if self.track else 0.0
        begun = Pending(observation, violations, delay)
        self._pending = (*self._pending, begun)[-_MOST_PENDING:]
        return None

    def _is_confirmed(self, pending: Pending, observation: Observation, *, is_alone: bool) -> bool:
        """Tell whether enough telegrams confirm pending ones."""
        checks, track = pending.checks, self.track
        needed = max(BY_NAME[name].confirmations for name in checks)
        if "identity" in checks and observation.evidence is Evidence.NOTHING:
            needed = _UNPROTECTED
        if "identity" in checks and self.known.reports.lost_a_number(observation.telegram.others):
            needed = _BESIDE_ANOTHER
        if track is None:
            # With a damaged system title nothing is deciphered.
            if "identity" in checks and not (is_alone or observation.counter is not None):
                needed = _BESIDE_ANOTHER
            elif not checks & {"identity", "possible"}:
                needed = 1
        elif "replay" in checks and not track.is_before(observation.time):
            verified = observation.evidence is Evidence.TAG
            seconds = _RECORDING_SECONDS_VERIFIED if verified else _RECORDING_SECONDS
            return observation.now - pending.begun >= seconds
        elif not self.known.is_grown:
            needed = 1
        return pending.confirmations >= needed

    def _adopt(self, pending: Pending, observation: Observation, failure: Failed) -> str | None:
        """Take pending telegrams that are confirmed for accepted, and learn from them.

        Returns:
            A sentence for the log about what happened to the meter; None for a first telegram.
        """
        checks, limits = pending.checks, self.known.limits
        if "connection" in checks:
            limits.enlarge_connection(values.connection_watts(observation.values))
        if "rise" in checks:
            watts, stood = failure.walk.load
            if watts <= limits.connection_watts:
                limits.slow_refresh(stood)
            elif pending.watts > limits.connection_watts:  # and no clock that stood still
                limits.enlarge_connection(values.HEADROOM * pending.watts)
        if checks & OF_ENERGIES:  # which the power did not make
            self.known.power.pause()
        self.known.withholding.begin(observation, failure.violations)
        if self.track is None:
            self.track = pending.track
            return None
        self.track.adopt(pending.track, self.known.withholding.keys)
        self.track.counter_may_repeat = pending.counter_is_repeated
        told = (check.confirmed for check in CHECKS if check.name in checks)
        return f"the pending telegrams confirm each other: {'; '.join(dict.fromkeys(told))}"

    def _accept(
        self, observation: Observation, failure: Failed, reports: set[str]
    ) -> AbstractSet[str]:
        """Accept a telegram; return the keys of its values that are withheld."""
        known = self.known
        track = self.track = self.track or Track()
        withheld = known.withholding.accept(observation, failure.violations, known.limits)
        accepted = observation.values
        if withheld:
            accepted = {key: value for key, value in accepted.items() if key not in withheld}
        listed = known.add(observation, failure.laws, reports)
        track.add(observation, accepted, failure.walk.moved, failure.walk.floors)
        shape = observation.found.structure
        if self._pending:
            self._pending = tuple(one for one in self._pending if not one.contradicted_by(shape))
        is_whole = not (known.withholding.holds or track.floors) and known.reports.are_repeated
        is_regular = listed.interval is not None and not self._pending
        readings = observation.values
        if is_whole and is_regular and isinstance(readings, Values) and readings.counts:
            self.usual = Usual(known, track, listed, observation, readings)
        return withheld

    def _relax(self, observation: Observation, violations: list[Violation]) -> bool:
        """Relax a check that is not right for this meter; tell whether the telegram is accepted."""
        names = {one.name for one in violations}
        check, *others = {one.check for one in violations}
        relaxed = BY_NAME[check].relaxed
        alone = not others and relaxed != "never" and self.track is not None
        if not self._relaxation.is_due(names if alone else set(), observation.evidence):
            return False
        if relaxed == "passed":
            return True
        for name in names:
            self.known.limits.relax(name, give_up=relaxed == "given up")
        return not failed(observation, self.known, self.track).violations

    def _hold(self, observation: Observation, violations: list[Violation]) -> Decision:
        """Do not accept a telegram, and count it."""
        if not any(one.check == "replay" for one in violations):
            self.miss()
        what: Text = Sentence("withheld.all_values")
        if self.known.lists.are_several:
            what = ", ".join(observation.values)
        self.known.withholding.hold(observation, violations[0], what)
        if self.track and observation.is_told_by_time:
            self.track.remember(checksum_of(observation.telegram))
        return Decision(violations, is_accepted=False)
