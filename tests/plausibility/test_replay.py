"""Duplicates, replays, and invocation counters that began anew or stand still."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.dlms.ciphering import Keys
from app.fault import Kind
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.guarded import NO_TAG, GuardedLine, accepted, line_of
from tests.support.simulated import SimulatedMeter


def test_duplicates_and_replays_are_rejected() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    old, last = meter.telegram().data, meter.telegram().data
    assert line.take(old)
    assert line.take(last)
    assert [line.take(data) for data in (last, old, last, old)] == [None] * 4
    assert {fault.kind for fault in line.faults} == {Kind.REPLAYED}
    assert "not newer" in str(line.faults[0].reason)


def test_a_recording_is_rejected() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = GuardedLine()
    recorded = [meter.telegram().data for _ in range(30)]
    assert all(line.take(data) for data in recorded)
    assert not any(line.take(data) for data in recorded)


def test_a_long_recording_with_verified_tags_is_rejected() -> None:
    meter = SimulatedMeter(None, "e450")
    line = GuardedLine(Keys(KEY, AUTH_KEY))
    recorded = [meter.telegram().data for _ in range(140)]
    assert all(line.take(data) for data in recorded)
    assert not any(line.take(data) for data in recorded)


@pytest.mark.parametrize("keys", [NO_TAG, Keys(KEY, AUTH_KEY)])
def test_an_invocation_counter_that_began_anew_is_accepted_with_the_third_telegram(
    keys: Keys,
) -> None:
    meter = SimulatedMeter(None, "e450")
    meter.meter.invocation_counter = 70_000
    line = line_of(meter, keys)
    meter.meter.invocation_counter = 1
    assert accepted(line.push(meter, 4)) == [False, False, True, True]
    assert "began anew" in line.told[0]


def test_an_invocation_counter_and_a_clock_that_began_anew_are_accepted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    meter.meter.invocation_counter = 100_000
    line = line_of(meter)
    meter.meter.invocation_counter = 1
    readings = []
    for n in range(300):
        meter.meter.clock_error = timedelta(days=-2, seconds=n // 30)
        readings += line.push(meter)
    assert accepted(readings[150:]).count(False) <= 10  # the clock's slips are still to be learned


def test_an_old_invocation_counter_without_a_clock_is_accepted_after_ten_minutes() -> None:
    """Its telegrams come each 5 s: 120 of them go on from the first one."""
    meter = SimulatedMeter(None, "e450")
    meter.meter.header_time = None
    meter.meter.invocation_counter = 70_000
    line = line_of(meter)
    meter.meter.invocation_counter = 1
    assert accepted(line.push(meter, 122)) == [False] * 120 + [True] * 2


def test_with_verified_tags_an_old_invocation_counter_is_accepted_after_a_day() -> None:
    meter = SimulatedMeter(None, "e450")
    meter.meter.header_time = None
    meter.meter.invocation_counter = 70_000
    line = line_of(meter, Keys(KEY, AUTH_KEY))
    meter.meter.invocation_counter = 1
    readings = [line.take(meter.telegram().data, 3600) for _ in range(26)]
    assert accepted(readings) == [False] * 24 + [True] * 2


def test_an_invocation_counter_that_stands_still_is_accepted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = GuardedLine()
    readings = []
    for _ in range(10):
        meter.meter.invocation_counter = 5
        readings += line.push(meter)
    assert all(readings[4:])


def test_an_invocation_counter_that_stands_still_without_a_clock_is_accepted() -> None:
    meter = SimulatedMeter(None, "e450")
    meter.meter.header_time = None
    line, readings = GuardedLine(), []
    for _ in range(200):
        meter.meter.invocation_counter = 5
        readings += line.push(meter)
    assert all(readings[130:])
    line.restart()
    meter.meter.invocation_counter = 5
    assert line.push(meter) != [None]
    meter.meter.invocation_counter = 5
    data = meter.telegram().data
    assert accepted([line.take(data) for _ in range(3)]) == [True, False, False]


def test_where_an_invocation_counter_stands_still_what_came_before_is_rejected() -> None:
    meter, line = SimulatedMeter(None, "kaifa"), GuardedLine()
    sent = []
    for _ in range(12):
        meter.meter.invocation_counter = 5
        sent.append(meter.telegram().data)
        line.take(sent[-1])
    for data in (sent[-1], sent[-2], sent[-1]):
        assert line.take(data) is None
        assert line.faults[-1].kind is Kind.REPLAYED
    meter.meter.invocation_counter = 5
    assert line.push(meter) != [None]


def test_where_an_invocation_counter_stands_still_a_clock_may_be_shown_later() -> None:
    meter, line = SimulatedMeter(None, "e450"), GuardedLine()
    header_time, meter.meter.header_time = meter.meter.header_time, None
    for _ in range(200):
        meter.meter.invocation_counter = 5
        line.push(meter)
    meter.meter.header_time = header_time
    readings = []
    for _ in range(200):
        meter.meter.invocation_counter = 5
        readings += line.push(meter)
    assert all(readings[150:])


def test_a_telegram_that_comes_again_and_again_withholds_nothing() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    data = meter.telegram().data
    assert accepted([line.take(data, 1) for _ in range(6)]) == [True] + [False] * 5
    assert line.withheld == ()


def test_a_check_is_relaxed_also_where_each_telegram_comes_twice() -> None:
    """Else what is usual for this meter is pending each time, for good."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    readings = []
    for n in range(60):
        meter.more = {"51.7.0": Decimal(2600 if n % 2 else 100).scaleb(-2)}
        data = meter.telegram().data
        readings.append(line.take(data, 4))
        line.take(data, 1)
    assert not all(readings)
    assert all(readings[40:])


def test_a_pending_telegram_that_comes_again_and_again_relaxes_nothing() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.more = {"32.7.0": Decimal(266)}
    data = meter.telegram().data
    assert accepted([line.take(data, 0.5) for _ in range(12)]) == [False] * 12
    meter.more = {}
    assert all(line.push(meter, 3))


def test_a_recording_without_counters_is_rejected_however_slowly_it_comes() -> None:
    """Each telegram is known, so that none confirms another."""
    meter = SimulatedMeter(None, "kaifa", encrypted=False)
    line = line_of(meter)
    recorded = [meter.telegram().data for _ in range(30)]
    assert all(line.take(data) for data in recorded)
    assert not any(line.take(data, 60) for data in recorded)


def test_a_pending_telegram_without_a_counter_is_known_when_it_comes_again() -> None:
    meter = SimulatedMeter(None, "kaifa", encrypted=False)
    line = line_of(meter)
    meter.more = {"1.8.0": Decimal(4_000_000_000)}
    pending = meter.telegram().data
    assert line.take(pending) is None
    meter.more = {}
    assert all(line.push(meter, 2))
    assert line.take(pending) is None
    assert [fault.kind for fault in line.faults] == [Kind.SUSPICIOUS, Kind.REPLAYED]
