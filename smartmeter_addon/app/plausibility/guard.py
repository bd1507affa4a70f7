"""Judges each telegram before it is published: believed, or held back until others confirm it.

A link's checksum lets noise pass now and then, one damaged telegram in 256 behind M-Bus, and most
meters send no tag that could be checked. So a telegram has to go on from those before it. What
does not is held back: noise is followed by a telegram that goes on from what was believed; a meter
that was replaced, or whose counters were reset, by telegrams that go on from the one held back.

A verified tag leaves nothing to doubt but that the telegram is new.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from app.cosem.unit import Number
from app.fault import Fault, Kind
from app.meters.senders import MOST_SENDERS
from app.meters.telegram import Telegram
from app.plausibility import counters, violation
from app.plausibility import observation as reduced
from app.plausibility.history import History
from app.plausibility.observation import Observation
from app.plausibility.recurrence import Recurrence
from app.plausibility.schedule import STEADY
from app.plausibility.structure import Structure
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import Violation

_YOUNG: Final = 3
"""Telegrams after which a meter's past weighs more than one telegram that contradicts it."""

_CONFIRMED: Final = 2
_CONFIRMED_LAW: Final = (
    3  # what breaks a law may be wrong in many ways, and still go on from itself
)
_CONFIRMED_STRANGER: Final = 60
"""Where another goes on under its own name: damage may make the same name again and again."""

_REPLAYED: Final = 60
_REPLAYED_SECONDS: Final = 600.0
_REPLAYED_SECONDS_VERIFIED: Final = 86400.0
"""What it takes to believe telegrams with an old counter and an old clock after all."""

_SHAPES: Final = frozenset((violation.SHAPE, violation.LIST))
_USUAL_LIST: Final = 2
_USUAL_SHAPE: Final = 8
_MOST_ODD_SHAPES: Final = 32
_MOST_CANDIDATES: Final = 4
_MOST_STRANGERS: Final = 8
_MOST_HELD_SOFTLY: Final = 4
_MOST_HELD: Final = 30
_LONGEST_STRIDE: Final = 86400.0
_MOST_WATTS: Final = 1e6

_SOFT: Final = frozenset(
    (
        "power",
        "current",
        "voltage",
        "frequency",
        "angle",
        "factor",
        "reactive",
        violation.BOUNCE,
        violation.PACE,
    )
)
_HARD_SENTENCES: Final = {
    violation.IDENTITY: "another meter is read than before, or the meter has another number now",
    violation.REPLAY: (
        "the meter's counter of telegrams began anew: it has a new key or was replaced"
    ),
    violation.FELL: "a counter of the meter was set back",
    violation.CLOCK: "the meter's clock was set",
    violation.PACE: "the meter's clock was set",
    violation.SHAPE: "the meter sends another list than before",
    violation.LIST: "the meter sends another list than before",
    violation.LEAP: "a counter of the meter moved on by more than was expected",
}


class Verdict(NamedTuple):
    """What is to be done with a telegram.

    Args:
        telegram: to be published; with a fault, and nothing to publish, when it is held back.
        told: a sentence for the log: what earlier telegrams that were held back turned out to be.
    """

    telegram: Telegram
    told: str | None = None


@dataclass(slots=True)
class _Candidate:
    """Telegrams that were held back and go on from one another.

    Args:
        begun: when the first came.
        watts: the mean power of the fastest counter from one to the next.
    """

    track: History
    begun: float
    watts: float = 0.0


