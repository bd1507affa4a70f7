"""What is kept over a restart of the program."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from simulator.household import Household
from tests.support.guarded import GuardedLine, accepted, line_of, skip
from tests.support.simulated import SimulatedMeter


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
    line.now = 3.0  # the monotonic clock began anew, too
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
    assert accepted(line.push(meter, 4)) == [False, False, True, True]


@pytest.mark.parametrize("kept", ["", "{}", "[1]", '{"ids": 3}', '{"ids": [], "counters": null}'])
def test_a_memory_that_cannot_be_understood_is_ignored(kept: str) -> None:
    line = GuardedLine(memory={"4B464D6750000001": kept})
    assert line.push(SimulatedMeter(None, "kaifa")) != [None]


@pytest.mark.parametrize(
    ("key", "value"),
    [("counter", 1e999), ("watts", float("nan")), ("wall", 1e999), ("time", float("nan"))],
)
def test_a_memory_with_numbers_that_are_not_finite_is_ignored(key: str, value: float) -> None:
    meter = SimulatedMeter(None, "kaifa")
    ((name, kept),) = line_of(meter).guard.memory().items()
    line = GuardedLine(memory={name: json.dumps({**json.loads(kept), key: value})})
    assert line.push(meter) != [None]


def test_a_deeply_nested_memory_is_ignored() -> None:
    assert GuardedLine(memory={"4B464D6750000001": "[" * 100_000}).guard.memory() == {}
