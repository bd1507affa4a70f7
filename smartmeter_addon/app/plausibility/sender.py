"""One sender: what it sent last, what is pending, and what its telegrams have shown."""

from dataclasses import dataclass, field
from typing import Final

from app.meters.telegram import Telegram, Withheld
from app.plausibility import values
from app.plausibility.calm import Calm
from app.plausibility.checks import BY_NAME, CHECKS, Failed, failed
from app.plausibility.decision import Decision, Outcome
from app.plausibility.evidence import Evidence
from app.plausibility.held import Held
from app.plausibility.known import Known
from app.plausibility.lists import KnownList
from app.plausibility.pending import Pending
from app.plausibility.relaxation import Relaxation
from app.plausibility.track import Observation, Track
from app.plausibility.violation import Violation

_BESIDE_ANOTHER: Final = 60
"""Confirmations of a sender beside one that is still heard: damage may make the same name again."""

_RECORDING_SECONDS: Final = 600.0
_RECORDING_SECONDS_VERIFIED: Final = 86400.0
"""Seconds for which old invocation counters with old times have to come before they are accepted: a
recording is shorter. A longer one is feared only where the tag is verified, as nothing else can be
forged there."""

_MOST_PENDING: Final = 8
"""Pending tracks: noise between the telegrams of one begins others."""

_RISE_HEADROOM: Final = 1.3
"""Factor of a connection over the mean power of a confirmed rise of an energy."""


