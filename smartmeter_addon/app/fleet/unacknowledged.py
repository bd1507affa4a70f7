"""The messages of a partition that came and are not acknowledged."""

from collections import deque
from itertools import takewhile
from typing import Final

from app.fleet.events import Delivered
from app.fleet.subjects import Place

_HOLD: Final = 30 * 10**9
"""Nanoseconds after which a telegram that has begun keeps others from being acknowledged no more.

They are counted between the arrivals of messages: however long a reader takes, the pieces of a
telegram belong together if they came within this time.
"""


class Message:
    """A message that came.

    Args:
        delivered: it.
    """

    __slots__ = ("delivered", "is_done")

    def __init__(self, delivered: Delivered) -> None:
        self.delivered = delivered
        self.is_done = False


class Unacknowledged:
    """Messages in order, and those that keep others from being acknowledged."""

    def __init__(self) -> None:
        self.open = 0
        """Messages that are not done."""
        self._messages: deque[Message] = deque()
        self._begun: dict[str, Place] = {}

    def add(self, delivered: Delivered) -> Message:
        """Add the next message."""
        message = Message(delivered)
        self._messages.append(message)
        self.open += 1
        return message

    def done(self, message: Message) -> None:
        """Take that all readings of a message are stored, or that it gave none."""
        if not message.is_done:
            message.is_done = True
            self.open -= 1

    def hold(self, name: str, place: Place) -> None:
        """Keep the message with which a telegram of a name begins, and those behind it."""
        self._begun[name] = place

    def holds(self, name: str) -> bool:
        """Tell whether a message of a name is kept."""
        return name in self._begun

    def release(self, name: str) -> None:
        """Keep nothing for a name any more."""
        self._begun.pop(name, None)

    def reply(self) -> str | None:
        """Take out what can be acknowledged; give where to acknowledge all of it, None for none."""
        messages, reply = self._messages, None
        limit = self._limit() if self._begun else None
        while messages and messages[0].is_done:
            if limit is not None and messages[0].delivered.place.sequence >= limit:
                break
            reply = messages.popleft().delivered.reply
        return reply

    def _limit(self) -> int | None:
        """Give the first sequence that is kept; what began long before others is not."""
        latest = 0
        for message in takewhile(lambda one: one.is_done, self._messages):
            latest = message.delivered.place.arrival
        oldest = latest - _HOLD
        self._begun = {name: one for name, one in self._begun.items() if one.arrival >= oldest}
        return min((place.sequence for place in self._begun.values()), default=None)
