"""A life: a meter, its household, its line and the host, on which things happen."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.dlms.ciphering import Keys
from simulator.ciphering import AUTH_KEY, KEY
from simulator.lists import Item, Layout
from simulator.meters import Meter, Telegram
from tests.support.guarded import GuardedLine
from trials.life.event import Event
from trials.life.judge import Duty, Judge, Said, Verdict
from trials.life.sender import SERIAL, Sender
from trials.life.subjects import Facts, Subject

Change = Callable[[Item], Iterable[Item]]
"""Gives the items in place of one."""

LayoutChange = Callable[[Layout], Layout]
"""Gives a layout in place of another."""

ENERGIES = ("energy", "reactive_energy")
"""Beginnings of the keys of all energies."""

_TRANSFER = 0.05
"""Seconds between two telegrams that a gateway delivers at once."""

_HOURLY_READ_BEFORE = 3
"""Hours that are read before something happens to a meter with an hourly list."""


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
    """

    def __init__(self, event: Event, subject: Subject, *, guarded: bool = True) -> None:
        self.event, self.subject = event, subject
        self.chance = random.Random(f"{event.name} {subject}")
        self.meter = Sender(subject, event.begin)
        keys = Keys(KEY, AUTH_KEY if subject.verified else None)
        self.line = GuardedLine(keys, waits_for_number=subject.about.named, guarded=guarded)
        self.judge = Judge()
        self.duty = Duty.PUBLISH
        self.optional: tuple[str, ...] = ()
        self.false: frozenset[str] = frozenset()
        self._restart_next = False
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

    def read_before(self) -> None:
        """Read the meter for a while before anything happens."""
        if self.subject.hourly and self.event.hourly:
            self.push_for(hours=_HOURLY_READ_BEFORE)
        else:
            self.push(self.event.read_before)
        self.judge.counting = True

    def settle(self) -> None:
        """Read the meter for a while after all that happened."""
        if self.subject.hourly and self.event.hourly:
            self.push_for(hours=_HOURLY_READ_BEFORE + 1)
        else:
            self.push(40)

    def end(self) -> Verdict:
        """Return what became of it."""
        self.judge.end()
        return self.judge.verdict

    # --- Telegrams ---

    def push(self, count: int = 1) -> None:
        """Let the meter push telegrams at its interval."""
        for _ in range(count):
            self._deliver(*self._next())

    def push_for(self, **duration: float) -> None:
        """Let the meter push telegrams for hours or minutes."""
        self.push(int(timedelta(**duration).total_seconds()) // self.interval)

    def lose(self, count: int = 1) -> None:
        """Let the meter push telegrams that do not arrive."""
        for _ in range(count):
            self._next()

    def next(self) -> tuple[bytes, Said]:
        """Let the meter push a telegram, and keep it back."""
        return self._next()

    def deliver(self, data: bytes, said: Said | None, seconds: float = _TRANSFER) -> None:
        """Let bytes come that were kept back, or never were the meter's."""
        self._pass(seconds)
        self._deliver(data, said)

    def damage(self) -> None:
        """Let the next telegram arrive damaged."""
        data, _ = self._next()
        middle = len(data) // 2
        self._deliver(data[:middle] + b"\xff" * 4 + data[middle + 4 :], None)

    def repeat(self, data: bytes, said: Said, seconds: float = _TRANSFER) -> None:
        """Let a telegram come once more: it says nothing new.

        With an invocation counter it has to be refused. Without one nothing tells it from a meter
        at rest as long as it is the last one, and its values are right.
        """
        again = replace(said, duty=Duty.REFUSE if self.about.ciphered else Duty.MAY)
        self.deliver(data, again, seconds)

    def _next(self) -> tuple[bytes, Said]:
        self._pass(self.interval)
        telegram, meter = self.meter.telegram()
        return telegram.data, self.said(telegram, meter)

    def said(self, telegram: Telegram, meter: Meter) -> Said:
        """Tell what is true of a telegram."""
        truth = telegram.truth
        name = (truth.meter_id or truth.system_title.hex() or self.subject.family).lower()
        said = Said.of(truth, meter.variant, name if self.about.named else None)
        return replace(said, duty=self.duty, optional=self.optional, false=self.false)

    def _deliver(self, data: bytes, said: Said | None) -> None:
        now = self.line.now
        if said and said.duty is not Duty.REFUSE:
            self.line.now += self.chance.random() / 4
        found = self.line.feed(data)
        self.line.now = now
        self.judge.judge(said, found, f"{self.subject}, {self.meter.now:%d %b %H:%M:%S}")
        if self._restart_next:
            self._restart_next = False
            self.restart()

    # --- Time ---

    def _pass(self, seconds: float) -> None:
        self._passed += seconds
        self._set_clocks()

    def _set_clocks(self) -> None:
        self.line.wall = self._wall + self._begin + self._passed
        self.line.now = self._begin + self._passed - self._slept

    def power_failure(self, **duration: float) -> None:
        """Let grid and meter be without power, for days, hours, minutes."""
        self.meter.household.at(self.meter.now)
        everyday = self.meter.household.circumstances
        self.meter.household.circumstances = replace(everyday, idle=True, solar=0, loads=())
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

    def _skip(self, duration: timedelta, *, pushing: bool) -> timedelta:
        before = self.meter.now
        self.meter.skip(duration, pushing=pushing)
        passed = self.meter.now - before
        self._pass(passed.total_seconds())
        return passed

    # --- The program ---

    def restart(self, memory: dict[str, Any] | None = None) -> None:
        """Restart the program, with the memory it had, or with an older one."""
        self.line.restart(memory)

    def restart_after_the_next_telegram(self) -> None:
        """Restart the program as soon as one more telegram came."""
        self._restart_next = True

    def memory(self) -> dict[str, Any]:
        """Return what the program would keep now."""
        return self.line.memory()

    # --- What is said of telegrams ---

    @contextmanager
    def may_withhold(self, *beginnings: str) -> Iterator[None]:
        """Keys of these beginnings may be withheld meanwhile."""
        before, self.optional = self.optional, (*self.optional, *beginnings)
        yield
        self.optional = before

    def every_list(self) -> list[Meter]:
        """Return the lists of the meter."""
        return self.meter.lists

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

    def swap(self, serial: int = SERIAL + 1) -> None:
        """Put another meter of the same sort in the place of this one."""
        self.meter.rename(serial)
