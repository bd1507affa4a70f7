"""The statuses at the broker, which other clients can overwrite.

A status is retained: it stays as the last client has said it, and that may be another one. The
broker publishes the last will of an older connection, which it finds dead only after minutes. A
second copy of the program with the same topics says offline when it starts, when it ends, and when
its own line falls silent, while this one hears the meter. So each copy contradicts an offline where
it has said online itself, and nobody contradicts an online: the status comes to rest.
"""

import asyncio
from typing import Final

from app.mqtt.outbox import Outbox
from app.mqtt.topics import OFFLINE, ONLINE

INTERVAL: Final = 3.0
"""Seconds between two contradictions of a topic: no other client can keep the program busy."""


class Statuses:
    """Keeps the statuses at the broker right for as long as a connection lasts.

    Args:
        outbox: has what the program says.
        program: the topic that says whether the program runs.
        interval: seconds between two contradictions of a topic at the least.
    """

    def __init__(self, outbox: Outbox, program: str, interval: float = INTERVAL) -> None:
        self._outbox = outbox
        self._program = program
        self._interval = interval
        # The newest payload of each topic that was contradicted within the interval.
        self._contradicted: dict[str, str] = {}

    def said(self, topic: str, payload: str) -> None:
        """Take a status that any client has just published, this one included.

        It is contradicted at once, or at the end of the interval if it still stands then.
        """
        if topic in self._contradicted:
            self._contradicted[topic] = payload
            return
        ours = self._outbox.newest(topic)
        if payload == ONLINE or ours is None or ours.payload != ONLINE:
            return
        if not payload:
            self._outbox.make_all_due()  # who clears a status has cleared the announcement, too
        elif topic == self._program:
            self._say_offline_again()
        self._outbox.make_due(topic)
        self._contradicted[topic] = ONLINE
        asyncio.get_running_loop().call_later(self._interval, self._interval_over, topic)

    def _interval_over(self, topic: str) -> None:
        self.said(topic, self._contradicted.pop(topic))

    def _say_offline_again(self) -> None:
        """Take back what another copy that was killed has left online."""
        for message in self._outbox.messages():
            if message.retain and message.payload == OFFLINE:
                self._outbox.make_due(message.topic)
