"""The whole running program, beside an earlier one: processor, memory, and the time of a start.

Both run at once, each between a simulated meter on a pseudo terminal and a Mosquitto of its own,
and another client of the broker counts what is published. They take turns at 20 telegrams a second,
so that only one is busy. At the meter's own pace both are idle nearly all of the time, and their
telegrams come in turns; what a program does meanwhile counts, too.

The time of a start is the mean of some. It runs from the start of Python to the first published
value, with a telegram each 0.1 s; the serial mode and the state of the last run are known.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
)
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from app.mqtt.topics import Topics
from tests.support import history
from tests.support.mosquitto import Mosquitto, Watcher
from tests.support.program import Program, options, running
from tests.support.simulated import Adapter, SimulatedMeter
from trials.bench import machine
from trials.bench.arguments import PROGRAM_LISTS
from trials.bench.image import variables
from trials.bench.lists import LISTS
from trials.bench.workers import ratio, table

PACE: Final = 0.05
"""Seconds between two telegrams where the processor is measured in turns."""

START_PACE: Final = 0.1
"""The same where starts are measured."""

_ALL_THREADS: Final = 2
"""Of the clocks that Linux has for each process: the time that the scheduler counts, of all its
threads, in nanoseconds (clock_getcpuclockid, whose number the C library makes so)."""

_MINUTE: Final = 60


def run(given: argparse.Namespace, then: Path) -> None:
    """Measure and print.

    Args:
        given: the options.
        then: the earlier program's folder.
    """
    sys.stdout.write(machine.described() + "\n")
    trees = {"this tree": history.ROOT / "smartmeter_addon", given.earlier: then}
    rows = [
        row
        for name in given.list or PROGRAM_LISTS
        for row in asyncio.run(_measure(name, trees, given))
    ]
    head = ("", "this tree", given.earlier, "ratio")
    sys.stdout.write("\n" + table(head, rows))


@dataclass
class Side:
    """A program between its meter and its broker, and what was measured of it.

    Args:
        adapter: the meter's line.
        meter: pushes to it.
        broker: what the program publishes to.
        folder: of options and state.
        tree: the add-on's folder.
    """

    adapter: Adapter
    meter: SimulatedMeter
    broker: Mosquitto
    folder: Path
    tree: Path
    program: Program = field(init=False)
    home: Watcher = field(init=False)
    in_turns: list[float] = field(default_factory=list)
    at_pace: float = 0.0
    resident: int = 0
    starts: list[float] = field(default_factory=list)
    pushed: int = 0
    unpublished: int = 0

    @property
    def topic(self) -> str:
        """Where the program publishes the meter's values."""
        return Topics().state(self.meter.id)

    @property
    def options(self) -> dict[str, Any]:
        """The program's; it has keys only where the meter ciphers."""
        meter = self.meter.meter
        given = options(self.broker, self.adapter.path, serial_mode=meter.serial_mode)
        keys = set() if meter.ciphering else {"key", "auth_key"}
        return {name: value for name, value in given.items() if name not in keys}

    def running(self) -> AbstractAsyncContextManager[Program]:
        """Start the program, as its image does."""
        return running(self.options, self.folder, variables(self.tree), addon=self.tree)

    def busy(self) -> float:
        """Give the microseconds for which the program has kept a processor busy."""
        clock = ~self.program.pid << 3 | _ALL_THREADS
        return time.clock_gettime_ns(clock) / 1000

    async def push(self, count: int, pace: float) -> float:
        """Push telegrams; give the microseconds that each of them took, on average."""
        before = self.busy()
        published = len(self.home.messages)
        begin = time.monotonic()
        for turn in range(1, count + 1):
            await self.meter.push()
            await asyncio.sleep(max(0.0, begin + turn * pace - time.monotonic()))
        # An earlier guard takes some telegrams for damaged, when they come faster than they say.
        self.unpublished += max(0, count - (len(self.home.messages) - published))
        self.pushed += count
        return (self.busy() - before) / count

    async def start(self) -> float:
        """Start the program with telegrams already coming, stop it again; give the seconds."""
        pushing = asyncio.create_task(self._push_on())
        try:
            self.home.pass_over(self.topic)
            begin = time.monotonic()
            async with self.running() as program:
                await self.home.wait(self.topic)
                seconds = time.monotonic() - begin
                await program.stop()
        finally:
            pushing.cancel()
        return seconds

    async def _push_on(self) -> None:
        # Else a start would end with the same telegram each time.
        await asyncio.sleep(random.uniform(0, START_PACE))
        while True:
            await self.meter.push()
            await asyncio.sleep(START_PACE)


