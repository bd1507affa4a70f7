"""A check that a telegram fails."""

from typing import Final, NamedTuple


class Violation(NamedTuple):
    """A check that a telegram fails.

    Args:
        check: the name of the check: one of those below, the kind of a quantity that jumps (see
            `invariants.kind_of`), or `INVARIANT` or `BOUND` followed by what is violated.
        sentence: for the log.
    """

    check: str
    sentence: str


# state.json holds names of checks: kinds of quantities, CLOCK, AHEAD_OF_POWER, and those that begin
# with BOUND. Version 0.1.0 wrote them as they are here.

REPLAY: Final = "replay"
"""The invocation counter is not newer than that of the last telegram."""

IDENTITY: Final = "identity"
"""The telegram is of another meter or sender."""

STRUCTURE: Final = "structure"
"""The list is nearly a known one: codes, types, scalers, units or their order differ."""

LIST: Final = "list"
"""The list is not a known one, and its link has a weak checksum."""

CLOCK: Final = "clock"
"""The meter's clock does not go on as this computer's does."""

SCHEDULE: Final = "schedule"
"""The meter's clock goes on, but the list is not due at this time."""

FALL: Final = "fall"
"""A counter falls."""

RISE: Final = "rise"
"""A counter rises faster than the connection or its submeter allows."""

AHEAD_OF_POWER: Final = "bounce"
"""A counter rises faster than the powers before and after allow."""

INVARIANT: Final = "invariant "
"""Prefix of the name of an invariant that the meter kept so far and the telegram does not."""

REPEATED: Final = INVARIANT + "of what repeats"
"""A field that the meter repeats in each telegram is another."""

BOUND: Final = "absurd "
"""Prefix of the key of a value that is out of its bounds."""
