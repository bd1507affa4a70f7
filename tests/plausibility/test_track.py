"""The last telegram of a sender, and how late it came."""

from datetime import UTC, datetime
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dlms.receiver import Push, Security
from app.link import Frame
from app.meters.reading import Meter, Reading
from app.meters.telegram import Telegram
from app.plausibility.evidence import Evidence
from app.plausibility.lists import Found
from app.plausibility.track import Change, Observation, Track, observe

METER = Meter("1", "1", "kaifa", "Kaifa", "MA309", None)


def seen(
    time: float | None,
    now: float,
    text: bytes = b"",
    *,
    counter: int | None = None,
    meter: Meter | None = None,
) -> Observation:
    """Return a telegram that was sent at a time and came at another."""
    telegram = Telegram(Push(Frame("p1", 0, text), None, text, is_text=True))
    found = Found(None, (), 0, text)
    return Observation(telegram, Evidence.SUM, found, meter, counter, time, now, 0.0, {})


def delays(*telegrams: tuple[float, float]) -> list[float]:
    """Return by how much telegrams are known to be late."""
    track, found = Track(), []
    for sent, came in telegrams:
        track.add(seen(sent, came), {}, (), {})
        found.append(round(track.delay, 3))
    return found


def test_telegrams_that_a_gateway_held_up_are_late_until_it_caught_up() -> None:
    assert delays((10, 10), (20, 27), (30, 32), (40, 40)) == [0, 7, 2, 0]


def test_no_gateway_holds_telegrams_up_for_longer_than_a_day() -> None:
    assert delays((10, 10), (20, 90_000)) == [0, 86_400]


def test_a_delay_is_known_over_a_restart() -> None:
    track = Track()
    track.time, track.timed_at, track.delay, track.restored = 10.0, 70.0, 60.0, True
    track.add(seen(20, 80), {}, (), {})
    assert track.delay == pytest.approx(59.4)


def test_telegrams_that_seem_to_be_late_for_long_are_not() -> None:
    """The meter's clock drifts, or this computer's was set over a restart."""
    late = delays((0, 0), (5, 1e7), *((5 * n, 1e7 + 5 * n) for n in range(2, 1200)))
    assert late[1] == 86_400
    assert late[100] == pytest.approx(32_000, rel=0.01)
    assert late[-1] < 1


def remembered(track: Track) -> list[int]:
    return list(track.recent or ())


def test_the_last_64_telegrams_are_recognised_when_they_come_again() -> None:
    track = Track()
    for n in range(100):
        track.add(seen(n, n, str(n).encode()), {}, (), {})
    assert remembered(track) == [crc32(b"%d" % n) for n in range(36, 100)]


def test_an_energy_that_changes_is_remembered_as_it_was() -> None:
    track = Track()
    for now, value in ((0.0, 5), (10.0, 5), (20.0, 7)):
        moved = ["energy_import"] if value == 7 else []
        track.add(seen(None, now), {"energy_import": value}, moved, {})
    assert track.changed == {"energy_import": Change(20.0, 5)}
    assert track.seen_at("energy_import") == 20.0


def test_only_telegrams_that_their_time_alone_tells_apart_are_remembered() -> None:
    track = Track()
    for telegram in (seen(None, 1.0), seen(5.0, 2.0, counter=7), seen(None, 3.0, counter=8)):
        track.add(telegram, {}, (), {})
    assert remembered(track) == []
    track.add(seen(9.0, 4.0), {}, (), {})
    assert len(remembered(track)) == 1


def test_what_the_checks_see_of_a_telegram_is_its_reading() -> None:
    sent = datetime(2026, 6, 1, 12, tzinfo=UTC)
    push = Push(Frame("mbus", 0, b""), Security(b"KFM12345", 0x20, 7, None), None)
    reading = Reading(METER, sent, {"power": 5})
    found = Found(None, (), 0, b"")
    seen_of_it = observe(Telegram(push, reading, timestamp=sent), found, 1.0, 2.0)
    assert (seen_of_it.meter, seen_of_it.values) == (METER, {"power": 5})
    assert (seen_of_it.counter, seen_of_it.time) == (7, sent.timestamp())
    others_only = observe(Telegram(Push(Frame("p1", 0, b""), None, None)), found, 1.0, 2.0)
    assert (others_only.meter, others_only.values) == (None, {})
    assert (others_only.counter, others_only.time) == (None, None)


