"""Times at which a list is due, also beside other lists."""

from datetime import timedelta

import pytest

from tests.support.guarded import GuardedLine, accepted
from tests.support.repair import with_flipped_bit
from tests.support.simulated import SimulatedMeter


def test_a_list_may_be_pushed_between_two_telegrams_of_another() -> None:
    usual, hourly = (SimulatedMeter(None, "kamstrup", n) for n in ("nordic", "nordic-hourly"))
    hourly.meter.identity, hourly._household = usual.meter.identity, usual._household
    line, found = GuardedLine(), []
    for _ in range(5):
        found += line.push(usual, 60)
        hourly._now = usual._now + timedelta(seconds=5 - hourly.meter.interval)
        found.append(line.take(hourly.telegram().data, 5))
        usual._now -= timedelta(seconds=5)
        line.now, line.wall = line.now - 5, line.wall - 5
        usual._now += timedelta(seconds=5)
        found.append(line.take(usual.telegram().data, 10))
    assert all(found)


@pytest.mark.parametrize(
    ("family", "usual", "other"),
    [("kamstrup", "nordic", "nordic-hourly"), ("e450", "burgenland", "burgenland-11")],
)
@pytest.mark.parametrize("event", ["nothing", "restart", "clock set by 3 s", "by 1 h", "late"])
def test_a_list_beside_a_faster_one_is_accepted(
    family: str, usual: str, other: str, event: str
) -> None:
    fast, slow = (SimulatedMeter(None, family, name) for name in (usual, other))
    slow.meter.identity, slow._household = fast.meter.identity, fast._household
    fast.meter.interval = slow.meter.interval = 5
    line = GuardedLine()
    missing = {fast: 0, slow: 0}
    for part in range(30):
        for n in range(12):
            meter, before = (slow, fast) if n == 11 else (fast, fast if n else slow)
            meter._now = before._now
            meter.meter.invocation_counter = before.meter.invocation_counter
            meter.meter.invoke_id = before.meter.invoke_id
            if (part, n) == (12, 5):
                if event == "restart":
                    line.restart()
                if event.startswith(("clock", "by")):
                    error = (
                        timedelta(seconds=3) if event.startswith("clock") else timedelta(hours=1)
                    )
                    fast.meter.clock_error = slow.meter.clock_error = error
            late = event == "late" and (part, n) == (12, 11)
            caught_up = event == "late" and part == 13 and n < 8
            seconds = 45.0 if late else 0.01 if caught_up else 5.0
            missing[meter] += line.take(meter.telegram().data, seconds) is None
    assert missing[slow] <= 2
    assert missing[fast] <= 3


@pytest.mark.parametrize(("family", "name"), [("dsmr", "dsmr5"), ("kaifa", "netznoe")])
def test_a_clock_that_shows_a_second_twice_is_learned(family: str, name: str) -> None:
    meter = SimulatedMeter(None, family, name)
    meter.meter.interval = 1
    line, readings = GuardedLine(), []
    for n in range(400):
        meter.meter.clock_error = -timedelta(seconds=int(n % 20 == 19))
        readings += line.push(meter)
    assert accepted(readings).count(False) <= 8
    assert all(readings[200:])


def test_a_list_whose_schedule_moves_is_accepted_again() -> None:
    """The schedule of another list stays as it was."""
    usual, hourly = (SimulatedMeter(None, "kamstrup", n) for n in ("nordic", "nordic-hourly"))
    hourly.meter.identity, hourly._household = usual.meter.identity, usual._household
    line, found = GuardedLine(), []
    for n in range(16):
        line.push(usual, 20)
        shift = timedelta(seconds=0 if n < 8 else 4)
        hourly._now = usual._now - timedelta(seconds=hourly.meter.interval) + shift
        line.now, line.wall = line.now + 0.1, line.wall + 0.1
        found.append(line.take(hourly.telegram().data, 0.0))
        line.now, line.wall = line.now - 0.1, line.wall - 0.1
    assert all(found[:8])
    assert all(found[12:])


def test_noise_does_not_stop_a_schedule_from_being_relied_on() -> None:
    """Without an invocation counter, a time can be compared with the schedule only."""
    meter = SimulatedMeter(None, "kaifa-nordic", "norway-1")
    line = GuardedLine()
    line.push(meter, 20)
    for n in range(40):
        data = meter.telegram().data
        date = data.index(bytes.fromhex("090c07ea")) + 4
        assert line.take(with_flipped_bit(data, date + n // 8 % 2, n % 8), 10) is None
        assert all(line.push(meter, 2))
        meter.meter.clock_error = timedelta(seconds=(4, -6, 7)[n % 3])
        assert line.push(meter) == [None], n
        meter.meter.clock_error = timedelta()
        assert all(line.push(meter, 2))
