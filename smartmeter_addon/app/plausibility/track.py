"""The telegrams of one sender that follow from one another: what the next one is compared with."""

from array import array
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

from app.cosem.unit import Number, scale
from app.meters.limits import NOTHING
from app.meters.reading import Meter
from app.meters.structure import checksum_of
from app.meters.telegram import Telegram
from app.meters.values import Values
from app.plausibility.evidence import Evidence, evidence_of
from app.plausibility.lists import Found

_KEPT_SHARE: Final = 0.99
"""Share of what a telegram is late by that is left with the next one, unless that comes sooner than
it was sent: a gateway soon hands on what it held up. What is late by the same for hundreds of
telegrams is not: clocks drift apart, or this computer's was set over a restart."""

_RECENT: Final = 64
"""Telegrams that are recognised when they come again without an invocation counter."""

_LONGEST_DELAY: Final = 86400.0
"""Seconds: no gateway delays telegrams for longer."""


class Observation(NamedTuple):
    """What the checks see of a telegram.

    Args:
        telegram: one that says something.
        evidence: what protects it.
        found: its list.
        meter: whose it is; None where only submeters report.
        counter: the invocation counter; None without ciphering.
        time: when it was sent by the meter's clock, in seconds since 1970; None when it says none.
        now: when it came, by the monotonic clock, in seconds.
        wall: the same by this computer's clock, in seconds since 1970.
        values: of the meter's reading, exact, by key. Texts among them are not looked at.
        offset: seconds by which the meter's clock is ahead of UTC.
    """

    telegram: Telegram
    evidence: Evidence
    found: Found
    meter: Meter | None
    counter: int | None
    time: float | None
    now: float
    wall: float
    values: Mapping[str, Number]
    offset: float = 0.0

    @property
    def is_told_by_time(self) -> bool:
        """Whether nothing but its time tells the telegram from those before."""
        return self.counter is None and self.time is not None

    @property
    def clock(self) -> float:
        """Seconds by the meter's clock, or by the monotonic one where it shows no time."""
        return self.now if self.time is None else self.time


def observe(telegram: Telegram, found: Found, now: float, wall: float) -> Observation:
    """Reduce a telegram that says something to what the checks see of it."""
    security, reading, sent = telegram.push.security, telegram.reading, telegram.timestamp
    offset = sent.utcoffset() if sent else None
    return Observation(
        telegram,
        evidence_of(telegram),
        found,
        reading.meter if reading else None,
        security.invocation_counter if security else None,
        sent.timestamp() if sent else None,
        now,
        wall,
        cast("Mapping[str, Number]", reading.values) if reading else {},
        offset.total_seconds() if offset else 0.0,
    )


class Seen(NamedTuple):
    """When some values came together last.

    Args:
        keys: of these, of which at least one did not come since.
        at: the monotonic seconds.
    """

    keys: Collection[str]
    at: float


class Change(NamedTuple):
    """How an energy changed last.

    Args:
        at: when, in monotonic seconds.
        number: what it was before, counted in a power of ten. No number is made of it here, as that
            takes more time and memory, and it is seldom needed.
        exponent: of that power.
    """

    at: float
    number: Number
    exponent: int = 0

    @property
    def before(self) -> Number:
        """What the energy was before."""
        return scale(self.number, self.exponent)