@dataclass(slots=True)
class _Sender:
    """One sender: what is believed of it, and what might have to be."""

    habits: Tolerances = field(default_factory=Tolerances)
    base: History | None = None
    candidates: list[_Candidate] = field(default_factory=list)  # the one gone on with last is last
    others: int = 0  # telegrams that were believed of other senders, when it was met
    patience: Recurrence = field(default_factory=Recurrence)
    held: int = 0  # since the last that was believed
    hard: bool = False  # whether any of these was doubted for more than a jump
    odd_shapes: dict[Structure, int] = field(default_factory=dict)

    def is_usual(self, shape: Structure, kinds: frozenset[str]) -> bool:
        """Tell whether a list in which nothing else is odd came so often that it is no damage."""
        count = self.odd_shapes[shape] = self.odd_shapes.pop(shape, 0) + 1
        if len(self.odd_shapes) > _MOST_ODD_SHAPES:
            del self.odd_shapes[next(iter(self.odd_shapes))]
        return count >= (_USUAL_LIST if violation.LIST in kinds else _USUAL_SHAPE)

    def endure(self, base: History, seen: Observation, kinds: frozenset[str]) -> None:
        """Rely less on what this meter breaks again and again."""
        if kinds == {violation.REPEATING}:
            base.endure_words(seen)
        if self.held > 1:
            return
        reason = _learnable(kinds)
        if reason == violation.PACE and not base.miss_pace(seen):
            reason = None
        if self.patience.hold(reason) and reason:
            base.endure(reason)

    def go_on(
        self, seen: Observation, kinds: frozenset[str], *, verified: bool
    ) -> tuple[_Candidate, bool]:
        """Let a telegram confirm those that were held back before it, or begin anew.

        Returns:
            The candidate, and whether there was one.
        """
        for n, candidate in enumerate(self.candidates):
            track = candidate.track
            if not (track.doubt_verified(seen) if verified else track.doubt(seen)):
                candidate.watts = max(candidate.watts, counters.leap(track, seen)[1])
                track.take(seen)
                self.candidates.append(self.candidates.pop(n))
                return candidate, True
        candidate = self.begin(seen, kinds)
        del self.candidates[: max(0, len(self.candidates) - _MOST_CANDIDATES + 1)]
        self.candidates.append(candidate)
        return candidate, False

    def begin(self, seen: Observation, kinds: frozenset[str]) -> _Candidate:
        """Begin a track of telegrams that are doubted."""
        # Two telegrams tell no pace when their clock is in doubt.
        track = History(self.habits, 2 * STEADY)
        track.doubts = kinds
        track.uncounted = True
        if self.base:
            track.law_streaks = dict(self.base.law_streaks)
        track.take(seen)
        return _Candidate(track, seen.now)


