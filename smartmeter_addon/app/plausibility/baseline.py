"""The counters and values that those of a telegram are compared with."""

from typing import Final

from app.cosem.unit import Number
from app.plausibility.observation import Observation
from app.plausibility.tolerances import Tolerances

REPORTED: Final = 3900.0
"""Seconds between two reports of a meter behind the meter, with some to spare."""


class Baseline:
    """The last counters and values of one sender.

    Args:
        habits: of the sender.
    """

    __slots__ = ("changed", "counters", "habits", "values", "when")

    def __init__(self, habits: Tolerances) -> None:
        self.habits = habits
        self.counters: dict[str, Number] = {}
        self.values: dict[str, float] = {}
        self.when: dict[str, float] = {}  # each value was last seen
        self.changed: dict[str, float] = {}  # each counter last moved

    def take(self, seen: Observation) -> None:
        """Go on from a telegram."""
        now = seen.now
        for key, number in seen.counters.items():
            last = self.counters.get(key)
            if last != number:
                # What is reported now and then may have been for a while when it is first heard.
                heard_first = last is None and "/" in key
                self.changed[key] = now - REPORTED if heard_first else now
        self.counters.update(seen.counters)
        self.values.update(seen.values)
        self.when.update(dict.fromkeys(seen.values, now))
        self.when.update(dict.fromkeys(seen.counters, now))

    def says(self, seen: Observation) -> bool:
        """Tell whether all that a telegram says was said before it."""
        return all(self.values.get(key) == value for key, value in seen.values.items())

    def inherit(self, other: "Baseline", now: float) -> None:
        """Know the counters that another track of the same sender knew, and this one does not."""
        for key, number in other.counters.items():
            if key not in self.counters:
                self.counters[key] = number
                self.when[key] = other.when.get(key, now)
                self.changed[key] = other.changed.get(key, now)

    def restore(self, counters: dict[str, Number], values: dict[str, float], then: float) -> None:
        """Go on from what was known before a restart of this program."""
        self.counters, self.values = counters, values
        self.when = dict.fromkeys((*values, *counters), then)
        self.changed = {key: then - REPORTED * ("/" in key) for key in counters}
