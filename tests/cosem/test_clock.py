"""The meter's clock: with and without its offset, in the hours that occur twice or never."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cosem import clock
from simulator import clock as written
from simulator.clock import INVALID, NOT_SPECIFIED, SUMMER_TIME, Style
from tests.support.telegrams import ZONE

WINTER = timezone(timedelta(hours=1))
SUMMER = timezone(timedelta(hours=2))
WITHOUT_OFFSET = Style(deviation=False, summer=False, hundredths=NOT_SPECIFIED)
"""As every Landis+Gyr E450 writes the time in its telegrams' headers."""

moments = st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)).map(  # noqa: DTZ001 -- bounds have to be naive
    lambda moment: moment.replace(microsecond=0)
)


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def local(hour: int, minute: int, second: int = 0, *, autumn: bool = True) -> bytes:
    """A time in the night of a change, without offset: 25 October or 29 March 2026."""
    date = "07EA 0A 19 07" if autumn else "07EA 03 1D 07"
    return raw(date) + bytes((hour, minute, second)) + raw("FF 8000 00")


# --- With its offset ---


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        ("07E5091B 01 092F0F 00 FF88 80", "2021-09-27T09:47:15+02:00"),
        ("07E80115 07 101E2D 00 FFC4 00", "2024-01-21T16:30:45+01:00"),
        ("07E80115 07 101E2D FF FFC4 02", "2024-01-21T16:30:45+01:00"),  # doubtful is right
        ("07E80115 07 101E2D FF 0000 FF", "2024-01-21T16:30:45+00:00"),  # no status given
        ("07E80115 FF 101E2D FF 012C 00", "2024-01-21T16:30:45-05:00"),  # no weekday given
        ("07E80115 07 101E2D 63 FCB8 00", "2024-01-21T16:30:45+14:00"),
    ],
)
def test_a_clock_with_its_offset_is_read(digits: str, text: str) -> None:
    moment = clock.parse(raw(digits), ZONE)
    assert moment is not None
    assert moment.isoformat() == text


@given(moments)
def test_any_clock_with_its_offset_is_read_back(moment: datetime) -> None:
    shown = moment.astimezone(ZONE)
    parsed = clock.parse(written.date_time(shown), UTC)
    assert parsed == moment
    assert parsed.utcoffset() == shown.utcoffset()


# --- Without ---


@given(moments)
def test_a_clock_without_offset_is_that_of_the_zone(moment: datetime) -> None:
    shown = moment.astimezone(ZONE)
    parsed = clock.parse(written.date_time(shown, WITHOUT_OFFSET), ZONE)
    if shown.replace(fold=0).utcoffset() == shown.replace(fold=1).utcoffset():
        assert parsed == moment
        assert parsed.utcoffset() == shown.utcoffset()
    else:  # the hour that occurs twice, and nothing says which
        assert parsed in (moment, moment - timedelta(hours=1))


@pytest.mark.parametrize(
    ("month", "offset"), [(1, WINTER), (3, WINTER), (4, SUMMER), (10, SUMMER), (11, WINTER)]
)
def test_the_zone_knows_summer_from_winter_where_the_meter_does_not_say(
    month: int, offset: tzinfo
) -> None:
    expected = datetime(2026, month, 1, 12, 0, 5, tzinfo=offset)
    shown = written.date_time(expected, WITHOUT_OFFSET)
    assert clock.parse(shown, ZONE) == expected


def test_in_the_hour_that_occurs_twice_time_goes_on() -> None:
    """Walk through the night in steps of five seconds, as a meter does that gives no offset."""
    begin = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    before = None
    for step in range(0, 3 * 3600, 5):
        moment = begin + timedelta(seconds=step)
        shown = written.date_time(moment.astimezone(ZONE), WITHOUT_OFFSET)
        before = clock.parse(shown, ZONE, before)
        assert before == moment


def test_in_the_hour_that_occurs_twice_the_first_is_assumed_when_nothing_says_which() -> None:
    assert clock.parse(local(2, 30), ZONE) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_in_the_hour_that_occurs_twice_a_time_before_says_which() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=SUMMER)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=WINTER)
    long_before = datetime(2026, 10, 24, 12, 0, tzinfo=SUMMER)
    assert clock.parse(local(2, 30), ZONE, long_before) == first
    assert clock.parse(local(2, 30), ZONE, first) == first  # sent twice
    assert clock.parse(local(2, 30), ZONE, first + timedelta(minutes=40)) == second
    assert clock.parse(local(2, 30), ZONE, second) == second


