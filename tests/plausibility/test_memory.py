"""What is kept over a restart of the program."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.plausibility import clock, memory
from app.state import Json
from simulator.household import Household
from tests.support.guarded import GuardedLine, accepted, line_of, skip
from tests.support.repair import repair
from tests.support.simulated import SimulatedMeter

OF_0_1_0 = json.loads(Path(__file__).with_name("memory_of_0_1_0.json").read_text("ascii"))
"""What version 0.1.0 kept of 490 telegrams of this simulated meter.

It had learned that the clock varies by two seconds, that voltages jump, and that L2 was lost once.
"""


def test_a_memory_of_version_0_1_0_is_read() -> None:
    restored = memory.load(OF_0_1_0, now=5000.0, wall=1.9e9)
    assert restored
    kept = memory.dump(*restored)
    same = OF_0_1_0.keys() & kept.keys() - {"lists", "slack", "values"}
    assert {key: kept[key] for key in same} == {key: OF_0_1_0[key] for key in same}
    assert kept["lists"] == [one[:2] for one in OF_0_1_0["lists"]]
    assert kept["slack"] == {"jump voltage": 4.0, "clock interval": 2.0}
    assert memory.dump(*(memory.load(kept, 5000.0, 1.9e9) or restored)) == kept


def test_names_of_checks_of_an_earlier_version_are_translated() -> None:
    """The times between two push intervals were a check of their own."""
    old = OF_0_1_0 | {"slack": {"schedule": 2.0, "clock": 4.0, "law sum": 0}, "slip": 0.0}
    restored = memory.load(old, now=5000.0, wall=1.9e9)
    assert restored
    limits = restored[0].limits
    assert dict(limits.factors) == {"clock interval": 2.0, "clock": 4.0, "law sum": 0}
    assert clock.slack(limits) == 2


def test_all_that_is_kept_is_restored_and_kept_again() -> None:
    old = memory.load(OF_0_1_0, now=5000.0, wall=OF_0_1_0["wall"])
    assert old
    kept = memory.dump(*old)
    kept |= {
        "age": 3.125,
        "ages": {"power_import": 7.25, "energy_export": 0.5},
        "counters": {**kept["counters"], "g0053/gas": "12.5", "g0053/time": "1782030000"},
        "numbers": {kept["ids"][0]: "1KFM0001", "g0053": "G0053"},
        "withheld": [["2300", "possible", "too much", "voltage_l1", 1782034000.0]],
        "recent": [17, 4],
        "watts": 60_000.0,
        "stride": 900.0,
    }
    restored = memory.load(kept, now=5000.0, wall=kept["wall"] + 60)
    assert restored
    assert memory.dump(*restored) == kept
    _, track = restored
    assert (track.now, track.timed_at) == (4940.0, 4936.875)
    del kept["age"]  # not known to earlier versions
    assert (memory.load(kept, 5000.0, kept["wall"]) or restored)[1].timed_at == 5000.0


def test_what_version_0_1_0_learned_is_relied_on() -> None:
    meter = SimulatedMeter(None, "kaifa")
    skip(meter, timedelta(seconds=490 * 5))
    line = GuardedLine(memory={"4B464D655012D687": OF_0_1_0})
    meter.meter.clock_error = timedelta(seconds=1)
    assert all(line.push(meter, 2))
    meter.more = {"32.7.0": Decimal(275)}  # a jump of 45 V
    assert all(line.push(meter, 2))


def test_each_telegram_after_a_restart_is_accepted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    line.restart()
    assert all(line.push(meter, 30))


def test_the_first_telegram_after_two_days_without_the_program_is_accepted() -> None:
    meter = SimulatedMeter(None, "kaifa")
    meter._household = Household(2, meter._now, phases=3, step=60)
    line = line_of(meter)
    skip(meter, timedelta(days=2))
    line.now = 3.0  # the monotonic clock began anew
    line.wall += 2 * 86400
    line.restart()
    assert line.push(meter) != [None]


def test_a_duplicate_right_after_a_restart_is_rejected() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    last = meter.telegram().data
    assert line.take(last)
    line.restart()
    assert line.take(last) is None


def reset_a_counter(meter: SimulatedMeter) -> None:
    meter.more = {"1.8.0": Decimal(0)}


def set_the_clock(meter: SimulatedMeter) -> None:
    meter.meter.clock_error = timedelta(hours=8)


def change_the_number(meter: SimulatedMeter) -> None:
    meter.meter.identity = replace(meter.meter.identity, number="181220000000")


def change_the_order(meter: SimulatedMeter) -> None:
    items = meter.meter.layout.items
    meter.meter.layout = replace(
        meter.meter.layout, items=(items[0], items[2], items[1], *items[3:])
    )


@pytest.mark.parametrize(
    "change", [reset_a_counter, set_the_clock, change_the_number, change_the_order]
)
def test_a_telegram_that_does_not_follow_from_those_before_a_restart_is_pending(
    change: Callable[[SimulatedMeter], None],
) -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    line.restart()
    change(meter)
    first, _, *others = accepted(line.push(meter, 4))
    assert (first, others) == (False, [True, True])


@pytest.mark.parametrize(
    "kept", ["", None, {}, [1], {"ids": 3}, {"ids": [], "counters": None}], ids=str
)
def test_a_memory_that_cannot_be_understood_is_ignored(kept: Json) -> None:
    line = GuardedLine(memory={"4B464D6750000001": kept})
    assert line.push(SimulatedMeter(None, "kaifa")) != [None]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("counter", 1e999), ("watts", float("nan")), ("wall", 1e999), ("time", float("nan"))),
        ("withheld", [["NaN", "unit", "its unit changed", "energy_import", 1.8e9]]),
        ("withheld", [["5", "unit", "its unit changed", "energy_import", 1e300]]),
    ],
)
def test_a_memory_with_numbers_that_are_not_finite_is_ignored(key: str, value: Json) -> None:
    meter = SimulatedMeter(None, "kaifa")
    ((name, kept),) = line_of(meter).guard.memory().items()
    line = GuardedLine(memory={name: {**kept, key: value}})
    assert line.push(meter) != [None]


def test_telegrams_that_a_gateway_delayed_over_a_restart_are_pending_for_two() -> None:
    """They come all at once, and no invocation counter tells which they are."""
    meter = SimulatedMeter(None, "energomera", "registers")
    line = line_of(meter)
    line.restart()
    delayed = [meter.telegram().data for _ in range(30)]
    first = 30.0 * meter.meter.interval
    readings = [line.take(data, 0.0 if n else first) for n, data in enumerate(delayed)]
    assert accepted(readings) == [False, False] + [True] * 28


def test_a_clock_of_this_computer_that_was_set_over_a_restart_is_forgotten() -> None:
    """It looks like a gateway that holds telegrams up, which may be ahead of time then."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    memory = line.memory()
    line.wall += timedelta(days=365).total_seconds()
    line.restart(memory)
    line.push(meter, 1100)
    meter._now += timedelta(seconds=64 * meter.meter.interval)
    assert line.push(meter) == [None]


