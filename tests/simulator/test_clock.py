"""Times of a meter, as COSEM date-time and in the zone of Vienna."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator import clock


@pytest.mark.parametrize(
    ("moment", "style", "encoded"),
    [
        ("2021-09-27T09:47:15+02:00", clock.COMPLETE, "07e5091b01092f0f00ff8880"),
        ("2023-11-14T06:00:01+01:00", clock.COMPLETE, "07e70b0e0206000100ffc400"),
        (
            "2025-04-01T19:11:20+02:00",
            clock.Style(deviation=False, summer=False),
            "07e9040102130b1400800000",
        ),
        (
            "2025-07-02T08:15:40+02:00",
            clock.Style(deviation=False, status=clock.INVALID, hundredths=clock.NOT_SPECIFIED),
            "07e9070203080f28ff800081",
        ),
        ("2025-07-02T08:15:40+02:00", clock.Style(unknown=True), "ffffffffffffffffff8000ff"),
    ],
)
def test_a_date_time_is_encoded_in_its_style(moment: str, style: clock.Style, encoded: str) -> None:
    local = datetime.fromisoformat(moment).astimezone(clock.VIENNA)
    assert clock.date_time(local, style).hex() == encoded


def test_a_time_without_a_zone_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        clock.date_time(datetime(2026, 1, 1))  # noqa: DTZ001 -- what is tested


@given(st.integers(27 * 365 * 86400, 68 * 365 * 86400))
@example(1774746000)  # 2026-03-29T01:00:00Z, summer time begins
@example(1774745999)
@example(1792890000)  # 2026-10-25T01:00:00Z, summer time ends
@example(1792889999)
@example(1792893599)
@example(1792893600)
def test_the_built_in_zone_equals_europe_vienna(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    try:
        vienna = ZoneInfo("Europe/Vienna")
    except ZoneInfoNotFoundError:
        pytest.skip("this machine has no time zone database")
    ours, theirs = moment.astimezone(clock.VIENNA), moment.astimezone(vienna)

    assert ours.replace(tzinfo=None) == theirs.replace(tzinfo=None)
    assert (ours.utcoffset(), ours.dst(), ours.fold) == (
        theirs.utcoffset(),
        theirs.dst(),
        theirs.fold,
    )
    assert clock.fixed(ours) == moment.replace(microsecond=0)


def test_offsets_in_the_doubled_and_in_the_skipped_hour() -> None:
    def offset(text: str, fold: int) -> float:
        moment = datetime.fromisoformat(text).replace(tzinfo=clock.VIENNA, fold=fold)
        offset = moment.utcoffset()
        assert offset is not None
        return offset / timedelta(hours=1)

    assert [offset("2026-10-25T02:30:00", fold) for fold in (0, 1)] == [2, 1]
    assert [offset("2026-03-29T02:30:00", fold) for fold in (0, 1)] == [1, 2]
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(clock.VIENNA)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(clock.VIENNA)
    assert clock.date_time(first).hex() == "07ea0a1907021e0000ff8880"
    assert clock.date_time(second).hex() == "07ea0a1907021e0000ffc400"
    assert clock.fixed(second) - clock.fixed(first) == timedelta(hours=1)
