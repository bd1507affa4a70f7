"""What readers tell each other, so that each has its share of the partitions.

This is advice only. The server alone decides who has a partition, and gives it to one reader; if
readers misunderstand each other, a partition changes hands once more, and nothing else happens.
"""

import math
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

PRESENT_SECONDS: Final = 3.0
"""After which a reader that is not heard is taken for gone; each says every second what it has."""

GRACE_SECONDS: Final = 3.0
"""For which a free partition is left to readers that have fewer."""


class Advice(NamedTuple):
    """What to do.

    Args:
        ask: partitions whose pin is to be asked for.
        leave: those to give back.
    """

    ask: frozenset[int]
    leave: frozenset[int]


class Sharing:
    """Tells one reader which partitions to ask for, and which to give back.

    Args:
        partitions: how many there are.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = range(partitions)
        self._others: dict[str, tuple[frozenset[int], float]] = {}
        self._free_since: dict[int, float] = {}

    def hear(self, reader: str, held: Collection[int], now: float) -> None:
        """Take what another reader says that it has; times are of a steady clock, in seconds."""
        self._others[reader] = frozenset(held), now

    def bye(self, reader: str) -> None:
        """Take that a reader goes."""
        self._others.pop(reader, None)

    def readers(self, now: float) -> int:
        """Tell how many readers there are, this one included."""
        return 1 + len(self._present(now))

    def free_since(self, partition: int) -> float | None:
        """Tell since when no reader has a partition, by the last `advice`; None where one has."""
        return self._free_since.get(partition)

    def advice(self, held: Collection[int], now: float) -> Advice:
        """Tell what to do.

        Args:
            held: the partitions that this reader has.
            now: by a steady clock, in seconds.
        """
        present = self._present(now)
        taken = frozenset().union(*present.values()) - set(held)
        share = math.ceil(len(self._partitions) / (1 + len(present)))
        for partition in self._partitions:
            if partition in taken or partition in held:
                self._free_since.pop(partition, None)
            else:
                self._free_since.setdefault(partition, now)
        few = len(held) < share
        ask = frozenset(
            partition
            for partition, since in self._free_since.items()
            if few or now - since >= GRACE_SECONDS
        )
        surplus = len(held) - share
        return Advice(ask, frozenset(sorted(held)[share:]) if surplus > 0 else frozenset())

    def _present(self, now: float) -> Mapping[str, frozenset[int]]:
        self._others = {
            reader: (held, at)
            for reader, (held, at) in self._others.items()
            if now - at < PRESENT_SECONDS
        }
        return {reader: held for reader, (held, _) in self._others.items()}
