"""When a telegram was sent, as an interpreter tells it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.meters.meter_clock import MeterClocks, time_in
from simulator import axdr, clock, meters
from simulator.axdr import Node
from tests.support.bodies import VOLTAGE, pair
from tests.support.interpreted import KAM, LGZ, from_meter, interpreter, push, read
from tests.support.telegrams import NOON, ZONE, household, notification, registers

MOMENT = NOON.astimezone(ZONE)
SHOWN = clock.date_time(MOMENT)
LATER = clock.date_time(MOMENT + timedelta(seconds=2))


def test_the_time_is_that_of_the_header() -> None:
    plaintext = notification(axdr.octet_string(LATER), VOLTAGE, time=SHOWN)
    assert read(plaintext, KAM).timestamp == NOON


@pytest.mark.parametrize("invalid", [None, clock.date_time(MOMENT, clock.Style(status=1))])
@pytest.mark.parametrize(
    "element",
    [axdr.octet_string(SHOWN), pair("0-0:1.0.0", axdr.octet_string(SHOWN))],
    ids=["bare", "coded"],
)
def test_without_a_time_in_the_header_it_is_that_of_the_clock(
    invalid: bytes | None, element: Node
) -> None:
    assert read(notification(element, VOLTAGE, time=invalid), KAM).timestamp == NOON


def test_a_time_under_another_code_is_not_that_of_the_telegram() -> None:
    plaintext = notification(pair("0-0:96.2.12", axdr.octet_string(SHOWN)), VOLTAGE)
    telegram = read(plaintext, KAM)
    assert telegram.timestamp is None
    assert telegram.reading is not None
    assert telegram.reading.timestamp is None
    assert registers(telegram)["0-0:96.2.12"] == (SHOWN.hex().upper(), "")


def test_a_clock_that_calls_itself_invalid_is_shown_and_not_believed() -> None:
    invalid = clock.date_time(MOMENT, clock.Style(deviation=False, status=clock.INVALID))
    telegram = read(notification(pair("0-0:1.0.0", axdr.octet_string(invalid)), VOLTAGE), KAM)
    assert telegram.timestamp is None
    assert registers(telegram)["0-0:1.0.0"] == (MOMENT.isoformat(), "")


def test_a_clock_that_shows_no_time_is_shown_as_digits() -> None:
    plaintext = notification(pair("0-0:1.0.0", axdr.octet_string(b"\xff" * 12)), VOLTAGE)
    assert registers(read(plaintext, KAM))["0-0:1.0.0"] == ("FF" * 12, "")


def test_a_clock_without_offset_is_that_of_the_zone() -> None:
    plaintext, title = from_meter("e450", "burgenland")
    at = {zone: interpreter(zone=zone).read(push(plaintext, title)) for zone in (ZONE, UTC)}
    assert at[ZONE].timestamp == NOON
    assert at[UTC].timestamp == NOON + timedelta(hours=2)


def test_in_the_hour_that_occurs_twice_the_time_goes_on() -> None:
    meter = meters.build("e450", "wien")
    lines = interpreter()
    begin = datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC)
    for step in range(0, 25, 5):
        moment = begin + timedelta(seconds=step)
        snapshot = replace(household(meter), time=moment)
        telegram = lines.read(push(meter.telegram(snapshot).plaintext, LGZ))
        assert telegram.timestamp == moment


WITHOUT_SEASON = clock.Style(deviation=False, summer=False)


def test_the_clock_in_the_list_is_of_the_same_hour_as_the_header() -> None:
    moment = datetime(2026, 10, 25, 0, 30, 5, tzinfo=UTC)
    header, early = (
        clock.date_time(time.astimezone(ZONE), WITHOUT_SEASON)
        for time in (moment, moment - timedelta(seconds=2))
    )
    plaintext = notification(pair("0-0:1.0.0", axdr.octet_string(early)), VOLTAGE, time=header)
    telegram = read(plaintext, b"LGZ12345")
    assert telegram.timestamp == moment
    assert registers(telegram)["0-0:1.0.0"] == ("2026-10-25T02:30:03+02:00", "")


def test_two_meters_on_a_line_do_not_disturb_each_others_hour() -> None:
    line = interpreter()
    for title, second in ((b"LGZ12345", 5), (b"LGZ12346", 3)):
        moment = datetime(2026, 10, 25, 0, 30, second, tzinfo=UTC)
        header = clock.date_time(moment.astimezone(ZONE), WITHOUT_SEASON)
        telegram = line.read(push(notification(VOLTAGE, time=header), title))
        assert telegram.timestamp == moment


NIGHT_OF_CHANGE = datetime(2026, 10, 25, 0, 0, 0, tzinfo=UTC)
SPRING = datetime(2026, 3, 29, 0, 0, 0, tzinfo=UTC)
STYLES = [clock.Style(), WITHOUT_SEASON, clock.Style(status=1)]


def parts_of(raw: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """What a content is read for that holds a time between other bytes."""
    begin, minute, second, end = time_in(len(raw) + 5, 3, len(raw) + 3)(b"abc" + raw + b"de")
    return begin, minute, second, end


@given(
    st.sampled_from([NIGHT_OF_CHANGE, SPRING]),
    st.lists(
        st.tuples(
            st.integers(-7200, 14400),
            st.sampled_from(["text", *STYLES]),
            st.none() | st.tuples(st.integers(0, 11), st.integers(0, 255)),
        ),
        max_size=12,
    ),
)
def test_times_of_an_hour_are_read_like_any(
    night: datetime,
    times: list[tuple[int, str | clock.Style, tuple[int, int] | None]],
) -> None:
    """Whatever was read before, in the nights in which clocks are changed, and with damage."""
    clocks = MeterClocks(ZONE)
    for seconds, style, damage in times:
        moment = (night + timedelta(seconds=seconds)).astimezone(ZONE)
        is_text = isinstance(style, str)
        if isinstance(style, str):
            raw = f"{moment:%y%m%d%H%M%S}{'S' if moment.dst() else 'W'}".encode()
        else:
            raw = clock.date_time(moment, style)
        if damage:
            at, value = damage
            value = ord("0") | value & 0x0F if is_text else value
            raw = raw[:at] + bytes((value,)) + raw[at + 1 :]
        value_in = raw.decode("ascii") if is_text else raw
        sender = "text" if is_text else "binary"
        expected = clocks.of(sender).next.moment(value_in)
        found = clocks.of(sender).moment(parts_of(raw))
        assert (found and found.isoformat()) == (expected and expected.isoformat())
        clocks.remember(sender, found)


@pytest.mark.parametrize(
    ("zone", "times"),
    [
        ("Europe/Vienna", ["2026-10-25 01:58", "02:58", "02:02", "02:58"]),
        ("Europe/Vienna", ["2026-03-29 03:19", "02:07", "02:14"]),
        ("Australia/Lord_Howe", ["2026-04-05 01:10", "01:50", "01:40", "01:50", "01:10"]),
        ("Australia/Lord_Howe", ["2026-10-04 02:40", "02:10", "02:20", "02:45"]),
    ],
    ids=["twice", "not at all", "half of it twice", "half of it not at all"],
)
def test_an_hour_in_which_clocks_are_changed_is_read_like_any(zone: str, times: list[str]) -> None:
    """Also where telegrams come seldom, or a clock is set back."""
    clocks = MeterClocks(ZoneInfo(zone))
    day, _ = times[0].split()
    for time in times:
        shown = datetime.fromisoformat(f"{day} {time.split()[-1]}").replace(tzinfo=UTC)
        raw = clock.date_time(shown, WITHOUT_SEASON)
        expected = clocks.of("1").next.moment(raw)
        found = clocks.of("1").moment(parts_of(raw))
        assert found is not None
        assert expected is not None
        assert found.isoformat() == expected.isoformat()
        clocks.remember("1", found)


def test_an_hour_that_others_have_shown_is_not_taken_for_that_of_another_zone_or_season() -> None:
    """What was read of an hour is shared, and the hour that occurs twice begins alike."""
    for zone in (ZONE, timezone(timedelta(hours=2)), ZONE):
        clocks = MeterClocks(zone)
        for minutes in range(0, 180, 7):
            moment = (NIGHT_OF_CHANGE + timedelta(minutes=minutes)).astimezone(zone)
            found = clocks.of("1").moment(parts_of(clock.date_time(moment, WITHOUT_SEASON)))
            assert found is not None
            assert found.isoformat() == moment.isoformat()
            clocks.remember("1", found)


def test_a_telegram_without_a_time_leaves_the_sender_s_last_one() -> None:
    clocks = MeterClocks(ZONE)
    later = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    clocks.remember("a", later)
    clocks.remember("a", None)
    assert clocks.of("a").next.moment("261025023005") == later + timedelta(seconds=5)
