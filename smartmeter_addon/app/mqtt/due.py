"""The topics that are due to be sent, and their order."""

from enum import IntEnum


class Rank(IntEnum):
    """What is due first; within one rank it is what became due first."""

    ANNOUNCEMENT = 0
    OTHER = 1
    CLEARING = 2
    """What nobody waits for, and of which there can be thousands."""


class Due:
    """Topics that are due; each step takes as long with thousands of them as with one."""

    def __init__(self) -> None:
        self._ranks: tuple[dict[str, None], ...] = tuple({} for _ in Rank)  # sets with an order

    def __bool__(self) -> bool:
        return any(self._ranks)

    def add(self, topic: str, rank: Rank) -> None:
        """Make a topic due, after those of its rank; one that is due in it keeps its place."""
        due = self._ranks[rank]
        if topic not in due:
            self.discard(topic)
            due[topic] = None

    def discard(self, topic: str) -> None:
        """Make a topic due no more, if it is."""
        for due in self._ranks:
            due.pop(topic, None)

    def clear(self) -> None:
        """Make nothing due."""
        for due in self._ranks:
            due.clear()

    def take(self) -> str | None:
        """Take the first topic; None when none is due."""
        for due in self._ranks:
            if due:
                topic = next(iter(due))
                del due[topic]
                return topic
        return None
