"""Telegrams that do not follow from the accepted ones, and may show that the meter changed."""

from collections.abc import Sequence
from typing import Final

from app.meters.structure import Structure, nearly
from app.plausibility.decision import Violation
from app.plausibility.track import Observation, Track

_LEAST_GAP: Final = 0.5
"""Seconds from one telegram to the next that are fewer than any meter takes: one a second."""


class Pending:
    """Telegrams of one list that go on from one another and not from the accepted ones.

    Args:
        observation: the first of them.
        violations: the checks that it fails.
        delay: seconds by which it came late, as a gateway delayed it.
    """

    def __init__(
        self,
        observation: Observation,
        violations: Sequence[Violation],
        delay: float,
    ) -> None:
        self.structure = observation.found.structure
        self._is_known = observation.found.known is not None  # the list
        self.names = frozenset(one.name for one in violations)
        """Of the violations."""
        self.checks = frozenset(one.check for one in violations)
        """That the first telegram failed."""
        self.begun = observation.now
        """When the first came, by the monotonic clock, in seconds."""
        self.confirmations = 0
        """Telegrams after the first."""
        self.counter_is_repeated = False
        """Whether the last one has the invocation counter of the one before."""
        self.watts = 0.0
        """The largest mean power that an energy rose with from one to the next."""
        self.track = Track(counter_may_repeat=True, delay=delay)
        self._add(observation)

    def is_repeated_by(self, observation: Observation) -> bool:
        """Tell whether a telegram is the newest one again, which confirms nothing.

        A meter without clock and invocation counter may say the same in its next telegram.
        """
        counter = observation.counter
        if (self._bits, self.track.counter) != (observation.found.bits, counter):
            return False
        is_told_apart = observation.time is not None or counter is not None
        known = observation.found.known
        least = max(known.gap / 2 if known else 0.0, _LEAST_GAP)
        return is_told_apart or observation.now - self.track.now < least

    def contradicted_by(self, accepted: Structure) -> bool:
        """Tell whether these may be damaged telegrams of a list of which one was accepted."""
        is_near = not self._is_known and nearly(self.structure, (accepted,)) is not None
        return is_near or accepted == self.structure

    def add(self, observation: Observation, watts: float) -> None:
        """Add a telegram that goes on from the last, since which energies rose by a mean power."""
        self.watts = max(self.watts, watts)
        self.confirmations += 1
        counter = observation.counter
        self.counter_is_repeated = counter is not None and counter == self.track.counter
        self._add(observation)

    def _add(self, observation: Observation) -> None:
        self._bits = observation.found.bits  # of the newest
        self.track.add(observation, observation.values, observation.values, {})
