"""Runs a month of telegrams in some minutes, with all faults of a month: the soak trial.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.soak
    PYTHONPATH=smartmeter_addon:. python3 -m trials.soak --days 1 --meter kaifa

A simulated meter pushes every 5 seconds over a simulated line to the program's own reader and
publisher, with a simulated broker. The loop's clock jumps, so no time is spent waiting
(`compressed`). Each state message is compared with what the meter said at the message's time stamp.
After a tenth, a half and all of the time, memory, tasks and file descriptors are counted.
"""

import argparse
import asyncio
import gc
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Never
from unittest.mock import patch

from app.config.options import MeterOptions, MqttOptions
from app.dlms.ciphering import Keys
from app.line.line_source import LineSource
from app.meters import profile_files
from app.mqtt import publisher as publishing
from app.mqtt.layout import Layout
from app.mqtt.publisher import Publisher
from app.mqtt.topics import ONLINE, Topics
from app.run import line_reader
from app.transport.mode_search import USUAL
from app.transport.push_interval import PushInterval
from app.transport.serial_source import SerialSource
from simulator import meters
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA
from simulator.household import Household
from tests.support.logs import attached
from tests.support.standins import Broker, CountedState, InProcessAdapter
from trials import compressed
from trials.ledger import SHOWN, Ledger

INTERVAL: Final = 5.0
DAY: Final = 86400.0
MONTH: Final = 30 * DAY
"""Seconds from one telegram to the next, of a day, and of a month."""

MARKS: Final = (0.1, 0.5, 1.0)
"""Parts of the time after which memory and so on are counted."""

CLOCK_CHANGE: Final = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
"""The end of daylight saving time in central Europe."""

FAULTS: Final = {
    "bits flipped": 2500,
    "bytes lost or doubled": 1000,
    "telegram cut": 1500,
    "noise before a telegram": 2500,
    "telegram sent twice": 500,
    "wrong baud rate": 60,
    "garbage without end": 5,
    "meter silent": 20,
    "adapter pulled": 100,
    "broker refuses": 60,
    "broker hangs up": 60,
    "broker stalls": 30,
    "Home Assistant restarted": 20,
    "program restarted": 25,
    "program killed": 10,
    "computer's clock wrong": 6,
}
"""How often each fault occurs in a month; at least once in any run."""

_ONE_TELEGRAM: Final = tuple(FAULTS)[:5]
"""Faults of a single telegram."""

_MOMENTS: Final = (
    *("garbage without end", "broker hangs up", "Home Assistant restarted"),
    *("program restarted", "program killed"),
)
"""Faults that are over at once."""

_LONGEST: Final = {"meter silent": 6 * 3600, "broker refuses": 2 * 3600}
_USUAL_LONGEST: Final = 600
"""Seconds that a fault lasts at most, by fault, and of the other faults."""


class Program:
    """The program as `app.run.serve` wires it, with the adapter and the broker of the trial.

    Args:
        folder: where its state file is.
        wall_clock: gives the date and time.
        adapter: on the line of the meter.
        energy_unit: what its energies count; it would take some hours to find out.
    """

    def __init__(
        self,
        folder: Path,
        wall_clock: Callable[[], datetime],
        adapter: InProcessAdapter,
        energy_unit: str,
    ) -> None:
        state = CountedState(folder / "state.json")
        clock = asyncio.get_running_loop().time
        self._publisher = Publisher(
            find_broker=_find_broker,
            layout=Layout(Topics(), language="en", version="0"),
            state=state,
            on_state=lambda _: None,
            today=lambda: wall_clock().date(),
        )
        source = SerialSource(
            "/dev/ttyMeter", USUAL, state=state, fixed=False, clock=clock, opening=adapter.open
        )
        self._reader = line_reader(
            MeterOptions(keys=Keys(KEY, AUTH_KEY), device="/dev/ttyMeter", energy_unit=energy_unit),
            self._publisher,
            profiles=PROFILES,
            zone=VIENNA,
            state=state,
            source=LineSource(source, PushInterval()),
            clock=clock,
            wall_clock=wall_clock,
        )
        self._publishing = asyncio.create_task(self._publisher.run())
        self._others = [asyncio.create_task(task) for task in (self._reader.run(), self._tidy())]

    async def _tidy(self) -> Never:
        while True:
            await asyncio.sleep(DAY)
            if self._reader.hears:
                self._publisher.forget_unheard()

    @property
    def failed(self) -> BaseException | None:
        """The exception that ended one of its tasks; None while all run."""
        for task in (self._publishing, *self._others):
            if task.done() and not task.cancelled():
                return task.exception()
        return None

    async def stop(self, *, kill: bool = False) -> None:
        """Stop it as by SIGTERM, or as by SIGKILL."""
        for task in self._others:
            task.cancel()
        if not kill:
            self._reader.flush()
            await asyncio.wait(self._others)
        self._publishing.cancel()
        await asyncio.wait((self._publishing, *self._others))


