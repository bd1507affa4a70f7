"""What is learned of a sender beyond its last telegram."""

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
"""Of a quantity's range, by kind."""

_MOST_SLACK: Final = 64.0


@dataclass(slots=True)
class Tolerances:
    """What was learned of a sender, whichever of its telegrams are believed.

    Args:
        watts: the most its connection carries.
        stride: the longest seconds its counters were seen to stand still and then catch up.
        slip: seconds by which its telegrams miss their own pace at times.
        slack: by kind of doubt, how much wider than usual its threshold is.
        tolerated: kinds of doubt that are none: what cannot be was confirmed.
        most: what `limit` gave, to be forgotten when anything else here changes.
    """

    watts: float = invariants.CONNECTION
    stride: float = 0.0
    slip: float = 0.0
    slack: dict[str, float] = field(default_factory=dict)
    tolerated: set[str] = field(default_factory=set)
    most: dict[str, float] = field(default_factory=dict)

    def widen(self, kind: str) -> None:
        """Double a threshold that was too narrow for what this meter measures."""
        self.slack[kind] = min(2 * self.slack.get(kind, 1.0), _MOST_SLACK)
        self.most.clear()

    def limit(self, key: str) -> float:
        """Give by how much a reading may jump without anything else that goes with it."""
        kind = invariants.kind_of(key)
        return invariants.range_of(key, self.watts) * _JUMP_SHARES[kind] * self.slack.get(kind, 1.0)
