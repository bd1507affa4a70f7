"""What a telegram is compared with."""

from typing import Protocol

from app.cosem.unit import Number
from app.plausibility.tolerances import Tolerances


class Past(Protocol):
    """What was said before: see `History`, which has more."""

    habits: Tolerances
    doubts: frozenset[str]
    counters: dict[str, Number]
    values: dict[str, float]
    when: dict[str, float]
    changed: dict[str, float]
