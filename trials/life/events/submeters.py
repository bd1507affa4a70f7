"""Meters behind the meter: gas, water, heat; a telegram repeats their last report until the next.

A report is confirmed by a newer report and by nothing else. So what is withheld is counted in
reports, and a false report may never be published, however often the telegram repeats it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from simulator.household import Report
from simulator.lists import WATER, Behind
from trials.life.event import enroll, event
from trials.life.life import Life
from trials.life.subjects import Facts

_FLOWS = {"gas": Decimal("0.021"), "water": Decimal("0.013"), "heat": Decimal("0.002")}
"""What each counts from report to report."""

_NO_REPORT = "632525252525S"
_OF_1970 = "700101010000W"


def _behind(facts: Facts) -> bool:
    return bool(facts.behind)


class _Reports:
    """The reports of the meters behind a meter: each minute, or each five of a slower meter.

    Args:
        life: of the meter.
    """

    def __init__(self, life: Life) -> None:
        self.life = life
        self.period = timedelta(minutes=1 if life.interval == 1 else 5)
        values = life.meter.household.at(life.meter.now).values
        last = life.meter.reports
        self.counted = {
            name: last[name].value if name in last else values[name] or Decimal()
            for name in life.about.behind
        }
        self.numbers: dict[str, str | None] = dict.fromkeys(self.counted)
        self.first = life.about.behind[0]

    def come(self, count: int = 1, telegrams: int = 0) -> None:
        """Let new reports come.

        Args:
            count: how many.
            telegrams: that repeat each; as many as come until the next one is due.
        """
        for _ in range(count):
            for name in self.counted:
                self.counted[name] += _FLOWS[name]
                report = Report(self.life.meter.now, self.counted[name], self.numbers[name])
                self.life.meter.reports[name] = report
            self.repeat(telegrams)

    def repeat(self, telegrams: int = 0) -> None:
        """Let telegrams repeat the last report until the next one is due."""
        self.life.push(telegrams or self.period // timedelta(seconds=self.life.interval))

    def false(self, value: Decimal, time: str | timedelta = timedelta(0)) -> None:
        """Let a false report of the first of them come, repeated until the next one.

        Args:
            value: that it says.
            time: that it says: as written, or how long ago.
        """
        said = self.life.meter.now - time if isinstance(time, timedelta) else self.written(time)
        self.life.meter.reports[self.first] = Report(said, value, self.numbers[self.first])
        self.life.false = frozenset({self.first})
        self.repeat()
        self.life.false = frozenset()

    def written(self, time: str) -> str:
        """Return a time as it is written: DSMR 2 does not say whether it is summer."""
        return time.rstrip("SW") if self.channel(1).own_line else time

    def channel(self, number: int) -> Behind:
        """Return the first of the meters behind the meter, on another channel."""
        (meter,) = self.life.meter.lists
        behind = next(item for item in meter.layout.items if isinstance(item, Behind))
        return replace(behind, channel=number)


def _reports_before(life: Life) -> None:
    _Reports(life).come(6, 12)


@event(_behind)
def submeter_reports_for_the_first_time(life: Life) -> None:
    """Meters behind the meter report anew, for the first time since they are read."""
    _Reports(life).come(5)


@event(_behind, before=_reports_before)
def submeter_reports(life: Life) -> None:
    """Meters behind the meter report again and again."""
    _Reports(life).come(5)


_FALSE: dict[str, tuple[str, Decimal, str | timedelta]] = {
    "zero": ("A report says 0, with a valid time.", Decimal(0), timedelta(0)),
    "zero_without_a_time": ("A report says 0, and no time.", Decimal(0), _NO_REPORT),
    "zero_of_1970": ("A report says 0, and a time of 1970.", Decimal(0), _OF_1970),
    "2300_cubic_metres": ("A report says far too much.", Decimal("12300.5"), timedelta(0)),
    "zero_of_an_hour_ago": ("An old report says 0.", Decimal(0), timedelta(hours=1)),
}
for _name, (_story, _value, _time) in _FALSE.items():

    def _report_falsely(life: Life, value: Decimal = _value, time: str | timedelta = _time) -> None:
        reports = _Reports(life)
        reports.come(2)
        reports.false(value, time)
        reports.come(3)

    enroll(f"submeter_reports_{_name}", _story, _report_falsely, _behind, before=_reports_before)


@event(_behind, before=_reports_before)
def submeter_reports_zero_twice(life: Life) -> None:
    """Two false reports of 0 come one after the other; then right ones again."""
    reports = _Reports(life)
    reports.come(2)
    reports.false(Decimal(0))
    reports.false(Decimal(0))
    reports.come(3)


@event(_behind, before=_reports_before)
def submeter_goes_back_in_time(life: Life) -> None:
    """A report comes once more that is three reports old, with its own time."""
    reports = _Reports(life)
    reports.come()
    old = reports.counted[reports.first]
    reports.come(3)
    reports.false(old, 4 * reports.period)
    reports.come(3)


@event(_behind, before=_reports_before)
def submeter_reports_zero_at_a_restart(life: Life) -> None:
    """The program is restarted while a false report of 0 is repeated."""
    reports = _Reports(life)
    reports.come(2)
    life.after_the_next = life.restart
    reports.false(Decimal(0))
    life.after_the_next = life.restart
    reports.come(3)


@event(_behind, before=_reports_before)
def submeter_replaced(life: Life) -> None:
    """The gas meter is replaced: another number, a counter near zero."""
    reports = _Reports(life)
    reports.come(2)
    reports.numbers[reports.first] = "G0099000000000042"
    reports.counted[reports.first] = Decimal("0.400")
    reports.come(5)


@event(_behind, before=_reports_before)
def submeter_reset(life: Life) -> None:
    """The gas meter's counter begins near zero under the same number, and goes on from there."""
    reports = _Reports(life)
    reports.come(2)
    reports.counted[reports.first] = Decimal("0.400")
    reports.come(5)


