"""Which of several copies of the program tells how a line is doing.

Copies with the same topics, such as an app and a service on another computer, would show now what
the one counts and now what the other does. So each says with what it tells of a line who it is,
listens to the others, and is silent while the last one that told could tell better: without a
problem, hearing frames, and of two that are the same in this, the one whose name comes first. One
that hears a worse one answers.
"""

import json
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final, NamedTuple

from app.jsontext import dumps
from app.mqtt.layout import Message
from app.mqtt.outbox import Outbox

WHO: Final = "program"
"""The key under which a copy says who it is."""

QUIET_AFTER: Final = 660.0
"""Seconds after which a copy that says nothing any more is gone: more than twice the longest
interval of `line.diagnostics`."""

ANSWER_INTERVAL: Final = 3.0
"""Seconds between two answers on a topic: no other client can keep the program busy."""


class _Rank(NamedTuple):
    """How well a copy can tell; the least is the best."""

    has_problem: bool
    hears_nothing: bool
    name: str

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "_Rank":
        return cls(values["problem"] != "OFF", not values["frames"], str(values[WHO]))


class Copies:
    """What this copy says of each line, and the last that another one has said.

    Args:
        outbox: takes what this copy says.
        name: this copy's, which no other has.
        clock: a steady one, in seconds.
    """

    def __init__(self, outbox: Outbox, name: str, clock: Callable[[], float] = monotonic) -> None:
        self._outbox = outbox
        self._name = name
        self._clock = clock
        self._ours: dict[str, tuple[_Rank, Message]] = {}  # by topic, as what follows
        # Of the last message, where another copy that can tell better said it: rank and time.
        self._told: dict[str, tuple[_Rank, float]] = {}
        self._answered_at: dict[str, float] = {}

    def say(self, topic: str, values: Mapping[str, object]) -> None:
        """Publish how a line is doing, unless another copy does."""
        values = {**values, WHO: self._name}
        self._ours[topic] = _Rank.of(values), Message(topic, dumps(values), retain=False)
        if not self._is_told(topic):
            self._speak(topic)

    def heard(self, topic: str, payload: str) -> None:
        """Take what any copy has just said of a line, this one included."""
        if topic not in self._ours:
            return  # a line of another program's
        try:
            rank = _Rank.of(json.loads(payload))
        except (ValueError, TypeError, KeyError, RecursionError):
            return  # of no copy
        if rank.name == self._name:
            return
        now = self._clock()
        if rank < self._ours[topic][0]:
            self._told[topic] = rank, now
            self._outbox.withdraw(topic)
            return
        self._told.pop(topic, None)
        if now - self._answered_at.get(topic, float("-inf")) >= ANSWER_INTERVAL:
            self._answered_at[topic] = now
            self._speak(topic)

    def other_ended(self) -> None:
        """Take that a copy has said goodbye, or has died: the others speak up."""
        for topic in self._ours:
            self._speak(topic)

    def _speak(self, topic: str) -> None:
        # Whoever can tell better answers, if there still is one.
        self._told.pop(topic, None)
        self._outbox.put([self._ours[topic][1]])

    def _is_told(self, topic: str) -> bool:
        """Tell whether another copy that is there tells, and can do so better than this one."""
        if topic not in self._told:
            return False
        rank, at = self._told[topic]
        return rank < self._ours[topic][0] and self._clock() - at <= QUIET_AFTER
