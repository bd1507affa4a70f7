"""Judges each telegram before it is published: believed, or held back until others confirm it.

A link's checksum lets noise pass now and then, one damaged telegram in 256 behind M-Bus, and most
meters send no tag that could be checked. So a telegram has to go on from those before it. What
does not is held back: noise is followed by a telegram that goes on from what was believed; a meter
that was replaced, or whose counters were reset, by telegrams that go on from the one held back.

A verified tag leaves nothing to doubt but that the telegram is new.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from app.cosem.unit import Number
from app.fault import Fault, Kind
from app.meters.senders import MOST_SENDERS
from app.meters.telegram import Telegram
from app.plausibility import counters, violation
from app.plausibility import observation as reduced
from app.plausibility.history import History
from app.plausibility.memory import dump, load
from app.plausibility.observation import Observation
from app.plausibility.sender import SOFT, YOUNG, Candidate, Sender, is_confirmed, learn
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import Violation

_SHAPES: Final = frozenset((violation.SHAPE, violation.LIST))
_MOST_STRANGERS: Final = 8
_MOST_HELD_SOFTLY: Final = 4
_MOST_HELD: Final = 30

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
        self._senders: dict[str, Sender] = {}
        self._believed = 0
        for sender, kept in list((memory or {}).items())[-MOST_SENDERS:]:
            if restored := load(kept, clock(), wall()):
                self._senders[sender] = Sender(restored.habits, restored)

    def memory(self) -> dict[str, str]:
        """Give what is worth knowing after a restart, a text for each sender, the latest last."""
        return {name: dump(sender.base) for name, sender in self._senders.items() if sender.base}

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

    def _met(self, name: str) -> Sender:
        """Begin to know a sender; of those who never were believed only the latest are kept."""
        strangers = [known for known, one in self._senders.items() if one.base is None]
        for known in strangers[: max(0, len(strangers) - _MOST_STRANGERS + 1)]:
            del self._senders[known]
        self._senders[name] = sender = Sender(others=self._believed)
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
        if any(base.count >= YOUNG for base in known) or len(known) >= MOST_SENDERS:
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
        sender.hard = sender.hard or not kinds <= SOFT
        if base:
            sender.endure(base, seen, kinds)
        candidate, confirms = sender.go_on(seen, kinds, verified=verified)
        alone = sender.others == self._believed
        if confirms and is_confirmed(candidate, base, seen, alone=alone, verified=verified):
            return self._believe(telegram, name, candidate, seen)
        if violation.REPLAY in kinds:
            return _held(telegram, doubts, Kind.REPLAYED)
        # Values that are doubted each time say that the thresholds are wrong for this meter.
        if base and sender.held >= (_MOST_HELD if sender.hard else _MOST_HELD_SOFTLY):
            return self._believe(telegram, name, sender.begin(seen, kinds), seen)
        return _held(telegram, doubts, Kind.SUSPICIOUS)

    def _believe(
        self, telegram: Telegram, name: str, candidate: Candidate, seen: Observation
    ) -> Verdict:
        """Believe what was held back, and learn from it."""
        sender, track = self._senders[name], candidate.track
        base, kinds = sender.base, track.doubts
        learn(sender, candidate, seen)
        floors: dict[str, Number] = {}
        if base:
            floors = _floors(base, seen)
            track.baseline.counters.update(floors)
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
        last = base.baseline.counters.get(key)
        if last is None or number >= last or "energy" not in key:
            continue
        if float(last - number) <= counters.small_fall(base.habits):
            floors[key] = last
    return floors
