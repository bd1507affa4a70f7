"""One sender: its accepted history, and pending ones that may replace it."""

from dataclasses import dataclass, field
from typing import Final

from app.plausibility import counters, violation
from app.plausibility.history import History
from app.plausibility.observation import Observation
from app.plausibility.recurrence import Recurrence
from app.plausibility.schedule import NEEDED
from app.plausibility.structure import Structure
from app.plausibility.tolerances import Tolerances

YOUNG: Final = 3
"""Telegrams from which on an accepted history outweighs a single telegram that contradicts it."""

_CONFIRMATIONS: Final = 2
"""Telegrams that have to follow from a pending one, for instance after a reset of counters."""

_CONFIRMATIONS_INVARIANT: Final = 3
"""The same where an invariant or bound is violated, which is not checked among pending ones."""

_CONFIRMATIONS_STRANGER: Final = 60
"""The same where another sender is accepted meanwhile: damage may make the same name again."""

_REPLAYS: Final = 60
_REPLAY_SECONDS: Final = 600.0
_REPLAY_SECONDS_VERIFIED: Final = 86400.0
"""Telegrams, and seconds for which they have to come, before replays of an old time are accepted.

A recording is shorter than that. A longer one is feared only where the tag is verified, as nothing
else can be forged there.
"""

_USUAL_LIST: Final = 2
"""Telegrams with the same other list before it is accepted: noise makes none twice."""

_USUAL_STRUCTURE: Final = 8
"""The same for a structure that is nearly a known one: the same bit may be hit again."""

_MOST_UNUSUAL: Final = 32
"""Structures that are counted for this, so that noise does not fill the memory."""

_MOST_PENDING: Final = 4
"""Pending histories: noise between the telegrams of one begins others."""

_LONGEST_REFRESH: Final = 86400.0
"""Seconds: no meter refreshes its counters more rarely than once a day."""

_MOST_WATTS: Final = 1e6
"""W of the largest connection that is learned: a factory's."""

_POWER_HEADROOM: Final = 1.2
"""Factor of a connection over a confirmed power: it was hardly the largest."""

_WATTS_PER_AMPERE: Final = 830.0
"""W of a connection for each A of a confirmed current: three phases of 230 V, and a fifth more."""

_RISE_HEADROOM: Final = 1.3
"""Factor of a connection over the mean power of a confirmed rise of an energy."""

TOLERANCE_CHECKS: Final = frozenset(
    (
        "power",
        "current",
        "voltage",
        "frequency",
        "angle",
        "factor",
        "reactive",
        violation.AHEAD_OF_POWER,
        violation.SCHEDULE,
    )
)
"""Checks against a tolerance, which may be too narrow for a meter."""


@dataclass(slots=True)
class Pending:
    """Pending telegrams that follow from one another.

    Args:
        history: of these telegrams.
        begun: when the first came, by the monotonic clock, in seconds.
        watts: the largest mean power that an energy rose with from one to the next.
    """

    history: History
    begun: float
    watts: float = 0.0


