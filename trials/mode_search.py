"""Measures how long the search for the serial mode takes, for a meter in each of the usual modes.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.mode_search
    PYTHONPATH=smartmeter_addon:. python3 -m trials.mode_search --interval 10
    PYTHONPATH=smartmeter_addon:. python3 -m trials.mode_search --no-errors

The reader, its search, the decoder and the state file are the program's own. Only the line and the
clock are simulated. The line is a model of its levels: the meter writes start bit, data, parity and
stop bit at its baud rate. The reader's UART looks for a falling edge, samples the line in the
middle of each bit that it expects, and waits for the next edge. So a wrong baud rate changes,
doubles or swallows bytes, and where a stop bit is missing a new byte begins. Parity and framing
errors are told of each byte, as CP210x adapters do it, or of none, as CH341 adapters do. The line
is opened at any moment of a telegram. The clock jumps from event to event.

It prints the seconds from the program's start to the first published reading, for starts spread
evenly over a push interval: the shortest, the median, the longest. "Again" is a start with the mode
kept from the last time.
"""

import argparse
import asyncio
import contextlib
import itertools
import logging
import statistics
import sys
import tempfile
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.config.options import MeterOptions
from app.dlms.ciphering import Keys
from app.line.line_source import LineSource
from app.meters import profile_files
from app.run import line_reader
from app.state import State
from app.transport import mode_search
from app.transport.address import SerialPort
from app.transport.parity import Received
from app.transport.push_interval import PushInterval
from app.transport.reopening import Feed
from app.transport.serial_mode import SerialMode
from app.transport.serial_source import SerialSource
from simulator import links, meters
from simulator.ciphering import KEY
from simulator.clock import VIENNA
from simulator.household import Household
from tests.support.recorder import Recorder
from trials import compressed

DEVICE: Final = "/dev/ttyMeter"
LATENCY: Final = 0.016
"""Seconds for which USB serial adapters collect bytes before they deliver them."""

LONGEST: Final = 900.0
"""Seconds after which a search has failed."""

NOON: Final = datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC)
_EIGHT_BITS: Final = 8
_REST: Final = 2.0  # seconds between two telegrams that take longer than the push interval


@dataclass(frozen=True, slots=True)
class _Burst:
    """One telegram on the line: the times at which the level changes, first from high to low."""

    edges: tuple[float, ...]
    seconds: float

    def high(self, moment: float) -> bool:
        """Tell whether the line is high, as it is while nothing is sent."""
        return not bisect_right(self.edges, moment) % 2

    def falls(self, moment: float) -> float | None:
        """Return the next falling edge after a moment."""
        at = bisect_right(self.edges, moment)
        at += at % 2
        return self.edges[at] if at < len(self.edges) else None

    def heard(self, mode: SerialMode, opened: float) -> Iterator[tuple[float, int, bool]]:
        """Return the bytes that a reader in this mode reads.

        Each comes with the time of its end before it, and behind it whether the reader's UART finds
        a parity or framing error.

        Args:
            mode: the reader's.
            opened: when it opened the line, in seconds since the telegram began.
        """
        bit = 1 / mode.baudrate
        moment: float | None = self.falls(opened)
        while moment is not None:
            if self.high(moment + bit / 2):  # a spike and no start bit
                moment = self.falls(moment + bit / 2)
                continue
            value = sum(self.high(moment + bit * (1.5 + n)) << n for n in range(mode.bytesize))
            bits = 1 + mode.bytesize + (mode.parity != "N")
            end = moment + bit * (bits + 0.5)  # the middle of what should be the stop bit
            wrong_parity = False
            if mode.parity != "N":
                ones = value.bit_count() + self.high(end - bit)
                wrong_parity = ones % 2 != (mode.parity == "O")
            yield end, value, wrong_parity or not self.high(end)
            # A low level there is taken for the next start bit (16550), unless all was low (break).
            is_break = not value and not (mode.parity != "N" and self.high(end - bit))
            moment = self.falls(end) if self.high(end) or is_break else end - bit / 2


@dataclass(frozen=True, slots=True)
class _Result:
    first: tuple[float, ...]
    again: tuple[float, ...]
    interval: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description="Measures the search for the serial mode.")
    parser.add_argument("--interval", type=float, default=5.0, metavar="S", help="of the pushes")
    parser.add_argument("--starts", type=int, default=20, metavar="N", help="within an interval")
    parser.add_argument(
        "--no-errors", action="store_true", help="as an adapter that tells of no parity errors"
    )
    given = parser.parse_args(arguments)
    if given.interval <= 0 or given.starts < 1:
        parser.error("the interval must be above 0, and at least one start")
    sys.stdout.write(
        "| Mode of the meter | A telegram every | Shortest | Median | Longest | Again, longest |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
    )
    logging.disable()  # the simulated line is of no interest to a user
    for mode in mode_search.USUAL:
        result = _measure(mode, given.interval, given.starts, errors=not given.no_errors)
        first = result.first
        times = (result.interval, min(first), statistics.median(first), max(first))
        cells = [str(mode), *(f"{seconds:.0f} s" for seconds in (*times, max(result.again)))]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
    return 0


