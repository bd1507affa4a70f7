"""Whether the broker hands on what the program publishes.

A broker may acknowledge a message that the account is not allowed to write, and throw it away
(Mosquitto 2.0.11, MQTT 3.1.1). So the program subscribes to every topic at which the broker is to
keep a message of it, and waits for each message to come back. One that the account may write but
not read looks the same. Where the subscription itself is refused, nothing is known.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

PATIENCE: Final = 15.0
"""Seconds in which a message has to come back."""

_FAILURE: Final = 0x80


class Rights:
    """What the account may do, learned over one connection after another.

    Args:
        on_change: called when `unheard` or `refused` changes.
        patience: seconds in which a message has to come back.
    """

    def __init__(self, on_change: Callable[[], None], patience: float = PATIENCE) -> None:
        self._on_change = on_change
        self._patience = patience
        self._granted: set[str] = set()  # topics, and filters with wildcards
        self._wildcards: list[str] = []  # those among them
        self._awaited: dict[str, asyncio.TimerHandle] = {}  # by topic
        self.unheard: dict[str, None] = {}
        """Topics of which no message comes back; a set that keeps its order."""
        self.refused: dict[str, None] = {}
        """Filters that the broker refuses to subscribe to, in the same manner."""

    def begin(self) -> None:
        """Take that a connection begins, with no subscription yet."""
        self._granted.clear()
        self._wildcards.clear()

    def answered(self, filters: Iterable[str], codes: Iterable[ReasonCode | int]) -> None:
        """Take the broker's answer to a subscription: a code for each filter.

        A refused filter with a wildcard is not kept, as its topics are then subscribed to one by
        one.
        """
        before = list(self.refused)
        for one, code in zip(filters, codes, strict=True):
            if (code.value if isinstance(code, ReasonCode) else code) < _FAILURE:
                self._granted.add(one)
                if "+" in one:
                    self._wildcards.append(one)
                self.refused.pop(one, None)
            elif "+" not in one:
                self.refused[one] = None
        if list(self.refused) != before:
            self._on_change()

    def is_known(self, topic: str) -> bool:
        """Tell whether a topic was subscribed to, or refused by itself."""
        return topic in self.refused or self._is_granted(topic)

    def sending(self, topic: str) -> None:
        """Take that a message is about to be published."""
        if self._is_granted(topic) and topic not in self._awaited and topic not in self.unheard:
            loop = asyncio.get_running_loop()
            self._awaited[topic] = loop.call_later(self._patience, self._missed, topic)

    def heard(self, topic: str) -> None:
        """Take that a message came that somebody has just published, likely this program."""
        if waiting := self._awaited.pop(topic, None):
            waiting.cancel()
        if topic in self.unheard:
            del self.unheard[topic]
            self._on_change()

    def close(self) -> None:
        """Wait no longer: the connection ends."""
        for waiting in self._awaited.values():
            waiting.cancel()
        self._awaited.clear()

    def _is_granted(self, topic: str) -> bool:
        return topic in self._granted or any(map(aiomqtt.Topic(topic).matches, self._wildcards))

    def _missed(self, topic: str) -> None:
        del self._awaited[topic]
        self.unheard[topic] = None
        self._on_change()
