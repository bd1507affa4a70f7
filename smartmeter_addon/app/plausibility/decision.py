"""What is decided about a telegram, and why."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from app.cosem.unit import Number
from app.language.catalogue import Text
from app.meters.limits import NOTHING


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


class Decision(NamedTuple):
    """What is decided about a telegram, and why.

    Args:
        violations: the checks that the telegram fails.
        is_accepted: whether it is; else it is pending, or rejected if it came before.
        withheld: keys of its values that are not published.
        reports: ids of submeters whose reports are not published.
        floors: what is published of energies that seem to fall a little, by key.
        told: what pending telegrams turned out to be; None for nothing.
    """

    violations: list[Violation]
    is_accepted: bool = True
    withheld: AbstractSet[str] = frozenset()
    reports: AbstractSet[str] = frozenset()
    floors: Mapping[str, Number] = NOTHING
    told: str | None = None
