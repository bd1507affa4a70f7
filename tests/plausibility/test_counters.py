"""Counters that fall, are reset, roll over or rise fast."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.guarded import GuardedLine, accepted, line_of, skip
from tests.support.simulated import SimulatedMeter


def test_a_counter_that_rolls_over_is_accepted_with_the_third_telegram() -> None:
    meter = SimulatedMeter(None, "kaifa", "tinetz")
    meter.more = {"1.8.0": Decimal(999_999_995)}
    line = line_of(meter)
    meter.more = {"1.8.0": Decimal(4)}
    readings = line.push(meter, 3)
    assert accepted(readings) == [False, False, True]
    assert readings[-1]
    assert readings[-1].values["energy_import"] == Decimal("0.004")


def test_counters_that_were_reset_are_accepted_with_the_third_telegram() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.more = {"1.8.0": Decimal(0), "2.8.0": Decimal(0)}
    readings = line.push(meter, 4)
    assert accepted(readings) == [False, False, True, True]
    assert readings[-1]
    assert readings[-1].values["energy_import"] == 0
    assert "a counter of the meter was set back" in line.told[0]


def test_a_reset_is_accepted_although_a_damaged_telegram_comes_in_between() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    readings = []
    for reset in (0, 0, 3_000_000_000, 0, 0):
        meter.more = {"1.8.0": Decimal(reset)}
        readings += line.push(meter)
    assert accepted(readings) == [False, False, False, True, True]


@pytest.mark.parametrize(("damaged", "kept"), [(7, True), (8, False)])
def test_a_reset_stays_pending_beside_seven_others(damaged: int, *, kept: bool) -> None:
    """More noise between two telegrams than that is forgotten with what came before it."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    for reset in (0, *range(10**9, 0, -(10**8)))[: 1 + damaged]:
        meter.more = {"1.8.0": Decimal(reset)}
        assert line.push(meter) == [None]
    meter.more = {"1.8.0": Decimal(0)}
    assert accepted(line.push(meter, 2)) == [False, kept]


@pytest.mark.parametrize(("watt_hours", "confirmed"), [(240, True), (250, False)])
def test_a_load_of_four_connections_is_confirmed_by_its_energy(
    watt_hours: int, *, confirmed: bool
) -> None:
    """A connection of 43,470 W carries 60.4 Wh in the 5 s between two telegrams."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    count = int(meter._household._values()["1.8.0"] or 0)
    readings = []
    for n in range(1, 4):
        meter.more = {"1.8.0": Decimal(count + n * watt_hours)}
        readings += line.push(meter)
    assert accepted(readings) == [False, False, confirmed]


def test_a_load_that_was_confirmed_by_its_energy_is_what_the_connection_carries() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    count = int(meter._household._values()["1.8.0"] or 0)
    readings = []
    for n in range(1, 9):
        meter.more = {"1.8.0": Decimal(count + n * 240)}
        readings += line.push(meter)
    assert accepted(readings) == [False, False] + [True] * 6


def test_a_clock_that_is_wrong_explains_no_rise() -> None:
    """In an hour the connection carries what is shown here, and no hour passed."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    meter.meter.clock_error = timedelta(hours=1)
    meter.more = {"1.8.0": (meter._household._values()["1.8.0"] or Decimal(0)) + 10_000}
    assert line.push(meter) == [None]
    assert "faster than the connection allows" in str(line.faults[0].reason)


@pytest.mark.parametrize(("watt_hours", "is_accepted"), [(62, True), (63, False)])
def test_a_telegram_that_comes_late_has_no_more_energy(
    watt_hours: int, *, is_accepted: bool
) -> None:
    """The connection carries 60.4 Wh in the 5 s of the push interval, which the meter counts."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    count = int(meter._household._values()["1.8.0"] or 0)
    for risen, seconds in ((0, 5.0), (watt_hours, 5.9)):
        meter.more = {"1.8.0": Decimal(count + risen)}
        reading = line.take(meter.telegram().data, seconds)
    assert (reading is not None) is is_accepted


@pytest.mark.parametrize("damaged", [[2], [2, 8], [4, 8, 32]])
def test_an_energy_that_seems_to_fall_a_little_is_published_unchanged(damaged: list[int]) -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    energy = Decimal(str(meter._household._values()["2.8.0"])) + 5
    readings = []
    steps = [0, *damaged, 0, 1, 2, damaged[-1] + 1]
    for step in steps:
        meter.more = {"2.8.0": energy + step}
        readings += line.push(meter)
    values = [reading.values["energy_export"] for reading in readings if reading]
    assert len(values) == len(steps)
    assert values == sorted(values)
    assert values[-1] == (energy + damaged[-1] + 1) / 1000


@pytest.mark.parametrize("restarts", [False, True])
def test_a_reset_ends_that_an_energy_is_published_unchanged(*, restarts: bool) -> None:
    """A damaged low bit made it too high. Its counter will not pass that for years."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    energy = Decimal(str(meter._household._values()["2.8.0"])) + 1
    for step in (8, 0):
        meter.more = {"2.8.0": energy + step}
        (high,) = line.push(meter)
        assert high
        assert high.values["energy_export"] == (energy + 8) / 1000
    if restarts:
        line.restart()
    meter.more = {"2.8.0": Decimal(0)}
    readings = line.push(meter, 3)
    meter.more = {"2.8.0": Decimal(1)}
    readings += line.push(meter)
    values = [reading and reading.values["energy_export"] for reading in readings]
    assert values == [None, None, 0, Decimal("0.001")]


