"""The telegrams of one sender that follow from one another, and whether the next one does."""

from typing import Final

from app.meters.reading import Meter
from app.plausibility import counters, jumps
from app.plausibility.baseline import Baseline
from app.plausibility.clock_comparison import ClockComparison
from app.plausibility.known_lists import KnownLists
from app.plausibility.observation import Observation
from app.plausibility.schedule import MISSED_BY, NEEDED
from app.plausibility.tolerances import Tolerances
from app.plausibility.violation import (
    BOUND,
    CLOCK,
    IDENTITY,
    INVARIANT,
    REPLAY,
    RISE,
    SCHEDULE,
    Violation,
)
from app.transport.push_interval import PushInterval

LEARNED: Final = 10
"""Telegrams in a row that have to keep an invariant before one that breaks it fails."""

_LEARNED_AFTER: Final = {"weekday": 1, "clocks": 1}
"""Other than that, by invariant: these do not agree by chance."""

_BROKEN: Final = -10 * LEARNED
"""Streak of an invariant after an accepted telegram that breaks it: it takes a while to count."""

_RELAXED: Final = -20_000
"""Streak of an invariant that a meter breaks now and then: about a day of telegrams."""


class History:
    """The telegrams of one sender that follow from one another, accepted or pending.

    Args:
        tolerances: of the sender.
        needed: see `Schedule`.
    """

    __slots__ = (
        "baseline",
        "clock",
        "count",
        "family",
        "invariant_streaks",
        "invocation_counter",
        "invocation_counter_is_repeated",
        "invocation_counter_may_repeat",
        "lists",
        "meter_ids",
        "meters",
        "now",
        "pending_for",
        "push_interval",
        "tolerances",
        "wall_time",
    )

    def __init__(self, tolerances: Tolerances, needed: int = NEEDED) -> None:
        self.tolerances = tolerances
        self.count = 0
        """Telegrams."""
        self.now = self.wall_time = 0.0
        """When the last one came: monotonic seconds, and seconds since 1970."""
        self.push_interval = PushInterval(0.0)
        """Zero until it is known."""
        self.clock = ClockComparison()
        self.lists = KnownLists(tolerances, needed)
        self.baseline = Baseline(tolerances)
        self.invocation_counter: int | None = None
        self.meters: tuple[Meter, ...] = ()
        """Those of the last telegram."""
        self.meter_ids: frozenset[str] = frozenset()
        """Those of all telegrams."""
        self.family = ""
        """Type, manufacturer and model of the meter."""
        self.invariant_streaks: dict[str, int] = {}
        """By invariant, telegrams in a row that kept it."""
        self.pending_for: frozenset[str] = frozenset()
        """Checks that the first telegram of a pending history failed."""
        self.invocation_counter_may_repeat = False
        """Whether telegrams may have the same invocation counter, as long as the clock goes on."""
        self.invocation_counter_is_repeated = False
        """Whether the last telegram has the invocation counter of the one before."""

    def add(self, observation: Observation) -> None:
        """Add a telegram."""
        self.push_interval.arrived(observation.now)
        self.clock.add(observation)
        counter = observation.invocation_counter
        self.invocation_counter_is_repeated = (
            self.count > 0 and counter is not None and counter == self.invocation_counter
        )
        self.count += 1
        self.invocation_counter = counter
        if self.meters != observation.meters:
            self.meters = observation.meters
            self.family = _family(observation.meters[0])
            self.meter_ids |= {meter.id for meter in observation.meters}
        self.lists.add(observation)
        self.baseline.add(observation)
        self.now = observation.now
        self.wall_time = observation.wall_time
        streaks = self.invariant_streaks
        for name in observation.findings.kept:
            streaks[name] = streaks.get(name, 0) + 1
        for name in observation.findings.broken:
            streaks[name] = min(streaks.get(name, 0), _BROKEN)

    def relax(self, check: str) -> None:
        """Relax a check that telegrams failed again and again, and failed no other."""
        if check == SCHEDULE:
            self.tolerances.schedule_seconds = MISSED_BY
        elif check.startswith(INVARIANT):
            self.invariant_streaks[check.removeprefix(INVARIANT)] = _RELAXED
        else:
            self.tolerances.widen(check)

    def inherit(self, other: "History") -> None:
        """Take what an earlier history of the same sender knew and this one does not."""
        schedules_hold = not self.pending_for & {CLOCK, SCHEDULE, IDENTITY}
        self.lists.inherit(other.lists, schedules_hold=schedules_hold)
        if other.push_interval.median:
            self.push_interval = other.push_interval
        self.meter_ids |= other.meter_ids
        self.invariant_streaks = {**other.invariant_streaks, **self.invariant_streaks}
        self.baseline.inherit(other.baseline, self.now)

    def check(self, observation: Observation) -> list[Violation]:
        """Return the checks that the next telegram fails; empty when it follows from this."""
        violations = self.check_replay_and_identity(observation)
        is_replay = bool(violations) and violations[0].check == REPLAY
        self.lists.check(observation, violations, is_replay=is_replay)
        schedule = self.lists.schedule(observation)
        timing = self.clock.check(observation, schedule, self.tolerances, is_replay=is_replay)
        # A pending replay has to go on for long. It need not keep its schedule all the while.
        if timing.violation and not (
            timing.violation.check == SCHEDULE and REPLAY in self.pending_for
        ):
            violations.append(timing.violation)
        # Telegrams that a gateway delayed come all at once. Then the meter's clock tells what time
        # passed, or without one the push interval.
        passed = max(0.0, observation.now - self.now)
        has_clock = observation.meter_time is not None
        metered = timing.passed or 0.0 if has_clock else self.push_interval.median
        since = max(passed, metered)
        rising = RISE in self.pending_for
        counters.check(self.baseline, observation, since - passed, violations, rising=rising)
        if since <= jumps.RECENT:
            jumps.check(self.baseline, observation, since, violations)
        violations += [
            Violation(INVARIANT + name, "its values contradict each other")
            for name in observation.findings.broken
            if self.invariant_streaks.get(name, 0) >= _LEARNED_AFTER.get(name, LEARNED)
            and INVARIANT + name not in self.pending_for
        ]
        violations += [
            Violation(BOUND + key, sentence)
            for key, sentence in observation.findings.out_of_bounds.items()
            if BOUND + key not in self.pending_for and BOUND + key not in self.tolerances.tolerated
        ]
        return violations

    def check_replay_and_identity(self, observation: Observation) -> list[Violation]:
        """Return the checks that a telegram with a verified tag fails: replay and identity."""
        violations: list[Violation] = []
        if self._is_replay(observation):
            sentence = "its invocation counter is not newer than that of a telegram before it"
            violations.append(Violation(REPLAY, sentence))
        if observation.meters != self.meters and not self._knows(observation.meters):
            sentence = "it comes from another meter than those before"
            violations.append(Violation(IDENTITY, sentence))
        return violations

    def is_duplicate(self, observation: Observation) -> bool:
        """Tell whether a telegram is the last one again."""
        counter = observation.invocation_counter
        same = counter is not None and counter == self.invocation_counter
        same_time = observation.meter_time == self.clock.time
        return same and same_time and self.baseline.holds(observation)

    def _is_replay(self, observation: Observation) -> bool:
        """Tell whether a telegram's invocation counter is not newer than the last one."""
        counter, last = observation.invocation_counter, self.invocation_counter
        if counter is None or last is None or counter > last:
            return False
        if self.invocation_counter_may_repeat and counter == last:
            if observation.meter_time is None or self.clock.time is None:
                return self.baseline.holds(observation)
            return observation.meter_time <= self.clock.time
        return True

    def _knows(self, meters: tuple[Meter, ...]) -> bool:
        """Tell whether meters are those of this history, and read as of the same family.

        The addresses of a link may decide the family, and no tag covers them.
        """
        main, known = meters[0], self.meters[0] if self.meters else None
        if known and known.number is None and main.number is not None:
            return True  # some lists of a meter say its number, some do not
        same = self.family in {"", _family(main)} if known is None else main == known
        return same and {meter.id for meter in meters} <= self.meter_ids


def _family(meter: Meter) -> str:
    return f"{meter.type} {meter.manufacturer} {meter.model}"
