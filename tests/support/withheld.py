"""What a guard says of values that it withholds, made by hand."""

from functools import cache

from app.fault import Fault, Kind
from app.meters.telegram import Telegram, Withheld
from tests.support import telegrams

NOON = 1782043200.0
"""2026-06-21 12:00 UTC, in seconds since 1970."""

ENERGIES = Withheld(
    "energy_import, energy_export",
    "energy_import falls from 4408.736 to 3",
    "two more telegrams that go on from them",
    NOON,
)
ALL = Withheld(
    "all values", "the telegram is of another meter", "two more telegrams of it", NOON + 60
)


def accepted(*withheld: Withheld) -> Telegram:
    """Give a telegram that is accepted, while something is withheld."""
    return _telegram()._replace(withheld=withheld)


def pending(*withheld: Withheld) -> Telegram:
    """Give a telegram that is pending."""
    fault = Fault(Kind.SUSPICIOUS, "meter", 0, "a telegram is pending: another meter")
    return accepted(*withheld)._replace(fault=fault, reading=None, others=())


@cache
def _telegram() -> Telegram:
    """Give a telegram without a time, which would contradict the clock of a test."""
    made = telegrams.telegram("kaifa")
    (one,) = telegrams.telegrams(telegrams.decode([made.data]))
    return one._replace(timestamp=None)
