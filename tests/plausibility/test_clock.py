"""A meter's clock and the schedule of one list: telegrams that come late, and damaged times."""

import random
import re
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.decoder import Decoder
from app.dlms.receiver import Push
from app.fault import Kind
from app.link import Frame
from app.meters.telegram import Telegram
from app.plausibility import clock
from app.plausibility.evidence import Evidence
from app.plausibility.limits import Limits
from app.plausibility.lists import Found, KnownList
from app.plausibility.track import Observation, Track
from simulator.clock import VIENNA
from tests.support.guarded import NO_TAG, PROFILES, GuardedLine, accepted, line_of
from tests.support.repair import repair, with_flipped_bit
from tests.support.simulated import SimulatedMeter

INTERVALS = st.sampled_from([1, 2, 5, 10, 15, 60])
BEGUN = 1.79e9
TIME_CHECKS = {"clock", clock.OFF_INTERVAL}
TELEGRAM = Telegram(Push(Frame("mbus", 0, b""), None, None))


class Meter:
    """What is known of the clock of a meter with one list."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.track = Track()
        self.listed = KnownList(())

    def fails(
        self, time: float | None, now: float, counter: int | None = None, *, pending: bool = False
    ) -> str | None:
        """Return the violation of a telegram's time; add the telegram if it fails none."""
        sent = None if time is None else BEGUN + time
        found = Found(self.listed, (), 0, b"")
        telegram = Observation(
            TELEGRAM, Evidence.SUM, found, None, counter, sent, now, BEGUN + now, {}
        )
        wrong = clock.check(
            telegram, self.track, self.limits, pending=pending, checks_interval=True
        )
        if wrong:
            return wrong.name
        self.track.add(telegram, {}, (), {})
        self.listed.arrived(now, sent, 0.0, clock.slack(self.limits))
        return None

    def restart(self, time: float, counter: int | None = None) -> None:
        """Restart the program, which knows what the clock showed at zero seconds."""
        self.track = Track()
        self.track.time, self.track.counter = BEGUN + time, counter
        self.track.restored = True


def meter_with(interval: float, count: int = 20) -> Meter:
    """Return a meter whose telegrams kept a push interval."""
    meter = Meter()
    for n in range(count):
        assert meter.fails(n * interval, n * interval) is None
    return meter


@given(st.sampled_from([1, 2, 5, 10, 15]), st.lists(st.floats(0, 30), max_size=30))
def test_the_next_telegram_comes_at_any_pace(interval: int, paces: list[float]) -> None:
    """As from a recording, or from a queue; no counter has to tell them apart."""
    meter, arrived = meter_with(interval), 19.0 * interval
    for n, seconds in enumerate(paces, 20):
        arrived += seconds
        assert meter.fails(n * interval, arrived) is None


@pytest.mark.parametrize(("early", "check"), [(20.0, None), (22.0, "clock")])
def test_a_telegram_of_each_minute_comes_20_s_early_at_most(
    early: float, check: str | None
) -> None:
    meter = meter_with(60)
    assert meter.fails(20 * 60, 20 * 60 - early) == check


@given(interval=INTERVALS, lates=st.lists(st.floats(0, 30), max_size=30))
def test_telegrams_that_a_gateway_delays_pass(interval: int, lates: list[float]) -> None:
    meter, arrived = meter_with(interval), 0.0
    for n, late in enumerate(lates, 20):
        arrived = max(arrived, n * interval + late)
        assert meter.fails(n * interval, arrived) is None


@given(interval=INTERVALS, gaps=st.lists(st.integers(1, 100), max_size=30))
def test_telegrams_after_lost_ones_pass(interval: int, gaps: list[int]) -> None:
    meter, n = meter_with(interval), 19
    for gap in gaps:
        n += gap
        assert meter.fails(n * interval, n * interval + 0.3) is None


@given(interval=INTERVALS, off=st.integers(-100, 100))
def test_a_time_off_the_schedule_fails(interval: int, off: int) -> None:
    assume(off % interval)
    meter = meter_with(interval)
    assert meter.fails(20 * interval + off, 20 * interval) in TIME_CHECKS
    assert meter.fails(21 * interval, 21 * interval) is None


