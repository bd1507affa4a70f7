"""Compares what is published with what the meters measured."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from app.fault import Fault
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from simulator.meters import Other, Truth
from tests.support.simulated import readings

_LATEST = 30
"""Telegrams after which one that came whole only later is no longer looked for."""

_COARSE = Decimal("0.01")
"""kWh in which the coarsest meter counts."""

MOST_SHOWN = 6
"""Wrong values that are kept in full."""


class Duty(Enum):
    """What has to become of a telegram."""

    PUBLISH = "it is good and has to be published"
    MAY = "it is right and may be published"
    REFUSE = "nothing of it may be published"


@dataclass(slots=True)
class Said:
    """A telegram on the line, and what is true of it.

    Args:
        list: its list.
        meter: the id under which its values are published; None where that is not known yet.
        time: what the meter's clock shows; None when it does not say.
        values: by the key of the reading.
        reports: of the meters behind the meter.
        duty: what has to become of it.
        optional: beginnings of the keys that may be withheld for ever.
        false: whether the reports are false, by what they count.
        published: the keys that were published.
    """

    list: str
    meter: str | None
    time: datetime | None
    values: dict[str, Decimal]
    reports: tuple[Other, ...] = ()
    duty: Duty = Duty.PUBLISH
    optional: tuple[str, ...] = ()
    false: frozenset[str] = frozenset()
    published: frozenset[str] = frozenset()

    @classmethod
    def of(cls, truth: Truth, list_: str, meter: str | None) -> "Said":
        """Say what a simulated telegram says."""
        time = truth.timestamp if truth.says_time else None
        return cls(list_, meter, time, readings(truth), truth.others)

    @property
    def missing(self) -> str:
        """What has to be published and was not, for people; empty for nothing."""
        wanted = {key for key in self.values if not key.startswith(self.optional or ("?",))}
        if missing := wanted - self.published:
            return ", ".join(sorted(missing)) if self.published else "all"
        return ""


@dataclass(slots=True)
class Hold:
    """How long good telegrams of one list were withheld.

    Args:
        good: telegrams that had to be published.
        held: those of them of which not everything was.
        run: how many of these in a row until now.
        longest: the most in a row.
        missing: what was withheld in the longest row.
    """

    good: int = 0
    held: int = 0
    run: int = 0
    longest: int = 0
    missing: str = ""

    def count(self, missing: str) -> None:
        """Count a telegram of which something is missing, or nothing."""
        self.good += 1
        self.held += bool(missing)
        self.run = self.run + 1 if missing else 0
        if self.run > self.longest:
            self.longest, self.missing = self.run, missing


@dataclass
class Verdict:
    """What became of an event on a subject.

    Args:
        wrong: wrong values.
        shown: the first of them in full.
        holds: by list, and by meter behind the meter.
        kinds: how often, by kind of wrong value.
    """

    wrong: int = 0
    shown: list[str] = field(default_factory=list)
    holds: dict[str, Hold] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)


class Judge:
    """Compares what is published with what is true, telegram by telegram."""

    def __init__(self) -> None:
        self.verdict = Verdict()
        self.counting = False
        """Whether good telegrams are counted that are withheld."""
        self._latest: list[Said] = []
        self._last: dict[str, Decimal] = {}
        self._reports: dict[str, list[Other]] = {}
        self._shown: dict[str, int] = {}
        self._open: dict[str, Other] = {}

    def judge(self, said: Said | None, found: list[Telegram | Fault], moment: str) -> None:
        """Compare what came out of decoder and guard when a telegram went in.

        Args:
            said: the telegram; None for bytes that are none.
            found: what came out.
            moment: when, for people.
        """
        if said:
            self._latest = [*self._latest[-_LATEST:], said]
            self._remember(said)
        for item in found:
            if isinstance(item, Telegram) and item.fault is None:
                if item.reading:
                    self._main(item.reading, said, moment)
                for other in item.others:
                    self._other(other, moment)
        if said and said.duty is Duty.PUBLISH and self.counting:
            self._count(said)

    def end(self) -> None:
        """Count the last reports of the meters behind the meter."""
        for number in list(self._open):
            self._close(number)

    # --- The meter ---

    def _main(self, reading: Reading, said: Said | None, moment: str) -> None:
        candidates = [one for one in (said, *reversed(self._latest)) if one]
        for one in candidates:
            if not list(self._errors(reading, one)):
                one.published |= reading.values.keys()
                if one.duty is Duty.REFUSE:
                    self._wrong(moment, "published anew", f"{one.list} once more")
                break
        else:
            errors = dict(self._errors(reading, candidates[0])) if candidates else {}
            for error, told in errors.items():
                self._wrong(moment, error, told)
            if candidates:
                candidates[0].published |= reading.values.keys() - errors.keys()
        self._last |= {k: v for k, v in reading.values.items() if isinstance(v, Decimal)}

    def _errors(self, reading: Reading, said: Said) -> Iterator[tuple[str, str]]:
        """Give what a reading says that is not true: its kind, and the whole for people."""
        if said.meter is not None and reading.meter.id != said.meter:
            yield "ghost", f"meter {reading.meter.id} in place of {said.meter}"
        if None not in {reading.timestamp, said.time} and reading.timestamp != said.time:
            yield "time", f"time {reading.timestamp} in place of {said.time}"
        for key, value in reading.values.items():
            true = said.values.get(key)
            if isinstance(value, str):
                continue
            if true is None:
                yield f"{key} unknown", f"{key} {value}, which the list does not say"
            elif value != true and not self._rounded(key, value, true):
                yield key, f"{key} {value} in place of {true}"

    def _rounded(self, key: str, value: Decimal | int, true: Decimal) -> bool:
        """Tell whether an energy stays where it was, as the meter says it less exactly now."""
        return "energy" in key and value == self._last.get(key) and 0 < value - true < _COARSE

    def _count(self, said: Said) -> None:
        hold = self.verdict.holds.setdefault(said.list, Hold())
        hold.count(said.missing)

    # --- Those behind it ---

    def _remember(self, said: Said) -> None:
        for report in said.reports:
            if report.kind in said.false:
                continue
            reports = self._reports.setdefault(report.number, [])
            if not reports or report != reports[-1]:
                self._close(report.number)
                reports.append(report)
                if self.counting:
                    self._open[report.number] = report

    def _close(self, number: str) -> None:
        """Count a report that a newer one follows, as withheld if it was never published."""
        report = self._open.pop(number, None)
        if report:
            hold = self.verdict.holds.setdefault(f"{report.kind} reports", Hold())
            hold.count(f"{report.value}")

    def _other(self, reading: Reading, moment: str) -> None:
        number = reading.meter.number or reading.meter.id
        reports = self._reports.get(number)
        for key, value in reading.values.items():
            told = f"{key} {value} of {number} at {reading.timestamp}"
            found = [
                n
                for n, one in enumerate(reports or ())
                if one.value == value and reading.timestamp in {one.time, None}
            ]
            if not reports or not found:
                self._wrong(moment, f"false {key}" if reports else "ghost", told)
            elif found[-1] < self._shown.get(number, 0):
                self._wrong(moment, f"older {key}", told)
            else:
                self._shown[number] = found[-1]
                if reports[found[-1]] == self._open.get(number):
                    self._count_report(number)

    def _count_report(self, number: str) -> None:
        report = self._open.pop(number)
        self.verdict.holds.setdefault(f"{report.kind} reports", Hold()).count("")

    def _wrong(self, moment: str, kind: str, told: str) -> None:
        self.verdict.wrong += 1
        self.verdict.kinds[kind] += 1
        if self.verdict.kinds[kind] <= 2:  # noqa: PLR2004 - of each kind a few
            self.verdict.shown = [*self.verdict.shown, f"{moment}: {told}"][:MOST_SHOWN]
