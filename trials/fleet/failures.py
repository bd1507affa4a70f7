"""Kills, stops and restarts readers and servers while meters push; then counts what is stored."""

import asyncio
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import nats.errors
from nats.aio.client import Client
from nats.js.errors import Error as JetStreamError

from app.fleet import subjects
from tests.support.nats import Node, cluster, connect
from trials.fleet import stored
from trials.fleet.pushers import Meter, Pusher
from trials.fleet.readers import Readers

PARTITIONS: Final = 8
SECONDS: Final = 110.0
SETTLE_SECONDS: Final = 120.0


class Outcome(NamedTuple):
    """What a run gave.

    Args:
        pushed: telegrams of meters that can be read.
        lost: of them, each as its meter's name and its time.
        doubled: readings.
        disordered: meters whose readings are not in order.
        foreign: readings of names that nobody should have read.
        torn: telegrams of which one piece came before a reader went and another one after it.
        waits: the longest wait of a telegram, by what happened when it arrived, in seconds.
        told: what the readers' logs say of meters that lost one.
    """

    pushed: int
    lost: list[tuple[str, str]]
    doubled: int
    disordered: int
    foreign: int
    torn: int
    waits: dict[str, float]
    told: list[str]

    @property
    def is_right(self) -> bool:
        """Whether nothing was lost, doubled or out of order."""
        return not (self.lost or self.doubled or self.disordered or self.foreign)


class _Run:
    """One run."""

    def __init__(self, folder: Path, nodes: list[Node], client: Client, count: int) -> None:
        self._nodes = nodes
        self._client = client
        self._meters = [Meter(number, in_pieces=number % 5 == 0) for number in range(1, count + 1)]
        self._wrong = Meter(count + 1)
        self._unknown = Meter(count + 2)
        self._forger = Meter(1, name="forger")
        known = [*self._meters, self._wrong, self._forger]
        wrong = frozenset({self._wrong.name})
        self._readers = Readers(folder, nodes, PARTITIONS, known, wrong)
        self._happened: list[tuple[float, str]] = []
        self._went: list[float] = []  # when readers did
        self._is_over = False

    async def play(self, seconds: float) -> Outcome:
        """Play it."""
        await self._readers.set_up()
        try:
            self._readers.join()
            self._readers.join()
            await asyncio.sleep(8)
            others = [self._wrong, self._unknown, self._forger]
            pusher = Pusher(self._client, [*self._meters, *others])
            async with asyncio.TaskGroup() as group:
                group.create_task(pusher.run(seconds))
                group.create_task(self._happen(seconds / SECONDS))
                group.create_task(self._be_hostile())
                await asyncio.sleep(seconds)
                self._is_over = True  # nats-py may take a cancellation for no answer
            self._note("settling")
            async with asyncio.timeout(SETTLE_SECONDS):
                while await stored.waiting(self._client, PARTITIONS):  # noqa: ASYNC110 - so it is asked
                    await asyncio.sleep(1)
            return self._judge(await stored.readings(self._client))
        finally:
            await asyncio.to_thread(self._readers.end_all)

    async def _happen(self, pace: float) -> None:
        """Let it all happen, one after the other."""
        steps: list[tuple[float, str, Callable[[], Awaitable[None]]]] = [
            (10, "a reader is killed", self._kill_reader),
            (10, "a reader joins", self._join),
            (8, "a reader is stopped", self._stop_reader),
            (12, "it goes on", self._go_on),
            (5, "the leader of RAW is killed", lambda: self._kill_leader(subjects.RAW)),
            (12, "it is started again", self._restart),
            (10, "a reader is ended by SIGTERM", self._end_reader),
            (5, "another reader joins", self._join),
            (5, "the leader of READINGS is killed", lambda: self._kill_leader(subjects.READINGS)),
            (10, "it is started again as well", self._restart),
            (8, "another reader is killed", self._kill_reader),
        ]
        for pause, what, happen in steps:
            await asyncio.sleep(pause * pace)
            self._note(what)
            await happen()

    async def _be_hostile(self) -> None:
        """Push what nobody can read, under names that are known and unknown."""
        stream = self._client.jetstream(timeout=2)
        payloads = (b"", b"{}", b"\x00" * 2000, b'{"data": "6"}', b"7E" * 40, b"\xff" * 60_000)
        number = 0
        while not self._is_over:
            number += 1
            name = self._wrong.name if number % 2 else f"nobody-{number}"
            payload = payloads[number % len(payloads)]
            try:
                await stream.publish(subjects.raw(name), payload, headers={"Status": "423"})
            except (JetStreamError, nats.errors.Error):
                await asyncio.sleep(0.5)
            await asyncio.sleep(0.2)

    async def _kill_reader(self) -> None:
        self._went.append(time.time())
        await asyncio.to_thread(self._readers.end, self._readers.running[0], signal.SIGKILL)

    async def _end_reader(self) -> None:
        self._went.append(time.time())
        await asyncio.to_thread(self._readers.end, self._readers.running[0], signal.SIGTERM)

    async def _join(self) -> None:
        self._readers.join()

    async def _stop_reader(self) -> None:
        self._went.append(time.time())
        self._readers.running[0].send_signal(signal.SIGSTOP)

    async def _go_on(self) -> None:
        self._readers.running[0].send_signal(signal.SIGCONT)

    async def _kill_leader(self, stream: str) -> None:
        info: dict[str, Any] = await stored.api(self._client, f"STREAM.INFO.{stream}")
        leader = info["cluster"]["leader"]
        next(node for node in self._nodes if node.name == leader).kill()

    async def _restart(self) -> None:
        next(node for node in self._nodes if node.process is None).start()

    def _note(self, what: str) -> None:
        self._happened.append((time.time(), what))

    def _judge(self, found: dict[str, list[stored.Stored]]) -> Outcome:
        waits = self._waits(found)
        pushed = doubled = disordered = 0
        lost: list[tuple[str, str]] = []
        for meter in self._meters:
            times = [one.time for one in found.pop(meter.name, [])]
            pushed += len(meter.pushed)
            lost += [(meter.name, time) for time in meter.pushed if time not in times]
            doubled += len(times) - len(set(times))
            disordered += times != sorted(times)
        foreign = sum(map(len, found.values()))
        torn = sum(
            any(begin < at < end for at in self._went)
            for meter in self._meters
            for begin, end in meter.pieces
        )
        told = self._readers.told({name for name, _ in lost})
        return Outcome(pushed, lost, doubled, disordered, foreign, torn, waits, told)

    def _waits(self, found: dict[str, list[stored.Stored]]) -> dict[str, float]:
        """The longest wait of telegrams that arrived after each thing that happened."""
        every = [one for of_name in found.values() for one in of_name]
        waits = {}
        ends = [at for at, _ in self._happened[1:]] + [float("inf")]
        for (begin, what), end in zip(self._happened, ends, strict=True):
            # A telegram that came shortly before waits for the same reason.
            after = [one.waited for one in every if begin - 1.5 <= one.arrived < end - 1.5]
            waits[what] = max(after, default=0.0)
        return waits


async def run(count: int, seconds: float) -> Outcome:
    """Make a cluster and play one run.

    Args:
        count: meters.
        seconds: for which they push.
    """
    with tempfile.TemporaryDirectory(prefix="smartmeter-fleet-") as name:
        folder = Path(name)
        with cluster(folder) as nodes:
            client = await connect(*nodes)
            try:
                return await _Run(folder, nodes, client, count).play(seconds)
            finally:
                await client.close()