@dataclass(slots=True)
class Track:
    """The last telegram of a sender, and the last value of each reading.

    Args:
        now: when the last telegram came, by the monotonic clock, in seconds.
        wall: the same by this computer's clock, in seconds since 1970.
        meter: whose it is.
        counter: the last invocation counter.
        counter_may_repeat: whether telegrams may have the same one, as long as the clock goes on.
        time: what the meter's clock showed last, in seconds since 1970; None before any time.
        timed_at: monotonic seconds at which it did.
        delay: seconds by which that telegram came late, as far as known.
        restored: whether `time` is from before a restart.
        is_followed: whether others came since the last telegram, and were not accepted.
        values: the last value of each reading.
        seen: mostly one for each list. A dict of one takes 224 bytes.
        changed: how each energy changed last.
        floors: what was published of the energies that seem to have fallen a little since.
        recent: checksums of the last telegrams that only their time tells apart.
    """

    now: float = 0.0
    wall: float = 0.0
    meter: Meter | None = None
    counter: int | None = None
    counter_may_repeat: bool = False
    time: float | None = None
    timed_at: float = 0.0
    delay: float = 0.0
    restored: bool = False
    is_followed: bool = False
    values: Mapping[str, Number] = field(default_factory=lambda: NOTHING)
    seen: tuple[Seen, ...] = ()
    changed: dict[str, Change] = field(default_factory=dict)
    floors: Mapping[str, Number] = field(default_factory=lambda: NOTHING)
    recent: "array[int] | None" = None

    def is_before(self, time: float | None) -> bool:
        """Tell whether a time of the meter's clock is later than the last one."""
        return time is not None and (self.time is None or time > self.time)

    def holds(self, values: Mapping[str, Number]) -> bool:
        """Tell whether all values are the last ones."""
        return all(self.values.get(key) == value for key, value in values.items())

    def seen_at(self, key: str) -> float:
        """Return the monotonic seconds at which a value was seen last."""
        return max((one.at for one in self.seen if key in one.keys), default=self.now)

    def add(
        self,
        observation: Observation,
        values: Mapping[str, Number],
        moved: Iterable[str],
        floors: Mapping[str, Number],
    ) -> None:
        """Add a telegram.

        Args:
            observation: the telegram.
            values: those of its values that are accepted.
            moved: keys of the energies that are not what they were.
            floors: what is published of those that seem to have fallen a little.
        """
        self.go_on(observation.counter, observation.time, observation.now, observation.wall)
        self.meter = observation.meter or self.meter
        for key in moved:
            if (value := values.get(key)) is not None and value != self.values.get(key, value):
                self.changed[key] = Change(self.now, self.values[key])
        if self.floors or floors:
            others = {key: one for key, one in self.floors.items() if key not in values}
            self.floors = {**others, **floors}
        self.take(values)
        if observation.is_told_by_time:
            self.remember(checksum_of(observation.telegram))

    def take(self, values: Mapping[str, Number]) -> None:
        """Take the values of the last telegram, which are not changed any more."""
        # The keys of all telegrams that are laid out alike are kept once.
        keys = values.layout.keys if isinstance(values, Values) else tuple(values)
        is_all = values.keys() >= self.values.keys()
        self.values = values if is_all else {**self.values, **values}
        said, seen = set(keys), [Seen(keys, self.now)]
        for one in self.seen:  # the latest first
            if not said.issuperset(one.keys):
                seen.append(one)
                said.update(one.keys)
        self.seen = tuple(seen)

    def go_on(self, counter: int | None, time: float | None, now: float, wall: float) -> None:
        """Take what tells a telegram from others; see `Observation` for the arguments."""
        if time is not None:
            self.delay = self.late(time, now)
            self.time, self.timed_at, self.restored = time, now, False
        self.counter, self.now, self.wall, self.is_followed = counter, now, wall, False

    def late(self, time: float | None, now: float) -> float:
        """Return the seconds by which a telegram comes late, as a gateway delays it."""
        if time is None or self.time is None or time < self.time:
            return self.delay
        passed, metered = now - self.timed_at, time - self.time
        late = self.delay * (_KEPT_SHARE if passed >= metered else 1) + passed - metered
        return min(late, _LONGEST_DELAY) if late > 0 else 0.0

    def remember(self, checksum: int) -> None:
        """Remember a telegram, also one that is not accepted, to recognise it when it comes again.

        An invocation counter tells by itself. Without one and without a time, telegrams may be the
        same: see `Observation.is_told_by_time`. For the argument see `checksum_of`.
        """
        recent = self.recent = self.recent or array("I")
        recent.append(checksum)
        if len(recent) > _RECENT:
            del recent[0]

    def adopt(self, other: "Track", withheld: AbstractSet[str]) -> None:
        """Go on from another track, of pending telegrams that were confirmed.

        Args:
            other: the track, whose last telegram is then added here.
            withheld: keys of its values that are not accepted.
        """
        self.meter = other.meter
        if other.time is not None:
            self.time, self.timed_at = other.time, other.timed_at
            self.delay, self.restored = other.delay, False
        values = {key: value for key, value in other.values.items() if key not in withheld}
        for key, value in values.items():
            if self.values.get(key) != value:
                self.changed[key] = other.changed.get(key, Change(other.now, value))
        self.values = {**self.values, **values}