async def _find_broker() -> MqttOptions:
    return MqttOptions(host="broker")


PROFILES: Final = profile_files.load()


@dataclass(frozen=True)
class Mark:
    """What was counted at one moment."""

    part: float
    telegrams: int
    resident: int
    """Kilobytes."""
    blocks: int
    """Blocks of memory that Python has allocated."""
    tasks: int
    descriptors: int
    state: int
    """Bytes of the state file."""


@dataclass
class Outcome:
    """What was counted in a run."""

    ledger: Ledger
    days: float
    telegrams: int = 0
    whole: int = 0
    """Undamaged telegrams that came while the line was read and the broker was there."""
    missed: int = 0
    """Those of them that were not published before the next one came."""
    faults: Counter[str] = field(default_factory=Counter)
    recovery: dict[str, float] = field(default_factory=dict)
    """By fault, the longest time in seconds from its end to the next state message."""
    marks: list[Mark] = field(default_factory=list)
    writes: int = 0
    mistakes: list[str] = field(default_factory=list)
    tasks_left: int = 0


class _Mistakes(logging.Handler):
    """Collects the errors that the program logs about itself."""

    def __init__(self, into: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into.append(record.getMessage()[:500])


class UnsuitableError(ValueError):
    """A list with which the trial cannot run."""


def _id(meter: meters.Meter, household: Household, moment: datetime) -> str:
    """Return the id that a meter has in topics, without sending a telegram.

    Raises:
        UnsuitableError: its telegrams say no time, by which state messages are compared.
    """
    truth = replace(meter).telegram(household.at(moment)).truth
    if not truth.says_time:
        raise UnsuitableError(f"the list {meter.variant} of {meter.family} says no time")
    return (truth.meter_id or truth.system_title.hex() or meter.family).lower()


class Soak:
    """One run.

    Args:
        seconds: of the meter's time.
        family: of the meter.
        variant: its list; None for its first.
        seed: of all chance.
        folder: for the state file.
    """

    def __init__(
        self, seconds: float, family: str, variant: str | None, seed: int, folder: Path
    ) -> None:
        self._seconds = seconds
        self._chance = random.Random(seed)
        self._folder = folder
        self._meter = meters.build(family, variant)
        self._energy_unit = "10 Wh" if family == "kamstrup" else "auto"
        self._start = CLOCK_CHANGE - timedelta(seconds=seconds // 2 // INTERVAL * INTERVAL)
        self._household = Household(
            seed, self._start, phases=self._meter.phases, step=int(INTERVAL)
        )
        self._longest = min(max(_LONGEST.values()), seconds / 12)
        remembered = int(2 * self._longest / INTERVAL)
        ledger = Ledger(Topics().state(_id(self._meter, self._household, self._start)), remembered)
        self._outcome = Outcome(days=seconds / DAY, ledger=ledger)
        self._set_by = timedelta()
        self._until: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._plan = self._planned()

    def _planned(self) -> deque[tuple[float, str]]:
        draw = self._chance.uniform
        plan = [
            (draw(0.02, 0.98) * self._seconds, kind)
            for kind, often in FAULTS.items()
            for _ in range(max(1, round(often * self._seconds / MONTH)))
        ]
        # In the hour that occurs twice: a clock without deviation does not tell which one it is.
        plan.append((self._seconds / 2 + 0.15 * min(self._seconds, 7200.0), "program restarted"))
        return deque(sorted(plan))

    async def run(self) -> Outcome:
        """Run to the end."""
        self._loop = asyncio.get_running_loop()
        self._adapter = InProcessAdapter(self._meter.serial_mode)
        self._broker = Broker(self._took)
        CountedState.writes = 0
        with (
            attached(_Mistakes(self._outcome.mistakes)),
            patch.object(publishing, "Connection", self._broker.connect),
            patch.object(publishing, "monotonic", self._loop.time),
        ):
            await self._live()
        self._outcome.writes = CountedState.writes
        self._outcome.tasks_left = len(asyncio.all_tasks()) - 1
        return self._outcome

    async def _live(self) -> None:
        self._program = Program(self._folder, self._now, self._adapter, self._energy_unit)
        marks = deque(MARKS)
        count = int(self._seconds // INTERVAL)
        for number in range(count):
            await asyncio.sleep(max(0.0, number * INTERVAL - self._loop.time()))
            disturbed = await self._faults()
            await self._send(disturbed)
            if marks and number + 1 >= marks[0] * count:
                self._mark(marks.popleft())
            if self._program.failed:
                raise RuntimeError("the program ended") from self._program.failed
        await self._program.stop()

    def _now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time()) + self._set_by

    # --- The meter ---

    async def _send(self, disturbed: set[str]) -> None:
        """Send the meter's next telegram, as far as the present faults allow it."""
        moment = self._start + timedelta(seconds=self._outcome.telegrams * INTERVAL)
        telegram = self._meter.telegram(self._household.at(moment))
        self._outcome.telegrams += 1
        at = self._outcome.ledger.said(telegram.truth)
        if "meter silent" in self._until:
            return
        if "wrong baud rate" in self._until:
            self._adapter.write(self._chance.randbytes(300))
            return
        broker = self._broker.connection
        there = self._adapter.hears and broker is not None and not self._broker.trouble
        if "noise before a telegram" in disturbed:
            self._adapter.write(self._chance.randbytes(self._chance.randrange(1, 400)))
        pieces, whole = self._damaged(telegram.segments, disturbed)
        for piece in pieces:
            self._adapter.write(piece)
            await asyncio.sleep(0.05)
        if "telegram sent twice" in disturbed:
            self._adapter.write(telegram.data)
        await asyncio.sleep(0.5)
        if whole and there and broker is self._broker.connection:
            self._outcome.whole += 1
            self._outcome.missed += self._outcome.ledger.newest != at

    def _damaged(self, segments: Sequence[bytes], disturbed: set[str]) -> tuple[list[bytes], bool]:
        data = bytearray(b"".join(segments))
        draw = self._chance.randrange
        before = bytes(data)
        if "bits flipped" in disturbed:
            for _ in range(draw(1, 9)):
                data[draw(len(data))] ^= 1 << draw(8)
        if "bytes lost or doubled" in disturbed:
            at = draw(len(data))
            data[at : at + 1] = data[at : at + 1] * draw(0, 3, 2)
        if "telegram cut" in disturbed:
            del data[draw(len(data)) :]
        if bytes(data) != before:
            return [bytes(data)], False
        return list(segments), True

    # --- What goes wrong ---

    async def _faults(self) -> set[str]:
        """Begin and end the faults that are due; return those of the next telegram."""
        now = self._loop.time()
        for kind in [kind for kind, until in self._until.items() if until <= now]:
            del self._until[kind]
            self._end(kind)
        disturbed = set()
        while self._plan and self._plan[0][0] <= now:
            _, kind = self._plan.popleft()
            self._outcome.faults[kind] += 1
            longest = min(_LONGEST.get(kind, _USUAL_LONGEST), self._longest)
            lasts = self._chance.uniform(1, longest)
            if kind in _ONE_TELEGRAM:
                disturbed.add(kind)
            else:
                await self._begin(kind, now + lasts)
        return disturbed

    async def _begin(self, kind: str, until: float) -> None:
        """Begin a fault of more than a single telegram."""
        self._ended.clear()  # the recovery of earlier faults can no longer be told
        if kind in _MOMENTS:
            await self._strike(kind)
            return
        if kind.startswith("broker"):
            if self._broker.trouble:
                return
            self._broker.trouble = kind
            if kind == "broker refuses":
                self._broker.hang_up()
        elif kind == "adapter pulled":
            self._adapter.plug(into=False)
        elif kind.startswith("computer"):
            self._set_by = timedelta(seconds=self._chance.uniform(-7200, 7200))
        self._until[kind] = max(until, self._until.get(kind, 0.0))

    async def _strike(self, kind: str) -> None:
        """Cause a fault that is over at once."""
        if kind.startswith("program"):
            if kind == "program killed":
                self._broker.hang_up()
            await self._program.stop(kill=kind == "program killed")
            self._program = Program(self._folder, self._now, self._adapter, self._energy_unit)
        elif kind == "broker hangs up":
            self._broker.hang_up()
        elif kind == "Home Assistant restarted":
            self._broker.say("homeassistant/status", ONLINE)
        else:
            await self._garbage()
        self._over(kind)

    async def _garbage(self) -> None:
        """Send a minute of random bytes at 115200 baud."""
        for _ in range(600):
            self._adapter.write(self._chance.randbytes(1152))
            await asyncio.sleep(0.1)

    def _end(self, kind: str) -> None:
        if kind == "adapter pulled":
            self._adapter.plug(into=True)
        elif kind.startswith("broker"):
            self._broker.trouble = None
        elif kind.startswith("computer"):
            self._set_by = timedelta()
        self._over(kind)

    def _over(self, kind: str) -> None:
        """Begin to wait for the next state message, unless another fault delays it."""
        if not self._until:
            self._ended[kind] = self._loop.time()

    def _took(self, topic: str, payload: str) -> None:
        before = self._outcome.ledger.published
        self._outcome.ledger.take(topic, payload)
        if self._outcome.ledger.published > before and not self._until:
            now = self._loop.time()
            for kind, ended in self._ended.items():
                longest = self._outcome.recovery.get(kind, 0.0)
                self._outcome.recovery[kind] = max(longest, now - ended)
            self._ended.clear()

    def _mark(self, part: float) -> None:
        gc.collect()
        fields = Path("/proc/self/statm").read_text("ascii").split()
        state = self._folder / "state.json"
        self._outcome.marks.append(
            Mark(
                part,
                self._outcome.telegrams,
                int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 1024,
                sys.getallocatedblocks(),
                len(asyncio.all_tasks()),
                len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names of links that may be gone
                state.stat().st_size if state.exists() else 0,
            )
        )


def soak(
    seconds: float, folder: Path, *, meter: str = "e450", variant: str | None = None, seed: int = 1
) -> Outcome:
    """Run a soak to its end; see `Soak`."""
    return compressed.run(_soak(seconds, meter, variant, seed, folder))


async def _soak(
    seconds: float, meter: str, variant: str | None, seed: int, folder: Path
) -> Outcome:
    return await Soak(seconds, meter, variant, seed, folder).run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; the exit status is 1 when anything was wrong, 2 for wrong usage."""
    parser = argparse.ArgumentParser(description="Reads a simulated month of telegrams.")
    parser.add_argument("--days", type=float, default=30.0, metavar="N")
    parser.add_argument("--meter", choices=meters.FAMILIES, default="e450")
    parser.add_argument("--list", metavar="NAME", help="which list it sends (default: the first)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    given = parser.parse_args(arguments)
    logging.getLogger("app").addHandler(logging.NullHandler())
    logging.getLogger("app").propagate = False
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        try:
            outcome = soak(
                given.days * DAY,
                Path(folder),
                meter=given.meter,
                variant=given.list,
                seed=given.seed,
            )
        except UnsuitableError as error:
            parser.error(str(error))
    _show(outcome, time.monotonic() - begin)
    wrong = outcome.ledger.wrong or outcome.missed or outcome.mistakes or outcome.tasks_left
    return 1 if wrong else 0


def _show(outcome: Outcome, seconds: float) -> None:
    ledger = outcome.ledger
    lines = [
        f"{outcome.telegrams:,} telegrams in {seconds / 60:.1f} minutes",
        f"state messages {ledger.published:,}",
        f"whole telegrams {outcome.whole:,}, of which not published {outcome.missed:,}",
        f"wrong values {sum(ledger.wrong.values())} {dict(ledger.wrong)}",
        *ledger.told,
        f"errors of the program {len(outcome.mistakes)}",
        *outcome.mistakes[:SHOWN],
        f"state file written {outcome.writes} times, {outcome.writes / outcome.days:.1f} a day",
        f"tasks left at the end {outcome.tasks_left}",
        "",
        "| Time | Telegrams | Resident | Blocks | Tasks | File descriptors | State file |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {mark.part:.0%} | {mark.telegrams:,} | {mark.resident / 1024:.1f} MB |"
            f" {mark.blocks:,} | {mark.tasks} | {mark.descriptors} | {mark.state:,} bytes |"
            for mark in outcome.marks
        ),
        "",
        "| Fault | Times | Longest until the next state message |",
        "| --- | ---: | ---: |",
        *(
            f"| {kind} | {times} | {_seconds(outcome.recovery.get(kind))} |"
            for kind, times in outcome.faults.items()
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
