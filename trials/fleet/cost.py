"""What a fleet costs: processor time and memory of readers and servers, and how fast they catch up.

The telegrams are made before, so that only pushing them takes time. All run on the same machine.
"""

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

from nats.aio.client import Client

from app.fleet import subjects
from simulator import meters as simulated
from simulator.household import Household
from tests.support.nats import Node, cluster, connect
from trials.fleet import stored
from trials.fleet.pushers import PUSH_SECONDS, Meter
from trials.fleet.readers import Readers, cpu_seconds, megabytes

PARTITIONS: Final = 8
SERVERS: Final = 3
_LEARNED: Final = 10
"""Telegrams of a meter after which it is known, and costs less."""

_UNDER_WAY: Final = 200
"""Messages that are pushed at once."""


class Cost(NamedTuple):
    """What telegrams cost.

    Args:
        telegrams: that were read.
        seconds: which that took.
        reader: microseconds of processor time a telegram, of all readers.
        node: of one server.
        reader_megabytes: the most that a reader had.
        node_megabytes: the most that a server had.
        idle: seconds of processor time a second of one reader to which nothing comes; None where
            that is not measured.
    """

    telegrams: int
    seconds: float
    reader: float
    node: float
    reader_megabytes: float
    node_megabytes: float
    idle: float | None


class _Pushed(NamedTuple):
    """A telegram: its name, its bytes, and when it comes, in nanoseconds since 1970."""

    name: str
    data: bytes
    received: int


class _Trial:
    """A cluster with meters whose telegrams are made already."""

    def __init__(self, folder: Path, nodes: list[Node], client: Client, count: int) -> None:
        self.nodes = nodes
        self.client = client
        self.meters = [Meter(number) for number in range(1, count + 1)]
        self.readers = Readers(folder, nodes, PARTITIONS, self.meters)

    async def push(self, telegrams: Iterator[_Pushed], rate: float | None = None) -> int:
        """Push telegrams, all that can be at once or so many a second; give their number.

        What is pushed at once says when it would have come, as from a gateway that was cut off.
        """
        stream = self.client.jetstream(timeout=10)
        under_way = asyncio.Semaphore(_UNDER_WAY)
        begin, count = monotonic(), 0

        async def push_one(name: str, data: bytes, received: int) -> None:
            headers = None if rate else {subjects.RECEIVED: str(received)}
            async with under_way:
                await stream.publish(subjects.raw(name), data, headers=headers)

        async with asyncio.TaskGroup() as group:
            for one in telegrams:
                count += 1
                if rate:
                    await asyncio.sleep(max(0.0, begin + count / rate - monotonic()))
                elif under_way.locked():
                    await asyncio.sleep(0.001)
                group.create_task(push_one(*one))
        return count

    async def read_below(self, count: int, every: float = 0.2) -> None:
        """Wait until fewer telegrams than so many wait to be read.

        Raises:
            TrialError: none was read for PATIENCE.
        """
        latest, since = -1, monotonic()
        while (left := await stored.waiting(self.client, PARTITIONS)) >= count:
            if left != latest:
                latest, since = left, monotonic()
            elif monotonic() - since > stored.PATIENCE:
                why = f"none was read for {stored.PATIENCE:.0f} s"
                raise stored.TrialError(f"{left} telegrams wait, and {why}")
            await asyncio.sleep(every)

    async def read_all(self) -> None:
        await self.read_below(1)

    @property
    def processes(self) -> list[subprocess.Popen[bytes]]:
        """The servers."""
        return [node.process for node in self.nodes if node.process]


@asynccontextmanager
async def _trial(count: int) -> AsyncIterator[_Trial]:
    with tempfile.TemporaryDirectory(prefix="smartmeter-fleet-") as name:
        folder = Path(name)
        with cluster(folder, count=SERVERS) as nodes:
            client = await connect(*nodes)
            trial = _Trial(folder, nodes, client, count)
            try:
                await trial.readers.set_up()
                yield trial
            finally:
                await asyncio.to_thread(trial.readers.end_all)
                await client.close()


