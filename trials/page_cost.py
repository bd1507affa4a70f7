"""Measures what the page costs: memory, time of the processor, and delay of the readings.

The real program runs in a process of its own, without the page, with it and nobody looking, and
with somebody who looks; telegrams come from a simulated meter behind a gateway:

    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost
    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost --telegrams 2000 --rounds 3
    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost --meter dsmr --pause 5
    PYTHONPATH=smartmeter_addon:. python3 -m trials.page_cost --before ../before/smartmeter_addon

The delay runs from a telegram's last byte to the state message at the broker. In the last but one
case somebody asks for every part of the page again and again meanwhile; in the last one somebody
hostile sends malformed and endless heads, hangs up, and has recordings made, over many connections.
Of a meter that does not cipher, such as dsmr, these are made anonymous, which takes most time.
"""

import argparse
import asyncio
import contextlib
import itertools
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from app.mqtt.topics import Topics
from simulator.wires import TcpServer
from tests.support.asking import ask
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.program import ADDON, Program, options, running
from tests.support.simulated import SimulatedMeter

BEFORE: Final = "build before"
CASES: Final = ("without", "nobody looks", "somebody looks", "all is asked for", "hostile")
PATHS: Final = ("", "page.js", "facts", "series?key=power", "telegram", "report", "recording")

_HOSTILE: Final = 40
"""Connections of somebody hostile; the page takes a few more."""

_HEADS: Final = (
    b"GET /recording HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8,
    b"GET /facts HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50,
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000,
    b"\xff\x00" * 2000,
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n",
)

_WARM: Final = 50  # telegrams before anything is measured


class Cost(NamedTuple):
    """What one run took.

    Args:
        resident: kB of memory at its end.
        busy: CPU microseconds a telegram.
        delays: seconds from last byte to message.
    """

    resident: int
    busy: float
    delays: list[float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measures what the page costs.")
    parser.add_argument("--telegrams", type=int, default=1000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--pause", type=float, default=0.02, metavar="SECONDS")
    parser.add_argument("--meter", default="kaifa", metavar="FAMILY")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="an older smartmeter_addon")
    parser.add_argument("--cases", nargs="+", default=CASES, choices=CASES)
    given = parser.parse_args(arguments)
    cases = [BEFORE] if given.before else []
    found: dict[str, list[Cost]] = {case: [] for case in (*cases, *given.cases)}
    for _ in range(given.rounds):
        for case, costs in found.items():
            costs.append(asyncio.run(_measure(case, given)))
    for case, costs in found.items():
        delays = sorted(delay for cost in costs for delay in cost.delays)
        sys.stdout.write(
            f"{case}: resident {statistics.median(cost.resident for cost in costs):.0f} kB,"
            f" {statistics.median(cost.busy for cost in costs):.0f} CPU us a telegram,"
            f" delay p50 {1000 * statistics.median(delays):.2f} ms,"
            f" p99 {1000 * delays[len(delays) * 99 // 100]:.2f} ms,"
            f" longest {1000 * max(delays):.2f} ms\n"
        )
    return 0


async def _measure(case: str, given: argparse.Namespace) -> Cost:
    with tempfile.TemporaryDirectory(prefix="smartmeter-trial-") as folder:
        directory = Path(folder)
        broker = Mosquitto(directory).start()
        try:
            with closing(await TcpServer.listen(0)) as gateway:
                return await _push(broker, gateway, directory, case, given)
        finally:
            broker.stop()


async def _push(
    broker: Mosquitto, gateway: TcpServer, directory: Path, case: str, wanted: argparse.Namespace
) -> Cost:
    """Push telegrams one after the other."""
    port = free_port()
    meter = SimulatedMeter(gateway, wanted.meter, zone=UTC)
    page = {} if case in {BEFORE, CASES[0]} else {"page": f"127.0.0.1:{port}"}
    addon = wanted.before if case == BEFORE else ADDON
    given = options(broker, f"tcp://127.0.0.1:{gateway.port}", **page)
    topic = Topics().state(meter.id)
    delays: list[float] = []
    busy = 0.0
    async with (
        broker.watch(topic) as home,
        running(given, directory, addon=addon) as program,
        _looked_at(case, port, program),
    ):
        await program.ready()
        for n in range(_WARM + wanted.telegrams):
            if n == _WARM:
                busy = program.busy
                delays.clear()
            home.pass_over(topic)
            await meter.push()
            begin = perf_counter()
            await home.wait(topic)
            delays.append(perf_counter() - begin)
            await asyncio.sleep(wanted.pause if n >= _WARM else 0)
        each = 1e6 * (program.busy - busy) / wanted.telegrams
        return Cost(program.resident, each, delays)


@asynccontextmanager
async def _looked_at(case: str, port: int, program: Program) -> AsyncGenerator[None]:
    """Look at the page as a browser does, or ask for all of it again and again."""
    tasks = []
    if case in CASES[2:]:
        await program.logs("the page is at")
        for path in PATHS[:4]:
            with contextlib.suppress(OSError):
                await ask(port, f"/{path}")
        tasks.append(asyncio.create_task(_listen(port)))
    if case == CASES[3]:
        tasks.append(asyncio.create_task(_ask_on(port)))
    hostile = get_context("spawn").Process(target=_attack_all, args=(port,), daemon=True)
    if case == CASES[4]:  # in a process of its own, so that it does not hold up what is measured
        hostile.start()
    try:
        yield
    finally:
        if hostile.pid:
            hostile.terminate()
            hostile.join()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
