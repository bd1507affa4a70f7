"""The newest message of each topic, and which of them are due to be sent.

Whoever publishes only writes into this table, and a new connection makes all of it due. So nothing
piles up while the broker is away, and what was in flight when the connection broke is sent again.

Topics that are to be cleared wait apart, for `clear_some`, as there can be thousands of them.
"""

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

import aiomqtt

from app.mqtt.due import Due, Rank
from app.mqtt.layout import Message
from app.mqtt.packed import Packed, pack, unpack
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
        self._newest: dict[str, Message | Packed] = {}
        self._due = Due()
        self._held: dict[str, Callable[[], Message]] = {}  # makes the newest, by topic; see `hold`
        self._something_due = asyncio.Event()
        self._sending: str | None = None  # the topic of a message that is not acknowledged
        self._something_sent = asyncio.Event()
        self._announcements: set[str] = set()  # topics of announcements that are not sent yet
        self._announcement_sent = asyncio.Event()
        self._described: set[str] = set()  # topics of all announcements
        self._to_clear: dict[str, None] = {}  # topics
        self._something_to_clear = asyncio.Event()
        self._clearing: set[str] = set()  # topics that became due and are not acknowledged
        self._cleared: set[str] = set()  # topics of which the state is still to be told
        self.send_at_once: Callable[[Message], bool] | None = None
        """Tries to send a message that the broker does not keep; tells whether it was sent."""

    # --- What is to be sent ---

    def put(self, messages: Iterable[Message]) -> None:
        """Take messages; each replaces the newest one of its topic, and is due in its turn.

        A value is sent at once where that can be.

        A retained message that says what the newest one says is not due again.
        """
        for message in messages:
            topic = message.topic
            if message.retain:
                if self.newest(topic) == message:
                    continue
                self._state.set(RETAINED, topic, "")
            self._newest[topic] = pack(message) if message.retain else message
            self._held.pop(topic, None)
            self._to_clear.pop(topic, None)
            self._clearing.discard(topic)
            # What is due can be that of thousands of meters, and a value does not wait for it; but
            # Home Assistant is to know an entity first.
            send = None if message.retain or self._announcements else self.send_at_once
            if not (send and send(message)):
                self.make_due(topic)
            elif self._due:
                self._due.discard(topic)

    def hold(self, topic: str, make: Callable[[], Message]) -> None:
        """Take a message that the broker does not keep, without its being due.

        It is sent when everything is sent again, as Home Assistant has started. As most are never
        sent, it is made only then.

        Args:
            topic: of the message.
            make: makes it.
        """
        self._held[topic] = make

    def make_held_due(self) -> None:
        """Have the messages sent that were taken without being due."""
        for topic in sorted(self._held):
            self.make_due(topic)

    def put_last(self, messages: Iterable[Message]) -> None:
        """Take messages that are due after all others, also where their topic was due before."""
        messages = list(messages)
        for message in messages:
            self._due.discard(message.topic)
        self.put(messages)

    def announce(self, messages: Iterable[Message], *, last: bool = False) -> None:
        """Take announcements: first the entities, then values, also those that were due before.

        One that says what the newest one says is passed over, as by `put`. Announcements keep the
        order in which they came up, also when everything is sent again.

        Args:
            messages: the announcements.
            last: whether they go after all others from now on, as they name others' devices.
        """
        messages = [one for one in messages if self.newest(one.topic) != one]
        if last:
            for message in messages:
                self.withdraw(message.topic)
        self.describe(messages)
        self._announcements.update(message.topic for message in messages)

    def describe(self, messages: Iterable[Message]) -> None:
        """Take announcements after which values need not be sent again."""
        messages = list(messages)
        self._described.update(message.topic for message in messages)
        self.put(messages)

    def make_due(self, topic: str) -> None:
        """Have the newest message of a topic sent, in its turn."""
        rank = Rank.ANNOUNCEMENT if topic in self._described else Rank.OTHER
        self._due.add(topic, Rank.CLEARING if topic in self._clearing else rank)
        self._something_due.set()

    def values(self) -> list[str]:
        """Give the topics of all messages that the broker does not keep."""
        taken = (topic for topic, message in self._newest.items() if not message.retain)
        return [*dict.fromkeys((*taken, *sorted(self._held)))]

    def make_values_due(self, topics: Iterable[str]) -> None:
        """Have the messages of some topics sent, but for those that were withdrawn."""
        for topic in topics:
            if topic in self._newest or topic in self._held:
                self.make_due(topic)

    def make_matching_due(self, filter_: str) -> None:
        """Have the newest messages of the topics that match a filter sent."""
        for topic in self._newest:
            if aiomqtt.Topic(topic).matches(filter_):
                self.make_due(topic)

    def make_all_due(self, first: str | None = None) -> None:
        """Have everything sent, announcements first, in the order in which the topics came up.

        Args:
            first: a topic that goes before them.
        """
        self._due.clear()
        if first is not None:
            self._due.add(first, Rank.ANNOUNCEMENT)
        for topic in (*self._newest, *self._held):
            if topic != first:
                self.make_due(topic)

    def withdraw(self, topic: str) -> None:
        """Do not send the message of a topic, neither now nor later; the broker keeps none."""
        self._newest.pop(topic, None)
        self._held.pop(topic, None)
        self._due.discard(topic)

    # --- What is to be cleared ---

    def clear(self, topics: Iterable[str]) -> None:
        """Have the broker forget what it keeps at some topics, when `clear_some` is called."""
        for topic in topics:
            self._newest.pop(topic, None)
            self._due.discard(topic)
            self._clearing.discard(topic)
            self._to_clear[topic] = None
        self._something_to_clear.set()

    def clear_others(self) -> None:
        """Have the broker forget what earlier runs left at topics that are not in use any more."""
        left = [topic for topic in self._state.section(RETAINED) if topic not in self._newest]
        # One damaged character in the file must not cost the connection, at each start again.
        self.clear(filter(publishable, left))

    def clear_retained(self, filter_: str) -> None:
        """Have the broker forget what earlier runs left at the topics of a filter."""
        left = filter(publishable, self._state.section(RETAINED))
        self.clear(topic for topic in left if aiomqtt.Topic(topic).matches(filter_))

    async def wait_until_to_clear(self) -> None:
        """Wait until there is something for `clear_some`."""
        while not self._to_clear:
            self._something_to_clear.clear()
            await self._something_to_clear.wait()

    def clear_some(self, count: int) -> None:
        """Make the next topics to clear due, so many at most, once those before are cleared."""
        if self._clearing:
            return
        for topic in list(islice(self._to_clear, count)):
            del self._to_clear[topic]
            self._newest[topic] = Message(topic, "", retain=True)
            self._clearing.add(topic)
            self.make_due(topic)

    # --- What is known ---

    def newest(self, topic: str) -> Message | None:
        """Give the newest message of a topic; None when there is none."""
        kept = self._newest.get(topic)
        return unpack(kept) if kept else None

    def messages(self) -> list[Message]:
        """Give the newest message of each topic."""
        return list(map(unpack, self._newest.values()))

    def is_retained(self, topic: str) -> bool:
        """Tell whether the broker keeps a message of ours at a topic, also of an earlier run."""
        return self._state.get(RETAINED, topic) is not None

    # --- Sending ---

    async def wait_until_sent(self) -> None:
        """Wait until the broker has acknowledged all that is due."""
        while self._due or self._sending:
            self._something_sent.clear()
            await self._something_sent.wait()

    async def wait_until_due(self) -> None:
        """Wait until a message is due."""
        while not self._due:
            self._something_due.clear()
            await self._something_due.wait()

    def take(self) -> Message | None:
        """Take the message that is due first; None when none is due."""
        topic = self._due.take()
        if topic is None:
            return None
        if make := self._held.pop(topic, None):
            self._newest[topic] = make()
        self._sending = topic
        return unpack(self._newest[topic])

    def sent(self, message: Message) -> None:
        """Take note that the broker has acknowledged a message."""
        topic = message.topic
        self._sending = None
        self._something_sent.set()
        if topic in self._clearing and self._newest[topic] is message:
            del self._newest[topic]
            self._due.discard(topic)  # Home Assistant may have started meanwhile
            self._clearing.remove(topic)
            self._cleared.add(topic)
        if self._cleared and not self._clearing:  # once for all of them, as each writes the file
            self._state.forget(RETAINED, *self._cleared - self._newest.keys())
            self._cleared.clear()
        if topic in self._announcements:
            self._announcements.discard(topic)
            self._announcement_sent.set()

    async def wait_for_announcement(self) -> None:
        """Wait until an announcement was sent, since the last time that somebody waited."""
        await self._announcement_sent.wait()
        self._announcement_sent.clear()