@given(INTERVALS, st.integers(1, 100))
def test_a_time_that_is_push_intervals_ahead_fails(interval: int, ahead: int) -> None:
    meter = meter_with(interval)
    assert meter.fails((20 + ahead) * interval, 20 * interval) in TIME_CHECKS


@given(interval=INTERVALS, off=st.integers(-80, 80))
def test_a_wrong_time_after_lost_telegrams_fails(interval: int, off: int) -> None:
    assume(off)
    meter = meter_with(interval)
    assert meter.fails((119 + off) * interval, 119 * interval) in TIME_CHECKS


@pytest.mark.parametrize(("ahead", "fails"), [(20, None), (21, "clock")])
def test_a_clock_may_be_ahead_by_twenty_seconds_without_a_schedule(
    ahead: int, fails: str | None
) -> None:
    meter = Meter()
    assert meter.fails(0, 0.0) is None
    assert meter.fails(1 + ahead, 1.0) == fails


def test_three_telegrams_do_not_tell_the_push_interval() -> None:
    meter = meter_with(5, count=3)
    assert meter.listed.interval is None
    assert meter.fails(17, 15) is None


def test_times_keep_the_push_interval_to_the_second_unless_that_was_relaxed() -> None:
    limits = Limits()
    assert clock.slack(limits) == 0
    assert clock.slack(limits, pending=True) == 2
    limits.relax("clock interval")
    assert clock.slack(limits) == 2


@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_the_schedule_is_relaxed_by_as_much_as_some_meters_miss_it(off: int) -> None:
    meter = meter_with(10)
    assert meter.fails(200 + off, 200) == clock.OFF_INTERVAL
    meter.limits.relax(clock.OFF_INTERVAL)
    assert meter.fails(200 + off, 200) is None
    assert meter.fails(213 + off, 210) == clock.OFF_INTERVAL


def test_the_drift_of_a_slow_clock_is_not_taken_for_a_delay() -> None:
    meter = meter_with(10)
    for n in range(20, 2000):
        assert meter.fails(10 * n, 10.005 * n) is None
    assert meter.fails(20_010, 20_010.0) == clock.OFF_INTERVAL


def test_a_push_interval_is_known_after_a_restart() -> None:
    meter = meter_with(10)
    meter.listed = KnownList((), meter.listed.interval)
    meter.restart(190)
    assert meter.fails(190 + 3600, 3605.0) is None
    assert meter.fails(190 + 3614, 3615.0) == clock.OFF_INTERVAL
    assert meter.fails(190 + 3610, 3615.0) is None


@pytest.mark.parametrize("off", [25, -25])
def test_after_a_restart_the_computers_clock_tells_the_time_passed(off: float) -> None:
    meter = Meter()
    meter.restart(0)
    assert meter.fails(3600, 3600.0 + 5 * off) == "clock"
    assert meter.fails(3600, 3600.0 + off) is None


@pytest.mark.parametrize(("passed", "check"), [(1500, None), (1501, "clock"), (1440, None)])
def test_after_a_restart_clocks_differ_by_30_s_and_a_fiftieth(
    passed: int, check: str | None
) -> None:
    meter = Meter()
    meter.restart(0)
    assert meter.fails(1440, passed) == check


@pytest.mark.parametrize(("shown", "check"), [(1040, None), (1040.1, "clock"), (1, None)])
def test_a_clock_is_ahead_by_no_more_than_20_s_and_a_fiftieth(
    shown: float, check: str | None
) -> None:
    """It may be behind by any time, as gateways hold telegrams back."""
    meter = Meter()
    assert meter.fails(0, 0) is None
    assert meter.fails(shown, 1000) == check


def test_two_telegrams_of_the_same_second_pass() -> None:
    meter = Meter()
    assert meter.fails(5, 5) is None
    assert meter.fails(5, 5.4) is None
    assert meter.fails(4, 5.8) == "clock"


def test_a_clock_that_is_relaxed_goes_back_and_ahead_by_20_s_more() -> None:
    meter = Meter()
    assert meter.fails(1000, 0) is None
    meter.limits.relax("clock")
    assert meter.fails(979, 1) == "clock"
    assert meter.fails(980, 1) is None
    assert meter.fails(1021.1, 2) == "clock"
    assert meter.fails(1021, 2) is None
    meter.restart(1000)
    assert meter.fails(999, 1) == "clock"


