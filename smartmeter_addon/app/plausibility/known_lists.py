"""The lists that one sender pushes: their structure, what they repeat, and when they are pushed."""

from dataclasses import dataclass
from typing import Final

from app.plausibility import structure
from app.plausibility.observation import Observation
from app.plausibility.repeated import Repeated
from app.plausibility.schedule import STEADY, Schedule
from app.plausibility.structure import Structure
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import LIST, REPEATING, SHAPE, Violation

_MOST_SHAPES: Final = 64
_KEPT_SHAPES: Final = 8


@dataclass(slots=True)
class _Listed:
    """What is known of one list."""

    words: Repeated
    pace: Schedule


class KnownLists:
    """The lists of one sender, the one pushed last first.

    Args:
        habits: of the sender.
        need: see `Schedule`.
    """

    __slots__ = ("_habits", "_listed_now", "_lists", "_need", "_remembered", "_shapes")

    def __init__(self, habits: Tolerances, need: int = STEADY) -> None:
        self._habits = habits
        self._need = need
        self._shapes: list[Structure] = []
        self._lists: dict[Structure, _Listed] = {}  # of these
        self._listed_now = _Listed(Repeated(()), Schedule(habits))  # of the first of these
        self._remembered: dict[int, Schedule] = {}  # by the digest of an outline before the restart

    def take(self, seen: Observation) -> None:
        """Let the telegram's list be the first of those known."""
        shapes = self._shapes
        if not shapes or (shapes[0] is not seen.outline and shapes[0] != seen.outline):
            if seen.outline in self._lists:
                shapes.remove(seen.outline)
            else:
                pace = self._remembered.pop(structure.digest(seen.outline), None)
                listed = _Listed(Repeated(seen.words), pace or Schedule(self._habits, self._need))
                self._lists[seen.outline] = listed
            shapes.insert(0, seen.outline)
            self._listed_now = self._lists[seen.outline]
            for shape in shapes[_MOST_SHAPES:]:
                del self._lists[shape]
            del shapes[_MOST_SHAPES:]
        self._listed_now.words.take(seen.words)
        self._listed_now.pace.take(seen)

    def judge(self, seen: Observation, doubts: list[Violation], *, replayed: bool) -> None:
        """Look for a list that is another, or does not repeat what it did so far."""
        if self._shapes and self._shapes[0] == seen.outline:
            seen.outline = self._shapes[0]  # so that it need not be compared again
        elif not self._known(seen.outline):
            self._shaped(seen, doubts)
        listed = self._listed(seen)
        if not replayed and listed and listed.words.missed(seen.words):
            sentence = "what the meter repeats in each telegram is another"
            doubts.append(Violation(REPEATING, sentence))

    def pace(self, seen: Observation) -> Schedule | None:
        """Give the pace of a telegram's list."""
        if listed := self._listed(seen):
            return listed.pace
        return self._remembered.get(structure.digest(seen.outline)) if self._remembered else None

    def miss_pace(self, seen: Observation) -> bool:
        """Learn from a telegram that was held back for its pace alone.

        Returns:
            Whether it missed it by no more than some meters do at times.
        """
        pace = self.pace(seen)
        if pace is None:
            return False
        little = pace.slips(seen)
        pace.miss()
        return little

    def endure_words(self, seen: Observation) -> None:
        """Learn from a telegram that is held back for what it does not repeat, and nothing else."""
        if listed := self._listed(seen):
            listed.words.endure(seen.words)

    def inherit(self, other: "KnownLists", *, timed: bool) -> None:
        """Know what another track of the same sender knew, as far as this one does not.

        Args:
            other: of that track.
            timed: whether its pace can still be relied on.
        """
        for shape, listed in self._lists.items():
            if known := other._lists.get(shape):  # noqa: SLF001 - of this class
                known.words.go_on(listed.words)
                listed.words = known.words
                pace: Schedule | None = known.pace
            else:
                pace = other._remembered.pop(structure.digest(shape), None)  # noqa: SLF001
            if pace:
                listed.pace.go_on(pace)
        for shape in other._shapes:  # noqa: SLF001
            if len(self._shapes) < _MOST_SHAPES and shape not in self._lists:
                self._shapes.append(shape)
                self._lists[shape] = other._lists[shape]  # noqa: SLF001
        self._remembered = {**other._remembered, **self._remembered}  # noqa: SLF001
        if not timed:
            for pace in (*(one.pace for one in self._lists.values()), *self._remembered.values()):
                pace.forget()
        self._need = STEADY

    def memory(self) -> list[list[float | None]]:
        """Give what is worth knowing after a restart: digest and pace of each of the latest."""
        paces = {structure.digest(shape): self._lists[shape].pace for shape in self._shapes}
        paces |= self._remembered
        lists = [[digest, *pace.memory()] for digest, pace in paces.items()]
        return lists[:_KEPT_SHAPES]

    def restore(self, kept: list[list[float | None]]) -> None:
        """Go on from what was known before the restart.

        Args:
            kept: what `memory` gave.

        Raises:
            ValueError, TypeError, OverflowError: it cannot be understood.
        """
        self._remembered = {
            int(digest): Schedule.restored_from(pace, self._habits)  # type: ignore[arg-type]
            for digest, *pace in kept
        }

    def _listed(self, seen: Observation) -> _Listed | None:
        """Give what is known of a telegram's list."""
        if self._shapes and self._shapes[0] is seen.outline:
            return self._listed_now
        return self._lists.get(seen.outline)

    def _known(self, shape: Structure) -> bool:
        if any(structure.alike(shape, known) for known in self._shapes):
            return True
        return structure.digest(shape) in self._remembered if self._remembered else not self._shapes

    def _shaped(self, seen: Observation, doubts: list[Violation]) -> None:
        """Tell damage in a list from another list, as some meters push several in turn."""
        if not self._shapes or not structure.strange(seen.outline, self._shapes):
            sentence = "its list holds other values, types or units than before"
            doubts.append(Violation(SHAPE, sentence))
        elif not seen.checked:
            doubts.append(Violation(LIST, "it is another list than those before"))