def _measure(mode: SerialMode, interval: float, starts: int, *, errors: bool) -> _Result:
    segments, pause = _telegram(mode)
    burst = _burst(segments, mode, pause)
    interval = max(interval, burst.seconds + _REST)
    found: list[tuple[float, float]] = []
    for number in range(starts):
        with tempfile.TemporaryDirectory(prefix="smartmeter-trial-") as folder:
            kept = Path(folder) / "state.json"
            wire = _Wire(burst, interval, -interval * number / starts, errors=errors)
            found.append(compressed.run(_searches(wire, kept)))
    first, again = zip(*found, strict=True)
    return _Result(first, again, interval)


def _burst(segments: Sequence[bytes], mode: SerialMode, pause: float) -> _Burst:
    """Write a telegram onto the wire."""
    bit = 1 / mode.baudrate
    edges: list[float] = []
    now, level = 0.0, 1
    for segment in segments:
        for byte in segment:
            data = [byte >> n & 1 for n in range(mode.bytesize)]
            parity = {"N": [], "E": [sum(data) % 2], "O": [1 - sum(data) % 2]}[mode.parity]
            for one in (0, *data, *parity, *[1] * mode.stopbits):
                if one != level:
                    edges.append(now)
                    level = one
                now += bit
        now += pause
    return _Burst(tuple(edges), now)


class _Wire:
    """A meter that pushes for ever, behind a serial port."""

    def __init__(self, burst: _Burst, interval: float, begin: float, *, errors: bool) -> None:
        self._burst = burst
        self._interval = interval
        self._begin = begin
        self._errors = errors

    @contextlib.asynccontextmanager
    async def open(self, port: SerialPort, feed: Feed) -> AsyncIterator[None]:
        """Stand in for `open_port`."""
        hearing = asyncio.create_task(self._hear(port.mode, feed))
        try:
            yield
        finally:
            hearing.cancel()

    async def _hear(self, mode: SerialMode, feed: Feed) -> None:
        clock = asyncio.get_running_loop().time
        opened = clock()
        first = int((opened - self._begin) // self._interval)
        for number in itertools.count(first):
            start = self._begin + number * self._interval
            collected = bytearray()
            errors: list[int] = []
            due = 0.0
            for end, value, error in self._burst.heard(mode, opened - start):
                if collected and start + end > due:
                    await asyncio.sleep(max(due - clock(), 0))
                    feed.give(Received.of(collected, errors))
                    collected.clear()
                    errors.clear()
                if not collected:
                    due = start + end + LATENCY
                if error and self._errors and mode.parity != "N":  # else nobody asks the UART
                    errors.append(len(collected))
                collected.append(value)
            if collected:
                await asyncio.sleep(max(due - clock(), 0))
                feed.give(Received.of(collected, errors))
            # Nothing is read in the pause: wait for the next telegram.
            await asyncio.sleep(max(start + self._interval - clock(), 0))


def _telegram(mode: SerialMode) -> tuple[Sequence[bytes], float]:
    """Return the segments of a telegram that a mode can carry, and the pause after each."""
    if mode.bytesize < _EIGHT_BITS:  # only text does
        lines = ["1-0:1.8.0(005341.671*kWh)", "1-0:2.8.0(000268.868*kWh)", "1-0:1.7.0(00.505*kW)"]
        return [links.p1("SIM5meter", lines)], 0.0
    meter = meters.build("kaifa")
    household = Household(1, NOON, phases=meter.phases)
    return meter.telegram(household.at(NOON)).segments, meter.pause[1]


async def _searches(wire: _Wire, kept: Path) -> tuple[float, float]:
    """Return the seconds that the first search takes, and the one after it with what it kept."""
    return await _search(wire, State(kept)), await _search(wire, State(kept))


async def _search(wire: _Wire, state: State) -> float:
    """Return the seconds until the first reading."""
    clock = asyncio.get_running_loop().time
    output = Recorder()
    options = MeterOptions(keys=Keys(KEY), url=DEVICE)
    source = SerialSource(
        DEVICE, mode_search.USUAL, state=state, fixed=False, clock=clock, opening=wire.open
    )
    reader = line_reader(
        options,
        output,
        profiles=profile_files.load(),
        zone=VIENNA,
        state=state,
        source=LineSource(source, PushInterval()),
        clock=clock,
    )
    begin = clock()
    task = asyncio.create_task(reader.run())
    try:
        await output.reading(within=LONGEST)
    finally:
        task.cancel()
        await asyncio.wait([task])
    return clock() - begin


if __name__ == "__main__":
    sys.exit(main())