def test_a_clock_that_shows_no_time_any_more_fails() -> None:
    assert meter_with(5).fails(None, 100) == "clock"


def test_a_list_that_never_shows_a_time_passes_beside_others_that_do() -> None:
    meter = meter_with(5)
    meter.listed = KnownList(())
    assert meter.fails(None, 100) is None


@pytest.mark.parametrize(("late", "check"), [(5, None), (5.1, "clock interval")])
def test_after_lost_telegrams_one_is_late_by_half_an_interval(
    late: float, check: str | None
) -> None:
    meter = meter_with(10)
    assert meter.fails(250, 250 + late) == check
    meter = meter_with(10)
    assert meter.fails(250, 250 - late) == check  # or early


def test_after_a_telegram_that_misses_its_interval_the_next_one_is_late_by_half_of_it() -> None:
    meter = meter_with(4)
    meter.limits.relax("clock interval")
    assert meter.fails(76 + 6, 76 + 9) == "clock interval"
    assert meter.fails(76 + 6, 76 + 8) is None


def test_a_pending_telegram_keeps_the_interval_to_the_pending_one_before() -> None:
    """As when the clock was set: it goes on from there."""
    meter = meter_with(10)
    meter.track = Track()
    meter.track.time, meter.track.timed_at = BEGUN + 3603, 200.0
    assert meter.fails(3613, 210.0) == "clock interval"
    assert meter.fails(3613, 210.0, pending=True) is None


def test_a_counter_tells_how_many_intervals_have_passed() -> None:
    """A gateway was not read for a while, and delivers at once what it kept, after a restart."""
    meter = meter_with(1)
    meter.restart(19, counter=40)
    assert meter.fails(20, 600, counter=41) is None
    meter.restart(19, counter=40)
    assert meter.fails(20, 600, counter=42) == "clock"
    meter.restart(19, counter=40)
    assert meter.fails(19, 600, counter=40) == "clock"
    meter.restart(19, counter=40)
    assert meter.fails(20, 600, counter=None) == "clock"
    meter.restart(19, counter=None)
    assert meter.fails(20, 600, counter=1) == "clock"


@pytest.mark.parametrize("off", [timedelta(minutes=-7), timedelta(minutes=12), timedelta(hours=1)])
def test_a_clock_with_a_constant_error_is_accepted(off: timedelta) -> None:
    meter = SimulatedMeter(None, "kaifa")
    meter.meter.clock_error = off
    assert line_of(meter).faults == []


def test_a_clock_that_varies_by_two_seconds_is_learned() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line, chance = GuardedLine(), random.Random(2)  # noqa: S311 - no cryptography
    readings = []
    for _ in range(600):
        meter.meter.clock_error = timedelta(seconds=chance.randrange(3))
        readings += line.push(meter)
    assert accepted(readings).count(False) <= 12
    assert all(readings[150:])


