"""The counters and values that those of the next telegram are compared with."""

from typing import Final

from app.cosem.unit import Number
from app.plausibility.observation import Observation
from app.plausibility.tolerances import Tolerances

REPORT_SECONDS: Final = 3900.0
"""Longest time between two reports of a submeter: an hour and five minutes."""


class Baseline:
    """The last counters and values of one sender.

    Args:
        tolerances: of the sender.
    """

    __slots__ = ("changed_at", "counters", "seen_at", "tolerances", "values")

    def __init__(self, tolerances: Tolerances) -> None:
        self.tolerances = tolerances
        self.counters: dict[str, Number] = {}
        self.values: dict[str, float] = {}
        self.seen_at: dict[str, float] = {}
        """Monotonic seconds at which each counter and value was seen last, by key."""
        self.changed_at: dict[str, float] = {}
        """Monotonic seconds at which each counter changed last, by key."""

    def add(self, observation: Observation) -> None:
        """Take the counters and values of a telegram."""
        now = observation.now
        for key, number in observation.counters.items():
            last = self.counters.get(key)
            if last != number:
                # A submeter may have reported long before its report is seen for the first time.
                is_first_report = last is None and "/" in key
                self.changed_at[key] = now - REPORT_SECONDS if is_first_report else now
        self.counters.update(observation.counters)
        self.values.update(observation.values)
        self.seen_at.update(dict.fromkeys(observation.values, now))
        self.seen_at.update(dict.fromkeys(observation.counters, now))

    def holds(self, observation: Observation) -> bool:
        """Tell whether all values of a telegram are the last ones."""
        return all(self.values.get(key) == value for key, value in observation.values.items())

    def inherit(self, other: "Baseline", now: float) -> None:
        """Take the counters of an earlier baseline of the same sender that are not in this one."""
        for key, number in other.counters.items():
            if key not in self.counters:
                self.counters[key] = number
                self.seen_at[key] = other.seen_at.get(key, now)
                self.changed_at[key] = other.changed_at.get(key, now)

    def restore(self, counters: dict[str, Number], values: dict[str, float], then: float) -> None:
        """Restore what was known before a restart.

        Args:
            counters: by key.
            values: by key.
            then: when the last telegram came, by the monotonic clock of now.
        """
        self.counters, self.values = counters, values
        self.seen_at = dict.fromkeys((*values, *counters), then)
        self.changed_at = {key: then - REPORT_SECONDS * ("/" in key) for key in counters}