@dataclass(slots=True)
class Sender:
    """What is known of one sender.

    Args:
        known: what was learned in accepted telegrams.
        track: of the accepted telegrams; None before the first.
        without: names of checks that are not made.
        heard_before: telegrams of other senders before it was first heard.
        is_new: whether others were known then.
    """

    known: Known = field(default_factory=Known)
    track: Track | None = None
    without: frozenset[str] = frozenset()
    heard_before: int = 0
    is_new: bool = False
    _pending: list[Pending] = field(default_factory=list)
    _latest: KnownList | None = None
    _calm: Calm | None = None
    _relaxation: Relaxation = field(default_factory=Relaxation)
    _held: Held = field(default_factory=Held)

    def judge(self, observation: Observation, *, is_alone: bool) -> Decision:
        """Decide about a telegram.

        Args:
            observation: the telegram.
            is_alone: whether no other sender was heard since this one was first heard.
        """
        failure = failed(observation, self.known, self.track, without=self.without)
        violations, moment = failure.violations, observation.moment
        sent = moment.time if moment else None
        others = observation.telegram.others
        reported = self.known.reports.pending(others, sent, observation.now, observation.wall)
        if self.is_new and self.track is None and observation.evidence < Evidence.TAG:
            sentence = "it comes from a sender that was not heard before"
            violations.append(Violation("identity", sentence))
        violations += [
            Violation("report", one.sentence, name)
            for name, one in reported.items()
            if one.is_new and observation.evidence <= BY_NAME["report"].evidence
        ]
        remaining = violations
        if violations and self.track and self.known.withholding:
            remaining = self.known.withholding.remaining(
                violations, observation, self.track, self.known.limits
            )
        told = None
        if remaining:
            if self._is_duplicate(observation, remaining):
                return Decision(Outcome.REJECTED, remaining, set(), set())
            pending = self._confirm(observation, remaining)
            if pending and self._is_confirmed(pending, observation, is_alone=is_alone):
                told = self._adopt(pending, observation, remaining)
            elif not self._relax(observation, remaining):
                return self._hold(observation, remaining)
        withheld = self._accept(observation, failure, set(reported))
        return Decision(Outcome.ACCEPTED, violations, withheld, set(reported), told)

    def takes(self, telegram: Telegram, now: float, wall: float) -> bool:
        """Accept a telegram that goes on from the one before in the usual way; tell whether.

        Args:
            telegram: the next one.
            now: by the monotonic clock, in seconds.
            wall: by this computer's clock, in seconds since 1970.
        """
        if self._calm is None or self._pending or self.track is None:
            return False
        return self._calm.accepts(telegram, self.track, now, wall)

    def withheld(self, wall: float) -> tuple[Withheld, ...]:
        """Return what is withheld for longer than two of its own push intervals."""
        told = self.known.withholding.told()
        return (*self._held.told(), *told, *self.known.reports.overdue(wall))

    def _is_duplicate(self, observation: Observation, violations: list[Violation]) -> bool:
        """Tell whether a telegram is an accepted one again, which confirms nothing."""
        track, moment = self.track, observation.moment
        if observation.counter is None and any(one.check == "replay" for one in violations):
            return True
        if track is None or observation.counter is None or observation.counter != track.counter:
            return False
        same = track.time == (moment.time if moment else None)
        return same and track.holds(observation.values)

    def _confirm(self, observation: Observation, violations: list[Violation]) -> Pending | None:
        """Return the pending telegrams that a telegram goes on from; begin new ones if none."""
        for pending in self._pending:
            if pending.is_repeated_by(observation):
                return None
            if pending.structure != observation.found.structure:
                continue
            failure = failed(
                observation, self.known, pending.track, pending=pending.names, without=self.without
            )
            if not failure.violations:
                pending.add(observation, self.known.limits)
                return pending
        nearest = self.known.lists.nearest(observation.found.structure)
        self._pending.append(Pending(observation, violations, nearest))
        del self._pending[:-_MOST_PENDING]
        return None

    def _is_confirmed(self, pending: Pending, observation: Observation, *, is_alone: bool) -> bool:
        """Tell whether enough telegrams confirm pending ones."""
        checks, track = pending.checks, self.track
        needed = max(BY_NAME[name].confirmations for name in checks)
        if track is None:
            if "identity" in checks:
                # With a damaged system title nothing is deciphered.
                is_alone = is_alone or observation.counter is not None
                needed = needed if is_alone else _BESIDE_ANOTHER
            elif "possible" not in checks:
                needed = 1
        elif "replay" in checks and not self._is_later(observation, track):
            verified = observation.evidence is Evidence.TAG
            seconds = _RECORDING_SECONDS_VERIFIED if verified else _RECORDING_SECONDS
            return observation.now - pending.begun >= seconds
        elif not self.known.is_grown:
            needed = 1
        return pending.confirmations >= needed

    def _adopt(
        self, pending: Pending, observation: Observation, violations: list[Violation]
    ) -> str | None:
        """Take pending telegrams that are confirmed for accepted, and learn from them.

        Returns:
            A sentence for the log about what happened to the meter; None for a first telegram.
        """
        checks, limits = pending.checks, self.known.limits
        if "connection" in checks:
            limits.enlarge_connection(values.connection_watts(observation.values))
        if "rise" in checks and self.track:
            stood, watts = values.mean_watts(observation, self.track, limits)
            if watts <= limits.connection_watts:
                limits.slow_refresh(stood)
            elif pending.watts > limits.connection_watts:  # and no clock that stood still
                limits.enlarge_connection(_RISE_HEADROOM * pending.watts)
        if checks & {"clock", "schedule", "identity"}:
            self.known.lists.distrust()
        self.known.withholding.begin(violations, observation)
        if self.track is None:
            self.track = pending.track
            return None
        self.track.adopt(pending.track, self.known.withholding.keys)
        told = (check.confirmed for check in CHECKS if check.name in checks)
        return f"the pending telegrams confirm each other: {'; '.join(dict.fromkeys(told))}"

    def _accept(self, observation: Observation, failure: Failed, reports: set[str]) -> set[str]:
        """Accept a telegram; return the keys of its values that are withheld."""
        known, track = self.known, self.track or Track()
        self.track = track
        withheld: set[str] = set()
        accepted = observation.values
        if known.withholding:
            withheld = known.withholding.withheld(
                observation, failure.violations, known.limits, as_power_says=failure.digits == 0
            )
            accepted = {key: value for key, value in accepted.items() if key not in withheld}
        listed = known.lists.add(observation.found)
        track.add(observation, accepted, listed)
        known.add(listed, observation, accepted, (failure.laws, failure.broken), reports)
        self._prepare(listed, observation, is_usual=not (withheld or reports or track.floors))
        shape = observation.found.structure
        if self._pending:
            self._pending = [one for one in self._pending if not one.contradicted_by(shape)]
        self._held.end(shape)
        return withheld

    def _prepare(
        self,
        listed: KnownList,
        observation: Observation,
        *,
        is_usual: bool,
    ) -> None:
        """Prepare what the next telegram keeps to if it is a usual one of the same list."""
        interval = listed.schedule.interval
        # A text among the values cannot be reckoned with.
        quantities = [self.known.limits.of(key).quantity for key in observation.values]
        again = self._latest is listed and is_usual and not self.without and None not in quantities
        self._latest = listed
        reading = observation.telegram.reading
        self._calm = None
        if again and interval and reading and observation.found.size in listed.bits:
            derived = "power" in reading.derived
            self._calm = Calm(self.known, listed, observation, interval, derived=derived)

    def _relax(self, observation: Observation, violations: list[Violation]) -> bool:
        """Relax a check that is not right for this meter; tell whether the telegram is accepted."""
        names, checks = ({one.name for one in violations}, {one.check for one in violations})
        check, *others = checks
        alone = not others and BY_NAME[check].relaxable and self.track is not None
        if not self._relaxation.is_due(names if alone else set(), observation.evidence):
            return False
        for name in names:
            self.known.relax(check, name)
        again = failed(observation, self.known, self.track, without=self.without)
        return check in {"structure", "repeated"} or not again.violations

    def _hold(self, observation: Observation, violations: list[Violation]) -> Decision:
        """Do not accept a telegram, and count it."""
        what = ", ".join(observation.values) if self.known.lists.are_several else "all values"
        self._held.add(observation, violations[0].sentence, what)
        replayed = any(one.check == "replay" for one in violations)
        outcome = Outcome.REJECTED if replayed else Outcome.PENDING
        return Decision(outcome, violations, set(), set())

    @staticmethod
    def _is_later(observation: Observation, track: Track) -> bool:
        """Tell whether a telegram's clock is newer than the last accepted one's."""
        if observation.moment is None:
            return False
        return track.time is None or observation.moment.time > track.time
