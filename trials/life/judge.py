"""Compares what is published with what the meters measured."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from app.fault import Fault
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from simulator.meters import Other

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
        meter: the id under which its values are published.
        time: what the meter's clock shows; None when it does not say.
        values: by the key of the reading.
        reports: of the meters behind the meter.
        duty: what has to become of it.
        optional: beginnings of the keys that may be withheld for ever.
        false: whether the reports are false, by what they count.
        published: the keys that were published.
    """

    list: str
    meter: str
    time: datetime | None
    values: dict[str, Decimal]
    reports: tuple[Other, ...] = ()
    duty: Duty = Duty.PUBLISH
    optional: tuple[str, ...] = ()
    false: frozenset[str] = frozenset()
    published: frozenset[str] = frozenset()

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
        self.paused = False
        """Whether nothing is compared, as nothing can show yet what is wrong."""
        self._latest: list[Said] = []
        self._newest: datetime | None = None
        """The latest time of those that were published."""
        self._published: dict[tuple[str, str], Decimal | int | str] = {}
        """By meter and key, the value that was published last."""
        self._reports: dict[str, list[Other]] = {}
        """By number of a meter behind the meter, what it reported."""
        self._published_report: dict[str, int] = {}
        """By the same, the place in that of the report that was published last."""
        self._open: dict[str, Other] = {}
        """By the same, its last report as long as that is not published."""

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
        if self.paused:
            return
        for item in found:
            if isinstance(item, Telegram) and item.fault is None:
                if item.reading:
                    self._judge(item.reading, moment)
                for other in item.others:
                    self._judge_report(other, moment)
        if said and said.duty is Duty.PUBLISH and self.counting:
            self.verdict.holds.setdefault(said.list, Hold()).count(said.missing)

    def end(self) -> None:
        """Count the last reports of the meters behind the meter."""
        for number in list(self._open):
            self._close(number)

    # --- The meter ---

    def _judge(self, reading: Reading, moment: str) -> None:
        # A telegram may become whole only with the bytes of those that follow.
        candidates = list(reversed(self._latest))
        said = next((one for one in candidates if not self._errors(reading, one)), None)
        if said is None:
            said = candidates[0]
            for kind, told in self._errors(reading, said).items():
                self._wrong(moment, kind, told)
        elif said.duty is Duty.REFUSE and not self._is_newest(said):
            self._wrong(moment, "published anew", f"{said.list} once more")
        said.published |= reading.values.keys() - self._errors(reading, said).keys()
        self._newest = max(filter(None, (self._newest, said.time)), default=None)
        name = reading.meter.id
        self._published |= {(name, key): value for key, value in reading.values.items()}

    def _errors(self, reading: Reading, said: Said) -> dict[str, str]:
        """Return what a reading says that is not true: by kind or key, for people."""
        errors = {}
        if reading.meter.id != said.meter:
            errors["ghost"] = f"meter {reading.meter.id} in place of {said.meter}"
        if None not in {reading.timestamp, said.time} and reading.timestamp != said.time:
            errors["time"] = f"time {reading.timestamp} in place of {said.time}"
        for key, value in reading.values.items():
            true = said.values.get(key)
            if isinstance(value, str):
                continue
            if true is None:
                errors[key] = f"{key} {value}, which the list does not say"
            elif value != true and not self._is_rounded(said.meter, key, value, true):
                errors[key] = f"{key} {value} in place of {true}"
        return errors

    def _is_newest(self, said: Said) -> bool:
        """Tell whether all that was published is older than a telegram."""
        return bool(said.time and self._newest and said.time > self._newest)

    def _is_rounded(self, meter: str, key: str, value: Decimal | int, true: Decimal) -> bool:
        """Tell whether an energy stays where it was, as the meter says it less exactly now."""
        stays = "energy" in key and value == self._published.get((meter, key))
        return stays and 0 < value - true < _COARSE

    # --- Those behind it ---

    def _remember(self, said: Said) -> None:
        for report in said.reports:
            if report.kind in said.false:
                continue
            reports = self._reports.setdefault(report.number, [])
            if not reports or report != reports[-1]:
                self._close(report.number)
                reports.append(report)
                if self.counting and said.duty is Duty.PUBLISH:
                    self._open[report.number] = report

    def _close(self, number: str) -> None:
        """Count a report that a newer one follows, as withheld if it was never published."""
        report = self._open.pop(number, None)
        if report:
            self._hold_of_reports(report.kind).count(f"{report.value}")

    def _judge_report(self, reading: Reading, moment: str) -> None:
        number = reading.meter.number or reading.meter.id
        reports = self._reports.get(number, [])
        for key, value in reading.values.items():
            told = f"{key} {value} of {number} at {reading.timestamp}"
            places = [n for n, one in enumerate(reports) if _is_report(reading, value, one)]
            if not places:
                self._wrong(moment, f"false {key}" if reports else "ghost", told)
            elif places[-1] < self._published_report.get(number, 0):
                self._wrong(moment, f"older {key}", told)
            else:
                self._published_report[number] = places[-1]
                if reports[places[-1]] == self._open.get(number):
                    del self._open[number]
                    self._hold_of_reports(key).count("")

    def _hold_of_reports(self, kind: str) -> Hold:
        return self.verdict.holds.setdefault(f"{kind} reports", Hold())

    def _wrong(self, moment: str, kind: str, told: str) -> None:
        self.verdict.wrong += 1
        self.verdict.kinds[kind] += 1
        if self.verdict.kinds[kind] <= 2:  # noqa: PLR2004 - of each kind a few
            self.verdict.shown = [*self.verdict.shown, f"{moment}: {told}"][:MOST_SHOWN]


def _is_report(reading: Reading, value: Decimal | int | str, report: Other) -> bool:
    """Tell whether a value is that of a report. DSMR 2 does not say which of two hours it means."""
    said, true = reading.timestamp, report.time
    same_time = said is None or said.replace(tzinfo=None) == true.replace(tzinfo=None)
    return value == report.value and same_time
