"""Which details of a meter are due, and what they say; all times are made up here."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.meters.reading import Meter, Reading
from app.mqtt.details import Details
from app.mqtt.layout import Layout
from app.mqtt.topics import Topics

METER = Meter("1", "1", "kamstrup", "Kamstrup", "Omnipower", None)
NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


def reading(unknown: tuple[str, ...] = (), /, **values: str | int) -> Reading:
    numbers = {
        key: Decimal(value) if isinstance(value, int) else value for key, value in values.items()
    }
    return Reading(METER, None, numbers, frozenset(unknown))


def test_of_a_meter_that_sends_every_five_seconds_every_twelfth_telegram_is_due() -> None:
    details = Details(60)
    due = [details.take(reading(power=n, voltage_l1=230), 5.02 * n)[1] for n in range(40)]
    assert [place for place, one in enumerate(due) if one] == [0, 12, 24, 36]


def test_without_an_interval_all_are_due() -> None:
    details = Details(0)
    assert all(details.take(reading(power=n), float(n))[1] for n in range(5))


@pytest.mark.parametrize(("key", "values"), [("active_tariff", ("1", "2")), ("gas", (17, 18))])
def test_what_changes_seldom_is_due_at_once(key: str, values: tuple[str | int, str | int]) -> None:
    details = Details(60)
    before, after = values
    said = [before, before, after, after, before]
    due = [
        details.take(reading((), power=n, **{key: value}), 5.0 * n)[1]
        for n, value in enumerate(said)
    ]
    assert due == [True, False, True, False, True]


def test_the_first_reading_after_a_silence_is_due() -> None:
    details = Details(60)
    assert details.fell_silent(METER.id) is None
    first, second = reading(power=1), reading(power=2)
    details.take(first, 0.0)
    assert details.fell_silent(METER.id) is first
    assert details.fell_silent(METER.id) is None
    assert details.take(second, 40.0) == (second, True)
    assert details.take(second, 45.0) == (second, False)


def test_an_hourly_list_is_due_at_once_and_its_values_stay_with_those_of_the_other_list() -> None:
    details = Details(60)
    details.take(reading(power=1, voltage_l1=230), 0.0)
    hourly, due = details.take(reading(power=2, energy_import=100), 5.0)
    assert due
    assert hourly.values == {"power": 2, "voltage_l1": 230, "energy_import": 100}
    newest, due = details.take(reading(power=3, voltage_l1=231), 10.0)
    assert not due
    assert newest.values == {"power": 3, "voltage_l1": 231, "energy_import": 100}
    for hour in range(1, 4):
        assert details.take(reading(power=2, energy_import=100 + hour), 3600.0 * hour)[1]


def test_where_one_list_says_all_the_reading_itself_is_given_back() -> None:
    details = Details(60)
    for number in range(20):
        one = reading(power=number, energy_import=100)
        assert details.take(one, 5.0 * number)[0] is one
    # Also after a telegram that left one out.
    details.take(reading(power=1), 100.0)
    one = reading(power=1, energy_import=100)
    assert details.take(one, 105.0)[0] is one


def test_what_has_no_value_any_more_is_unknown_and_told_at_once() -> None:
    details = Details(60)
    details.take(reading(power=1, active_tariff="1"), 0.0)
    details.take(reading(power=1, voltage_l1=230), 1.0)
    for now in (5.0, 15.0):
        newest, due = details.take(reading(("active_tariff",), power=1), now)
        assert due
        assert newest.unknown == {"active_tariff"}
        assert newest.values == {"power": 1, "voltage_l1": 230}
        newest, due = details.take(reading(power=1, active_tariff="1"), now + 5)
        assert due
        assert not newest.unknown


def test_the_meters_time_and_attributes_of_another_list_stay() -> None:
    details = Details(60)
    peak = Reading(
        METER, NOON, {"power_import_peak": 1}, details={"power_import_peak": {"at": "noon"}}
    )
    details.take(peak, 0.0)
    newest, _ = details.take(reading(power=1), 5.0)
    assert newest.timestamp == NOON
    assert newest.details == peak.details


def test_details_have_a_topic_of_their_own_and_the_text_of_the_state() -> None:
    layout = Layout(Topics(), language="en", version="1")
    one = reading(power=1, energy_import=100)
    [state] = layout.reading(one)
    details = layout.details(one)
    assert (state.topic, details.topic) == ("smartmeter/1/state", "smartmeter/1/details")
    assert details.payload is state.payload  # written once
    assert not details.retain
