"""The tolerances of the checks, as far as they are learned for each sender."""

import math
from dataclasses import dataclass, field
from typing import Final

from app.plausibility import invariants

_JUMP_SHARES: Final = {
    "power": 0.09,
    "reactive": 0.09,
    "current": 0.09,
    "voltage": 0.05,
    "frequency": 0.05,
    "angle": 0.083,
    "factor": 0.085,
    "counter": math.inf,
}
"""Largest jump that needs no cause, as a share of the range, by kind of quantity.

At most a tenth: smaller errors cannot be told from normal changes of load.
"""

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

    connection_watts: float = invariants.CONNECTION_WATTS
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
        reach = invariants.range_of(key, self.connection_watts)
        return reach * _JUMP_SHARES[kind] * self.factors.get(kind, 1.0)