def test_in_the_hour_that_occurs_twice_the_summer_bit_says_which() -> None:
    late = datetime(2026, 10, 25, 2, 59, tzinfo=SUMMER)
    marked = local(2, 30)[:-1] + bytes((SUMMER_TIME,))
    assert clock.parse(marked, ZONE, late) == datetime(2026, 10, 25, 2, 30, tzinfo=SUMMER)
    not_given = local(2, 30)[:-1] + bytes((NOT_SPECIFIED,))
    assert clock.parse(not_given, ZONE, late) == datetime(2026, 10, 25, 2, 30, tzinfo=WINTER)


def test_around_the_hours_that_change_the_offset_is_that_of_the_zone() -> None:
    assert clock.parse(local(1, 59, 59), ZONE) == datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)
    assert clock.parse(local(3, 0), ZONE) == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
    before = local(1, 59, 59, autumn=False)
    behind = local(3, 0, autumn=False)
    assert clock.parse(before, ZONE) == datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    assert clock.parse(behind, ZONE) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_the_offset_is_fixed_so_that_times_can_be_compared() -> None:
    for data in (local(2, 30), local(12, 0)):
        moment = clock.parse(data, ZONE)
        assert moment is not None
        assert isinstance(moment.tzinfo, timezone)
        assert moment.fold == 0


def test_a_wall_clock_is_placed_in_a_zone() -> None:
    shown = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 -- what a clock on the wall says
    late = datetime(2026, 10, 25, 2, 59, tzinfo=SUMMER)
    assert clock.place(shown, ZONE).utcoffset() == timedelta(hours=2)
    assert clock.place(shown, ZONE, late).utcoffset() == timedelta(hours=1)
    assert clock.place(shown, ZONE, late, summer=True).utcoffset() == timedelta(hours=2)


def test_a_clock_may_be_set_back_by_five_minutes_in_the_hour_that_occurs_twice() -> None:
    shown = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 -- what a clock on the wall says
    before = datetime(2026, 10, 25, 2, 35, tzinfo=SUMMER)
    assert clock.place(shown, ZONE, before).utcoffset() == timedelta(hours=2)
    before += timedelta(seconds=1)
    assert clock.place(shown, ZONE, before).utcoffset() == timedelta(hours=1)


# --- No time ---


@pytest.mark.parametrize(
    "digits",
    [
        "",
        "07E80115 07 101E2D 00 FFC4",
        "07E80115 07 101E2D 00 FFC4 00 00",
        "FFFF0115 07 101E2D 00 FFC4 00",
        "07C50115 07 101E2D 00 FFC4 00",  # 1989
        "08340115 07 101E2D 00 FFC4 00",  # 2100
        "07E8FF15 07 101E2D 00 FFC4 00",
        "07E801FF 07 101E2D 00 FFC4 00",
        "07E8021E 07 101E2D 00 FFC4 00",  # 30 February
        "07E80115 07 FF1E2D 00 FFC4 00",
        "07E80115 07 10FF2D 00 FFC4 00",
        "07E80115 07 101EFF 00 FFC4 00",
        "07E80115 07 181E2D 00 FFC4 00",  # hour 24
        "07E80115 07 101E2D 00 0349 00",  # further than any zone
        "07E80115 07 101E2D 00 FCB7 00",
        "07E80115 07 101E2D 00 FFC4 01",  # invalid
        "07E80115 07 101E2D 00 8000 81",
        "313831323230303030303039",  # a meter's number of twelve digits
    ],
)
def test_what_is_no_time_that_a_meter_could_have_is_none(digits: str) -> None:
    assert clock.parse(raw(digits), ZONE) is None


def test_the_time_of_a_clock_that_calls_itself_invalid_is_read_when_asked_for() -> None:
    moment = datetime(2026, 7, 1, 12, 0, 5, tzinfo=SUMMER)
    invalid = written.date_time(moment.astimezone(ZONE), Style(deviation=False, status=INVALID))
    assert clock.parse(invalid, ZONE) is None
    assert clock.parse(invalid, ZONE, even_invalid=True) == moment


