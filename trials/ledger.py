"""Compares what was published with what the meter said."""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from simulator import meters
from tests.support.simulated import state as expected

SHOWN: Final = 10
"""Wrong values that are told in full."""


@dataclass
class Ledger:
    """Compares what was published with what the meter said.

    Args:
        topic: of the meter's state; messages to others are ignored.
        remembered: telegrams that a state message may be of: a reading waits for the broker.
    """

    topic: str
    remembered: int = 1000
    published: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    newest: str | None = None
    """The time stamp of the last state message."""
    _said: dict[str, dict[str, Decimal | str]] = field(default_factory=dict)
    _order: deque[str] = field(default_factory=deque)
    _highest: dict[str, Decimal] = field(default_factory=dict)

    def said(self, truth: meters.Truth) -> str:
        """Note what a telegram says; return its time stamp."""
        at = truth.timestamp.isoformat()
        self._said[at] = expected(truth)
        self._order.append(at)
        if len(self._order) > self.remembered:
            del self._said[self._order.popleft()]
        return at

    def take(self, topic: str, payload: str) -> None:
        """Compare a message that the broker received."""
        if topic != self.topic:
            return
        self.published += 1
        values = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
        given = {key: value for key, value in values.items() if value is not None}
        at = self.newest = given.get("timestamp", "")
        right = self._said.get(at)
        if right is None:
            self._count_wrong("time", f"nothing was said at {at!r}")
            return
        for key in right.keys() | given.keys():
            if right.get(key) != given.get(key):
                kind = key.split("_")[0]
                self._count_wrong(kind, f"{at}: {key} is {given.get(key)}, not {right.get(key)}")
        for key, value in given.items():
            if "energy" in key:
                if value < self._highest.get(key, 0):
                    self._count_wrong("falling", f"{at}: {key} falls to {value}")
                self._highest[key] = value

    def _count_wrong(self, kind: str, text: str) -> None:
        self.wrong[kind] += 1
        if len(self.told) < SHOWN:
            self.told.append(text)
