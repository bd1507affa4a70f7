"""Which readings pass and which are delayed; all times are made up here."""

from decimal import Decimal

from app.line.throttle import Throttle
from app.meters.reading import Meter, Reading

METER = Meter("1", "1", "kaifa", "Kaifa", "MA309", None)


def reading(power: str | None = "100", energy: str = "1") -> Reading:
    values = {"energy_import": Decimal(energy)}
    if power is not None:
        values["power"] = Decimal(power)
    return Reading(METER, None, values)


def test_without_an_interval_everything_passes() -> None:
    throttle = Throttle(0)
    for now in (5.0, 5.0, 6.0):
        one = reading()
        assert throttle.offer(one, now) is one
    assert throttle.flush() == []


def test_the_first_reading_passes_at_once_and_the_next_after_the_interval() -> None:
    throttle = Throttle(60)
    first, due = reading(), reading(energy="3")
    assert throttle.offer(first, 1000.0) is first
    assert throttle.offer(reading(energy="2"), 1059.9) is None
    assert throttle.offer(due, 1060.0) is due


def test_the_interval_counts_from_the_reading_that_passed_last() -> None:
    throttle = Throttle(60)
    throttle.offer(reading(), 0.0)
    throttle.offer(reading(), 100.0)
    assert throttle.offer(reading(), 159.0) is None
    assert throttle.offer(reading(), 160.0) is not None


def test_a_power_that_changes_its_sign_passes_at_once_in_both_directions() -> None:
    throttle = Throttle(60)
    throttle.offer(reading("100"), 0.0)
    assert throttle.offer(reading("0"), 5.0) is None
    assert throttle.offer(reading("-1"), 10.0) is not None
    assert throttle.offer(reading("-500"), 15.0) is None
    assert throttle.offer(reading("20"), 20.0) is not None
    assert throttle.offer(reading("30"), 25.0) is None


def test_a_change_of_sign_begins_a_new_interval() -> None:
    throttle = Throttle(60)
    throttle.offer(reading("100"), 0.0)
    throttle.offer(reading("-1"), 50.0)
    assert throttle.offer(reading("-1"), 60.0) is None
    assert throttle.offer(reading("-1"), 110.0) is not None


def test_the_first_reading_after_a_silence_passes_and_begins_a_new_interval() -> None:
    throttle = Throttle(60)
    throttle.offer(reading(), 0.0)
    throttle.offer(reading(), 5.0)
    throttle.fell_silent()
    assert throttle.flush() == []
    assert throttle.offer(reading(), 40.0) is not None
    assert throttle.offer(reading(), 60.0) is None
    assert throttle.offer(reading(), 100.0) is not None


def test_a_reading_without_power_is_throttled_too() -> None:
    throttle = Throttle(60)
    assert throttle.offer(reading(None), 0.0) is not None
    assert throttle.offer(reading(None), 59.0) is None
    assert throttle.offer(reading(None), 60.0) is not None


def test_the_newest_reading_that_did_not_pass_is_given_once() -> None:
    throttle = Throttle(60)
    newest = reading(energy="3")
    throttle.offer(reading(), 0.0)
    throttle.offer(reading(energy="2"), 5.0)
    throttle.offer(newest, 10.0)
    assert throttle.flush() == [newest]
    assert throttle.flush() == []


def test_no_reading_is_left_once_a_newer_one_has_passed() -> None:
    throttle = Throttle(60)
    throttle.offer(reading(), 0.0)
    throttle.offer(reading(), 5.0)
    throttle.offer(reading(), 60.0)
    assert throttle.flush() == []


def test_each_list_of_a_meter_is_throttled_by_itself() -> None:
    """What comes seldom passes although another list has just passed."""
    throttle = Throttle(60)
    frequent = Reading(METER, None, {"power": Decimal(-100)})
    seldom = reading(None)
    assert [throttle.offer(frequent, now) for now in (0.0, 5.0)] == [frequent, None]
    assert throttle.offer(seldom, 6.0) is seldom
    assert throttle.offer(frequent, 10.0) is None
    assert throttle.offer(reading(None, energy="2"), 15.0) is None
    assert len(throttle.flush()) == 2
    assert throttle.flush() == []


def test_a_meter_that_changes_what_it_sends_takes_no_more_and_more_room() -> None:
    throttle = Throttle(60)
    for number in range(100):
        throttle.offer(Reading(METER, None, {f"key_{number}": 1}), 0.0)
    assert len(throttle._lists) <= 16