async def _measure(
    name: str, trees: dict[str, Path], given: argparse.Namespace
) -> list[tuple[str, ...]]:
    """Measure one list; return the rows of the table."""
    async with AsyncExitStack() as stack:
        sides = [await stack.enter_async_context(side_of(name, tree)) for tree in trees.values()]
        for side in sides:  # so that all is compiled, as it is in an image
            async with side.running() as program:
                await program.ready()
                await program.stop()
        async with AsyncExitStack() as programs:
            for side in sides:
                side.program = await programs.enter_async_context(side.running())
                await side.program.ready()
                _pin(side.program.pid)
                await side.push(given.warm_up, PACE)
            await _take_turns(sides, given)
            await _at_pace(sides, given.minutes)
            for side in sides:
                await side.program.stop()
                if side.unpublished:
                    lost = f"{side.unpublished} of {side.pushed} telegrams"
                    sys.stdout.write(f"{name}, {side.tree}: {lost} were not published\n")
        for turn in range(1 + given.starts if given.starts else 0):
            for side in sides:
                seconds = await side.start()
                if turn:
                    side.starts.append(seconds)
    return _rows(name, *sides)


@asynccontextmanager
async def side_of(name: str, tree: Path) -> AsyncGenerator[Side]:
    """Give a program's meter and broker; the program is yet to be started."""
    with tempfile.TemporaryDirectory(prefix="smartmeter-bench-") as made:
        folder = Path(made)
        broker = Mosquitto(folder).start()
        try:
            with closing(Adapter(folder / "ttyMeter")) as adapter:
                meter = SimulatedMeter(adapter, *LISTS[name], zone=UTC)
                side = Side(adapter, meter, broker, folder, tree)
                async with broker.watch(side.topic) as side.home:
                    yield side
        finally:
            broker.stop()


async def _take_turns(sides: Sequence[Side], given: argparse.Namespace) -> None:
    turns = list(sides)
    for _ in range(given.rounds):
        for side in turns:
            side.in_turns.append(await side.push(given.telegrams, PACE))
        turns.reverse()


async def _at_pace(sides: Sequence[Side], minutes: float) -> None:
    """Push at the meter's own pace, the sides in turns."""
    interval = sides[0].meter.meter.interval
    count = max(1, int(minutes * _MINUTE / interval))

    async def push(side: Side, wait: float) -> None:
        await asyncio.sleep(wait)
        side.at_pace = await side.push(count, interval)
        side.resident = side.program.resident

    waits = [turn * interval / len(sides) for turn in range(len(sides))]
    await asyncio.gather(*map(push, sides, waits))


def _pin(pid: int) -> None:
    """Have a program run on the first processor, as another may be slower."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})


def _rows(name: str, ours: Side, then: Side) -> list[tuple[str, ...]]:
    def row(what: str, form: str, values: Sequence[float]) -> tuple[str, ...]:
        new, old = values
        return f"{name}: {what}", form.format(new), form.format(old), f"{new / old:.2f}"

    sides = ours, then
    rows = []
    if ours.in_turns:
        medians = [statistics.median(side.in_turns) for side in sides]
        *cells, _ = row("µs at 20 a second", "{:.0f}", medians)
        rows.append((*cells, f"{ratio(ours.in_turns, then.in_turns):.2f}"))
    rows.append(row("µs at the meter's pace", "{:.0f}", [side.at_pace for side in sides]))
    rows.append(row("MB resident", "{:.1f}", [side.resident / 1000 for side in sides]))
    if ours.starts:
        means = [statistics.mean(side.starts) for side in sides]
        rows.append(row("s to the first value", "{:.2f}", means))
    return rows
