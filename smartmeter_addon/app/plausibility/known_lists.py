"""The lists that one sender pushes: structure, repeated fields and schedule of each."""

from dataclasses import dataclass
from typing import Any, Final

from app.plausibility import structure
from app.plausibility.observation import Observation
from app.plausibility.repeated import Repeated
from app.plausibility.schedule import NEEDED, Schedule
from app.plausibility.structure import Structure
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import LIST, REPEATED, STRUCTURE, Violation

_MOST: Final = 64
"""Lists that are known at most, so that a hostile sender does not fill the memory."""

_MOST_KEPT: Final = 8
"""Lists that are kept over a restart: more than any meter pushes."""


@dataclass(slots=True)
class _KnownList:
    """What is known of one list."""

    repeated: Repeated
    schedule: Schedule


class KnownLists:
    """The lists of one sender, the one pushed last first.

    Args:
        tolerances: of the sender.
        needed: see `Schedule`.
    """

    __slots__ = ("_by_structure", "_latest", "_needed", "_restored", "_structures", "_tolerances")

    def __init__(self, tolerances: Tolerances, needed: int = NEEDED) -> None:
        self._tolerances = tolerances
        self._needed = needed
        self._structures: list[Structure] = []  # the latest first
        self._by_structure: dict[Structure, _KnownList] = {}
        self._latest = _KnownList(Repeated(()), Schedule(tolerances))
        self._restored: dict[int, Schedule] = {}  # by digest, of lists not seen since the restart

    def add(self, observation: Observation) -> None:
        """Learn from an accepted telegram; its list becomes the first."""
        structures, pushed = self._structures, observation.structure
        if not structures or (structures[0] is not pushed and structures[0] != pushed):
            if pushed in self._by_structure:
                structures.remove(pushed)
            else:
                restored = self._restored.pop(structure.digest(pushed), None)
                schedule = restored or Schedule(self._tolerances, self._needed)
                self._by_structure[pushed] = _KnownList(Repeated(observation.fields), schedule)
            structures.insert(0, pushed)
            self._latest = self._by_structure[pushed]
            for oldest in structures[_MOST:]:
                del self._by_structure[oldest]
            del structures[_MOST:]
        self._latest.repeated.add(observation.fields)
        self._latest.schedule.add(observation)

    def check(
        self, observation: Observation, violations: list[Violation], *, is_replay: bool
    ) -> None:
        """Check that a telegram's list is a known one, and repeats what it did so far.

        Args:
            observation: the telegram.
            violations: appended to.
            is_replay: whether its invocation counter is old: its repeated fields may be old, too.
        """
        if self._structures and self._structures[0] == observation.structure:
            observation.structure = self._structures[0]  # later compared by identity, which is fast
        elif not self._is_known(observation.structure):
            self._check_structure(observation, violations)
        known = self._find(observation)
        if not is_replay and known and known.repeated.missing(observation.fields):
            sentence = "what the meter repeats in each telegram is another"
            violations.append(Violation(REPEATED, sentence))

    def schedule(self, observation: Observation) -> Schedule | None:
        """Return the schedule of a telegram's list, None where the list is new."""
        if known := self._find(observation):
            return known.schedule
        if not self._restored:
            return None
        return self._restored.get(structure.digest(observation.structure))

    def count_off_schedule(self, observation: Observation) -> bool:
        """Count a telegram that failed the schedule and no other check.

        Returns:
            Whether it missed it by no more than some meters do at times.
        """
        schedule = self.schedule(observation)
        if schedule is None:
            return False
        nearly_kept = schedule.is_nearly_kept(observation)
        schedule.count_failed()
        return nearly_kept

    def relax_repeated(self, observation: Observation) -> None:
        """Learn from a telegram that failed the check of repeated fields and no other."""
        if known := self._find(observation):
            known.repeated.relax(observation.fields)

    def inherit(self, other: "KnownLists", *, schedules_hold: bool) -> None:
        """Take what an earlier history of the same sender knew and this one does not.

        Args:
            other: the lists of that history.
            schedules_hold: whether its schedules can still be relied on.
        """
        for known, new in self._by_structure.items():
            if old := other._by_structure.get(known):  # noqa: SLF001 - of this class
                old.repeated.continue_with(new.repeated)
                new.repeated = old.repeated
                schedule: Schedule | None = old.schedule
            else:
                schedule = other._restored.pop(structure.digest(known), None)  # noqa: SLF001
            if schedule:
                new.schedule.continue_from(schedule)
        for known in other._structures:  # noqa: SLF001
            if len(self._structures) < _MOST and known not in self._by_structure:
                self._structures.append(known)
                self._by_structure[known] = other._by_structure[known]  # noqa: SLF001
        self._restored = {**other._restored, **self._restored}  # noqa: SLF001
        if not schedules_hold:
            schedules = [known.schedule for known in self._by_structure.values()]
            for schedule in (*schedules, *self._restored.values()):
                schedule.distrust()
        self._needed = NEEDED

    def memory(self) -> list[list[float | None]]:
        """Return what is kept over a restart: digest and schedule of each list."""
        schedules = {
            structure.digest(known): self._by_structure[known].schedule
            for known in self._structures
        }
        schedules |= self._restored
        kept = [[digest, *schedule.memory()] for digest, schedule in schedules.items()]
        return kept[:_MOST_KEPT]

    def restore(self, kept: list[Any]) -> None:
        """Restore what was known before a restart.

        Args:
            kept: what `memory` returned, as far as JSON tells.

        Raises:
            ValueError, TypeError, OverflowError: it cannot be understood.
        """
        self._restored = {
            int(digest): Schedule.restored_from(schedule, self._tolerances)
            for digest, *schedule in kept
        }

    def _find(self, observation: Observation) -> _KnownList | None:
        """Return what is known of a telegram's list."""
        if self._structures and self._structures[0] is observation.structure:
            return self._latest
        return self._by_structure.get(observation.structure)

    def _is_known(self, one: Structure) -> bool:
        if any(structure.alike(one, known) for known in self._structures):
            return True
        if not self._restored:
            return not self._structures
        return structure.digest(one) in self._restored

    def _check_structure(self, observation: Observation, violations: list[Violation]) -> None:
        """Tell damage in a known list from another list."""
        if not self._structures or not structure.is_other_list(
            observation.structure, self._structures
        ):
            sentence = "its list holds other values, types or units than before"
            violations.append(Violation(STRUCTURE, sentence))
        elif not observation.strong_checksum:
            violations.append(Violation(LIST, "it is another list than those before"))
