"""One meter's line read in a test: its clock is moved by hand, its log is watched."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.config.options import MeterOptions
from app.dlms.ciphering import Keys
from app.line.line_ids import Line
from app.log import TRACE
from app.meters import profile_files
from app.run import line_reader
from app.state import State
from app.transport.serial_mode import SerialMode
from app.transport.source import Event, Lost, Opened
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA
from simulator.meters import Truth
from tests.support.memory import Memory
from tests.support.mosquitto import TIMEOUT
from tests.support.recorder import Recorder
from tests.support.simulated import START, Adapter, SimulatedMeter

KEYS = Keys(KEY, AUTH_KEY)
OTHER_KEY = bytes(range(0x40, 0x50))
MODE = SerialMode.parse("2400 8E1")
PORT = Opened(f"/dev/ttyUSB0 ({MODE})", MODE)
GATEWAY = Opened("tcp://192.168.1.20:2000", remote=True)
PUSH = 5.0
"""Seconds between two telegrams of the meters used here."""


class WatchedLog(logging.Handler):
    """What a line writes into the log."""

    def __init__(self) -> None:
        super().__init__(TRACE)
        self.records: list[logging.LogRecord] = []
        self._news = asyncio.Event()
        self._passed = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self._news.set()

    def at(self, level: str) -> list[str]:
        """Give what was written at a level so far."""
        return [record.getMessage() for record in self.records if record.levelname == level]

    @property
    def all(self) -> list[str]:
        """What was written so far, bytes apart."""
        return [record.getMessage() for record in self.records if record.levelno > TRACE]

    async def wait(self, text: str) -> str:
        """Wait for the next line that contains a text; those before it are passed over."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                self._news.clear()
                while self._passed < len(self.records):
                    message = self.records[self._passed].getMessage()
                    self._passed += 1
                    if text in message:
                        return message
                await self._news.wait()


@dataclass
class ReadLine:
    """A line's reader, its clock, and what it has handed on."""

    options: MeterOptions = field(default_factory=MeterOptions)
    label: str = ""
    now: float = 1000.0
    delays: tuple[float, ...] = (0.01,)
    recorder: Recorder = field(default_factory=Recorder)
    state: State = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.reader = line_reader(
            self.options,
            self.recorder,
            profiles=profile_files.load(),
            zone=VIENNA,
            state=self.state,
            line=Line("1", self.label),
            clock=lambda: self.now,
            wall_clock=lambda: START + timedelta(seconds=self.now - 1000.0),
            delays=self.delays,
        )

    def take(self, *events: Event) -> None:
        """Let something happen on the line, now."""
        for event in events:
            self.reader._take(event)

    def after(self, seconds: float) -> None:
        """Let time pass, with a look at the line at its end."""
        self.now += seconds
        self.reader._look(self.now)

    def watch(self, seconds: int, each: Callable[[], object] = lambda: None) -> None:
        """Let time pass with something each second, and a look."""
        for _ in range(seconds):
            self.now += 1
            each()
            self.reader._look(self.now)


def opened_line(keys: Keys = KEYS, source: Opened = PORT, **options: object) -> ReadLine:
    """Give the reader of a line that has been opened."""
    line = ReadLine(replace(MeterOptions(keys=keys), **options))  # type: ignore[arg-type]
    line.take(source)
    return line


def lost_line(reason: str = "the adapter is gone; plug it in again") -> Lost:
    """Give the event that the serial port is lost."""
    return Lost(PORT.line, reason, 1.0, MODE)


def pushes(meter: SimulatedMeter, line: ReadLine, count: int = 1) -> list[Truth]:
    """Let telegrams come at the meter's pace, with the looks in between; give what they say."""
    truths = []
    for _ in range(count):
        telegram = meter.telegram()
        truths.append(telegram.truth)
        line.take(telegram.data)
        line.watch(int(PUSH))
    return truths


@asynccontextmanager
async def running_line(line: ReadLine) -> AsyncGenerator[ReadLine]:
    """Read a line in a task, and check that it ends only when it is cancelled."""
    task = asyncio.create_task(line.reader.run())
    try:
        yield line
    finally:
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError), outcome


def line_at(adapter: Adapter, **options: object) -> ReadLine:
    """Give the reader of the line at a serial adapter."""
    return ReadLine(replace(MeterOptions(keys=KEYS, device=str(adapter.path)), **options))  # type: ignore[arg-type]
