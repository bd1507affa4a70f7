"""How much is remembered of the senders of a line, and in how little memory."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

MOST_SENDERS: Final = 32
"""How many meters one line can have; a hostile one could invent them without end."""

NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
"""What is in place of a dict that mostly stays empty. Each meter has a dozen, of 64 bytes each."""

K = TypeVar("K")


def has_room(memory: Mapping[K, object], sender: K) -> bool:
    """Tell whether something of a sender may be kept: it is known, or there are not too many."""
    return sender in memory or len(memory) < MOST_SENDERS
