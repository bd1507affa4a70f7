"""What is decided about a telegram, and why."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum, auto
from types import MappingProxyType
from typing import NamedTuple

from app.cosem.unit import Number
from app.language.catalogue import Text


class Violation(NamedTuple):
    """A check that a telegram fails.

    Args:
        check: its name in `checks.CHECKS`.
        sentence: what fails it.
        detail: what of the telegram fails it: a reading key, a quantity, a law.
    """

    check: str
    sentence: Text
    detail: str = ""

    @property
    def name(self) -> str:
        """Check and detail: what is counted for a sender, and relaxed."""
        return f"{self.check} {self.detail}".rstrip()


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
        floors: what is published of energies that seem to fall a little, by key.
        told: what pending telegrams turned out to be; None for nothing.
    """

    outcome: Outcome
    violations: list[Violation]
    withheld: AbstractSet[str] = frozenset()
    reports: AbstractSet[str] = frozenset()
    floors: Mapping[str, Number] = MappingProxyType({})
    told: str | None = None
