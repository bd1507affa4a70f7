"""A fleet at a real engine: meters that push, readers in this process, and what they stored."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from app.fleet import set_up, subjects
from app.fleet.engine import Engine, EngineError
from app.fleet.engine_options import EngineOptions
from app.fleet.home_assistant import HomeAssistant
from app.fleet.meter_line import Meters
from app.fleet.meters_file import FleetMeter
from app.fleet.options import FleetOptions
from app.fleet.reader import Reader
from app.fleet.tally import Tally
from app.meters import profile_files
from simulator import meters as simulated
from simulator.household import Household
from tests.support.nats import TIMEOUT, Node, connect
from tests.support.telegrams import BOTH_KEYS, ZONE

PROFILES = profile_files.load()


def options(*nodes: Node, partitions: int = 3, **others: Any) -> FleetOptions:  # noqa: ANN401 - of any option
    """Options of a fleet at these servers."""
    engine = EngineOptions(tuple(node.url for node in nodes))
    given = {"replicas": len(nodes), "partitions": partitions, **others}
    return FleetOptions(engine, Path("meters.json"), **given)


class Member:
    """A reader that runs in this process."""

    def __init__(self, engine: Engine, reader: Reader, meters: Meters, tally: Tally) -> None:
        self.engine = engine
        self.reader = reader
        self.meters = meters
        self.tally = tally
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(reader.run(self.stop))

    async def end(self) -> None:
        """End as at SIGTERM."""
        self.stop.set()
        await self.task
        await self.engine.close()

    async def kill(self) -> None:
        """End at once, as by kill -9: nothing is given back."""
        transport = self.engine._client._transport
        assert transport
        transport.close()  # type: ignore[no-untyped-call]
        await self.engine.close()
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


class Pusher:
    """Simulated meters, each of which pushes as a name of its own.

    Args:
        client: connected.
        names: of the meters.
        serial: the number of the first one; the others have the next ones.
    """

    def __init__(self, client: Client, names: list[str], serial: int = 1234567) -> None:
        self._client = client
        self._stream = client.jetstream(timeout=TIMEOUT)
        self._meters = {
            name: simulated.build("kaifa", serial=number)
            for number, name in enumerate(names, serial)
        }
        self.moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=12)
        self._households = {
            name: Household(number, self.moment, phases=3) for number, name in enumerate(names)
        }
        self.pushed: dict[str, list[str]] = {name: [] for name in names}
        """The times that the telegrams say, by name."""

    async def push(self, name: str, *, pieces: bool = False) -> None:
        """Push the next telegram of a name, perhaps in pieces."""
        telegram = self._meters[name].telegram(self._households[name].at(self.moment))
        self.pushed[name].append(telegram.truth.timestamp.isoformat())
        for data in telegram.segments if pieces else (telegram.data,):
            await self._stream.publish(subjects.raw(name), data)

    async def round(self) -> None:
        """Push a telegram of each name; the time goes on by a push interval."""
        self.moment += timedelta(seconds=5)
        for number, name in enumerate(self._meters):
            await self.push(name, pieces=number % 3 == 2)


@asynccontextmanager
async def pushing(pusher: Pusher, pause: float = 0.3) -> AsyncIterator[None]:
    """Push rounds meanwhile; the last one is pushed to its end."""
    ends = asyncio.Event()

    async def push() -> None:
        while not ends.is_set():
            await pusher.round()
            await asyncio.sleep(pause)

    task = asyncio.create_task(push())
    try:
        yield
    finally:
        ends.set()
        await task


class Fleet:
    """A fleet at an engine that is set up.

    Args:
        nodes: of the engine.
        client: for the test's own use.
        wanted: the options.
    """

    def __init__(self, nodes: tuple[Node, ...], client: Client, wanted: FleetOptions) -> None:
        self.nodes = nodes
        self.client = client
        self.options = wanted
        self.members: list[Member] = []

    async def join(self, meters: Mapping[str, FleetMeter]) -> Member:
        """Start a reader."""
        engine = await Engine.connect(self.options.engine, "test", patient=True)
        tally = Tally()
        home_assistant = HomeAssistant(self.options)
        await engine.listen(home_assistant.subject, home_assistant.hear)
        lines = Meters(dict(meters), PROFILES, ZONE, tally, home_assistant)
        partitions = await set_up.partitions(engine)
        reader = Reader(engine, partitions, lines, tally, self.options.silent_after)
        member = Member(engine, reader, lines, tally)
        self.members.append(member)
        return member

    async def stored(self) -> dict[str, list[str]]:
        """Give the times of all readings that are stored, by name, in their order."""
        info = await self._api(f"STREAM.INFO.{subjects.READINGS}")
        found: dict[str, list[str]] = {}
        for sequence in range(1, info["state"]["last_seq"] + 1):
            request = json.dumps({"seq": sequence}).encode()
            call = f"$JS.API.DIRECT.GET.{subjects.READINGS}"
            message = await self.client.request(call, request, timeout=TIMEOUT)
            assert message.headers
            name = message.headers["Nats-Subject"].split(".")[1]
            found.setdefault(name, []).append(json.loads(message.data)["timestamp"])
        return found

    async def acknowledged(self) -> bool:
        """Tell whether all raw messages are acknowledged."""
        for partition in range(self.options.partitions):
            info = await self._api(f"CONSUMER.INFO.{subjects.RAW}.{subjects.consumer(partition)}")
            if info["num_pending"] or info["num_ack_pending"]:
                return False
        return True

    async def settle(self, seconds: float = 2 * TIMEOUT) -> None:
        """Wait until all that was pushed is read."""
        await until(self.acknowledged, seconds)

    async def _api(self, call: str) -> dict[str, Any]:
        return dict(
            json.loads((await self.client.request(f"$JS.API.{call}", timeout=TIMEOUT)).data)
        )


@asynccontextmanager
async def fleet(*nodes: Node, **others: Any) -> AsyncIterator[Fleet]:  # noqa: ANN401 - of any option
    """A fleet without readers, at an engine that is set up."""
    wanted = options(*nodes, **others)
    client = await connect(*nodes)
    async with asyncio.timeout(TIMEOUT):
        while True:
            engine = await Engine.connect(wanted.engine, "setup")
            try:
                await set_up.set_up(engine, wanted)
                break
            except EngineError:  # a cluster that has no leader yet
                await asyncio.sleep(0.5)
            finally:
                await engine.close()
    one = Fleet(nodes, client, wanted)
    try:
        yield one
    finally:
        for member in one.members:
            if not member.task.done():
                await member.end()
        await client.close()


def known(*names: str) -> dict[str, FleetMeter]:
    """Meters with the simulator's keys."""
    return {name: FleetMeter(BOTH_KEYS) for name in names}


async def until(is_so: Callable[[], Any], seconds: float = TIMEOUT) -> None:
    """Wait until something is so; it may be asked for by a coroutine."""
    async with asyncio.timeout(seconds):
        while True:
            found = is_so()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.1)
