"""The usual telegram: all of it goes on from the one before in the usual way.

Nearly each telegram has the list of the one before, comes one push interval later, keeps all its
constant bits and laws, and none of its values moves far. Such a telegram fails no check, and little
is learned of it. So what it keeps to is prepared once, as integers, and what a run of usual
telegrams shows is learned at its end. The tests compare that with what all checks make of the same
telegrams. Any other telegram is decided by all checks.
"""

import math
from collections.abc import Sequence
from operator import add
from typing import Final
from zlib import crc32

from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.meters.values import Values
from app.plausibility.clock import SLACK
from app.plausibility.known import Known
from app.plausibility.lists import KnownList
from app.plausibility.rules import Counts, near, rules_of, shared
from app.plausibility.track import Change, Observation, Track
from app.plausibility.units import MEAN_SECONDS

_NONE_IS_NEAR: Final = (math.inf,), (-math.inf,)
"""Least and most, until they are needed."""


class Usual:
    """What the usual telegrams of one list of a sender keep to, and a run of them.

    Args:
        known: of the sender.
        past: of the sender; `settle` brings it up to date.
        listed: the list.
        observation: a telegram of it that was accepted and is published as it is.
        values: its values.
    """

    __slots__ = (
        *("_constant", "_count", "_due", "_highs", "_is_whole", "_known", "_listed", "_lows"),
        *("_others", "_past", "_powers", "_rules", "_sent", "_still", "_taken", "_template"),
        "_values",
    )

    def __init__(
        self, known: Known, past: Track, listed: KnownList, observation: Observation, values: Values
    ) -> None:
        self._known, self._past, self._listed = known, past, listed
        limits, telegram, found = known.limits, observation.telegram, observation.found
        rules = self._rules = rules_of(
            *(values.layout, found.clocks, listed.interval or 0.0),
            *(limits.connection_watts, tuple(limits.factors.items())),
        )
        self._template, self._sent = telegram.template, telegram.timestamp
        self._constant = found.constant
        self._others = _reported(telegram.others)
        self._still = shared(rules.beside_times(found.content))
        self._values = values  # the last ones
        self._is_whole = past.values is values  # else another list says more
        self._lows: tuple[float, ...]
        self._highs: tuple[float, ...]
        self._lows, self._highs = _NONE_IS_NEAR
        self._count = 0  # telegrams of the run
        powers = rules.pick_powers(values.counts)
        self._powers: Counts = (0,) * len(powers)  # sums of those not yet compared
        self._taken = 0  # telegrams that these are of
        self._due = observation.clock + MEAN_SECONDS / 2 if powers else 0.0  # when they are

    def takes(self, telegram: Telegram, now: float, wall: float) -> bool:
        """Accept a telegram, if it is a usual one; see `Observation` for the times."""
        reading, security = telegram.reading, telegram.push.security
        readings = reading and reading.values
        counter = None if security is None else security.invocation_counter
        content = telegram.push.plaintext or b""
        if not (
            isinstance(readings, Values)
            and self._is_next(telegram, counter, now)
            and self._shows_one_time(content)
        ):
            return False
        past, rules, counts, last = self._past, self._rules, readings.counts, self._values.counts
        moved = {}
        for key, place, exponent, most in rules.energies:
            if (count := counts[place]) != (was := last[place]):
                if not 0 < count - was <= most:
                    return False
                moved[key] = tuple.__new__(Change, (now, was, exponent))
        time = (past.time or 0.0) + rules.interval
        if not (self._is_near(counts) and self._grow_as_powered(counts, time)):
            return False
        if moved:
            past.changed.update(moved)
        self._sent, self._values = telegram.timestamp, readings
        if self._is_whole:  # so that the last values are not kept twice
            past.values = readings  # type: ignore[assignment] # texts are not looked at
        self._count += 1
        past.go_on(counter, time, now, wall)
        if counter is None:
            past.remember(crc32(content))
        return True

    def settle(self) -> None:
        """Learn from the run of usual telegrams, which ends."""
        known, past, listed, count = self._known, self._past, self._listed, self._count
        if not count or past.time is None:
            return
        past.take(self._values)  # type: ignore[arg-type] # texts are not looked at
        if self._constant:
            self._constant.count += count
        listed.arrived(past.now, past.time, listed.offset, count=count)
        known.laws.add(self._rules.kept, count)
        known.count += count
        self._count = 0

    def _is_next(self, telegram: Telegram, counter: int | None, now: float) -> bool:
        """Tell whether a telegram comes in the way of the last one, one push interval later."""
        if telegram.template is not self._template or telegram.push.frame.parity_errors:
            return False
        past, rules = self._past, self._rules
        last, sent = self._sent, telegram.timestamp
        # The fold tells the two hours at the end of daylight saving time apart.
        if sent is None or last is None or sent - last != rules.step or sent.fold != last.fold:
            return False
        if counter is not None and (past.counter is None or counter <= past.counter):
            return False
        # At any pace, but for what `clock.check` calls off.
        if past.timed_at + rules.interval - now > past.delay + SLACK:
            return False
        return not telegram.others or _reported(telegram.others) == self._others

    def _shows_one_time(self, content: bytes) -> bool:
        """Tell whether all clocks show one time, and all else of the telegram before."""
        rules = self._rules
        if rules.beside_times(content) != self._still:
            return False
        if rules.clocks <= 1:
            return True
        times = rules.times(content)
        return times.count(times[0]) == rules.clocks

    def _is_near(self, counts: Counts) -> bool:
        """Tell whether the values keep all laws, are possible, and do not move far."""
        rules = self._rules
        for keeps in rules.laws:
            if not keeps(counts):
                return False
        limited = rules.pick_limited(counts)
        bounded = zip(self._lows, limited, self._highs)  # noqa: B905 - to say strict takes time
        for least, count, most in bounded:
            if not least <= count <= most:
                return self._comes_near(limited)
        return True

    def _comes_near(self, limited: Counts) -> bool:
        """Tell whether values are possible and do not move far, and find what is near to them."""
        rules = self._rules
        before = rules.pick_limited(self._values.counts)
        for count, last, (least, most, jump) in zip(limited, before, rules.ranges, strict=True):
            if not (least <= count <= most and -jump <= count - last <= jump):
                return False
        pairs = zip(limited, rules.ranges, strict=True)
        self._lows, self._highs = zip(*(near(count, *one) for count, one in pairs), strict=True)
        return True

    def _grow_as_powered(self, counts: Counts, time: float) -> bool:
        """Tell whether energies grow as the power says, as far as that is known."""
        power, rules = self._known.power, self._rules
        totals = self._powers = tuple(map(add, self._powers, rules.pick_powers(counts)))
        self._taken += 1
        if time < self._due:
            return True
        flows = [flow(counts, totals, self._taken) for flow in rules.flows]
        if power.digits(flows, time):
            return False
        power.add(flows, time, rules.interval, self._taken)
        if totals:
            self._due = time + MEAN_SECONDS
        self._powers, self._taken = (0,) * len(totals), 0
        return True


def _reported(others: Sequence[Reading]) -> tuple[object, ...]:
    """Return what submeters report: the time of each, then what each counts."""
    values = [one.values.counts if isinstance(one.values, Values) else one.values for one in others]
    return (*(one.timestamp for one in others), *values)