def _made(meters: Sequence[Meter], rounds: int, past: int) -> list[list[_Pushed]]:
    """Make telegrams of all meters, round by round, the first ones in the past.

    All measure the same.
    """
    begun = timedelta(seconds=PUSH_SECONDS * past)
    moment = datetime.now(UTC).replace(microsecond=0) - begun
    household = Household(1, moment, phases=3)
    builders = [
        simulated.build("kaifa", key=meter.key, serial=number)
        for number, meter in enumerate(meters, 1)
    ]
    made = []
    for number in range(rounds):
        at = moment + timedelta(seconds=PUSH_SECONDS * number)
        snapshot, received = household.at(at), int(at.timestamp()) * 10**9
        made.append(
            [
                _Pushed(meter.name, builder.telegram(snapshot).data, received)
                for meter, builder in zip(meters, builders, strict=True)
            ]
        )
    return made


async def load(count: int, seconds: float) -> Cost:
    """Push at the meters' own pace to one reader, after it had nothing to do for a while.

    Args:
        count: meters.
        seconds: for which they push.
    """
    async with _trial(count) as trial:
        rounds = _made(trial.meters, _LEARNED + round(seconds / PUSH_SECONDS), _LEARNED)
        reader = trial.readers.join()
        await trial.push(one for of_round in rounds[:_LEARNED] for one in of_round)
        await asyncio.sleep(10)
        await trial.read_all()
        before, quiet = cpu_seconds(reader), 10.0
        await asyncio.sleep(quiet)
        idle = (cpu_seconds(reader) - before) / quiet
        telegrams = (one for of_round in rounds[_LEARNED:] for one in of_round)
        return await _measure(trial, [reader], telegrams, count / PUSH_SECONDS, idle)


async def backlog(count: int, rounds: int, readers: int) -> Cost:
    """Let telegrams wait, then start readers.

    Args:
        count: meters.
        rounds: telegrams of each.
        readers: that are started.
    """
    async with _trial(count) as trial:
        made = _made(trial.meters, rounds, rounds)
        pushed = await trial.push(one for of_round in made for one in of_round)
        servers = trial.processes
        before = sum(map(cpu_seconds, servers))
        started = [trial.readers.join() for _ in range(readers)]
        await trial.read_below(pushed, every=0.1)
        begin = monotonic()
        await trial.read_all()
        seconds = monotonic() - begin
        cpu = sum(map(cpu_seconds, started))
        return _cost(trial, started, pushed, seconds, cpu, servers_before=before)


async def _measure(
    trial: _Trial,
    readers: list[subprocess.Popen[bytes]],
    telegrams: Iterator[_Pushed],
    rate: float,
    idle: float,
) -> Cost:
    servers = sum(map(cpu_seconds, trial.processes))
    own, begin = sum(map(cpu_seconds, readers)), monotonic()
    pushed = await trial.push(telegrams, rate)
    await trial.read_all()
    seconds = monotonic() - begin
    cpu = sum(map(cpu_seconds, readers)) - own
    return _cost(trial, readers, pushed, seconds, cpu, servers_before=servers, idle=idle)


def _cost(
    trial: _Trial,
    readers: list[subprocess.Popen[bytes]],
    telegrams: int,
    seconds: float,
    cpu: float,
    *,
    servers_before: float,
    idle: float | None = None,
) -> Cost:
    servers = trial.processes
    of_servers = sum(map(cpu_seconds, servers)) - servers_before
    return Cost(
        telegrams,
        seconds,
        cpu / telegrams * 1e6,
        of_servers / SERVERS / telegrams * 1e6,
        max(megabytes(one, "VmHWM") for one in readers),
        max(megabytes(one, "VmHWM") for one in servers),
        idle,
    )
