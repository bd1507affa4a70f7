"""The usual telegram: all of it goes on from the one before in the usual way.

Nearly each telegram has the list of the one before, comes one push interval later, keeps all its
constant bits and laws, and none of its values moves far. Such a telegram fails no check, and little
is learned of it. So what it keeps to is prepared once, as integers, and what a run of usual
telegrams shows is learned at its end. The tests compare that with what all checks make of the same
telegrams. Any other telegram is decided by all checks.
"""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import chain, repeat
from operator import call, itemgetter, le, mul
from typing import Final
from zlib import crc32

from app.cosem import clock
from app.cosem.unit import scale
from app.meters.reading import Reading
from app.meters.slots import picker
from app.meters.telegram import Telegram
from app.meters.values import Layout, Values
from app.plausibility import laws
from app.plausibility.clock import SLACK
from app.plausibility.known import Known
from app.plausibility.laws import Law
from app.plausibility.limits import Limit, Limits
from app.plausibility.lists import Found, KnownList
from app.plausibility.track import Observation, Track
from app.plausibility.units import MEAN_SECONDS, keys_of

_DATE: Final = 5
_TIME: Final = 8
"""Bytes of a date-time: up to the day of week, and up to the seconds."""

_Counts = tuple[int, ...]
"""The numbers of a telegram, see `Values`."""


class _Rules:
    """What the usual telegrams of one list keep to, whoever sends them.

    Args:
        layout: of their values.
        clocks: where their date-times stand, in bytes.
        interval: seconds from one to the next.
        limits: of the sender.
    """

    def __init__(
        self, layout: Layout, clocks: tuple[int, ...], interval: float, limits: Limits
    ) -> None:
        self.interval = interval
        self.step = timedelta(seconds=interval)
        self.clocks = len(clocks)
        times = [slice(at + _DATE, at + _TIME) for at in clocks]
        beside = [(slice(at, at + _DATE), slice(at + _TIME, at + clock.SIZE)) for at in clocks]
        self.times, self.beside_times = (
            itemgetter(*(of or [slice(0)])) for of in (times, list(chain(*beside)))
        )
        """What takes of a content the times of its clocks, and what of these is beside."""
        of = laws.applicable(layout.keys)
        self.names = tuple(law.name for law in of) + laws.CLOCK_LAWS * bool(clocks)
        self.laws = [_prepared(law, layout) for law in of]
        by_number = [limits.of(key) for key in layout.numbers]
        self.ranges = list(map(Limit.in_counts, by_number, layout.exponents))
        energies = [n for n, limit in enumerate(by_number) if limit.is_energy]
        self.pick_energies = picker(energies)
        self.energies = [(layout.numbers[n], layout.exponents[n]) for n in energies]
        """Keys of all energies, each with its power of ten."""
        carried = limits.kwh(interval)
        self.rises = [int(carried / 10.0**exponent) for _, exponent in self.energies]
        self.powers, self.counters = (
            [(key, layout.places[key], layout.exponents[layout.places[key]]) for key in keys]
            for keys in keys_of(layout.places)
        )
        """Powers and energies that are compared, each with its place and its power of ten."""
        self.pick_powers = picker([place for _, place, _ in self.powers])


@lru_cache(maxsize=256)
def _rules(
    layout: Layout,
    clocks: tuple[int, ...],
    interval: float,
    connection_watts: float,
    factors: tuple[tuple[str, float], ...],
) -> _Rules:
    """Return rules, the same ones for the same arguments; see `_Rules` and `Limits`."""
    return _Rules(layout, clocks, interval, Limits(connection_watts, factors=dict(factors)))


