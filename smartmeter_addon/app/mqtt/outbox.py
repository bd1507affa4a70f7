"""The newest message of each topic, and which of them are due to be sent.

Whoever publishes only writes into this table, and a new connection makes all of it due. So nothing
piles up while the broker is away, and what was in flight when the connection broke is sent again.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from app.mqtt.layout import Message
from app.mqtt.topics import publishable
from app.state import State

RETAINED: Final = "retained"
"""The section of the state that names the topics at which the broker keeps messages of ours."""


class Outbox:
    """What the broker is to know.

    Args:
        state: names the topics at which the broker keeps messages from before the last restart.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._newest: dict[str, Message] = {}
        self._due: dict[str, None] = {}  # topics; a set that keeps its order
        self._something_due = asyncio.Event()
        self._announcements: set[str] = set()  # topics of announcements that are not sent yet
        self._announcement_sent = asyncio.Event()

    # --- What is to be sent ---

    def put(self, messages: Iterable[Message]) -> None:
        """Take messages; each replaces the newest one of its topic, and is due after all others.

        A retained message that says what the newest one says is not due again.
        """
        for message in messages:
            topic = message.topic
            if message.retain:
                if self._newest.get(topic) == message:
                    continue
                if message.payload:
                    self._state.set(RETAINED, topic, "")
            self._newest[topic] = message
            self.make_due(topic)

    def put_last(self, messages: Iterable[Message]) -> None:
        """Take messages that are due after all others, also where their topic was due before."""
        messages = list(messages)
        for message in messages:
            self._due.pop(message.topic, None)
        self.put(messages)

    def announce(self, messages: Iterable[Message]) -> None:
        """Take announcements: first the entities, then values, also those that were due before."""
        messages = list(messages)
        topics = dict.fromkeys(message.topic for message in messages)
        self.put(messages)
        self._due = {**topics, **self._due}
        self._announcements.update(topics)

    def clear(self, topics: Iterable[str]) -> None:
        """Have the broker forget what it keeps at some topics."""
        self.put(Message(topic, "", retain=True) for topic in topics)

    def clear_others(self) -> None:
        """Have the broker forget what earlier runs left at topics that are not in use any more."""
        left = self._state.section(RETAINED).keys() - self._newest.keys()
        # One damaged character in the file must not cost the connection, at each start again.
        self.clear(filter(publishable, left))

    def make_due(self, topic: str) -> None:
        """Have the newest message of a topic sent, in its turn."""
        self._due.setdefault(topic)
        self._something_due.set()

    def make_values_due(self) -> None:
        """Have every message sent that the broker does not keep."""
        for topic, message in self._newest.items():
            if not message.retain:
                self.make_due(topic)

    def make_all_due(self) -> None:
        """Have everything sent, in the order in which the topics came up."""
        self._due = dict.fromkeys(self._newest)
        self._something_due.set()

    # --- What is known ---

    def newest(self, topic: str) -> Message | None:
        """Give the newest message of a topic; None when there is none."""
        return self._newest.get(topic)

    def messages(self) -> list[Message]:
        """Give the newest message of each topic."""
        return list(self._newest.values())

    def is_retained(self, topic: str) -> bool:
        """Tell whether the broker keeps a message of ours at a topic, also of an earlier run."""
        return self._state.get(RETAINED, topic) is not None

    # --- Sending ---

    async def wait_until_due(self) -> None:
        """Wait until a message is due."""
        while not self._due:
            self._something_due.clear()
            await self._something_due.wait()

    def take(self) -> Message | None:
        """Take the message that became due first; None when none is due."""
        if not self._due:
            return None
        topic = next(iter(self._due))
        del self._due[topic]
        return self._newest[topic]

    def sent(self, message: Message) -> None:
        """Take note that the broker has acknowledged a message."""
        topic = message.topic
        if message.retain and not message.payload and self._newest[topic] is message:
            del self._newest[topic]
            self._due.pop(topic, None)  # Home Assistant may have started meanwhile
            self._state.forget(RETAINED, topic)
        if topic in self._announcements:
            self._announcements.discard(topic)
            self._announcement_sent.set()

    async def wait_for_announcement(self) -> None:
        """Wait until an announcement was sent, since the last time that somebody waited."""
        await self._announcement_sent.wait()
        self._announcement_sent.clear()
