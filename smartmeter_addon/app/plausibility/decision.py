"""What is decided about a telegram, and why."""

from enum import Enum, auto
from typing import NamedTuple

from app.plausibility.violation import Violation


class Outcome(Enum):
    """What is decided about a telegram."""

    ACCEPTED = auto()
    PENDING = auto()
    REJECTED = auto()


class Decision(NamedTuple):
    """What is decided about a telegram, and why.

    Args:
        outcome: of the telegram.
        violations: the checks that it fails.
        withheld: keys of its values that are not published.
        reports: ids of submeters whose reports are not published.
        told: what pending telegrams turned out to be; None for nothing.
    """

    outcome: Outcome
    violations: list[Violation]
    withheld: set[str]
    reports: set[str]
    told: str | None = None
