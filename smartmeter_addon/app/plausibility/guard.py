"""Decides about each telegram before it is published: accepted, pending, or rejected.

The checksum of a link lets damage pass now and then, that of M-Bus one damaged telegram in 256, and
most meters send no tag that could be verified. So each telegram is compared with those accepted
before it. One that follows from them is accepted. One that does not is pending: the next telegrams
show whether it was damaged, as they follow from the accepted ones, or whether the meter changed, as
they follow from the pending one. A duplicate or replay is rejected.

Of a telegram with a verified tag only two checks are made: that it is new, and whose it is.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from app.cosem.unit import Number
from app.fault import Fault, Kind
from app.meters.limits import MOST_SENDERS
from app.meters.telegram import Telegram
from app.plausibility import counters, violation
from app.plausibility.history import History
from app.plausibility.memory import dump, load
from app.plausibility.observation import Observation, observe, sender_of
from app.plausibility.sender import TOLERANCE_CHECKS, YOUNG, Pending, Sender
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import Violation

_STRUCTURE_CHECKS: Final = frozenset((violation.STRUCTURE, violation.LIST))

_MOST_STRANGERS: Final = 8
"""Senders of which no telegram was accepted; noise and attackers make up names."""

_MOST_FAILED: Final = 30
"""Telegrams in a row that fail a check before one is accepted all the same.

