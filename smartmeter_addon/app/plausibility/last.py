"""When a list of a sender came last, and how an energy of it changed last."""

from collections.abc import Collection
from typing import NamedTuple

from app.cosem.unit import Number, scale
from app.plausibility.lists import KnownList


class Seen(NamedTuple):
    """When a list came last.

    Args:
        of: the list; None for a track of one list only. After a restart one of the keys, as the
            lists are not known yet.
        keys: that it holds.
        at: the monotonic seconds.
    """

    of: KnownList | str | None
    keys: Collection[str]
    at: float


class Change(NamedTuple):
    """How an energy changed last.

    Args:
        at: when, in monotonic seconds.
        number: what it was before, counted in a power of ten. No number is made of it here, as that
            takes more time and memory, and it is seldom needed.
        exponent: of that power.
    """

    at: float
    number: Number
    exponent: int = 0

    @property
    def before(self) -> Number:
        """What the energy was before."""
        return scale(self.number, self.exponent)
