"""Measures what the page costs: memory, time of the processor, and delay of the readings.

The real program runs in processes of its own side by side: without the page, with it and nobody
looking, and with somebody who looks. Each gets a telegram in turn, from a simulated meter behind a
gateway of its own, so that whatever else the machine does meets all of them alike. What is told of
the processor is the median of many short blocks of telegrams, and that of what the same block took
more than in the first case:

    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost
    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost --rounds 10 --blocks 40
    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost --pause 2.5 --blocks 30 --telegrams 4
    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost --before ../before/smartmeter_addon
    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost --meter dsmr --cases asked
    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost --cases elsewhere hostile --ahead

The delay runs from a telegram's last byte to the state message at the broker. Beside these cases,
each of these is measured alone:

- asked: somebody asks for every part of the page again and again.
- hostile: somebody sends malformed and endless heads, hangs up, and has recordings made, over many
  connections. Of a meter that does not cipher, such as dsmr, these are made anonymous, which takes
  most time.
- elsewhere: the same is done to an empty server in another process, while the program has no page.
  So what the delays are more in the case hostile, the page is the reason of, and not the load.

A turn is what the event loop does between two waits: the longest one is told as time of the
processor, which other work on the machine does not make longer. With --ahead the program runs
before all other work, as on a machine that has nothing else to do.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic, perf_counter
from typing import Final

from app.mqtt.topics import Topics
from simulator.wires import TcpServer
from tests.support.asking import ask
from tests.support.mosquitto import Mosquitto, Watcher, free_port
from tests.support.program import ADDON, Program, options, running
from tests.support.simulated import SimulatedMeter

BEFORE: Final = "build before"
WITHOUT: Final = "without"
SIDE_BY_SIDE: Final = (WITHOUT, "nobody looks", "somebody looks")
ALONE: Final = ("asked", "elsewhere", "hostile")
PATHS: Final = ("", "page.js", "facts", "series?key=power", "telegram", "report", "recording")

_HOSTILE: Final = 40
"""Connections of somebody hostile; the page takes a few more."""

_HEADS: Final = (
    b"GET /recording HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8,
    b"GET /facts HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50,
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a:\r\n" * 60_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000,
    b"\xff\x00" * 2000,
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n",
)

_WARM: Final = 50  # telegrams before anything is measured

_NOTE_TURNS: Final = """
import atexit, json, time
from asyncio import base_events
turn, noted = base_events.BaseEventLoop._run_once, []
def noting(loop):
    begin = time.thread_time()
    turn(loop)
    if (took := time.thread_time() - begin) > 0.0005:
        noted.append((time.monotonic(), took))
base_events.BaseEventLoop._run_once = noting
atexit.register(lambda: open({file!r}, "w").write(json.dumps(noted)))
"""
"""Runs first in the program: writes down when long turns ended, and for how long each kept the
processor busy."""


@dataclass
class Cost:
    """What one case took in all rounds.

    Args:
        resident: kB of memory at the end of each round.
        busy: CPU microseconds a telegram, of each block.
        delays: seconds from last byte to message.
        turns: CPU seconds of the longest turn of each round.
    """

    resident: list[int] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)


@dataclass
class _Side:
    """A program between its meter and its broker, in one case.

    Args:
        program: it.
        meter: pushes to it.
        home: sees what it publishes.
        topic: of its states.
        cost: what it takes.
        warm_at: when measuring began, by the clock of `monotonic`.
    """

    program: Program
    meter: SimulatedMeter
    home: Watcher
    topic: str
    cost: Cost
    warm_at: float = 0.0

    async def push(self) -> None:
        """Push a telegram, and wait for what is published of it."""
        self.home.pass_over(self.topic)
        await self.meter.push()
        begin = perf_counter()
        await self.home.wait(self.topic)
        self.cost.delays.append(perf_counter() - begin)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measures what the page costs.")
    parser.add_argument("--telegrams", type=int, default=25, metavar="N", help="in a block")
    parser.add_argument("--blocks", type=int, default=20, metavar="N", help="in a round")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="with new processes")
    parser.add_argument("--pause", type=float, default=0.02, metavar="SECONDS")
    parser.add_argument("--meter", default="kaifa", metavar="FAMILY")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="an older smartmeter_addon")
    parser.add_argument("--ahead", action="store_true", help="of all other work; wants root")
    parser.add_argument(
        "--cases", nargs="+", default=SIDE_BY_SIDE, choices=(*SIDE_BY_SIDE, *ALONE), metavar="CASE"
    )
    given = parser.parse_args(arguments)
    beside = [BEFORE] if given.before else []
    beside += [case for case in given.cases if case in SIDE_BY_SIDE]
    groups = [beside, *([case] for case in given.cases if case in ALONE)]
    found = {case: Cost() for group in groups for case in group}
    for _ in range(given.rounds):
        for group in filter(None, groups):
            asyncio.run(_round({case: found[case] for case in group}, given))
    first = next(iter(found.values()))
    for case, cost in found.items():
        sys.stdout.write(f"{case}: {_told(cost, first if case in beside else cost)}\n")
    return 0


def _told(cost: Cost, first: Cost) -> str:
    """Put a case into words; the first one is what it is compared with."""
    more = [100 * (one / other - 1) for one, other in zip(cost.busy, first.busy, strict=True)]
    delays = sorted(1000 * delay for delay in cost.delays)
    told = [
        f"resident {statistics.median(cost.resident):.0f} kB",
        f"{statistics.median(cost.busy):.0f} CPU us a telegram ({statistics.median(more):+.1f} %)",
        f"delay p50 {statistics.median(delays):.2f} ms",
        f"p99 {delays[len(delays) * 99 // 100]:.2f} ms, longest {delays[-1]:.2f} ms",
    ]
    if cost.turns:
        told.append(f"longest turn {1000 * max(cost.turns):.2f} CPU ms")
    return ", ".join(told)


async def _round(costs: dict[str, Cost], given: argparse.Namespace) -> None:
    """Measure cases side by side, each with a process of its own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartmeter-trial-")))
        for name in ("broker", *map(str, range(len(costs)))):
            (folder / name).mkdir()
        broker = Mosquitto(folder / "broker").start()
        stack.callback(broker.stop)
        sides = [
            await stack.enter_async_context(_side(case, cost, broker, folder / str(n), given))
            for n, (case, cost) in enumerate(costs.items())
        ]
        for _ in range(_WARM):
            for side in sides:
                await side.push()
        for side, cost in zip(sides, costs.values(), strict=True):
            side.cost, side.warm_at = cost, monotonic()
        for _ in range(given.blocks):
            before = [side.program.busy for side in sides]
            for _ in range(given.telegrams):
                for side in sides:
                    await side.push()
                    await asyncio.sleep(given.pause)
            for side, busy in zip(sides, before, strict=True):
                each = (side.program.busy - busy) / given.telegrams
                side.cost.busy.append(1e6 * each)
            sides.append(sides.pop(0))
        for side in sides:
            side.cost.resident.append(side.program.resident)


