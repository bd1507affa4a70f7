"""A meter that lives: it measures its household and pushes the lists of a subject."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from simulator import meters
from simulator.household import Household, Report, Snapshot
from simulator.loads import Load
from simulator.meters import Identity, Meter, Telegram
from trials.life.subjects import Subject

Showing = Callable[[Snapshot], Snapshot]
"""What becomes of what is measured before the meter shows it."""

SERIAL = 1234567
_LONG_STEP = 600


class Sender:
    """A meter that pushes the lists of a subject.

    Args:
        subject: its lists.
        begin: its time at first.
        serial: what makes its names.

    Attributes:
        now: the time, aware, by which its household lives.
        household: what it measures.
        showing: what becomes of what is measured before the meter shows it.
        reports: what the meters behind it reported last, where that is not their usual hourly one.
    """

    def __init__(self, subject: Subject, begin: datetime, serial: int = SERIAL) -> None:
        self.subject = subject
        self.now = begin
        self.showing: Showing = lambda snapshot: snapshot
        self.reports: dict[str, Report] = {}
        self.lists = [meters.build(subject.family, one, serial=serial) for one in subject.variants]
        self._step = min(60, self.interval)
        self.household = Household(
            zlib.crc32(f"{subject} {serial}".encode()),
            begin,
            phases=self.lists[0].phases,
            step=self._step,
        )

    @property
    def interval(self) -> int:
        """Seconds between two telegrams."""
        return self.lists[0].interval

    def telegram(self) -> tuple[Telegram, Meter]:
        """Push at the next interval; return the telegram, and the list that it is of."""
        before, self.now = self.now, self.now + timedelta(seconds=self.interval)
        hour_began = before.hour != self.now.hour
        return self.push(self.lists[-1] if hour_began else self.lists[0])

    def push(self, meter: Meter) -> tuple[Telegram, Meter]:
        """Push a list now."""
        shown = self.showing(replace(self.household.at(self.now), reports=self.reports))
        return meter.telegram(shown), meter

    def skip(self, duration: timedelta, *, pushing: bool) -> None:
        """Let a long time pass of which nothing is read.

        Args:
            duration: how long.
            pushing: whether telegrams are pushed meanwhile, which count on.
        """
        telegrams = int(duration.total_seconds()) // self.interval
        self.now += telegrams * timedelta(seconds=self.interval)
        self.household.step = min(_LONG_STEP, max(self._step, int(duration.total_seconds()) // 60))
        self.household.at(self.now)
        self.household.step = self._step
        for meter in self.lists if pushing else ():
            meter.invocation_counter += telegrams
            meter.invoke_id += telegrams * meter.invoke_step

    def draw(self, *loads: Load, **otherwise: object) -> None:
        """Draw these powers beside what comes and goes, from now on.

        Args:
            *loads: in place of those of before.
            **otherwise: other circumstances, as in `simulator.loads.Circumstances`.
        """
        self.household.at(self.now)
        changed = replace(self.household.circumstances, loads=loads, **otherwise)  # type: ignore[arg-type]
        self.household.circumstances = changed

    def rename(self, serial: int) -> None:
        """Be another meter of the same sort from now on."""
        for meter, variant in zip(self.lists, self.subject.variants, strict=True):
            new = meters.build(self.subject.family, variant, serial=serial)
            meter.identity = new.identity
            meter.invocation_counter = meter.invoke_id = 1

    @property
    def identity(self) -> Identity:
        """Its names."""
        return self.lists[0].identity