@pytest.mark.parametrize("telegrams", [0, 1])
def test_an_energy_that_was_published_too_high_does_not_fall_after_a_restart(
    telegrams: int,
) -> None:
    """A damaged low bit was not noticed; then the program was restarted."""
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    (right,) = line.push(meter)
    assert right
    true = Decimal(str(right.values["energy_export"])) * 1000
    meter.more = {"2.8.0": true + 8}
    (high,) = line.push(meter)
    meter.more = {"2.8.0": true}
    readings = [high, *line.push(meter, telegrams)]
    line.restart()
    readings += line.push(meter, 3)
    shown = {reading.values["energy_export"] for reading in readings if reading}
    assert shown == {(true + 8) / 1000}
    assert all(readings)


def test_a_first_telegram_after_a_restart_with_a_damaged_code_is_pending() -> None:
    meter = SimulatedMeter(None, "dsmr", "dsmr5")
    line = line_of(meter)
    line.restart()
    assert line.take(repair(meter.telegram().data.replace(b"0:1.7.0(", b"0:1.7.8("))) is None
    assert all(line.push(meter, 3))


def at_another_address(meter: SimulatedMeter) -> bytes:
    """Return its next telegram with a flipped bit in the address of the frame."""
    data = bytearray(meter.telegram().data)
    data[3] ^= 0x10
    return repair(bytes(data))


def test_a_list_is_known_after_a_first_telegram_with_a_damaged_address() -> None:
    meter = SimulatedMeter(None, "am550", "wien")
    line = line_of(meter)
    line.restart()
    assert line.take(at_another_address(meter))
    assert all(line.push(meter, 3))
    assert line.take(at_another_address(meter))  # which is known now
    line.restart()
    assert all(line.push(meter, 3))
    assert line.take(at_another_address(meter)) is None


@pytest.mark.parametrize(
    ("family", "variant", "is_first"),
    [("e360", "text", True), ("energomera", "registers", False)],
)
def test_telegrams_are_in_time_again_after_one_that_was_late(
    family: str, variant: str, *, is_first: bool
) -> None:
    """A gateway held the last telegram before a restart up, or the first one after it."""
    meter = SimulatedMeter(None, family, variant)
    line = line_of(meter)
    late, _ = meter.telegram().data, meter.telegram()
    if is_first:
        line.restart()
    assert line.take(late, 2.0 * meter.meter.interval)
    if not is_first:
        line.restart()
    meter.telegram()  # which is lost
    assert line.take(meter.telegram().data, 2.0 * meter.meter.interval)
    assert all(line.push(meter, 3))
