"""Counts the telegrams of each list that are not accepted in a row."""

from typing import Final, NamedTuple

from app.meters.telegram import Withheld
from app.plausibility.structure import Structure
from app.plausibility.track import Observation

_MOST: Final = 8
"""Lists that are counted: noise makes up others."""

OWN_INTERVALS: Final = 2
"""Push intervals of its list for which a value may be withheld before that is told."""


class _Row(NamedTuple):
    """Telegrams of a list in a row, the beginning in seconds since 1970, and what is told."""

    telegrams: int
    since: float
    sentence: str
    what: str


class Held:
    """The telegrams of one sender that are not accepted in a row, by list."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: dict[Structure, _Row] = {}

    def add(self, observation: Observation, sentence: str, what: str) -> None:
        """Count a telegram that is not accepted.

        Args:
            observation: the telegram.
            sentence: of the check that it fails.
            what: the values that are withheld with it.
        """
        shape = observation.found.structure
        row = self._rows.pop(shape, None) or _Row(0, observation.wall, "", "")
        self._rows[shape] = _Row(row.telegrams + 1, row.since, sentence, what)
        if len(self._rows) > _MOST:
            del self._rows[next(iter(self._rows))]

    def end(self, shape: Structure) -> None:
        """Take that a telegram of a list was accepted."""
        self._rows.pop(shape, None)

    def told(self) -> list[Withheld]:
        """Return what is withheld for longer than two of its own push intervals."""
        until = "telegrams that go on from one another"
        return [
            Withheld(row.what, row.sentence, until, row.since)
            for row in self._rows.values()
            if row.telegrams > OWN_INTERVALS
        ]
