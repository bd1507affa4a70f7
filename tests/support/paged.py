"""A page with a line behind it, whose clock is moved by hand."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.config.options import MeterOptions
from app.log import Redactor
from app.meters import profile_files
from app.page.access import of_address
from app.page.page import Page
from app.run import line_reader
from app.state import State
from app.status import OutputState
from app.transport.source import Event
from simulator.clock import VIENNA
from simulator.household import Household
from tests.support.asking import Answered, ask, until
from tests.support.lines import KEYS, PORT
from tests.support.memory import Memory
from tests.support.recorder import Recorder
from tests.support.simulated import START, SimulatedMeter

WELL = {"broker": OutputState(works=True, sentence="connected to the MQTT broker")}
PROFILES = profile_files.load()


@dataclass
class Paged:
    """A page, its one line, and what the outputs say."""

    options: MeterOptions = field(default_factory=lambda: MeterOptions(keys=KEYS, name="House"))
    language: str = "en"
    secrets: tuple[str, ...] = ()
    state: State = field(default_factory=Memory)
    outputs: Mapping[str, OutputState] = field(default_factory=lambda: dict(WELL))
    begin: datetime = START
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.page = Page(
            of_address("127.0.0.1", 0),
            language=self.language,
            redactor=Redactor(self.secrets),
            state=self.state,
            profiles=PROFILES,
            outputs=lambda: self.outputs,
            clock=lambda: self.now,
            wall_clock=lambda: self.time.timestamp(),  # noqa: PLW0108 - the clock moves
        )
        watcher = self.page.watcher("", self.options)
        (self.line,) = self.page._lines
        self.reader = line_reader(
            self.options,
            Recorder(),
            profiles=PROFILES,
            zone=VIENNA,
            state=self.state,
            watcher=watcher,
            clock=lambda: self.now,
            wall_clock=lambda: self.time,
        )
        self.line.reader = self.reader

    @property
    def time(self) -> datetime:
        """The date and time, aware."""
        return (self.begin + timedelta(seconds=self.now - 1000.0)).astimezone(UTC)

    def take(self, *events: Event) -> None:
        """Let something happen on the line, now."""
        for event in events:
            self.reader._take(event)

    def after(self, seconds: float) -> None:
        """Let time pass, with a look at the line at its end."""
        self.now += seconds
        self.reader._look(self.now)
        self.line.look()

    def push(self, meter: SimulatedMeter, count: int = 1, *, every: float = 5.0) -> None:
        """Let telegrams come."""
        for _ in range(count):
            self.take(meter.telegram().data)
            self.after(every)


def opened(language: str = "en", **options: object) -> Paged:
    """Give a page whose line has been opened."""
    made = MeterOptions(keys=KEYS, name="House")
    paged = Paged(replace(made, **options), language=language)  # type: ignore[arg-type]
    paged.take(PORT)
    return paged


def lived(language: str = "en", *, seconds: float = 86400, every: float = 5.0) -> Paged:
    """Give a page of a meter that was read for a while, with some noise on its line."""
    paged = opened(language, name="Haus am See" if language == "de" else "House by the lake")
    paged.begin = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=seconds)
    meter = SimulatedMeter(None, "kaifa", start=paged.begin.astimezone(VIENNA))
    meter._household = Household(3, paged.begin.astimezone(VIENNA), phases=meter.meter.phases)
    for n in range(int(seconds / every)):
        meter._now = paged.time.astimezone(VIENNA) - timedelta(seconds=meter.meter.interval)
        data = meter.telegram().data
        if n % 97 == 42 or (8 < paged.time.hour < 11 and n % 17 == 4):
            data = data[:90] + bytes((data[90] ^ 8,)) + data[91:]
        paged.take(data)
        paged.now += every
        if n % 12 == 0:
            paged.after(0)
    paged.after(0)
    return paged


@asynccontextmanager
async def shown(paged: Paged) -> AsyncGenerator[str]:
    """Let the page be seen; gives its address."""
    task = asyncio.create_task(paged.page.run([paged.reader]))
    try:
        await until(lambda: paged.page.server.port)
        yield f"http://127.0.0.1:{paged.page.server.port}/"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def get(paged: Paged, path: str) -> Answered:
    """Ask for a path of a page."""
    async with shown(paged):
        return await ask(paged.page.server.port, f"/{path}")


async def told(paged: Paged, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Give the JSON that is at a path of a page."""
    answer = await get(paged, path)
    assert answer.status == 200
    return json.loads(answer.body)


def steps(paged: Paged) -> dict[str, str]:
    """Give how each step of the line is doing."""
    facts: Any = paged.line.facts("en", published=all(o.works for o in paged.outputs.values()))
    return dict(facts["steps"])


def meter(family: str = "kaifa", **options: object) -> SimulatedMeter:
    """Give a meter that pushes to a page; see `SimulatedMeter`."""
    return SimulatedMeter(None, family, **options)  # type: ignore[arg-type]