@asynccontextmanager
async def _side(
    case: str, cost: Cost, broker: Mosquitto, folder: Path, wanted: argparse.Namespace
) -> AsyncGenerator[_Side]:
    """Start the program of a case, and whatever asks it for its page."""
    port, noted = free_port(), folder / "turns.json"
    topics = Topics(base=folder.name, discovery_prefix=f"of-{folder.name}")
    async with AsyncExitStack() as stack:
        gateway = stack.enter_context(closing(await TcpServer.listen(0)))
        meter = SimulatedMeter(gateway, wanted.meter, zone=UTC)
        topic = topics.state(meter.id)
        given = options(broker, f"tcp://127.0.0.1:{gateway.port}")
        given["mqtt"] |= {"base_topic": topics.base, "discovery_prefix": topics.discovery_prefix}
        if case not in {BEFORE, WITHOUT, "elsewhere"}:
            given["page"] = f"127.0.0.1:{port}"
        home = await stack.enter_async_context(broker.watch(topic))
        program = await stack.enter_async_context(
            running(
                given,
                folder,
                addon=wanted.before if case == BEFORE else ADDON,
                prefix=("chrt", "-r", "5") if wanted.ahead else (),
                before=_NOTE_TURNS.format(file=str(noted)) if case in ALONE else "",
            )
        )
        await program.ready()
        side = _Side(program, meter, home, topic, Cost())
        async with _looked_at(case, port, program):
            yield side
        if case in ALONE:
            await program.stop()
            turns = json.loads(noted.read_text("utf-8"))
            cost.turns.append(max((took for at, took in turns if at > side.warm_at), default=0.0))


@asynccontextmanager
async def _looked_at(case: str, port: int, program: Program) -> AsyncGenerator[None]:
    """Look at the page as a browser does, or do what nobody should."""
    async with AsyncExitStack() as stack:
        if case in {"somebody looks", "asked"}:
            await program.logs("the page is at")
            for path in PATHS[:4]:
                with contextlib.suppress(OSError):
                    await ask(port, f"/{path}")
            stack.push_async_callback(_stop, asyncio.create_task(_listen(port)))
        if case == "asked":
            stack.push_async_callback(_stop, asyncio.create_task(_ask_on(port)))
        if case == "elsewhere":
            stack.enter_context(_process(_serve_nothing, port))
        if case in {"elsewhere", "hostile"}:
            stack.enter_context(_process(_attack_all, port))
        yield


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@contextmanager
def _process(target: Callable[[int], None], port: int) -> Iterator[BaseProcess]:
    """Run something in a process of its own, so that it does not hold up what is measured."""
    process = get_context("spawn").Process(target=target, args=(port,), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


async def _listen(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while await reader.read(65536):
            pass


async def _ask_on(port: int) -> None:
    while True:
        for path in PATHS:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await ask(port, f"/{path}")
            await asyncio.sleep(0.05)


def _serve_nothing(port: int) -> None:
    """Take connections, and end each of them when something comes."""

    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), contextlib.suppress(OSError):
            await reader.read(1000)

    async def serve() -> None:
        async with await asyncio.start_server(end, "127.0.0.1", port) as server:
            await server.serve_forever()

    asyncio.run(serve())


def _attack_all(port: int) -> None:
    """Attack over many connections, until the process is ended."""

    async def attack() -> None:
        await asyncio.gather(*(_attack(port, n) for n in range(_HOSTILE)))

    asyncio.run(attack())


async def _attack(port: int, place: int) -> None:
    """Send what nobody should, one head after the other, and read no answer to its end."""
    for n in itertools.count(place):
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with closing(writer):
                writer.write(_HEADS[n % len(_HEADS)])
                async with asyncio.timeout(0.3):
                    await reader.read(1000)
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