@event(_behind, before=_reports_before)
def submeter_silent_for_days(life: Life) -> None:
    """The gas meter does not report for three days, then with all that it counted."""
    reports = _Reports(life)
    reports.come(2)
    life.lose_for(days=3)
    life.push(60)
    reports.counted[reports.first] += Decimal("14.2")
    reports.come(3)


@event(_behind, before=_reports_before)
def submeter_misses_reports(life: Life) -> None:
    """Each second report is missing."""
    reports = _Reports(life)
    for _ in range(4):
        reports.come()
        reports.repeat()


@event(_behind, before=_reports_before)
def submeter_added_and_removed(life: Life) -> None:
    """A water meter is installed on another channel, and taken away again."""
    reports = _Reports(life)
    reports.come(2)
    (meter,) = life.meter.lists
    layout = meter.layout
    added = replace(reports.channel(3), device=WATER)
    meter.layout = replace(layout, items=(*layout.items, added))
    reports.counted.setdefault("water", Decimal("0.120"))
    reports.numbers.setdefault("water", None)
    reports.come(3)
    meter.layout = layout
    reports.come()


@event(_behind, before=_reports_before)
def submeter_reports_once_a_day(life: Life) -> None:
    """Meters behind the meter report at each noon only."""
    reports = _Reports(life)
    for _ in range(6):
        life.lose_for(hours=23, minutes=55)
        for name in reports.counted:
            reports.counted[name] += 20 * _FLOWS[name]
        reports.come()


@event(_behind, before=_reports_before)
def submeter_reports_a_little_less(life: Life) -> None:
    """A gas meter is read a little too far and says a litre less with its next report."""
    reports = _Reports(life)
    reports.come(2)
    reports.counted[reports.first] -= _FLOWS[reports.first] + Decimal("0.001")
    reports.come(4)


@event(_behind, before=_reports_before)
def submeter_on_another_channel(life: Life) -> None:
    """After some work on the meters the first of them reports on another channel."""
    reports = _Reports(life)
    reports.come(2)
    data, said = life.next()
    life.deliver(data, said)
    reports.numbers |= {one.kind: one.number for one in said.reports}
    (meter,) = life.meter.lists
    behind = next(item for item in meter.layout.items if isinstance(item, Behind))
    items = (replace(one, channel=4) if one == behind else one for one in meter.layout.items)
    meter.layout = replace(meter.layout, items=tuple(items))
    reports.come(4)


for _name, _begin in (
    ("begins", datetime(2026, 3, 28, 21, 58, 3, tzinfo=UTC)),
    ("ends", datetime(2026, 10, 24, 21, 58, 3, tzinfo=UTC)),
):

    def _report_each_hour(life: Life) -> None:
        reports = _Reports(life)
        for _ in range(7):
            reports.come()
            life.lose_for(seconds=3600 - reports.period.total_seconds())

    enroll(
        f"submeter_reports_each_hour_while_summer_time_{_name}",
        "Meters behind the meter report each hour in the night in which the clock is set.",
        _report_each_hour,
        _behind,
        begin=_begin,
    )


@event(_behind, before=_reports_before)
def submeter_that_never_reported(life: Life) -> None:
    """A channel of a gas meter that is gone says neither number nor time, and 0."""
    reports = _Reports(life)
    dead = reports.channel(4)
    (meter,) = life.meter.lists
    meter.layout = replace(meter.layout, items=(*meter.layout.items, dead))
    life.meter.reports[dead.obis] = Report(reports.written(_NO_REPORT), Decimal(0), "")
    reports.come(3)