def test_an_energy_is_published_unchanged_also_after_another_counter_was_reset() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    energy = Decimal(str(meter._household._values()["2.8.0"])) + 1
    for step in (8, 0):
        meter.more = {"2.8.0": energy + step}
        line.push(meter)
    meter.more["1.8.0"] = Decimal(0)
    readings = line.push(meter, 4)
    assert accepted(readings) == [False, False, True, True]
    shown = {reading.values["energy_export"] for reading in readings if reading}
    assert shown == {(energy + 8) / 1000}


def test_counters_that_are_refreshed_each_quarter_of_an_hour_are_learned() -> None:
    meter = SimulatedMeter(None, "e450", "burgenland-11")
    count = 2_000_000
    missing = 0
    line = GuardedLine()
    for n in range(180 * 8):
        count += 2500 if n and not n % 180 else 0  # each quarter of an hour
        meter.more = {"1.8.0": Decimal(count), "2.8.0": Decimal(7)}
        missing += line.push(meter) == [None]
    assert missing <= 4


def test_a_connection_larger_than_usual_is_learned() -> None:
    meter = SimulatedMeter(None, "e450", "wien")
    line = line_of(meter)
    shown = meter._household._values()
    meter.more = {
        "1.7.0": Decimal(90_000),
        "2.7.0": Decimal(0),
        "2.8.0": shown["2.8.0"] or Decimal(0),
    }
    count = int(shown["1.8.0"] or 0)
    missing = 0
    for _ in range(60):
        count += 125
        meter.more["1.8.0"] = Decimal(count)
        missing += line.push(meter) == [None]
    assert missing < 12
    assert all(line.push(meter, 3))


@pytest.mark.parametrize("family", ["e450", "dsmr2", "q3d"])
def test_time_that_passed_unnoticed_does_not_enlarge_the_connection(family: str) -> None:
    """This computer was suspended, then a gateway delayed telegrams."""
    name = {"e450": "swiss", "dsmr2": "dsmr2", "q3d": "q3d"}[family]
    meter = SimulatedMeter(None, family, name)
    meter.meter.header_time = None
    line = line_of(meter)
    skip(meter, timedelta(hours=3))
    line.push(meter, 5)
    late = [meter.telegram().data for _ in range(30)]
    line.now += 30 * meter.meter.interval
    for data in late:
        line.take(data, 0.01)
    assert all(line.push(meter, 10)[5:])
    (sender,) = line.guard._senders.values()
    assert sender.known.limits.connection_watts < 50_000


def test_a_first_telegram_with_more_than_a_connection_carries_is_confirmed_by_one() -> None:
    """Before it there is nothing that outweighs it."""
    meter, line = SimulatedMeter(None, "kaifa"), GuardedLine()
    meter.more = {"1.7.0": Decimal(200_000)}
    assert accepted(line.push(meter, 3)) == [False, True, True]


@pytest.mark.parametrize("risen", [3_000, 20_000, 500_000, -4_900_000])
def test_a_counter_that_was_set_is_not_taken_for_one_in_another_unit_later(risen: int) -> None:
    """The power did not make what it was set by."""
    meter, line, counted = SimulatedMeter(None, "kaifa", "netznoe"), GuardedLine(), 5_000_000
    for n in range(300):
        counted += 1 + risen * (n == 100)
        meter.more = dict.fromkeys(("2.7.0", "2.8.0"), Decimal(0))
        meter.more |= {"1.7.0": Decimal(720), "1.8.0": Decimal(counted)}
        line.push(meter)
    said = [str(fault.reason) for fault in line.faults]
    assert any("energy_import" in one for one in said)
    assert not any("another unit" in one for one in said)
