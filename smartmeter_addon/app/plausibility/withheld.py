"""What is not published, and for how long: whole telegrams of a list, and single values.

A value that cannot be, and energies in another unit than before, are never published. When the
telegrams show that they are no damage, the other values are published without them.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, Final, NamedTuple

from app.cosem.unit import Number
from app.language.catalogue import Sentence, Text, kept, restored
from app.meters.limits import NOTHING
from app.meters.structure import Structure
from app.meters.telegram import Withheld
from app.plausibility.decision import Violation
from app.plausibility.limits import Limits
from app.plausibility.track import Observation

_OWN_INTERVALS: Final = 2
"""Push intervals of its list for which a value may be withheld before that is told."""

_MOST: Final = 8
"""Lists that are counted: noise makes up others."""

_LATEST: Final = 2.0**35
"""Seconds since 1970: the year 3058. Later times cannot be written in words."""

_LIST_UNTIL: Final = Sentence("withheld.until_telegrams")
_UNTIL: Final = {
    "possible": Sentence("withheld.until_possible"),
    "unit": Sentence("withheld.until_same_unit"),
}
"""What ends it, by check."""


class _Row(NamedTuple):
    """A value that is withheld by itself.

    Args:
        violation: the check that it fails, with its key or what else fails it.
        since: when that began, in seconds since 1970.
        value: that the meter said first; None where no single value is wrong.
        telegrams: that were published without it.
    """

    violation: Violation
    since: float
    value: Number | None
    telegrams: int = 0


class Withholding:
    """What is not published of one sender."""

    __slots__ = ("_lists", "_values", "agrees")

    def __init__(self) -> None:
        self.agrees = False
        """Whether energies that were withheld for their unit turned out to be in the right one."""
        # Telegrams in a row that were not accepted, and what is told of them when they are several.
        self._lists: Mapping[Structure, tuple[int, Withheld]] = NOTHING
        self._values: Mapping[str, _Row] = NOTHING  # by the detail of the violation

    @property
    def holds(self) -> bool:
        """Whether anything is withheld."""
        return bool(self._lists or self._values)

    @property
    def keys(self) -> AbstractSet[str]:
        """The keys of the values that are withheld by themselves."""
        return self._values.keys()

    @property
    def _has_unit(self) -> bool:
        """Whether energies are withheld for their unit."""
        return any(row.violation.check == "unit" for row in self._values.values())

    def hold(self, observation: Observation, violation: Violation, what: Text) -> None:
        """Count a telegram that is not accepted.

        Args:
            observation: the telegram.
            violation: a check that it fails.
            what: the values that are withheld with it.
        """
        lists, shape = dict(self._lists), observation.found.structure
        count, last = lists.pop(shape, (0, None))
        since = last.since if last else observation.wall
        lists[shape] = count + 1, Withheld(what, violation.sentence, _LIST_UNTIL, since)
        self._lists = dict(list(lists.items())[-_MOST:])

    def begin(self, observation: Observation, violations: Iterable[Violation]) -> None:
        """Withhold values whose check no telegram confirms, from a telegram on."""
        for one in violations:
            if one.check in _UNTIL and one.detail not in self._values:
                row = _Row(one, observation.wall, observation.values.get(one.detail))
                self._values = {**self._values, one.detail: row}

    def remaining(self, observation: Observation, violations: list[Violation]) -> list[Violation]:
        """Return the violations of a telegram but for those of values that are withheld."""
        return [one for one in violations if not self._covers(one, observation)]

    def accept(
        self, observation: Observation, violations: Iterable[Violation], limits: Limits
    ) -> set[str]:
        """Take an accepted telegram: what ended is forgotten; return the keys that are withheld.

        Args:
            observation: the telegram.
            violations: all checks that it fails.
            limits: of the sender.
        """
        shape = observation.found.structure
        self._lists = {one: row for one, row in self._lists.items() if one != shape} or NOTHING
        self.agrees, failed = False, {one.detail for one in violations}
        self._values = {
            key: row._replace(telegrams=row.telegrams + 1) if key in failed else row
            for key, row in self._values.items()
            if key in failed or key not in observation.values
        } or NOTHING
        kept = set(self._values)
        if self._has_unit:
            kept |= {key for key in observation.values if limits.of(key).is_energy}
        return kept

    def forget_units(self) -> None:
        """Take that energies grow as the power says: they are in the unit that they should be."""
        kept = {k: one for k, one in self._values.items() if one.violation.check != "unit"}
        if len(kept) < len(self._values):
            self.agrees, self._values = True, kept

    def publish(self, name: str) -> None:
        """Withhold no longer what fails a check that is no longer made: see `Violation.name`."""
        self._values = {k: one for k, one in self._values.items() if one.violation.name != name}

    def told(self) -> list[Withheld]:
        """Return what is withheld for longer than two of its own push intervals."""
        told = [one for count, one in self._lists.values() if count > _OWN_INTERVALS]
        late = [one for one in self._values.values() if one.telegrams >= _OWN_INTERVALS]
        for check, until in _UNTIL.items():
            if rows := [one for one in late if one.violation.check == check]:
                what = ", ".join(one.violation.detail for one in rows)
                since = min(one.since for one in rows)
                told.append(Withheld(what, rows[0].violation.sentence, until, since))
        return told

    def memory(self) -> list[list[Any]]:
        """Return what is kept over a restart: value, check, sentence, key and beginning of each."""
        return [
            [None if value is None else str(value), check, kept(sentence), key, since]
            for (check, sentence, key), since, value, _ in self._values.values()
        ]

    def restore(self, rows: Iterable[list[Any]]) -> None:
        """Restore what `memory` returned before a restart.

        Raises:
            ArithmeticError, TypeError, ValueError: it cannot be understood.
        """
        for value, check, sentence, key, since in rows:
            number = None if value is None else Decimal(value)
            if not 0 <= float(since) < _LATEST or not (number is None or number.is_finite()):
                raise ValueError(since)
            violation = Violation(str(check), restored(sentence), str(key))
            row = _Row(violation, float(since), number, _OWN_INTERVALS)
            self._values = {**self._values, str(key): row}

    def _covers(self, one: Violation, observation: Observation) -> bool:
        """Tell whether a violation is that of a value that is withheld, and that goes on."""
        row = self._values.get(one.detail)
        if row is None:
            # No energy is published then, and how far they rise in another unit says nothing.
            return one.check == "rise" and self._has_unit
        value = observation.values.get(one.detail)
        if row.violation.check == "unit" and row.value is not None and value is not None:
            return value >= row.value  # else it was set back
        return True
