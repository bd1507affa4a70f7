"""A meter that lives: it measures its household and pushes the lists of a subject."""

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from simulator import axdr, meters
from simulator.clock import VIENNA
from simulator.household import Household, Report, Snapshot
from simulator.lists import Constant, Item, Line
from simulator.meters import Meter, Telegram
from trials.life.subjects import Subject

Showing = Callable[[Snapshot], Snapshot]
"""What becomes of what is measured before the meter shows it."""

SERIAL = 1234567

_TARIFF = "0-0:96.14.0"
_LONGEST_STEP = 600
_STEPS_OF_A_LONG_TIME = 60


class Sender:
    """A meter that pushes the lists of a subject.

    Args:
        subject: its lists.
        begin: its time at first.
        serial: what makes its names.

    Attributes:
        now: the time, aware, by which its household lives.
        household: what it measures.
        lists: its lists, the usual one first, the hourly one last.
        late: by how much the hourly list comes after the full hour.
        is_daily: whether that list is pushed at midnight only.
        showing: what becomes of what is measured before the meter shows it.
        reports: what the meters behind it reported last, where that is not their usual hourly one.
    """

    def __init__(self, subject: Subject, begin: datetime, serial: int = SERIAL) -> None:
        self.subject = subject
        self.now = begin
        self.late = timedelta(0)
        self.is_daily = False
        self.showing: Showing = lambda snapshot: snapshot
        self.reports: dict[str, Report] = {}
        self._tariff = 0
        self.lists = [meters.build(subject.family, one, serial=serial) for one in subject.variants]
        self.household = Household(
            zlib.crc32(f"{subject} {serial}".encode()),
            begin,
            phases=self.lists[0].phases,
            step=self.interval,
        )

    @property
    def interval(self) -> int:
        """Seconds between two telegrams."""
        return self.lists[0].interval

    def telegram(self, at_last: Callable[[], object] = lambda: None) -> tuple[Telegram, Meter]:
        """Push at the next interval.

        Args:
            at_last: what happens in the last second before that.

        Returns:
            The telegram, and the list that it is of.
        """
        began = self.now - self.late
        last = timedelta(seconds=min(1, self.interval / 2))
        self.now += timedelta(seconds=self.interval) - last
        at_last()
        self.now += last
        began, ended = (one.astimezone(VIENNA) for one in (began, self.now - self.late))
        is_due = began.hour != ended.hour and not (self.is_daily and ended.hour)
        return self.push(self.lists[-1] if is_due else self.lists[0])

    def push(self, meter: Meter) -> tuple[Telegram, Meter]:
        """Push a list now."""
        snapshot = self.household.at(self.now)
        if self.household.tariff != self._tariff:
            self._tariff = self.household.tariff
            for one in self.lists:
                items = tuple(_in_tariff(item, self._tariff) for item in one.layout.items)
                one.layout = replace(one.layout, items=items)
        return meter.telegram(self.showing(replace(snapshot, reports=self.reports))), meter

    def skip(self, duration: timedelta, *, pushing: bool) -> None:
        """Let a long time pass of which nothing is read.

        Args:
            duration: how long.
            pushing: whether telegrams are pushed meanwhile, which count on.
        """
        seconds = int(duration.total_seconds())
        telegrams = seconds // self.interval
        self.now += telegrams * timedelta(seconds=self.interval)
        step = max(self.interval, seconds // _STEPS_OF_A_LONG_TIME)
        self.household.step = min(step, _LONGEST_STEP)
        self.household.at(self.now)
        self.household.step = self.interval
        for meter in self.lists if pushing else ():
            meter.invocation_counter += telegrams
            meter.invoke_id += telegrams * meter.invoke_step

    def change(self, **circumstances: object) -> None:
        """Let something happen to the household, now; see `simulator.loads.Circumstances`."""
        self.household.at(self.now)
        changed = replace(self.household.circumstances, **circumstances)  # type: ignore[arg-type]
        self.household.circumstances = changed

    def rename(self, serial: int) -> None:
        """Be another meter of the same sort from now on."""
        for meter, variant in zip(self.lists, self.subject.variants, strict=True):
            meter.identity = meters.build(self.subject.family, variant, serial=serial).identity
            meter.invocation_counter = 1


def _in_tariff(item: Item, tariff: int) -> Item:
    """Let the text of the tariff follow it, as (0001), T1 or in two bytes."""
    if isinstance(item, Line) and item.obis == _TARIFF:
        return replace(item, fields=re.sub(r"\d\)", f"{tariff})", item.fields))
    if isinstance(item, Constant) and item.obis == _TARIFF and item.said:
        return replace(item, node=axdr.octet_string(bytes((0, tariff))), said=f"{tariff:04}")
    if isinstance(item, Constant) and item.obis == _TARIFF:
        return replace(item, node=axdr.octet_string(b"T%d" % tariff))
    return item