@pytest.mark.slow
def test_a_clock_that_slips_by_a_second_now_and_then_is_learned() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = GuardedLine()
    readings = []
    for n in range(3000):
        meter.meter.clock_error = timedelta(seconds=n // 60)
        readings += line.push(meter)
    assert accepted(readings).count(False) <= 14
    assert all(readings[1000:])


def test_a_meter_without_a_valid_time_is_accepted() -> None:
    meter = SimulatedMeter(None, "e450")
    meter.meter.header_time = None
    line = line_of(meter)
    assert line.push(meter)[0] is not None
    assert line.faults == []


def test_a_clock_that_was_set_is_accepted_with_the_third_telegram() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.meter.clock_error = timedelta(minutes=-4)
    assert accepted(line.push(meter, 4)) == [False, False, True, True]
    assert "the meter's clock was set" in line.told[0]
    assert "clock goes back" in str(line.faults[0].reason)


def test_telegrams_that_a_gateway_delivers_all_at_once_are_counted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    assert all(line.take(meter.telegram().data, 0.01) for _ in range(40))


@pytest.mark.parametrize("are_read", [True, False])
def test_a_time_behind_that_of_a_pending_telegram_is_wrong(*, are_read: bool) -> None:
    """Where nothing came between, a gateway may have held up what is one push interval later."""
    meter = SimulatedMeter(None, "kamstrup", "text")
    line, interval = line_of(meter), meter.meter.interval
    first, second, third = (meter.telegram().data for _ in range(3))
    for text in (first, second):
        if are_read:
            assert line.take(repair(text.replace(b"*kWh", b"*kW")), interval) is None
        else:
            line.now += interval
    said = re.compile(rb"1\.0\.0\(\d+")
    times = [found[0] for text in (first, third) if (found := said.search(text))]
    reading = line.take(repair(third.replace(times[1], times[0])), interval)
    assert (reading is None) is are_read
    assert all(line.push(meter, 3))


@pytest.mark.parametrize("lost", [1, 2, 5])
@pytest.mark.parametrize(
    ("family", "name", "kind"),
    [
        pytest.param("am550", "slovenia-12-instant", Kind.DAMAGED, id="each-second"),
        pytest.param("e450", "burgenland", Kind.KEY_WRONG, id="not-deciphered"),
        pytest.param("kamstrup", "nordic", Kind.DAMAGED, id="not-ciphered"),
    ],
)
def test_a_time_behind_that_of_a_telegram_that_cannot_be_read_is_wrong(
    family: str, name: str, kind: Kind, lost: int
) -> None:
    """Damaged ones came on time, so no gateway held up the next one, which says the first time."""
    for are_damaged in (False, True):
        meter = SimulatedMeter(None, family, name)
        line, interval = line_of(meter), meter.meter.interval
        for _ in range(lost):
            data = meter.telegram().data
            if are_damaged:
                assert line.take(_unreadable(data, kind), interval) is None
            else:
                line.now += interval
        meter.meter.clock_error = timedelta(seconds=-lost * interval)
        assert (line.push(meter) == [None]) is are_damaged
        meter.meter.clock_error = timedelta()
        assert all(line.push(meter, 3))


@pytest.mark.parametrize("late", [0.0, 0.2, 4.0])
@pytest.mark.parametrize(("family", "name"), [("e450", "burgenland"), ("kamstrup", "nordic")])
def test_a_telegram_behind_one_that_cannot_be_read_is_on_time(
    family: str, name: str, late: float
) -> None:
    """Where an invocation counter tells that it is the next one, it may be late as well."""
    meter = SimulatedMeter(None, family, name)
    line, interval = line_of(meter), meter.meter.interval
    before = _unreadable(meter.telegram().data)
    meter = SimulatedMeter(None, family, name)
    line = line_of(meter)
    assert line.take(before, interval / 2) is None
    reading = line.take(meter.telegram().data, interval / 2 + 2 * late)
    assert (reading is None) is (late > 1 and family == "kamstrup")


@pytest.mark.parametrize(("family", "name"), [("e450", "swiss"), ("am550", "slovenia")])
def test_a_line_with_a_meter_that_cannot_be_read_gives_in_to_a_slow_gateway(
    family: str, name: str
) -> None:
    """Else each telegram that comes late is pending for good, as another one came before."""
    meter, other = SimulatedMeter(None, family, name), SimulatedMeter(None, "kaifa", key=bytes(16))
    line, interval = line_of(meter), meter.meter.interval
    due, pending = line.now, []
    for n in range(120):
        due += interval
        late = 0.8 * interval * (n % 5 == 0)
        assert line.take(other.telegram().data, due - interval / 10 - line.now) is None
        reading = line.take(meter.telegram().data, due + late - line.now)
        pending += [n] if reading is None else []
    assert pending
    assert len(pending) <= 6
    assert max(pending) < 60


def _unreadable(data: bytes, kind: Kind = Kind.DAMAGED) -> bytes:
    """Flip a bit of a telegram, so that its link finds it whole and it cannot be read."""
    for at in range(1, len(data) - 1):
        damaged = with_flipped_bit(data, at, 6)
        for found in Decoder(NO_TAG, PROFILES, VIENNA).feed(damaged):
            if isinstance(found, Telegram) and found.fault and found.fault.kind is kind:
                return damaged
    raise ValueError("each telegram can be read")
