"""Reports of meters behind the meter: repeated, false, late, and of replaced ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.meters.limits import MOST_SENDERS
from app.meters.quantities import MOST_PER_HOUR
from app.meters.reading import Meter, Reading
from app.plausibility.reports import Reports

METER = Meter("gas_1", "gas_1", "dsmr", "", "Gas meter", None)
HOUR = timedelta(hours=1)
FULL = datetime(2026, 11, 3, 12, tzinfo=UTC)


class Line:
    """The reports of one gas meter, each in a telegram of its own."""

    def __init__(self) -> None:
        self.reports = Reports()
        self.sent = FULL + timedelta(minutes=4)

    def publishes(self, value: str, at: datetime | None, after: timedelta) -> bool:
        """Tell whether a report is published with the second of two telegrams.

        Args:
            value: that is reported.
            at: when it was measured.
            after: since the last report.
        """
        self.publishes_at_once(value, at, after)
        return self.publishes_at_once(value, at, timedelta(seconds=1))

    def publishes_at_once(self, value: str, at: datetime | None, after: timedelta) -> bool:
        """Tell whether a report in a telegram after a time is published."""
        self.sent += after
        reading = Reading(METER, at, {"gas": Decimal(value)})
        sent = self.sent.timestamp()
        if self.reports.pending([reading], sent, sent):
            return False
        self.reports.accept(reading, sent)
        return True


def line_with(value: str = "100") -> Line:
    """Return a line whose gas meter reported once."""
    line = Line()
    assert line.publishes(value, FULL, timedelta())
    return line


def test_a_report_that_is_repeated_until_the_next_one_is_published() -> None:
    line = line_with()
    for _ in range(10):
        assert line.publishes("100", FULL, timedelta(seconds=10))
    assert line.publishes("101.5", FULL + HOUR, HOUR)


@pytest.mark.parametrize("value", ["0", "99.999", "126", "2300"])
def test_a_false_report_is_not_published_however_often_it_is_repeated(value: str) -> None:
    line = line_with()
    false = FULL + timedelta(minutes=5)
    assert not any(line.publishes(value, false, timedelta(seconds=10)) for _ in range(100))
    assert line.publishes("101", FULL + HOUR, HOUR)


@pytest.mark.parametrize(("value", "published"), [("106.25", True), ("106.26", False)])
def test_a_report_may_misstate_its_time_by_ten_minutes(value: str, *, published: bool) -> None:
    """Gas flows at most 25 m³ in an hour, so 6.25 in the five minutes and in ten more."""
    assert line_with().publishes(value, FULL + timedelta(minutes=5), HOUR) is published


def test_a_gas_meter_that_began_anew_is_published_with_its_third_report() -> None:
    line = line_with()
    found = [line.publishes(f"0.{n}", FULL + (n + 1) * HOUR, HOUR) for n in range(4)]
    assert found == [False, False, True, True]


def test_false_reports_that_do_not_go_on_from_one_another_confirm_nothing() -> None:
    line = line_with()
    found = [line.publishes(value, FULL + HOUR, HOUR) for value in ("5000", "90", "7000", "3")]
    assert not any(found)


def test_a_first_report_that_was_damaged_is_corrected_when_the_right_one_is_repeated() -> None:
    line = Line()
    assert line.publishes_at_once("102", FULL, timedelta())
    assert not line.publishes_at_once("100", FULL, timedelta(seconds=10))
    assert line.publishes_at_once("100", FULL, timedelta(seconds=10))
    assert not any(line.publishes("102", FULL, timedelta(seconds=10)) for _ in range(9))


def test_a_new_report_is_published_when_it_is_said_twice() -> None:
    line = line_with()
    assert not line.publishes_at_once("100.5", FULL + HOUR, HOUR)
    assert line.publishes_at_once("100.5", FULL + HOUR, timedelta(seconds=10))


def test_a_report_that_is_new_in_each_telegram_is_published_one_telegram_later() -> None:
    line, minute = line_with(), timedelta(minutes=1)
    found = [line.publishes_at_once(f"100.{n}", FULL + n * minute, minute) for n in range(1, 9)]
    assert found == [False, *[True] * 7]


def test_a_report_of_a_meter_without_a_time_is_confirmed_by_another_value_only() -> None:
    line = Line()
    assert line.publishes("100", None, timedelta())
    assert not any(line.publishes("3", None, timedelta(minutes=1)) for _ in range(30))
    assert not line.publishes("3.2", None, HOUR)
    assert line.publishes("3.4", None, HOUR)


def test_what_is_withheld_for_longer_than_two_reports_is_told() -> None:
    line = line_with()
    told = []
    for n in range(1, 5):
        line.publishes(str(90 - 20 * n), FULL + n * HOUR, HOUR)
        told.append(len(line.reports.overdue(line.sent.timestamp())))
    assert told == [0, 0, 0, 1]
    (withheld,) = line.reports.overdue(line.sent.timestamp())
    assert (withheld.what, str(withheld.why)) == ("gas", "gas is reported as 10 after 100")


def test_reports_are_known_after_a_restart() -> None:
    line = line_with()
    kept = {key: Decimal(value) for key, value in line.reports.memory().items()}
    line.reports = Reports()
    line.reports.restore(kept, {}, line.sent.timestamp())
    assert not line.publishes("0", FULL + HOUR, HOUR)
    assert line.publishes("101", FULL + 2 * HOUR, HOUR)
    line.reports = Reports()
    line.reports.restore(kept, {}, line.sent.timestamp())
    assert {key: Decimal(value) for key, value in line.reports.memory().items()} == kept


def test_a_report_without_a_time_is_known_after_a_restart() -> None:
    line = Line()
    assert line.publishes("100", None, timedelta())
    kept = line.reports.memory()
    assert kept == {"gas_1/gas": "100"}
    line.reports = Reports()
    line.reports.restore({key: Decimal(value) for key, value in kept.items()}, {}, FULL.timestamp())
    assert not line.publishes("0", None, HOUR)


def test_a_report_of_nothing_used_is_published() -> None:
    line = line_with()
    assert line.publishes("100", FULL + HOUR, HOUR)


GAS = Decimal(int(MOST_PER_HOUR["gas"]))


@pytest.mark.parametrize(("more", "published"), [("0", True), ("0.001", False)])
def test_a_report_says_no_more_than_the_hour_can_have_used(more: str, *, published: bool) -> None:
    """And ten minutes, by which submeters report late."""
    line, later = line_with(), timedelta(minutes=50)
    assert line.publishes(str(100 + GAS + Decimal(more)), FULL + later, later) is published


@pytest.mark.parametrize(("more", "published"), [("0", True), ("0.001", False)])
def test_a_report_without_a_time_says_no_more_than_two_hours_can_have_used(
    more: str, *, published: bool
) -> None:
    """The hour and five minutes until the next report, and the 55 minutes since it was said."""
    line = Line()
    assert line.publishes_at_once("100", None, timedelta())
    assert line.publishes_at_once("100", None, timedelta())
    value, after = str(100 + 2 * GAS + Decimal(more)), timedelta(minutes=55)
    assert line.publishes(value, None, after - timedelta(seconds=1)) is published


@pytest.mark.parametrize(("seconds", "published"), [(0, True), (1, False)])
def test_a_submeters_clock_is_ahead_by_no_more_than_one_report(
    seconds: int, *, published: bool
) -> None:
    line = line_with()
    ahead = timedelta(minutes=65, seconds=seconds)
    passed = timedelta(seconds=600)  # and one from each telegram to the one that repeats it
    at = FULL + passed + timedelta(seconds=2) + ahead
    assert line.publishes("100.5", at, passed) is published


def test_a_submeter_that_stops_to_say_a_time_goes_on() -> None:
    line = line_with()
    assert line.publishes("100.5", None, HOUR)


def test_a_report_of_words_is_none() -> None:
    line = line_with()
    line.reports.accept(Reading(METER, FULL, {"gas": "closed"}), line.sent.timestamp())
    assert line.reports.memory()["gas_1/gas"] == "100"


def test_as_many_submeters_are_known_as_meters_of_a_line() -> None:
    reports = Reports()
    for n in range(MOST_SENDERS + 1):
        meter = replace(METER, id=f"gas_{n}")
        reports.accept(Reading(meter, FULL, {"gas": 1}), 0.0)
        assert len(reports.numbers) == min(n + 1, MOST_SENDERS)
    assert f"gas_{MOST_SENDERS}" in reports.numbers


def test_a_report_is_withheld_for_two_hours_and_ten_minutes_before_that_is_told() -> None:
    line = line_with()
    line.publishes("90", FULL + HOUR, HOUR)
    since = line.sent.timestamp() - 1  # with the first of two telegrams
    assert line.reports.overdue(since + 7800) == []
    (withheld,) = line.reports.overdue(since + 7801)
    assert withheld.since == since


def test_reports_are_repeated_until_a_new_one_comes() -> None:
    line = Line()
    found = [line.reports.are_repeated]
    for value, hours in (("100", 0), ("100", 0), ("101", 1), ("101", 1), ("5000", 2), ("5000", 2)):
        line.publishes_at_once(value, FULL + hours * HOUR, timedelta(minutes=30))
        found.append(line.reports.are_repeated)
    assert found == [True, False, True, False, True, False, False]