@dataclass(slots=True)
class Sender:
    """What is known of one sender.

    Args:
        tolerances: of all its histories.
        accepted: the history of its accepted telegrams; None before the first.
        pending: histories that may replace it, the one that was confirmed last at the end.
        accepted_before: telegrams of the line that were accepted before it was first heard.
        recurrence: counts the checks that its telegrams failed.
        failed: telegrams that failed a check since the last accepted one.
        failed_more: whether any of these failed a check that is not of `TOLERANCE_CHECKS`.
        unusual: how often a structure came that is not a known one.
    """

    tolerances: Tolerances = field(default_factory=Tolerances)
    accepted: History | None = None
    pending: list[Pending] = field(default_factory=list)
    accepted_before: int = 0
    recurrence: Recurrence = field(default_factory=Recurrence)
    failed: int = 0
    failed_more: bool = False
    unusual: dict[Structure, int] = field(default_factory=dict)

    def accept(self, history: History) -> None:
        """Replace the accepted history, by the same one or by a pending one."""
        self.accepted = history
        self.pending.clear()
        self.failed, self.failed_more = 0, False
        self.recurrence.count_accepted()

    def is_usual(self, structure: Structure, checks: frozenset[str]) -> bool:
        """Count a structure that is not a known one; tell whether it came too often for damage.

        Args:
            structure: of a telegram that fails no other check.
            checks: which of `STRUCTURE` and `LIST` it fails.
        """
        count = self.unusual[structure] = self.unusual.pop(structure, 0) + 1
        if len(self.unusual) > _MOST_UNUSUAL:
            del self.unusual[next(iter(self.unusual))]
        return count >= (_USUAL_LIST if violation.LIST in checks else _USUAL_STRUCTURE)

    def relax(self, accepted: History, observation: Observation, checks: frozenset[str]) -> None:
        """Relax what telegrams of this sender fail again and again without being damaged.

        Args:
            accepted: its accepted history.
            observation: a telegram that does not follow from it.
            checks: those that it fails.
        """
        if checks == {violation.REPEATED}:
            accepted.lists.relax_repeated(observation)
        if self.failed > 1:
            return
        check = _relaxable(checks)
        if check == violation.SCHEDULE and not accepted.lists.count_off_schedule(observation):
            check = None
        if self.recurrence.count_failed(check) and check:
            accepted.relax(check)

    def confirm(
        self, observation: Observation, checks: frozenset[str], *, verified: bool
    ) -> tuple[Pending, bool]:
        """Add a telegram to the pending history that it follows from, or begin one with it.

        Args:
            observation: the telegram.
            checks: those against the accepted history that it fails.
            verified: whether its tag was verified.

        Returns:
            The pending history, and whether the telegram confirms it.
        """
        for n, pending in enumerate(self.pending):
            history = pending.history
            if not (
                history.check_replay_and_identity(observation)
                if verified
                else history.check(observation)
            ):
                _, watts = counters.fastest_rise(history.baseline, observation)
                pending.watts = max(pending.watts, watts)
                history.add(observation)
                self.pending.append(self.pending.pop(n))
                return pending, True
        pending = self.begin(observation, checks)
        del self.pending[: max(0, len(self.pending) - _MOST_PENDING + 1)]
        self.pending.append(pending)
        return pending, False

    def begin(self, observation: Observation, checks: frozenset[str]) -> Pending:
        """Begin a pending history."""
        # Twice the telegrams are needed to tell the push interval: the clock may be damaged.
        history = History(self.tolerances, 2 * NEEDED)
        history.pending_for = checks
        history.invocation_counter_may_repeat = True
        if self.accepted:
            history.invariant_streaks = dict(self.accepted.invariant_streaks)
        history.add(observation)
        return Pending(history, observation.now)

    def is_confirmed(
        self, pending: Pending, observation: Observation, *, alone: bool, verified: bool
    ) -> bool:
        """Tell whether enough telegrams confirm a pending history.

        Args:
            pending: the history.
            observation: its last telegram.
            alone: whether no other sender was accepted since this one was first heard.
            verified: whether the tag of the last telegram was verified.
        """
        accepted = self.accepted
        confirmations = pending.history.count - 1
        checks, time = pending.history.pending_for, observation.meter_time
        if accepted and violation.REPLAY in checks:
            is_later = time is not None and (accepted.clock.time or time) < time
            if not is_later:
                seconds = _REPLAY_SECONDS_VERIFIED if verified else _REPLAY_SECONDS
                return confirmations >= _REPLAYS and observation.now - pending.begun >= seconds
        if accepted is None and violation.IDENTITY not in checks:
            return True
        if accepted is None and not alone:
            return confirmations >= _CONFIRMATIONS_STRANGER
        if accepted and accepted.count < YOUNG:
            return True
        prefixes = (violation.INVARIANT, violation.BOUND)
        if any(check.startswith(prefixes) for check in checks):
            return confirmations >= _CONFIRMATIONS_INVARIANT
        return confirmations >= _CONFIRMATIONS

    def learn(self, pending: Pending, observation: Observation) -> None:
        """Learn from a pending history that is to be accepted, before it is.

        Args:
            pending: the history.
            observation: its last telegram.
        """
        tolerances, accepted = self.tolerances, self.accepted
        checks = pending.history.pending_for
        for check in checks & (TOLERANCE_CHECKS | {violation.CLOCK}) - {violation.SCHEDULE}:
            if self.recurrence.count_confirmed(check):
                tolerances.widen(check)
        bounds = {check for check in checks if check.startswith(violation.BOUND)}
        values = observation.values
        if bounds:
            tolerances.tolerated |= bounds
            watts = max((abs(v) for k, v in values.items() if k.startswith("power")), default=0)
            amperes = max((abs(v) for k, v in values.items() if "current" in k), default=0)
            tolerances.connection_watts = min(
                max(
                    tolerances.connection_watts,
                    _POWER_HEADROOM * watts,
                    _WATTS_PER_AMPERE * amperes,
                ),
                _MOST_WATTS,
            )
        if accepted and violation.RISE in checks:
            stood, watts = counters.fastest_rise(accepted.baseline, observation)
            if watts <= tolerances.connection_watts:
                refresh_seconds = max(stood, tolerances.refresh_seconds)
                tolerances.refresh_seconds = min(refresh_seconds, _LONGEST_REFRESH)
            elif pending.watts > tolerances.connection_watts:  # and no clock that stood still
                tolerances.connection_watts = min(_RISE_HEADROOM * pending.watts, _MOST_WATTS)
        tolerances.limits.clear()


def _relaxable(checks: frozenset[str]) -> str | None:
    """Return the only check, if it is one that a meter may fail for years."""
    (check, *others) = checks
    is_invariant = check.startswith(violation.INVARIANT) and check != violation.REPEATED
    return check if not others and (check in TOLERANCE_CHECKS or is_invariant) else None
