"""The reports of the meters behind the meter: gas, water, heat.

A P1 telegram repeats the last report of each until the next one, mostly for an hour. So a report is
judged by itself: the same one again is no news, whatever it says, and confirms nothing.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from app.cosem.unit import Number
from app.meters.limits import MOST_SENDERS
from app.meters.quantities import MOST_PER_HOUR
from app.meters.reading import Reading
from app.meters.telegram import Withheld

REPORT_SECONDS: Final = 3900.0
"""Longest time between two reports: an hour and five minutes."""

_LATE: Final = 600.0
"""Seconds by which a submeter may report late, and be ahead of the meter's clock."""

_UNTIL: Final = "a newer report that goes on from the last one that was published"

_CONFIRMATIONS: Final = 2
"""Newer reports that go on from one that does not follow from the accepted ones."""


class Report(NamedTuple):
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

    def says_the_same(self, other: "Report") -> bool:
        """Tell whether this is the same report again."""
        return (self.time, self.key, self.value) == (other.time, other.key, other.value)

    def corrects(self, last: "Report") -> bool:
        """Tell whether this report, said twice, shows that another one said once was damaged.

        A meter that says zero may have nothing to say.
        """
        return self.time is not None and self.time == last.time and bool(self.value)

    def goes_on_from(self, last: "Report") -> bool:
        """Tell whether this report follows from another one."""
        moved = float(self.value - last.value)
        passed = max(0.0, self.at - last.at) + REPORT_SECONDS
        if self.time is not None and last.time is not None:
            measured = self.time - last.time
            # A report that says another value says another time.
            if not 0 <= measured <= passed + _LATE or (moved and not measured):
                return False
            passed = measured + _LATE
        most = MOST_PER_HOUR.get(self.key, 0.0)
        return self.key == last.key and 0 <= moved <= most * passed / 3600


@dataclass(slots=True)
class _Submeter:
    """What is known of one submeter.

    Args:
        accepted: its last report that was accepted; None for none.
        reading: that one as it came.
        in_time: whether that one was not ahead of the meter's clock, or off the hour.
        seen: the last one that says the same value at another time.
        is_single: whether that one is the first and came in one telegram only.
        pending: the last one that does not follow from it.
        confirmations: reports that went on from that one.
        sentence: why the pending ones do not follow.
        since: when the first of them came, by this computer's clock, in seconds since 1970.
    """

    accepted: Report | None = None
    reading: Reading | None = None
    in_time: bool = False
    is_single: bool = False
    seen: Report | None = None
    pending: Report | None = None
    confirmations: int = 0
    sentence: str = ""
    since: float = 0.0


class Pending(NamedTuple):
    """A report that is not published.

    Args:
        sentence: why.
        is_new: whether it came for the first time.
    """

    sentence: str
    is_new: bool


