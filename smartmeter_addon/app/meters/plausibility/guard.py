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
from app.meters.interpreter import Telegram
from app.meters.plausibility import counters, doubt
from app.meters.plausibility import seen as reduced
from app.meters.plausibility.doubt import Doubt
from app.meters.plausibility.habits import Habits
from app.meters.plausibility.outline import Outline
from app.meters.plausibility.seen import Seen
from app.meters.plausibility.track import Track
from app.meters.recogniser import MOST_SENDERS

_YOUNG: Final = 3
"""Telegrams after which a meter's past weighs more than one telegram that contradicts it."""

_CONFIRMED: Final = 2
_CONFIRMED_LAW: Final = (
    3  # what breaks a law may be wrong in many ways, and still go on from itself
)
_REPLAYED: Final = 60
_REPLAYED_SECONDS: Final = 600.0
"""What it takes to believe telegrams with an old counter and an old clock after all."""

_MOST_MISSED: Final = 3
_STEADY_FOR: Final = 200
_SHAPES: Final = frozenset((doubt.SHAPE, doubt.LIST))
_USUAL_LIST: Final = 2
_USUAL_SHAPE: Final = 8
_MOST_ODD_SHAPES: Final = 32
_MOST_CANDIDATES: Final = 4
_MOST_STRANGERS: Final = 8
_MOST_ALARMS: Final = 4
_ALARMS_FADE: Final = 2000
_MOST_SLACK: Final = 64.0
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
        doubt.BOUNCE,
        doubt.PACE,
    )
)
_HARD_SENTENCES: Final = {
    doubt.IDENTITY: "another meter is read than before, or the meter has another number now",
    doubt.REPLAY: "the meter's counter of telegrams began anew: it has a new key or was replaced",
    doubt.FELL: "a counter of the meter was set back",
    doubt.CLOCK: "the meter's clock was set",
    doubt.PACE: "the meter's clock was set",
    doubt.SHAPE: "the meter sends another list than before",
    doubt.LIST: "the meter sends another list than before",
    doubt.LEAP: "a counter of the meter moved on by more than was expected",
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
class _Sender:
    """One sender: what is believed of it, and what might have to be."""

    habits: Habits = field(default_factory=Habits)
    base: Track | None = None
    candidates: list[tuple[Track, float]] = field(default_factory=list)  # with their beginning
    others: int = 0  # telegrams that were believed of other senders, when it was met
    alarms: dict[str, int] = field(default_factory=dict)
    held: int = 0  # in a row
    odd_shapes: dict[Outline, int] = field(default_factory=dict)
    missed: list[int] = field(default_factory=list)  # when its clock missed its pace
    hard: bool = False  # whether one of them was held for more than a jump

    def is_unsteady(self, count: int) -> bool:
        """Tell whether a clock missed its pace so often that it has none."""
        self.missed = [*(n for n in self.missed if 0 < count - n <= _STEADY_FOR), count]
        if len(self.missed) < _MOST_MISSED:
            return False
        self.missed.clear()
        return True

    def is_alarming(self, kind: str) -> bool:
        """Count a doubt that says something of the thresholds; tell whether it came too often."""
        self.alarms[kind] = (self.alarms.get(kind, 0) + 1) % _MOST_ALARMS
        return not self.alarms[kind]

    def is_usual(self, shape: Outline, kinds: frozenset[str]) -> bool:
        """Tell whether a list in which nothing else is odd came so often that it is no damage."""
        count = self.odd_shapes[shape] = self.odd_shapes.pop(shape, 0) + 1
        if len(self.odd_shapes) > _MOST_ODD_SHAPES:
            del self.odd_shapes[next(iter(self.odd_shapes))]
        return count >= (_USUAL_LIST if doubt.LIST in kinds else _USUAL_SHAPE)


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
        for sender, kept in (memory or {}).items():
            restored = Track.restored_from(kept, clock(), wall())
            if restored and len(self._senders) < MOST_SENDERS:
                self._senders[sender] = _Sender(restored.habits, restored)

    def memory(self) -> dict[str, str]:
        """Give what is worth knowing after a restart, a text for each sender."""
        return {name: sender.base.memory() for name, sender in self._senders.items() if sender.base}

    def judge(self, telegram: Telegram) -> Verdict:
        """Judge the next telegram of the line."""
        if telegram.fault or not (telegram.reading or telegram.others):
            return Verdict(telegram)
        security = telegram.push.security
        verified = security is not None and security.authenticated is True
        name = reduced.sender(telegram)
        sender = self._senders.get(name)
        habits = sender.habits if sender else Habits()
        seen = reduced.reduce(telegram, self._clock(), self._wall(), habits.watts)
        if sender is None:
            sender = self._met(name)
        base = sender.base
        if base is None:
            doubts = [] if verified else self._doubt_stranger(seen)
            base = Track(sender.habits)
        elif verified:
            doubts = base.doubt_verified(seen)
        else:
            doubts = base.doubt(seen)
        if not doubts:
            self._believed += 1
            return Verdict(_accept(telegram, sender, base, seen))
        return self._hold(telegram, sender, seen, doubts, verified=verified)

    def _met(self, name: str) -> _Sender:
        """Begin to know a sender; of those who never were believed only the latest are kept."""
        strangers = [known for known, one in self._senders.items() if one.base is None]
        for known in strangers[: max(0, len(strangers) - _MOST_STRANGERS + 1)]:
            del self._senders[known]
        self._senders[name] = sender = _Sender(others=self._believed)
        return sender

    def _doubt_stranger(self, seen: Seen) -> list[Doubt]:
        """Tell what speaks against the first telegram of a sender."""
        known = [one.base for one in self._senders.values() if one.base]
        if any(base.count >= _YOUNG for base in known) or len(known) >= MOST_SENDERS:
            return [Doubt(doubt.IDENTITY, "it comes from a sender that was not heard before")]
        if seen.found.absurd:
            return [Doubt(doubt.ABSURD + key, text) for key, text in seen.found.absurd.items()]
        if {"weekday", "clocks"} & set(seen.found.broken):
            return [Doubt(doubt.CLOCK, "its clock contradicts itself")]
        return []

    def _hold(
        self,
        telegram: Telegram,
        sender: _Sender,
        seen: Seen,
        doubts: list[Doubt],
        *,
        verified: bool,
    ) -> Verdict:
        """Hold a telegram back, unless it confirms those that were held back before it."""
        base = sender.base
        kinds = frozenset(doubt.kind for doubt in doubts)
        if base:
            _relax(sender, base, seen, kinds)
        if base and kinds <= _SHAPES and sender.is_usual(seen.outline, kinds):
            told = _HARD_SENTENCES[doubt.SHAPE]
            return Verdict(_accept(telegram, sender, base, seen), told)
        repeated = base is not None and seen.counter is not None and seen.counter == base.counter
        if base and repeated and seen.time == base.clock.time:
            return _held(telegram, doubts, Kind.REPLAYED)
        sender.held += 1
        sender.hard = sender.hard or not kinds <= _SOFT
        for candidate, begun in sender.candidates:
            beyond = candidate.doubt_verified(seen) if verified else candidate.doubt(seen)
            if not beyond:
                candidate.take(seen)
                alone = sender.others == self._believed
                if _is_confirmed(candidate, begun, base, seen, alone=alone):
                    return self._believe(telegram, sender, candidate, seen)
                break
        else:
            candidate = Track(sender.habits)
            candidate.doubts = kinds
            candidate.uncounted = True
            candidate.clock.forget()  # two telegrams tell no pace when their clock is in doubt
            if base:
                candidate.law_streaks = dict(base.law_streaks)
            candidate.take(seen)
            del sender.candidates[: max(0, len(sender.candidates) - _MOST_CANDIDATES + 1)]
            sender.candidates.append((candidate, seen.now))
        if doubt.REPLAY in kinds:
            return _held(telegram, doubts, Kind.REPLAYED)
        # Values that are doubted each time say that the thresholds are wrong for this meter.
        most = _MOST_HELD if sender.hard or base is None else _MOST_HELD_SOFTLY
        if sender.held >= most:
            candidate = Track(sender.habits)
            candidate.doubts = kinds
            candidate.take(seen)
            return self._believe(telegram, sender, candidate, seen)
        return _held(telegram, doubts, Kind.SUSPICIOUS)

    def _believe(
        self, telegram: Telegram, sender: _Sender, candidate: Track, seen: Seen
    ) -> Verdict:
        """Believe what was held back, and learn from it."""
        base, kinds = sender.base, candidate.doubts
        habits = sender.habits
        for kind in kinds & (_SOFT | {doubt.CLOCK}):
            if sender.is_alarming(kind):
                habits.slack[kind] = min(2 * habits.slack.get(kind, 1.0), _MOST_SLACK)
        if any(kind.startswith(doubt.ABSURD) for kind in kinds):
            drawn = max(
                (abs(v) for k, v in seen.values.items() if k.startswith("power")), default=0
            )
            amperes = max((abs(v) for k, v in seen.values.items() if "current" in k), default=0)
            habits.watts = min(max(habits.watts, 1.2 * drawn, 830 * amperes), _MOST_WATTS)
        if base and doubt.LEAP in kinds:
            stood, watts = counters.leap(base, seen)
            if watts > habits.watts:
                habits.watts = min(1.3 * watts, _MOST_WATTS)
            else:
                habits.stride = min(max(stood, habits.stride), _LONGEST_STRIDE)
        habits.most.clear()
        candidate.uncounted = candidate.repeats
        published = _accept(telegram, sender, candidate, seen, taken=True, before=base)
        if base is None:
            return Verdict(published)
        told = [sentence for kind, sentence in _HARD_SENTENCES.items() if kind in kinds]
        why = (
            "; ".join(dict.fromkeys(told)) or "values that were unusual are what the meter measures"
        )
        return Verdict(published, f"the telegrams that were held back confirm each other: {why}")


def _relax(sender: _Sender, base: Track, seen: Seen, kinds: frozenset[str]) -> None:
    """Rely less on what a meter seems to break for good."""
    if kinds == {doubt.PACE} and base.clock.slips(seen) and sender.is_unsteady(base.count):
        base.clock.loosen()
    if kinds == {doubt.REPEATING}:
        base.endure(seen)


def _is_confirmed(
    candidate: Track, begun: float, base: Track | None, seen: Seen, *, alone: bool
) -> bool:
    """Tell whether a track has been gone on with often enough to be believed."""
    confirmations = candidate.count - 1
    kinds = candidate.doubts
    if base and doubt.REPLAY in kinds:
        newer = seen.time is not None and (base.clock.time or seen.time) < seen.time
        if not newer:
            lasted = seen.now - begun
            return confirmations >= _REPLAYED and lasted >= _REPLAYED_SECONDS
    if base is None and doubt.IDENTITY not in kinds:
        return True
    if base is None and not alone:
        # Noise may make the same name again and again, while the meter goes on under its own.
        return confirmations >= _REPLAYED
    if base and base.count < _YOUNG:
        return True
    lawless = any(kind.startswith((doubt.LAW, doubt.ABSURD)) for kind in kinds)
    return confirmations >= (_CONFIRMED_LAW if lawless else _CONFIRMED)


def _held(telegram: Telegram, doubts: list[Doubt], kind: Kind) -> Verdict:
    reasons = "; ".join(dict.fromkeys(doubt.sentence for doubt in doubts))
    done = "a telegram was held back until the next ones confirm it"
    if kind is Kind.REPLAYED:
        done = "a telegram was refused"
    fault = Fault(kind, "meter", telegram.push.frame.offset, f"{done}: {reasons}")
    return Verdict(replace(telegram, fault=fault, reading=None, others=()))


def _accept(
    telegram: Telegram,
    sender: _Sender,
    base: Track,
    seen: Seen,
    *,
    taken: bool = False,
    before: Track | None = None,
) -> Telegram:
    """Go on from a telegram, and give it as it is to be published."""
    floors = _floors(before or base, seen) if base.count else {}
    if floors:
        seen.counters = {**seen.counters, **floors}
    if before:
        base.inherit(before)
        base.doubts = frozenset()
    if taken:
        base.counters.update(floors)
    else:
        base.take(seen)
    sender.base = base
    sender.candidates.clear()
    sender.held, sender.hard = 0, False
    if not base.count % _ALARMS_FADE:
        sender.alarms.clear()
    if floors and telegram.reading:
        kept = {key: floors.get(key, value) for key, value in telegram.reading.values.items()}
        return replace(telegram, reading=replace(telegram.reading, values=kept))
    return telegram


def _floors(base: Track, seen: Seen) -> dict[str, Number]:
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
