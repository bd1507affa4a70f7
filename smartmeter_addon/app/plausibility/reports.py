"""The reports of the meters behind the meter: gas, water, heat.

A P1 telegram repeats the last report of each until the next one, mostly for an hour. So a report is
judged by itself. One that goes on from the last is published when it is said twice, which damage
hardly ever is. For one that does not, being said again is no news: newer reports confirm it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from app.cosem.unit import Number
from app.language.catalogue import Sentence
from app.meters.limits import MOST_SENDERS
from app.meters.quantities import MOST_PER_HOUR
from app.meters.reading import Meter, Reading
from app.meters.telegram import Withheld

REPORT_SECONDS: Final = 3900.0
"""Longest time between two reports: an hour and five minutes."""

_LATE: Final = 600.0
"""Seconds by which a submeter may misstate when it measured."""

_UNTIL: Final = Sentence("withheld.until_report")

_CONFIRMATIONS: Final = 2
"""Newer reports that go on from one that does not follow from the accepted ones."""


class _Report(NamedTuple):
    """What a submeter said.

    Args:
        time: when it measured, in seconds since 1970; None when it does not say.
        key: of the reading.
        value: its counter.
        at: when it was seen first, by the monotonic clock, in seconds.
    """

    time: float | None
    key: str
    value: Number
    at: float

    def says_the_same(self, other: "_Report | None") -> bool:
        """Tell whether this is the same report again."""
        return other is not None and self[:3] == other[:3]

    def goes_on_from(self, last: "_Report") -> bool:
        """Tell whether this report follows from another one."""
        moved = float(self.value - last.value)
        passed = max(0.0, self.at - last.at) + REPORT_SECONDS
        if self.time is not None and last.time is not None:
            measured = self.time - last.time
            # A report that says another value says another time.
            if not 0 <= measured <= passed or (moved and not measured):
                return False
            passed = measured + _LATE
        most = MOST_PER_HOUR.get(self.key, 0.0)
        return self.key == last.key and 0 <= moved <= most * passed / 3600


@dataclass(slots=True)
class _Submeter:
    """What is known of one submeter.

    Args:
        id: of the submeter.
        accepted: its last report that was accepted.
        number: of the submeter; None when it is not known.
        is_repeated: whether that one was said again; some submeters say another each time.
        pending: the last one that was not.
        confirmations: reports that went on from that one.
        since: when the first pending one came, by this computer's clock, in seconds since 1970.
    """

    id: str
    accepted: _Report
    number: str | None = None
    is_repeated: bool = True
    pending: _Report | None = None
    confirmations: int = 0
    since: float = 0.0

    def accepts(self, report: _Report, wall: float) -> bool:
        """Decide about a report; the last argument is when it came, see `since`."""
        last, pending = self.accepted, self.pending
        if report.says_the_same(last):
            self.is_repeated = True
            return True
        follows = report.goes_on_from(last)
        if report.says_the_same(pending):
            # A first report that was said once may have been damaged, unless this says nothing.
            follows = follows or (not self.is_repeated and bool(report.value))
            self.is_repeated = self.is_repeated or follows
            return follows
        if pending and report.goes_on_from(pending):
            self.confirmations += 1
            follows = follows or self.confirmations >= _CONFIRMATIONS
            self.is_repeated = self.is_repeated and not follows
        else:
            follows = follows and not self.is_repeated
            self.confirmations = 0
            self.since = self.since if pending else wall
        self.pending = report
        return follows


class Reports:
    """The submeters of one sender."""

    __slots__ = ("_submeters",)

    def __init__(self) -> None:
        self._submeters: tuple[_Submeter, ...] = ()  # mostly none, or one or two

    @property
    def numbers(self) -> dict[str, str | None]:
        """The numbers of the submeters, by id."""
        return {one.id: one.number for one in self._submeters}

    def know(self, meter: Meter) -> bool:
        """Tell whether a submeter is known: its id and, as several may give one id, its number."""
        known = self._of(meter)
        return known is not None and known.number in {None, meter.number}

    def lost_a_number(self, others: Iterable[Reading]) -> bool:
        """Tell whether a submeter without a number may be a known one, which is missing."""
        ids = {one.meter.id for one in others}
        missing = {one.accepted.key for one in self._submeters if one.id not in ids}
        return any(
            one.meter.number is None and not self.know(one.meter) and missing & one.values.keys()
            for one in others
        )

    @property
    def are_repeated(self) -> bool:
        """Whether the last report of each submeter was accepted and said again."""
        return all(one.is_repeated and not one.pending for one in self._submeters)

    def pending(self, others: Iterable[Reading], now: float, wall: float) -> set[str]:
        """Decide about the reports of a telegram; return the ids of those that are not published.

        Args:
            others: readings of submeters.
            now: by the monotonic clock, in seconds.
            wall: by this computer's clock, in seconds since 1970.
        """
        pending = set()
        for reading in others:
            known, report = self._of(reading.meter), _report(reading, now)
            if known and report and not known.accepts(report, wall):
                pending.add(reading.meter.id)
        return pending

    def accept(self, reading: Reading, now: float) -> None:
        """Take a report that is published; see `pending` for the arguments."""
        meter, report = reading.meter, _report(reading, now)
        if report is None:
            return
        if (known := self._of(meter)) is None:
            known = _Submeter(meter.id, report, is_repeated=False)
            self._submeters = (*self._submeters, known)[-MOST_SENDERS:]
        # The texts of the meter, which is kept for its readings, too.
        known.pending, known.id, known.number = None, meter.id, meter.number
        if not report.says_the_same(known.accepted):
            known.accepted = report

    def overdue(self, wall: float) -> list[Withheld]:
        """Return what is withheld for longer than two reports take."""
        told = []
        for known in self._submeters:
            if (one := known.pending) and wall - known.since > 2 * REPORT_SECONDS:
                said = {"key": one.key, "value": one.value, "last": known.accepted.value}
                told.append(Withheld(one.key, Sentence("check.report", said), _UNTIL, known.since))
        return told

    def memory(self) -> dict[str, str]:
        """Return what is kept over a restart: counters and times by id and key, as text."""
        kept: dict[str, str] = {}
        for known in self._submeters:
            kept[f"{known.id}/{known.accepted.key}"] = str(known.accepted.value)
            if known.accepted.time is not None:
                kept[f"{known.id}/time"] = str(int(known.accepted.time))
        return kept

    def restore(self, kept: Mapping[str, Decimal], numbers: Mapping[str, str], then: float) -> None:
        """Restore what `memory` returned before a restart.

        Args:
            kept: the counters, and others, which are left alone.
            numbers: of the submeters, by id, and others; version 0.1.0 kept none.
            then: when the last telegram came, by the monotonic clock of now.
        """
        for path, value in kept.items():
            name, slash, key = path.rpartition("/")
            if slash and key != "time":
                time = kept.get(f"{name}/time")
                report = _Report(None if time is None else float(time), key, value, then)
                others = (one for one in self._submeters if one.id != name)
                self._submeters = (*others, _Submeter(name, report, numbers.get(name)))

    def _of(self, meter: Meter) -> _Submeter | None:
        return next((one for one in self._submeters if one.id == meter.id), None)


def _report(reading: Reading, now: float) -> _Report | None:
    for key, value in reading.values.items():
        if not isinstance(value, str):
            sent = reading.timestamp
            return _Report(sent.timestamp() if sent else None, key, value, now)
    return None