class Reports:
    """The submeters of one sender, by id."""

    __slots__ = ("_submeters",)

    def __init__(self) -> None:
        self._submeters: dict[str, _Submeter] = {}

    def pending(
        self, others: Iterable[Reading], sent: float | None, now: float, wall: float
    ) -> dict[str, Pending]:
        """Decide about the reports of a telegram; return those that are pending, by id.

        See `judge` for the arguments.
        """
        judged = {one.meter.id: self.judge(one, sent, now, wall) for one in others}
        return {name: pending for name, pending in judged.items() if pending}

    def judge(
        self, reading: Reading, sent: float | None, now: float, wall: float
    ) -> Pending | None:
        """Decide about a report; None when it follows from those before.

        Args:
            reading: of a submeter.
            sent: the telegram's time, in seconds since 1970; None when it says none.
            now: by the monotonic clock, in seconds.
            wall: by this computer's clock, in seconds since 1970.
        """
        report = _report(reading, now)
        known = self._submeters.get(reading.meter.id)
        if report is None or known is None:
            return None
        sentence = _out_of_time(reading, sent) if known.in_time else None
        last = known.accepted
        if sentence is None and last and report.value == last.value and report.time != last.time:
            # No value is lost by waiting for this time to come again.
            seen, known.seen = known.seen, report
            if seen is None or not report.says_the_same(seen):
                return Pending("a submeter says the same at another time", is_new=False)
        if sentence is None and (
            last is None or report.says_the_same(last) or report.goes_on_from(last)
        ):
            return None
        if sentence is None and last is not None:
            sentence = f"{report.key} is reported as {report.value} after {last.value}"
        pending = known.pending
        is_new = pending is None or not report.says_the_same(pending)
        if is_new and pending and report.goes_on_from(pending):
            known.pending, known.confirmations = report, known.confirmations + 1
            if known.confirmations >= _CONFIRMATIONS:
                return None
            is_new = False
        elif last and known.is_single and not is_new and report.corrects(last):
            return None
        elif is_new:
            known.since = known.since if pending else wall
            known.pending, known.confirmations = report, 0
        known.sentence = sentence or ""
        return Pending(known.sentence, is_new)

    def repeat(self, others: Iterable[Reading]) -> bool:
        """Tell whether reports are the accepted ones again."""
        for reading in others:
            known = self._submeters.get(reading.meter.id)
            last = known and known.pending is None and known.reading
            if not last or last.timestamp != reading.timestamp or last.values != reading.values:
                return False
        return True

    def accept(self, reading: Reading, sent: float | None, now: float) -> None:
        """Take a report that is published; see `judge` for the arguments."""
        if report := _report(reading, now):
            known = self._submeters.setdefault(reading.meter.id, _Submeter())
            if len(self._submeters) > MOST_SENDERS:
                del self._submeters[next(iter(self._submeters))]
            known.is_single = known.accepted is None
            if known.accepted is None or not report.says_the_same(known.accepted):
                known.accepted = report
                known.in_time = _out_of_time(reading, sent) is None
            known.reading = reading
            known.pending = None

    @property
    def ids(self) -> AbstractSet[str]:
        """The ids of the submeters."""
        return self._submeters.keys()

    def overdue(self, wall: float) -> list[Withheld]:
        """Return what is withheld for longer than two reports take."""
        return [
            Withheld(known.pending.key, known.sentence, _UNTIL, known.since)
            for known in self._submeters.values()
            if known.pending and wall - known.since > 2 * REPORT_SECONDS
        ]

    def memory(self) -> dict[str, str]:
        """Return what is kept over a restart: counters and times by id and key, as text."""
        kept: dict[str, str] = {}
        for name, known in self._submeters.items():
            if known.accepted:
                kept[f"{name}/{known.accepted.key}"] = str(known.accepted.value)
                if known.accepted.time is not None:
                    kept[f"{name}/time"] = str(int(known.accepted.time))
        return kept

    def restore(self, kept: dict[str, Decimal], then: float) -> None:
        """Restore what `memory` returned before a restart.

        Args:
            kept: the counters, and others, which are left alone.
            then: when the last telegram came, by the monotonic clock of now.
        """
        for path, value in kept.items():
            name, slash, key = path.rpartition("/")
            if slash and key != "time":
                time = kept.get(f"{name}/time")
                report = Report(None if time is None else float(time), key, value, then)
                on_the_hour = report.time is not None and not report.time % 3600
                self._submeters[name] = _Submeter(report, in_time=on_the_hour)


def _report(reading: Reading, now: float) -> Report | None:
    for key, value in reading.values.items():
        if not isinstance(value, str):
            sent = reading.timestamp
            return Report(sent.timestamp() if sent else None, key, value, now)
    return None


def _out_of_time(reading: Reading, sent: float | None) -> str | None:
    """Tell why a report cannot be of its time; None if it can."""
    reported = reading.timestamp
    if reported is None:
        return None
    if sent is None:
        # DSMR 2 says no time of the meter itself; its submeters report on the hour.
        return "a submeter reports off the hour" if reported.minute or reported.second else None
    if reported.timestamp() > sent + _LATE:
        return "a submeter reports ahead of the meter's clock"
    return None
