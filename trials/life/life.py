"""A life: a meter, its household, its line and the host, on which things happen."""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.dlms.ciphering import Keys
from simulator.ciphering import AUTH_KEY, KEY
from simulator.lists import Item, Layout
from simulator.meters import Meter, Telegram
from tests.support.guarded import GuardedLine
from tests.support.simulated import numbers
from trials.life.event import Event
from trials.life.judge import Duty, Judge, Said, Verdict
from trials.life.sender import Sender
from trials.life.subjects import Facts, Subject

Change = Callable[[Item], Iterable[Item]]
"""Gives the items in place of one."""

LayoutChange = Callable[[Layout], Layout]
"""Gives a layout in place of another."""

ENERGIES = ("energy", "reactive_energy")
"""Beginnings of the keys of all energies."""

_TRANSFER = 0.05
"""Seconds between two telegrams that a gateway delivers at once."""

_READ_BEFORE, _READ_AFTER = 30, 30
"""Telegrams that are read before and after what happens."""

_HOURS_BEFORE, _HOURS_AFTER = 10, 3
"""The same in hours, for meters with an hourly list."""


class Life:
    """A meter on a line, and all that can happen to both.

    Args:
        event: that is to happen.
        subject: to which.
        guarded: False to publish everything, which shows what a scenario is like by itself.

    Attributes:
        meter: the meter on the line.
        line: decoder and guard.
        chance: of this event and subject.
        duty: what has to become of the telegrams that are pushed.
        optional: beginnings of the keys that may be withheld for ever.
        false: the reports that are false, by what they count.
        after_the_next: what happens as soon as one more telegram came.
    """

    def __init__(self, event: Event, subject: Subject, *, guarded: bool = True) -> None:
        self.event, self.subject = event, subject
        self.chance = random.Random(f"{event.name} {subject}")
        self.meter = Sender(subject, event.begin)
        keys = Keys(KEY, AUTH_KEY if subject.verified else None)
        self.line = GuardedLine(
            keys,
            waits_for_number=subject.about.named,
            guarded=guarded,
            now=lambda: datetime.fromtimestamp(self.line.wall, UTC),
        )
        self.judge = Judge()
        self.duty = Duty.PUBLISH
        self.optional: tuple[str, ...] = ()
        self.false: frozenset[str] = frozenset()
        self.after_the_next: Callable[[], object] | None = None
        self._passed = 0.0
        self._slept = 0.0
        self._begin = self.line.now
        self._wall = event.begin.timestamp() - self._begin
        self._set_clocks()

    @property
    def about(self) -> Facts:
        """What the meter's lists say."""
        return self.subject.about

    @property
    def interval(self) -> int:
        """Seconds between two telegrams."""
        return self.meter.interval

    @property
    def _lasts_hours(self) -> bool:
        return self.event.hours and self.about.hourly

    def read_before(self) -> None:
        """Read the meter for a while before anything happens."""
        self.event.before(self)
        if self._lasts_hours:
            for _ in range(_HOURS_BEFORE):  # around the full hour
                self.push_for(minutes=2)
                self.lose_for(minutes=58)
            self.push_for(hours=1)
        else:
            self.push(_READ_BEFORE)
        self.judge.counting = True

    def settle(self) -> None:
        """Read the meter for a while after all that happened."""
        if self._lasts_hours:
            self.push_for(hours=_HOURS_AFTER)
        else:
            self.push(_READ_AFTER)

    def end(self) -> Verdict:
        """Return what became of it."""
        self.judge.end()
        return self.judge.verdict

    # --- Telegrams ---

    def push(self, count: int = 1) -> None:
        """Let the meter push telegrams at its interval."""
        for _ in range(count):
            self._deliver(*self.next())

    def push_late(self, **circumstances: object) -> None:
        """Let something happen in the last second before the meter pushes its next telegram."""
        self._deliver(*self.next(lambda: self.meter.change(**circumstances)))

    def push_for(self, **duration: float) -> None:
        """Let the meter push telegrams for hours or minutes."""
        self.push(int(timedelta(**duration).total_seconds()) // self.interval)

    def lose(self, count: int = 1) -> None:
        """Let the meter push telegrams that do not arrive."""
        for _ in range(count):
            self.next()

    def next(self, at_last: Callable[[], object] = lambda: None) -> tuple[bytes, Said]:
        """Let the meter push a telegram, and keep it back."""
        telegram, list_ = self.meter.telegram(at_last)
        self._follow()
        return telegram.data, self.said(telegram, list_)

    def next_damaged(self, more: Mapping[str, int | Decimal]) -> bytes:
        """Let the meter push a telegram with other values, as if a right checksum hid damage.

        Args:
            more: these values, by OBIS groups C to E.
        """
        usual = self.meter.showing
        wrong = {code: Decimal(value) for code, value in more.items()}
        self.meter.showing = lambda shown: replace(shown, values={**shown.values, **wrong})
        data, _ = self.next()
        self.meter.showing = usual
        return data

    def deliver(self, data: bytes, said: Said | None, seconds: float = _TRANSFER) -> None:
        """Let bytes come that were kept back, or never were the meter's."""
        self._passed += seconds
        self._set_clocks()
        self._deliver(data, said)

    def damage(self) -> None:
        """Let the next telegram arrive damaged."""
        data, _ = self.next()
        middle = len(data) // 2
        flipped = bytes(one ^ 0xFF for one in data[middle : middle + 4])
        self._deliver(data[:middle] + flipped + data[middle + 4 :], None)

    def repeat(self, data: bytes, said: Said, seconds: float = _TRANSFER) -> None:
        """Let a telegram come once more: it says nothing new.

        With an invocation counter it has to be refused. Without one nothing tells it from a meter
        at rest as long as it is the last one, and its values are right.
        """
        again = replace(said, duty=Duty.REFUSE if self.about.ciphered else Duty.MAY)
        self.deliver(data, again, seconds)

    def said(self, telegram: Telegram, list_: Meter) -> Said:
        """Tell what is true of a telegram of a list."""
        truth = telegram.truth
        says_time = truth.says_time and not list_.clock_time.unknown
        return Said(
            list_.variant,
            # Under the name of the line where the meter has none.
            (truth.meter_id or truth.system_title.hex() or self.subject.family).lower(),
            truth.timestamp if says_time else None,
            numbers(truth),
            reports=truth.others,
            duty=self.duty,
            optional=self.optional,
            false=self.false,
        )

    def _deliver(self, data: bytes, said: Said | None) -> None:
        now = self.line.now
        self.line.now += self.chance.random() / 4
        found = self.line.feed(data)
        self.line.now = now
        self.judge.judge(said, found, f"{self.subject}, {self.meter.now:%d %b %H:%M:%S}")
        then, self.after_the_next = self.after_the_next, None
        if then:
            then()

    # --- Time ---

    def _follow(self) -> None:
        """Let the time pass that passed for the meter; a gateway may already be later."""
        lived = (self.meter.now - self.event.begin).total_seconds()
        self._passed = max(self._passed, lived)
        self._set_clocks()

    def _set_clocks(self) -> None:
        self.line.wall = self._wall + self._begin + self._passed
        self.line.now = self._begin + self._passed - self._slept

    def power_failure(self, **duration: float) -> None:
        """Let household and meter be without power, for days, hours, minutes."""
        everyday = self.meter.household.circumstances
        self.meter.change(idle=True, solar=0, loads=())
        self._skip(timedelta(**duration), pushing=False)
        self.meter.household.circumstances = everyday

    def lose_for(self, **duration: float) -> None:
        """Lose all telegrams for days, hours, minutes; the household goes on."""
        self._skip(timedelta(**duration), pushing=True)

    def stop_for(self, **duration: float) -> None:
        """Let the program not run for days, hours, minutes."""
        memory = self.memory()
        self.lose_for(**duration)
        self.restart(memory)

    def suspend_for(self, **duration: float) -> None:
        """Let the host be suspended: its monotonic clock stands still."""
        passed = self._skip(timedelta(**duration), pushing=True)
        self._slept += passed.total_seconds()
        self._set_clocks()

    def set_host_clock(self, **by: float) -> None:
        """Set the host's clock, as network time does after a start without battery."""
        self._wall += timedelta(**by).total_seconds()
        self._set_clocks()

    def _skip(self, duration: timedelta, *, pushing: bool) -> timedelta:
        before = self.meter.now
        self.meter.skip(duration, pushing=pushing)
        self._follow()
        return self.meter.now - before

    # --- The program ---

    def restart(self, memory: dict[str, Any] | None = None, keys: Keys | None = None) -> None:
        """Restart the program, with the memory it had or another one, perhaps with other keys."""
        self.line.restart(memory, keys)

    def memory(self) -> dict[str, Any]:
        """Return what the program would keep now."""
        return self.line.memory()

    # --- The meter ---

    def rewrite(self, change: Change) -> None:
        """Let another firmware send other lists.

        Args:
            change: gives the items in place of one.
        """
        for meter in self.meter.lists:
            items = tuple(new for item in meter.layout.items for new in change(item))
            meter.layout = replace(meter.layout, items=items)

    def relayout(self, change: LayoutChange) -> None:
        """Let another firmware lay out its lists otherwise."""
        for meter in self.meter.lists:
            meter.layout = change(meter.layout)
