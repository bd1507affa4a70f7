"""What is believed of one sender, and what might have to be."""

from dataclasses import dataclass, field
from typing import Final

from app.plausibility import counters, violation
from app.plausibility.history import History
from app.plausibility.observation import Observation
from app.plausibility.recurrence import Recurrence
from app.plausibility.schedule import STEADY
from app.plausibility.structure import Structure
from app.plausibility.tolerances import Tolerances

YOUNG: Final = 3
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

_USUAL_LIST: Final = 2
_USUAL_SHAPE: Final = 8
_MOST_ODD_SHAPES: Final = 32
_MOST_CANDIDATES: Final = 4
_LONGEST_STRIDE: Final = 86400.0
_MOST_WATTS: Final = 1e6

SOFT: Final = frozenset(
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


@dataclass(slots=True)
class Candidate:
    """Telegrams that were held back and go on from one another.

    Args:
        begun: when the first came.
        watts: the mean power of the fastest counter from one to the next.
    """

    track: History
    begun: float
    watts: float = 0.0


@dataclass(slots=True)
class Sender:
    """One sender: what is believed of it, and what might have to be."""

    habits: Tolerances = field(default_factory=Tolerances)
    base: History | None = None
    candidates: list[Candidate] = field(default_factory=list)  # the one gone on with last is last
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
            base.lists.endure_words(seen)
        if self.held > 1:
            return
        reason = _learnable(kinds)
        if reason == violation.PACE and not base.lists.miss_pace(seen):
            reason = None
        if self.patience.hold(reason) and reason:
            base.endure(reason)

    def go_on(
        self, seen: Observation, kinds: frozenset[str], *, verified: bool
    ) -> tuple[Candidate, bool]:
        """Let a telegram confirm those that were held back before it, or begin anew.

        Returns:
            The candidate, and whether there was one.
        """
        for n, candidate in enumerate(self.candidates):
            track = candidate.track
            if not (track.doubt_verified(seen) if verified else track.doubt(seen)):
                candidate.watts = max(candidate.watts, counters.leap(track.baseline, seen)[1])
                track.take(seen)
                self.candidates.append(self.candidates.pop(n))
                return candidate, True
        candidate = self.begin(seen, kinds)
        del self.candidates[: max(0, len(self.candidates) - _MOST_CANDIDATES + 1)]
        self.candidates.append(candidate)
        return candidate, False

    def begin(self, seen: Observation, kinds: frozenset[str]) -> Candidate:
        """Begin a track of telegrams that are doubted."""
        # Two telegrams tell no pace when their clock is in doubt.
        track = History(self.habits, 2 * STEADY)
        track.doubts = kinds
        track.uncounted = True
        if self.base:
            track.law_streaks = dict(self.base.law_streaks)
        track.take(seen)
        return Candidate(track, seen.now)


def learn(sender: Sender, candidate: Candidate, seen: Observation) -> None:
    """Learn from telegrams that were doubted and are believed."""
    habits, base, kinds = sender.habits, sender.base, candidate.track.doubts
    for kind in kinds & (SOFT | {violation.CLOCK}) - {violation.PACE}:
        if sender.patience.prove(kind):
            habits.widen(kind)
    absurd = {kind for kind in kinds if kind.startswith(violation.ABSURD)}
    if absurd:
        habits.tolerated |= absurd
        drawn = max((abs(v) for k, v in seen.values.items() if k.startswith("power")), default=0)
        amperes = max((abs(v) for k, v in seen.values.items() if "current" in k), default=0)
        habits.watts = min(max(habits.watts, 1.2 * drawn, 830 * amperes), _MOST_WATTS)
    if base and violation.LEAP in kinds:
        stood, watts = counters.leap(base.baseline, seen)
        if watts <= habits.watts:
            habits.stride = min(max(stood, habits.stride), _LONGEST_STRIDE)
        elif candidate.watts > habits.watts:  # and no clock or gateway that stood still
            habits.watts = min(1.3 * candidate.watts, _MOST_WATTS)
    habits.most.clear()


def _learnable(kinds: frozenset[str]) -> str | None:
    """Give the only kind of doubt, if a meter may have it as a habit."""
    (kind, *others) = kinds
    lawless = kind.startswith(violation.LAW) and kind != violation.REPEATING
    return kind if not others and (kind in SOFT or lawless) else None


def is_confirmed(
    candidate: Candidate, base: History | None, seen: Observation, *, alone: bool, verified: bool
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
    if base and base.count < YOUNG:
        return True
    lawless = any(kind.startswith((violation.LAW, violation.ABSURD)) for kind in kinds)
    return confirmations >= (_CONFIRMED_LAW if lawless else _CONFIRMED)