class Usual:
    """What the usual telegrams of one list of a sender keep to, and a run of them.

    Args:
        known: of the sender.
        past: of the sender; `settle` brings its values up to date.
        listed: the list.
        observation: a telegram of it that was accepted and is published as it is.
        values: its values.
    """

    def __init__(
        self, known: Known, past: Track, listed: KnownList, observation: Observation, values: Values
    ) -> None:
        self._known, self._past, self._listed, self._layout = known, past, listed, values.layout
        limits, telegram = known.limits, observation.telegram
        rules = self._rules = _rules(
            *(values.layout, observation.found.clocks, listed.interval or 0.0),
            *(limits.connection_watts, tuple(limits.factors.items())),
        )
        self._template, self._sent = telegram.template, telegram.timestamp
        self._content, self._others = observation.found.content, _reported(telegram.others)
        self._still = rules.beside_times(self._content)
        self._counts, self._energies = values.counts, rules.pick_energies(values.counts)
        self._lows: Sequence[float] = (math.inf,)  # none is near until these are needed
        self._highs: Sequence[float] = ()
        self._count = 0  # telegrams of the run
        self._moved: dict[int, tuple[float, int]] = {}  # energies: when, and what they were before
        self._powers: list[_Counts] = []  # of telegrams whose mean power is not taken yet
        self._due = observation.clock + MEAN_SECONDS / 2 if rules.powers else 0.0  # when it is

    def takes(self, telegram: Telegram, now: float, wall: float) -> bool:
        """Accept a telegram, if it is a usual one; see `Observation` for the times."""
        reading, security = telegram.reading, telegram.push.security
        counter = None if security is None else security.invocation_counter
        content = telegram.push.plaintext or b""
        if reading is None or not self._is_next(telegram, counter, now):
            return False
        readings, past = reading.values, self._past
        if not (isinstance(readings, Values) and self._shows_one_time(content)):
            return False
        counts, time = readings.counts, (past.time or 0.0) + self._rules.interval
        energies, moved = self._rules.pick_energies(counts), {}
        if energies != self._energies:
            pairs = zip(energies, self._energies, self._rules.rises, strict=True)
            for n, (value, before, most) in enumerate(pairs):
                if value != before:
                    if not 0 < value - before <= most:
                        return False
                    moved[n] = now, before
        if not (self._is_near(counts) and self._grow_as_powered(counts, time)):
            return False
        self._sent, self._content, self._counts = telegram.timestamp, content, counts
        if moved:
            self._energies = energies
            self._moved.update(moved)
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
        for n, (at, before) in self._moved.items():
            key, exponent = self._rules.energies[n]
            past.changed[key] = at, scale(before, exponent)
        values = Values(self._layout, self._counts)
        past.take(listed, values, past.now)  # type: ignore[arg-type] # texts are not looked at
        bits = int.from_bytes(self._content, "big")
        known.lists.add(Found(listed, listed.structure, bits, self._content), count)
        listed.arrived(past.now, past.time, listed.offset, count=count)
        known.laws.add(self._rules.names, (), count)
        known.count += count
        self._count = 0
        self._moved.clear()

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
        return rules.clocks <= 1 or len(set(rules.times(content))) == 1

    def _is_near(self, counts: _Counts) -> bool:
        """Tell whether the values are possible, do not move far, and keep all laws."""
        if not (all(map(le, self._lows, counts)) and all(map(le, counts, self._highs))):
            ranges = self._rules.ranges
            for count, last, of in zip(counts, self._counts, ranges, strict=True):
                (least, most, jump, turn), moved = of, abs(count - last)
                if not (least <= count <= most and (moved <= jump or turn - moved <= jump)):
                    return False
            # Within these, none moves too far to another.
            pairs = list(zip(counts, ranges, strict=True))
            self._lows = [max(least, count - jump // 2) for count, (least, _, jump, _) in pairs]
            self._highs = [min(most, count + jump // 2) for count, (_, most, jump, _) in pairs]
        return all(map(call, self._rules.laws, repeat(counts)))

    def _grow_as_powered(self, counts: _Counts, time: float) -> bool:
        """Tell whether energies grow as the power says, as far as that is known."""
        power, rules = self._known.power, self._rules
        self._powers.append(rules.pick_powers(counts))
        if time < self._due:
            return True
        numbers = {key: scale(counts[place], exponent) for key, place, exponent in rules.counters}
        totals = map(sum, zip(*self._powers, strict=True))
        for (key, _, exponent), total in zip(rules.powers, totals, strict=True):
            numbers[key] = scale(total // len(self._powers), exponent)
        if power.digits(numbers, time):
            return False
        power.add(numbers, time, rules.interval, len(self._powers))
        if rules.powers:
            self._due = time + MEAN_SECONDS
        self._powers.clear()
        return True


def _reported(others: Sequence[Reading]) -> list[object]:
    """Return what submeters report."""
    return [
        (one.timestamp, one.values.counts if isinstance(one.values, Values) else one.values)
        for one in others
    ]


def _prepared(law: Law, layout: Layout) -> Callable[[_Counts], bool]:
    """Return what tells whether the counts of a telegram keep a law."""
    places = [layout.places[key] for key in law.keys]
    exponents = [layout.exponents[place] for place in places]
    keeps, pick = law.keeps, picker(places)
    if not law.is_exact:
        factors = [10.0**exponent for exponent in exponents]
        return lambda counts: keeps(tuple(map(mul, pick(counts), factors)), 1)
    if len(set(exponents)) == 1 and exponents[0] <= 0:
        one = int(10 ** -exponents[0])
        return lambda counts: keeps(pick(counts), one)
    return lambda counts: keeps(tuple(map(scale, pick(counts), exponents)), 1)