A meter whose values are different each time confirms none of them, and is to be read.
"""

_MOST_FAILED_TOLERANCES: Final = 4
"""The same where all fail checks against tolerances only, which may be too narrow."""

_EXPLANATIONS: Final = {
    violation.IDENTITY: "another meter is read than before, or the meter has another number now",
    violation.REPLAY: (
        "the meter's invocation counter began anew: it has a new key or was replaced"
    ),
    violation.FALL: "a counter of the meter was set back",
    violation.CLOCK: "the meter's clock was set",
    violation.SCHEDULE: "the meter's clock was set",
    violation.STRUCTURE: "the meter sends another list than before",
    violation.LIST: "the meter sends another list than before",
    violation.RISE: "a counter of the meter moved on by more than was expected",
}
"""What happened to the meter when telegrams that fail a check are confirmed, for the log."""


class Verdict(NamedTuple):
    """What is decided about a telegram.

    Args:
        telegram: to be published when it is accepted; with a fault and without readings when it is
            pending or rejected.
        told: a sentence for the log about pending telegrams that this one confirmed.
    """

    telegram: Telegram
    told: str | None = None


class Guard:
    """Decides about the telegrams of one line.

    Args:
        memory: what `memory` returned before a restart; what cannot be understood is left out.
        clock: gives monotonic seconds.
        wall: gives the computer's time in seconds since 1970.
    """

    def __init__(
        self,
        memory: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._senders: dict[str, Sender] = {}  # by name, the one accepted last at the end
        self._accepted = 0  # telegrams
        for name, content in list((memory or {}).items())[-MOST_SENDERS:]:
            if history := load(content, clock(), wall()):
                self._senders[name] = Sender(history.tolerances, history)

    def memory(self) -> dict[str, Any]:
        """Return what is kept over a restart: JSON values by sender, the latest last."""
        return {
            name: dump(sender.accepted) for name, sender in self._senders.items() if sender.accepted
        }

    def judge(self, telegram: Telegram) -> Verdict:
        """Decide about the next telegram of the line."""
        if telegram.fault or not (telegram.reading or telegram.others):
            return Verdict(telegram)
        security = telegram.push.security
        verified = security is not None and security.authenticated is True
        name = sender_of(telegram)
        sender = self._senders.get(name)
        tolerances = sender.tolerances if sender else Tolerances()
        observation = observe(telegram, self._clock(), self._wall(), tolerances.connection_watts)
        if sender is None:
            sender = self._new_sender(name)
        history = sender.accepted
        if history is None:
            violations = [] if verified else self._check_first(observation)
            history = History(sender.tolerances)
        elif verified:
            violations = history.check_replay_and_identity(observation)
        else:
            violations = history.check(observation)
        if not violations:
            return Verdict(self._accept(telegram, name, history, observation))
        return self._judge_violations(telegram, name, observation, violations, verified=verified)

    def _new_sender(self, name: str) -> Sender:
        """Add a sender. Of those of which nothing was accepted only the latest are kept."""
        strangers = [known for known, one in self._senders.items() if one.accepted is None]
        for known in strangers[: max(0, len(strangers) - _MOST_STRANGERS + 1)]:
            del self._senders[known]
        self._senders[name] = sender = Sender(accepted_before=self._accepted)
        return sender

    def _check_first(self, observation: Observation) -> list[Violation]:
        """Return the checks that the first telegram of a sender fails."""
        known = [one.accepted for one in self._senders.values() if one.accepted]
        if any(history.count >= YOUNG for history in known) or len(known) >= MOST_SENDERS:
            sentence = "it comes from a sender that was not heard before"
            return [Violation(violation.IDENTITY, sentence)]
        if out_of_bounds := observation.findings.out_of_bounds:
            return [Violation(violation.BOUND + key, text) for key, text in out_of_bounds.items()]
        if {"weekday", "clocks"} & set(observation.findings.broken):
            return [Violation(violation.CLOCK, "its clock contradicts itself")]
        return []

    def _accept(
        self, telegram: Telegram, name: str, history: History, observation: Observation
    ) -> Telegram:
        """Accept a telegram that follows from a history, and return it as it is published."""
        if floors := _floors(history, observation):
            observation.counters = {**observation.counters, **floors}
        history.add(observation)
        self._set_accepted(name, history)
        return _with_floors(telegram, floors)

    def _set_accepted(self, name: str, history: History) -> None:
        """Set the accepted history of a sender, which becomes the sender accepted last."""
        self._accepted += 1
        sender = self._senders[name] = self._senders.pop(name)
        sender.accept(history)
        known = [name for name, one in self._senders.items() if one.accepted]
        for longest_ago in known[:-MOST_SENDERS]:
            del self._senders[longest_ago]

    def _judge_violations(
        self,
        telegram: Telegram,
        name: str,
        observation: Observation,
        violations: list[Violation],
        *,
        verified: bool,
    ) -> Verdict:
        """Decide about a telegram that fails checks: it may confirm pending ones."""
        sender = self._senders[name]
        accepted = sender.accepted
        checks = frozenset(one.check for one in violations)
        if accepted and accepted.is_duplicate(observation):
            return _not_accepted(telegram, violations, Kind.REPLAYED)
        if (
            accepted
            and checks <= _STRUCTURE_CHECKS
            and sender.is_usual(observation.structure, checks)
        ):
            told = _EXPLANATIONS[violation.STRUCTURE]
            return Verdict(self._accept(telegram, name, accepted, observation), told)
        sender.failed += 1
        sender.failed_more = sender.failed_more or not checks <= TOLERANCE_CHECKS
        if accepted:
            sender.relax(accepted, observation, checks)
        pending, confirms = sender.confirm(observation, checks, verified=verified)
        alone = sender.accepted_before == self._accepted
        if confirms and sender.is_confirmed(pending, observation, alone=alone, verified=verified):
            return self._accept_pending(telegram, name, pending, observation)
        if violation.REPLAY in checks:
            return _not_accepted(telegram, violations, Kind.REPLAYED)
        most = _MOST_FAILED if sender.failed_more else _MOST_FAILED_TOLERANCES
        if accepted and sender.failed >= most:
            pending = sender.begin(observation, checks)
            return self._accept_pending(telegram, name, pending, observation)
        return _not_accepted(telegram, violations, Kind.SUSPICIOUS)

    def _accept_pending(
        self, telegram: Telegram, name: str, pending: Pending, observation: Observation
    ) -> Verdict:
        """Accept a pending history with its last telegram, and learn from it."""
        sender, history = self._senders[name], pending.history
        accepted, checks = sender.accepted, history.pending_for
        sender.learn(pending, observation)
        floors: dict[str, Number] = {}
        if accepted:
            floors = _floors(accepted, observation)
            history.baseline.counters.update(floors)
            history.inherit(accepted)
        history.pending_for = frozenset()
        may_repeat = (
            accepted is not None and accepted.invocation_counter_may_repeat and history.count == 1
        )
        history.invocation_counter_may_repeat = history.invocation_counter_is_repeated or may_repeat
        self._set_accepted(name, history)
        published = _with_floors(telegram, floors)
        if accepted is None:
            return Verdict(published)
        told = [sentence for check, sentence in _EXPLANATIONS.items() if check in checks]
        why = (
            "; ".join(dict.fromkeys(told)) or "values that were unusual are what the meter measures"
        )
        return Verdict(published, f"the pending telegrams confirm each other: {why}")


def _not_accepted(telegram: Telegram, violations: list[Violation], kind: Kind) -> Verdict:
    """Return a telegram without readings, and with a fault.

    Args:
        telegram: that fails checks.
        violations: of these checks.
        kind: `SUSPICIOUS` when it is pending, `REPLAYED` when it is rejected.
    """
    reasons = "; ".join(dict.fromkeys(one.sentence for one in violations))
    done = "a telegram is pending until the next ones confirm it"
    if kind is Kind.REPLAYED:
        done = "a telegram was rejected"
    fault = Fault(kind, "meter", telegram.push.frame.offset, f"{done}: {reasons}")
    return Verdict(replace(telegram, fault=fault, reading=None, others=()))


def _with_floors(telegram: Telegram, floors: Mapping[str, Number]) -> Telegram:
    """Return a telegram with some of its counters replaced."""
    if not floors or telegram.reading is None:
        return telegram
    values = {key: floors.get(key, value) for key, value in telegram.reading.values.items()}
    return replace(telegram, reading=replace(telegram.reading, values=values))


def _floors(history: History, observation: Observation) -> dict[str, Number]:
    """Return the last numbers of the energies that seem to fall a little.

    A low bit that was damaged unnoticed made the last number too high, or makes this one too low.
    Either way the last one is right but for that bit, and no published energy falls.
    """
    floors: dict[str, Number] = {}
    for key, number in observation.counters.items():
        last = history.baseline.counters.get(key)
        if last is None or number >= last or "energy" not in key:
            continue
        if float(last - number) <= counters.small_fall(history.tolerances):
            floors[key] = last
    return floors
