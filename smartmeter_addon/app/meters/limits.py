"""How many senders of a line are remembered."""

from collections.abc import Mapping
from typing import Final, TypeVar

MOST_SENDERS: Final = 32
"""How many meters one line can have; a hostile one could invent them without end."""

K = TypeVar("K")


def has_room(memory: Mapping[K, object], sender: K) -> bool:
    """Tell whether something of a sender may be kept: it is known, or there are not too many."""
    return sender in memory or len(memory) < MOST_SENDERS