@given(data=st.binary(min_size=12, max_size=12), even_invalid=st.booleans())
def test_random_bytes_are_a_time_or_none(*, data: bytes, even_invalid: bool) -> None:
    moment = clock.parse(data, ZONE, even_invalid=even_invalid)
    assert moment is None or moment.utcoffset() is not None


# --- Text ---


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("260701120005S", datetime(2026, 7, 1, 12, 0, 5, tzinfo=SUMMER)),
        ("260701120005s", datetime(2026, 7, 1, 12, 0, 5, tzinfo=SUMMER)),
        ("260115120005W", datetime(2026, 1, 15, 12, 0, 5, tzinfo=WINTER)),
        ("260701120005", datetime(2026, 7, 1, 12, 0, 5, tzinfo=SUMMER)),
        ("260115120005", datetime(2026, 1, 15, 12, 0, 5, tzinfo=WINTER)),
        ("20240111 09:35:00", datetime(2024, 1, 11, 9, 35, tzinfo=WINTER)),  # NES
        ("20240111093500", datetime(2024, 1, 11, 9, 35, tzinfo=WINTER)),
        # A flag that contradicts the calendar tells how the meter's clock is set.
        ("260701120005W", datetime(2026, 7, 1, 12, 0, 5, tzinfo=WINTER)),
        ("260115120005S", datetime(2026, 1, 15, 12, 0, 5, tzinfo=SUMMER)),
        # The flag says which of the two hours it is.
        ("261025023000S", datetime(2026, 10, 25, 2, 30, tzinfo=SUMMER)),
        ("261025023000W", datetime(2026, 10, 25, 2, 30, tzinfo=WINTER)),
    ],
)
def test_a_time_in_text_is_read(text: str, moment: datetime) -> None:
    found = clock.parse_text(text, ZONE)
    assert found == moment
    assert found.utcoffset() == moment.utcoffset()
    assert isinstance(found.tzinfo, timezone)


def test_a_time_in_text_without_flag_goes_on_in_the_hour_that_occurs_twice() -> None:
    late = datetime(2026, 10, 25, 2, 59, 55, tzinfo=SUMMER)
    assert clock.parse_text("261025020000", ZONE) == datetime(2026, 10, 25, 2, 0, tzinfo=SUMMER)
    assert clock.parse_text("261025020000", ZONE, late) == datetime(
        2026, 10, 25, 2, 0, tzinfo=WINTER
    )


def test_a_zone_without_summer_time_has_one_offset_whatever_the_flag_is() -> None:
    for flag in ("S", "W", ""):
        assert clock.parse_text(f"260701120005{flag}", UTC) == datetime(
            2026, 7, 1, 12, 0, 5, tzinfo=UTC
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "S",
        "260701",
        "26070112000",
        "2607011200055",
        "260701120005X",
        "260701120005SS",
        "261301120005S",  # month 13
        "260230120005S",  # 30 February
        "260701240005S",  # hour 24
        "000000000000",
        "000000000000W",
        "16010101 00:00:00",
        "21000101 00:00:00",
        "632525252525S",  # what an IE.5 sends of a device that is not there
        "700101010000W",  # the same of others
        "000101000000W",  # a clock that was never set
        "000101000512W",
    ],
)
def test_what_is_no_time_in_text_is_none(text: str) -> None:
    assert clock.parse_text(text, ZONE) is None


@given(moments.filter(lambda moment: 2007 <= moment.astimezone(ZONE).year < 2070))
def test_a_time_that_was_written_as_text_is_read_back(moment: datetime) -> None:
    shown = moment.astimezone(ZONE)
    flag = "S" if shown.utcoffset() == timedelta(hours=2) else "W"
    for text in (f"{shown:%y%m%d%H%M%S}{flag}", f"{shown:%Y%m%d %H:%M:%S}{flag}"):
        assert clock.parse_text(text, ZONE) == moment


@given(moments)
def test_a_time_in_text_with_a_t_is_that_without(moment: datetime) -> None:
    text = f"{moment:%y%m%d%H%M%S}"
    assert clock.parse_text(f"{text}T", ZONE) == clock.parse_text(text, ZONE)