def test_a_track_begins_with_nothing_known() -> None:
    track = Track()
    assert not any((track.counter_may_repeat, track.restored))
    assert track.is_before(0.0)
    assert not track.is_before(None)
    track.add(seen(10.0, 1.0), {}, (), {})
    assert [track.is_before(time) for time in (None, 9.0, 10.0, 11.0)] == [
        False,
        False,
        False,
        True,
    ]


def test_the_meter_stays_known_while_only_submeters_report() -> None:
    track = Track()
    track.add(seen(None, 1.0, meter=METER), {}, (), {})
    track.add(seen(None, 2.0), {}, (), {})
    assert track.meter == METER


def test_each_value_was_seen_with_the_last_telegram_that_says_it() -> None:
    track = Track()
    track.add(seen(None, 10.0), {"power": 1, "energy_import": 2}, (), {})
    track.add(seen(None, 20.0), {"power": 1}, (), {})
    assert (track.seen_at("power"), track.seen_at("energy_import")) == (20.0, 10.0)
    assert track.seen_at("voltage_l1") == 20.0  # never: as if it was with the last telegram
    track.add(seen(None, 30.0), {"power": 1, "energy_import": 2}, (), {})
    assert track.seen_at("energy_import") == 30.0
    assert len(track.seen) == 1  # all was said anew


def test_what_stays_published_of_an_energy_is_known_until_it_comes_again() -> None:
    track = Track()
    track.add(seen(None, 1.0), {"energy_import": 5}, (), {"energy_import": 6})
    assert track.floors == {"energy_import": 6}
    track.add(seen(None, 2.0), {"energy_export": 1}, (), {"energy_export": 2})
    assert track.floors == {"energy_import": 6, "energy_export": 2}
    track.add(seen(None, 3.0), {"energy_import": 7}, (), {})
    assert track.floors == {"energy_export": 2}


def test_a_second_telegram_of_the_same_second_is_late() -> None:
    assert delays((10, 10), (10, 13)) == [0, 3]
    assert delays((10, 10), (9, 13)) == [0, 0]  # the clock was set


def test_pending_telegrams_that_were_confirmed_are_gone_on_from() -> None:
    track, pending = Track(), Track()
    track.add(seen(10.0, 10.0), {"power": 1, "energy_import": 5, "gas": 7}, (), {})
    track.restored = True
    for n, energy in ((20.0, 900), (30.0, 901)):
        values = {"power": 1, "energy_import": energy, "gas": 99}
        pending.add(seen(n, n + 2, counter=4), values, ["energy_import"], {})
    pending.delay = 3.0
    track.adopt(pending, {"gas"})
    track.add(seen(30.0, 32.0, counter=4), {"power": 1}, (), {})
    assert track.values == {"power": 1, "energy_import": 901, "gas": 7}
    assert track.changed == {"energy_import": Change(32.0, 900)}
    assert (track.time, track.timed_at, track.now) == (30.0, 32.0, 32.0)
    assert track.delay == pytest.approx(2.97)
    assert track.counter == 4
    assert not track.restored


def test_pending_telegrams_without_a_time_leave_that_of_the_clock() -> None:
    track, pending = Track(), Track()
    track.add(seen(10.0, 10.0), {}, (), {})
    pending.add(seen(None, 20.0), {"energy_import": 5}, (), {})
    track.adopt(pending, set())
    track.add(seen(None, 20.0), {"energy_import": 5}, ["energy_import"], {})
    assert (track.time, track.timed_at, track.now) == (10.0, 10.0, 20.0)
    assert track.changed == {"energy_import": Change(20.0, 5)}


def test_without_a_time_the_computer_s_clock_goes_on() -> None:
    assert seen(None, 7.0).clock == 7.0
    assert seen(5.0, 7.0).clock == 5.0


def test_a_track_holds_the_last_values() -> None:
    track = Track()
    track.add(seen(None, 1.0), {"power": 1, "energy_import": 5}, (), {})
    assert track.holds({"power": 1})
    assert track.holds({})
    assert not track.holds({"power": 1, "energy_import": 6})
    assert not track.holds({"voltage_l1": 230})


@given(st.lists(st.sets(st.sampled_from("abcde"), min_size=1), max_size=60))
def test_when_a_value_came_last_is_known_by_no_more_entries_than_values(
    telegrams: list[set[str]],
) -> None:
    track = Track()
    last: dict[str, float] = {}
    for n, keys in enumerate(telegrams, 1):
        track.add(seen(None, float(n)), dict.fromkeys(keys, 1), (), {})
        last |= dict.fromkeys(keys, float(n))
        assert {key: track.seen_at(key) for key in last} == last
        assert len(track.seen) <= len(last)
