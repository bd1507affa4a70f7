"""How a doubt about a telegram is told."""

from typing import Final, NamedTuple


class Violation(NamedTuple):
    """One thing about a telegram that does not go with those before.

    Args:
        kind: the same for the same sort of thing: one of those below, a kind of quantity (see
            `invariants.kind_of`), ``law ...`` or ``absurd ...``.
        sentence: for people.
    """

    kind: str
    sentence: str


REPLAY: Final = "replay"
IDENTITY: Final = "identity"
SHAPE: Final = "shape"
LIST: Final = "list"
REPEATING: Final = "law of repeating"
CLOCK: Final = "clock"
PACE: Final = "pace"
FELL: Final = "fell"
LEAP: Final = "leap"
BOUNCE: Final = "bounce"

LAW: Final = "law "
ABSURD: Final = "absurd "
"""What these begin with."""