class Guard:
    """Judges the telegrams of one line.

    Args:
        memory: what `memory` gave before the restart; what cannot be understood is passed over.
        clock: a steady one, in seconds.
        wall: this computer's clock, in seconds since 1970.
    """

    def __init__(
        self,
        memory: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._senders: dict[str, _Sender] = {}
        self._believed = 0
        for sender, kept in list((memory or {}).items())[-MOST_SENDERS:]:
            if restored := History.restored_from(kept, clock(), wall()):
                self._senders[sender] = _Sender(restored.habits, restored)

    def memory(self) -> dict[str, str]:
        """Give what is worth knowing after a restart, a text for each sender, the latest last."""
        return {name: sender.base.memory() for name, sender in self._senders.items() if sender.base}

    def judge(self, telegram: Telegram) -> Verdict:
        """Judge the next telegram of the line."""
        if telegram.fault or not (telegram.reading or telegram.others):
            return Verdict(telegram)
        security = telegram.push.security
        verified = security is not None and security.authenticated is True
        name = reduced.sender(telegram)
        sender = self._senders.get(name)
        habits = sender.habits if sender else Tolerances()
        seen = reduced.reduce(telegram, self._clock(), self._wall(), habits.watts)
        if sender is None:
            sender = self._met(name)
        base = sender.base
        if base is None:
            doubts = [] if verified else self._doubt_stranger(seen)
            base = History(sender.habits)
        elif verified:
            doubts = base.doubt_verified(seen)
        else:
            doubts = base.doubt(seen)
        if not doubts:
            return Verdict(self._go_on(telegram, name, base, seen))
        return self._hold(telegram, name, seen, doubts, verified=verified)

    def _met(self, name: str) -> _Sender:
        """Begin to know a sender; of those who never were believed only the latest are kept."""
        strangers = [known for known, one in self._senders.items() if one.base is None]
        for known in strangers[: max(0, len(strangers) - _MOST_STRANGERS + 1)]:
            del self._senders[known]
        self._senders[name] = sender = _Sender(others=self._believed)
        return sender

    def _go_on(self, telegram: Telegram, name: str, base: History, seen: Observation) -> Telegram:
        """Go on from a telegram that is believed, and give it as it is to be published."""
        if floors := _floors(base, seen):
            seen.counters = {**seen.counters, **floors}
        base.take(seen)
        self._settle(name, base)
        return _with(telegram, floors)

    def _settle(self, name: str, base: History) -> None:
        """Let a track be what is believed of its sender, which is the one believed last."""
        self._believed += 1
        sender = self._senders[name] = self._senders.pop(name)
        sender.base = base
        sender.candidates.clear()
        sender.held, sender.hard = 0, False
        sender.patience.believe()
        known = [name for name, one in self._senders.items() if one.base]
        for longest_ago in known[:-MOST_SENDERS]:
            del self._senders[longest_ago]

    def _doubt_stranger(self, seen: Observation) -> list[Violation]:
        """Tell what speaks against the first telegram of a sender."""
        known = [one.base for one in self._senders.values() if one.base]
        if any(base.count >= _YOUNG for base in known) or len(known) >= MOST_SENDERS:
            return [
                Violation(violation.IDENTITY, "it comes from a sender that was not heard before")
            ]
        if seen.found.absurd:
            return [
                Violation(violation.ABSURD + key, text) for key, text in seen.found.absurd.items()
            ]
        if {"weekday", "clocks"} & set(seen.found.broken):
            return [Violation(violation.CLOCK, "its clock contradicts itself")]
        return []

    def _hold(
        self,
        telegram: Telegram,
        name: str,
        seen: Observation,
        doubts: list[Violation],
        *,
        verified: bool,
    ) -> Verdict:
        """Hold a telegram back, unless it confirms those that were held back before it."""
        sender = self._senders[name]
        base = sender.base
        kinds = frozenset(one.kind for one in doubts)
        if base and base.is_again(seen):
            return _held(telegram, doubts, Kind.REPLAYED)
        if base and kinds <= _SHAPES and sender.is_usual(seen.outline, kinds):
            told = _HARD_SENTENCES[violation.SHAPE]
            return Verdict(self._go_on(telegram, name, base, seen), told)
        sender.held += 1
        sender.hard = sender.hard or not kinds <= _SOFT
        if base:
            sender.endure(base, seen, kinds)
        candidate, confirms = sender.go_on(seen, kinds, verified=verified)
        alone = sender.others == self._believed
        if confirms and _is_confirmed(candidate, base, seen, alone=alone, verified=verified):
            return self._believe(telegram, name, candidate, seen)
        if violation.REPLAY in kinds:
            return _held(telegram, doubts, Kind.REPLAYED)
        # Values that are doubted each time say that the thresholds are wrong for this meter.
        if base and sender.held >= (_MOST_HELD if sender.hard else _MOST_HELD_SOFTLY):
            return self._believe(telegram, name, sender.begin(seen, kinds), seen)
        return _held(telegram, doubts, Kind.SUSPICIOUS)

    def _believe(
        self, telegram: Telegram, name: str, candidate: _Candidate, seen: Observation
    ) -> Verdict:
        """Believe what was held back, and learn from it."""
        sender, track = self._senders[name], candidate.track
        base, kinds = sender.base, track.doubts
        _learn(sender, candidate, seen)
        floors: dict[str, Number] = {}
        if base:
            floors = _floors(base, seen)
            track.counters.update(floors)
            track.inherit(base)
        track.doubts = frozenset()
        alone = base is not None and base.uncounted and track.count == 1
        track.uncounted = track.repeats or alone
        self._settle(name, track)
        published = _with(telegram, floors)
        if base is None:
            return Verdict(published)
        told = [sentence for kind, sentence in _HARD_SENTENCES.items() if kind in kinds]
        why = (
            "; ".join(dict.fromkeys(told)) or "values that were unusual are what the meter measures"
        )
        return Verdict(published, f"the telegrams that were held back confirm each other: {why}")


def _learn(sender: _Sender, candidate: _Candidate, seen: Observation) -> None:
    """Learn from telegrams that were doubted and are believed."""
    habits, base, kinds = sender.habits, sender.base, candidate.track.doubts
    for kind in kinds & (_SOFT | {violation.CLOCK}) - {violation.PACE}:
        if sender.patience.prove(kind):
            habits.widen(kind)
    absurd = {kind for kind in kinds if kind.startswith(violation.ABSURD)}
    if absurd:
        habits.tolerated |= absurd
        drawn = max((abs(v) for k, v in seen.values.items() if k.startswith("power")), default=0)
        amperes = max((abs(v) for k, v in seen.values.items() if "current" in k), default=0)
        habits.watts = min(max(habits.watts, 1.2 * drawn, 830 * amperes), _MOST_WATTS)
    if base and violation.LEAP in kinds:
        stood, watts = counters.leap(base, seen)
        if watts <= habits.watts:
            habits.stride = min(max(stood, habits.stride), _LONGEST_STRIDE)
        elif candidate.watts > habits.watts:  # and no clock or gateway that stood still
            habits.watts = min(1.3 * candidate.watts, _MOST_WATTS)
    habits.most.clear()


def _learnable(kinds: frozenset[str]) -> str | None:
    """Give the only kind of doubt, if a meter may have it as a habit."""
    (kind, *others) = kinds
    lawless = kind.startswith(violation.LAW) and kind != violation.REPEATING
    return kind if not others and (kind in _SOFT or lawless) else None


def _is_confirmed(
    candidate: _Candidate, base: History | None, seen: Observation, *, alone: bool, verified: bool
) -> bool:
    """Tell whether a track has been gone on with often enough to be believed."""
    confirmations = candidate.track.count - 1
    kinds = candidate.track.doubts
    if base and violation.REPLAY in kinds:
        newer = seen.time is not None and (base.clock.time or seen.time) < seen.time
        if not newer:
            lasted = _REPLAYED_SECONDS_VERIFIED if verified else _REPLAYED_SECONDS
            return confirmations >= _REPLAYED and seen.now - candidate.begun >= lasted
    if base is None and violation.IDENTITY not in kinds:
        return True
    if base is None and not alone:
        return confirmations >= _CONFIRMED_STRANGER
    if base and base.count < _YOUNG:
        return True
    lawless = any(kind.startswith((violation.LAW, violation.ABSURD)) for kind in kinds)
    return confirmations >= (_CONFIRMED_LAW if lawless else _CONFIRMED)


def _held(telegram: Telegram, doubts: list[Violation], kind: Kind) -> Verdict:
    reasons = "; ".join(dict.fromkeys(doubt.sentence for doubt in doubts))
    done = "a telegram was held back until the next ones confirm it"
    if kind is Kind.REPLAYED:
        done = "a telegram was refused"
    fault = Fault(kind, "meter", telegram.push.frame.offset, f"{done}: {reasons}")
    return Verdict(replace(telegram, fault=fault, reading=None, others=()))


def _with(telegram: Telegram, floors: Mapping[str, Number]) -> Telegram:
    """Give a telegram with some of its counters as they were."""
    if not floors or telegram.reading is None:
        return telegram
    kept = {key: floors.get(key, value) for key, value in telegram.reading.values.items()}
    return replace(telegram, reading=replace(telegram.reading, values=kept))


def _floors(base: History, seen: Observation) -> dict[str, Number]:
    """Give the counters that seem to have fallen a little, as they were.

    A low bit that was damaged and went unnoticed made them too high, or makes them too low now;
    either way the value before is right within that bit, and no counter falls.
    """
    floors: dict[str, Number] = {}
    for key, number in seen.counters.items():
        last = base.counters.get(key)
        if last is None or number >= last or "energy" not in key:
            continue
        if float(last - number) <= counters.small_fall(base.habits):
            floors[key] = last
    return floors
