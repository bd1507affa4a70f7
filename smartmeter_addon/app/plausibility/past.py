"""What a telegram is compared with."""

from typing import Protocol

from app.cosem.unit import Number
from app.plausibility.habits import Habits


class Past(Protocol):
    """What was said before: see `Track`, which has more."""

    habits: Habits
    doubts: frozenset[str]
    counters: dict[str, Number]
    values: dict[str, float]
    when: dict[str, float]
    changed: dict[str, float]
