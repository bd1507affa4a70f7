"""The tolerances of the checks, as far as they are learned for each sender."""

from dataclasses import dataclass, field
from typing import Final

from app.meters.catalogue import bounds_of_reading
from app.meters.quantities import CONNECTION_WATTS
from app.plausibility import invariants

_WIDEST: Final = 64.0
"""Largest factor of a tolerance: six doublings, which exceed the range of each quantity."""


@dataclass(slots=True)
class Tolerances:
    """What was learned of one sender. Its accepted and its pending history share it.

    Args:
        connection_watts: the most that its connection carries.
        refresh_seconds: the longest time for which its counters stood still and then caught up.
        schedule_seconds: by how much its times may miss their schedule.
        factors: by check, how many times wider than usual its tolerance is.
        tolerated: checks of bounds that are no longer made, as a value beyond them was confirmed.
        limits: results of `limit`, by key; cleared when anything else here changes.
    """

    connection_watts: float = CONNECTION_WATTS
    refresh_seconds: float = 0.0
    schedule_seconds: float = 0.0
    factors: dict[str, float] = field(default_factory=dict)
    tolerated: set[str] = field(default_factory=set)
    limits: dict[str, float] = field(default_factory=dict)

    def widen(self, check: str) -> None:
        """Double the tolerance of a check that is too narrow for this meter."""
        self.factors[check] = min(2 * self.factors.get(check, 1.0), _WIDEST)
        self.limits.clear()

    def limit(self, key: str) -> float:
        """Return how far a reading may jump without a cause in the same telegram."""
        kind = invariants.kind_of(key)
        jump = bounds_of_reading(key, self.connection_watts).jump
        return jump * self.factors.get(kind, 1.0)
