"""The usual telegram: all of it goes on from the one before in the usual way.

Nearly each telegram has the list of the one before, comes one push interval later, keeps all its
constant bits and laws, and none of its values moves far. Such a telegram fails no check, and little
is learned of it. So what it keeps to is prepared once, as integers, and what a run of usual
telegrams shows is learned at its end. The tests compare that with what all checks make of the same
telegrams. Any other telegram is decided by all checks.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import le, sub
from typing import Final, NamedTuple

from app.cosem import clock
from app.cosem.unit import Number, scale
from app.meters.quantities import Quantity
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.meters.values import Layout, Values
from app.plausibility import laws, values
from app.plausibility.known import Known
from app.plausibility.laws import Law
from app.plausibility.limits import Limit
from app.plausibility.lists import KnownList
from app.plausibility.track import Observation, Track

_PUNCTUAL: Final = 2.0
"""Seconds by which a usual telegram comes early or late at most."""

_DATE: Final = 5
_TIME: Final = 8
"""Bytes of a date-time: up to the day of week, and up to the seconds."""

_UNLIMITED: Final = 1 << 70
"""More than any number of a telegram."""


class _Range(NamedTuple):
    """What the count of a value can be.

    Args:
        least: the least that is possible.
        most: the most that is possible.
        fall: how far it may fall from one telegram to the next; negative.
        rise: how far it may rise.
    """

    least: int
    most: int
    fall: int
    rise: int


class Usual:
    """What the usual telegram of one list keeps to, and a run of such telegrams.

    Args:
        known: of the sender.
        past: of the sender; kept up to date but for what `settle` learns.
        listed: the list.
        observation: a telegram of it that was accepted and is published as it is.
        counts: the values of that telegram.
    """

    __slots__ = (
        *("_clocks", "_count", "_counts", "_energies", "_interval", "_known", "_last"),
        *("_laws", "_leasts", "_listed", "_mosts", "_falls", "_moved", "_names", "_others"),
        *("_past", "_power", "_rises", "_watts"),
    )

    def __init__(
        self,
        known: Known,
        past: Track,
        listed: KnownList,
        observation: Observation,
        counts: Values,
    ) -> None:
        layout, self._last = counts.layout, observation.telegram
        self._known = known
        self._past = past
        self._listed = listed
        self._interval = listed.interval or 0.0
        self._counts = counts.counts
        self._count = 0  # telegrams of the run
        self._moved: dict[int, tuple[float, int]] = {}  # energies: when, and what they were before
        content = observation.found.content
        self._clocks = [
            (at, content[at : at + _DATE], content[at + _TIME : at + clock.SIZE])
            for at in observation.found.clocks
        ]
        self._others = _reported(observation.telegram.others)
        of = laws.applicable(layout.keys)
        self._names = tuple(law.name for law in of) + laws.CLOCK_LAWS * bool(self._clocks)
        self._laws = [_prepared(law, layout) for law in of]
        limits = [known.limits.of(key) for key in layout.numbers]
        carried = known.limits.kwh(self._interval)
        ranges = [
            _range(limit, exponent, carried)
            for limit, exponent in zip(limits, layout.exponents, strict=True)
        ]
        self._leasts, self._mosts, self._falls, self._rises = zip(*ranges, strict=True)
        self._energies = [n for n, limit in enumerate(limits) if limit.is_energy]
        self._power = [key for key in known.power.keys if key in layout.places]
        self._watts = any(key in layout.places for key in known.power.powers)

    def takes(self, telegram: Telegram, now: float, wall: float) -> bool:
        """Accept a telegram, if it is a usual one; see `Observation` for the times."""
        push, reading, sent = telegram.push, telegram.reading, telegram.timestamp
        if telegram.template is not self._last.template or push.frame.parity_errors:
            return False
        if reading is None or sent is None or not isinstance(reading.values, Values):
            return False
        past, time, security = self._past, sent.timestamp(), push.security
        counter = None if security is None else security.invocation_counter
        if counter is not None and (past.counter is None or counter <= past.counter):
            return False
        late = now - past.timed_at - self._interval
        if past.time is None or time - past.time != self._interval or abs(late) > _PUNCTUAL:
            return False
        if not self._shows_one_time(push.plaintext or b""):
            return False
        if telegram.others and _reported(telegram.others) != self._others:
            return False
        if not self._goes_on(reading.values, time):
            return False
        self._add(telegram, reading.values.counts, now)
        past.go_on(counter, time, now, wall)
        if counter is None:
            past.remember(telegram)
        return True

    def settle(self) -> None:
        """Learn from the run of usual telegrams, which ends."""
        reading, count, past = self._last.reading, self._count, self._past
        if not count or reading is None or past.time is None:
            return
        self._count = 0
        readings = reading.values
        if isinstance(readings, Values):
            layout = readings.layout
            for n, (at, before) in self._moved.items():
                past.changed[layout.numbers[n]] = at, scale(before, layout.exponents[n])
        self._moved.clear()
        past.values.update(readings)  # type: ignore[arg-type] # texts among them are not looked at
        past.seen[self._listed] = readings.keys(), past.now
        self._known.go_on(self._listed, self._last, count, past.now, past.time, self._names)

    def _shows_one_time(self, content: bytes) -> bool:
        """Tell whether all clocks show one time, and all else of the telegram before."""
        shown = None
        for at, date, rest in self._clocks:
            time = content[at + _DATE : at + _TIME]
            if content[at : at + _DATE] != date or content[at + _TIME : at + clock.SIZE] != rest:
                return False
            if time != (shown or time):
                return False
            shown = time
        return True

    def _goes_on(self, readings: Values, time: float) -> bool:
        """Tell whether the values are possible, do not move far, and keep all laws."""
        counts = readings.counts
        moved = tuple(map(sub, counts, self._counts))
        if not (all(map(le, self._falls, moved)) and all(map(le, moved, self._rises))):
            return False
        if not (all(map(le, self._leasts, counts)) and all(map(le, counts, self._mosts))):
            return False
        for keeps in self._laws:
            if not keeps(counts):
                return False
        power = self._known.power
        if self._power and (not self._watts or power.is_due(time)):
            numbers = {key: readings.number(key) for key in self._power}
            if power.digits(numbers, time):
                return False
            power.add(numbers, time)
        return True

    def _add(self, telegram: Telegram, counts: tuple[int, ...], now: float) -> None:
        """Add a telegram to the run."""
        before = self._counts
        for n in self._energies:
            if counts[n] != before[n]:
                self._moved[n] = now, before[n]
        self._counts = counts
        self._last = telegram
        self._count += 1


def _reported(others: Sequence[Reading]) -> list[object]:
    """Return what submeters report."""
    return [
        (one.timestamp, one.values.counts if isinstance(one.values, Values) else one.values)
        for one in others
    ]


def _prepared(law: Law, layout: Layout) -> Callable[[tuple[int, ...]], bool]:
    """Return what tells whether the counts of a telegram keep a law."""
    places = [layout.places[key] for key in law.keys]
    exponents = [layout.exponents[place] for place in places]
    keeps = law.keeps
    if not law.is_exact:
        units = [10**-exponent for exponent in exponents]

        def keep_floats(counts: tuple[int, ...]) -> bool:
            return keeps([counts[n] / one for n, one in zip(places, units, strict=True)], 1)

        return keep_floats
    if len(set(exponents)) == 1 and exponents[0] <= 0:
        one = int(10 ** -exponents[0])
        return lambda counts: keeps([counts[n] for n in places], one)

    def keep_numbers(counts: tuple[int, ...]) -> bool:
        pairs = zip(places, exponents, strict=True)
        return keeps([scale(counts[n], exponent) for n, exponent in pairs], 1)

    return keep_numbers


def _range(limit: Limit, exponent: int, carried: float) -> _Range:
    """Return the limits of a value in counts; see `Limits.kwh` for the last argument."""
    if limit.is_energy:
        return _Range(-_UNLIMITED, _UNLIMITED, 0, _counted(Decimal(carried), exponent))
    least = limit.least
    if limit.quantity is Quantity.VOLTAGE:  # without supply no meter sends
        least = max(least, values.SUPPLY_VOLTS)
    return _Range(
        -_counted(-least, exponent),
        _counted(limit.most, exponent),
        -_counted(-limit.fall, exponent),
        _counted(limit.jump, exponent),
    )


def _counted(number: Number, exponent: int) -> int:
    """Return a limit in counts, cut off; a number that none exceeds for infinity."""
    number = Decimal(number)
    return int(number.scaleb(-exponent) // 1) if number.is_finite() else _UNLIMITED
