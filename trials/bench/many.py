"""Many meters in one process: processor, memory, the time of a telegram, and what is lost.

The program reads each meter through a gateway of its own: an address of the loopback each, with one
listener for all of them. Each has a key of its own. Their telegrams are made beforehand and spread
evenly over the interval. Another client of the broker takes the time from a telegram's last byte to
its state message; what never comes is lost. The meters are announced, and their lists learned,
before anything is measured.
"""

import argparse
import asyncio
import gc
import json
import resource
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiomqtt

from app.decoder import Decoder
from app.dlms.ciphering import Keys
from app.meters import profile_files
from app.mqtt.topics import Topics
from app.plausibility import Guard
from simulator import meters
from simulator.ciphering import AUTH_KEY, KEY
from simulator.household import Household
from tests.support.history import ROOT
from tests.support.mosquitto import Mosquitto
from tests.support.program import options, running
from trials.bench import machine
from trials.bench.image import variables
from trials.bench.lists import LISTS
from trials.bench.workers import table

INTERVAL: Final = 5
"""Seconds from one telegram of a meter to the next, by its clock."""

THOUSAND: Final = 1000

PACE: Final = float(INTERVAL)
"""Seconds after which it really is sent."""

WARM_UP: Final = 8
"""Telegrams of each meter before anything is measured, at the least."""

_MOST_WARM_UP: Final = 24
"""Telegrams after which it is measured also where those before were not published in time."""

_IN_TIME: Final = 0.99
"""The share of telegrams that are published at once when all meters are announced."""

_PATIENCE: Final = 60.0
"""Seconds in which the program is ready, with all its lines, on a machine with other work."""

_ALONE: Final = 40
"""Decoders whose memory is measured in this process."""

_SPARE_FILES: Final = 200
_MINUTE: Final = 60
_ADDON: Final = ROOT / "smartmeter_addon"


def run(given: argparse.Namespace) -> None:
    """Measure and print."""
    sys.stdout.write(machine.described() + "\n")
    counts = given.meters or [THOUSAND]
    found = {count: asyncio.run(_measure(count, given)) for count in (1, *counts)}
    rows = [_row(count, found[count], found[1]) for count in counts]
    head = ("meters", "of a core", "MB", "kB a meter", "p50 ms", "p99 ms", "longest ms", "lost")
    sys.stdout.write("\n" + table(head, rows))
    size = decoder_size(given.list) / 1000
    sys.stdout.write(f"\nDecoder, guard and templates of a meter: {size:.1f} kB\n")


class _Found(NamedTuple):
    """What was measured.

    Args:
        core: the share of a core that the program kept busy.
        resident: kilobytes of memory.
        seconds: that each telegram took.
        lost: telegrams that never came.
    """

    core: float
    resident: int
    seconds: Sequence[float]
    lost: int


def _row(count: int, found: _Found, alone: _Found) -> tuple[str, ...]:
    each = (found.resident - alone.resident) / max(1, count - 1)
    hundredths = statistics.quantiles(found.seconds, n=100, method="inclusive")
    times = (hundredths[49], hundredths[98], max(found.seconds))
    return (
        f"{count}",
        f"{found.core:.3f}",
        f"{found.resident / 1000:.1f}",
        f"{each:.1f}",
        *(f"{1000 * one:.1f}" for one in times),
        f"{found.lost}",
    )


class _Sent(NamedTuple):
    """A telegram that is sent once.

    Args:
        data: its bytes.
        time: what its state message says as ``timestamp``.
    """

    data: bytes
    time: str


class _Meters:
    """Meters of one list, each behind a gateway of its own.

    Args:
        name: of the list.
        count: of the meters.
        turns: telegrams of each.
    """

    def __init__(self, name: str, count: int, turns: int) -> None:
        self.keys = [sha256(b"%d" % n).digest()[: len(KEY)] for n in range(count)]
        """Of each meter."""
        made = [
            meters.build(*LISTS[name], key=key, serial=serial)
            for serial, key in enumerate(self.keys, 1)
        ]
        begin = datetime.now(UTC).replace(microsecond=0)  # else the clock would be a problem
        household = Household(1, begin, phases=made[0].phases)
        self.topics: list[str] = []
        self.telegrams: list[list[_Sent]] = [[] for _ in made]
        """Of each meter."""
        for turn in range(turns):
            snapshot = household.at(begin + timedelta(seconds=turn * INTERVAL))
            for meter, sent in zip(made, self.telegrams, strict=True):
                telegram = meter.telegram(snapshot)
                truth = telegram.truth
                sent.append(_Sent(telegram.data, truth.timestamp.isoformat()))
                if not turn:
                    name = truth.meter_id or truth.system_title.hex()
                    self.topics.append(Topics().state(name.lower()))
        self._calls: dict[str, asyncio.Transport] = {}  # of the program, by address
        self._called = asyncio.Event()
        self._due: dict[tuple[str, str], float] = {}  # when sent, by topic and time
        self.seconds: list[float] = []
        """That telegrams took, of those that are published."""

    @property
    def addresses(self) -> list[str]:
        """Those of the gateways."""
        return [f"127.1.{n >> 8}.{n & 255}" for n in range(len(self.telegrams))]

    @asynccontextmanager
    async def gateways(self) -> AsyncGenerator[int]:
        """Open the gateways; give the port of all of them."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Gateway(self), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        anywhere = "0.0.0.0"  # noqa: S104 - all of the loopback's
        backlog = len(self.telegrams) + 1
        server = await loop.create_server(lambda: _Gateway(self), anywhere, port, backlog=backlog)
        try:
            yield port
        finally:
            server.close()
            for call in list(self._calls.values()):
                call.abort()

    async def wait_for_calls(self) -> None:
        """Wait until the program has called all gateways."""
        while len(self._calls) < len(self.telegrams):
            self._called.clear()
            await self._called.wait()

    async def warm_up(self) -> int:
        """Send until all meters are announced; give how many telegrams of each that took."""
        for turn in range(_MOST_WARM_UP):
            self.begin()
            await asyncio.gather(self.push(range(turn, turn + 1)), asyncio.sleep(PACE))
            if turn + 1 >= WARM_UP and len(self.seconds) >= _IN_TIME * len(self.telegrams):
                return turn + 1
        return _MOST_WARM_UP

    async def push(self, turns: range) -> None:
        """Send some telegrams of each meter, the meters in turns."""
        clock = asyncio.get_running_loop().time
        begin = clock()
        count = len(self.telegrams)
        for turn in turns:
            for n, address in enumerate(self.addresses):
                due = begin + PACE * (turn - turns.start + n / count)
                if (rest := due - clock()) > 0:
                    await asyncio.sleep(rest)
                data, moment = self.telegrams[n][turn]
                self._calls[address].write(data)
                self._due[self.topics[n], moment] = time.perf_counter()

    def call(self, address: str, transport: asyncio.Transport) -> None:
        """Take that the program has called a gateway."""
        self._calls[address] = transport
        self._called.set()

    def hang_up(self, address: str, transport: asyncio.Transport) -> None:
        """Take that the program has ended a call."""
        if self._calls.get(address) is transport:
            del self._calls[address]

    def published(self, topic: str, state: dict[str, Any]) -> None:
        """Take a state message; one that comes again counts once."""
        sent = self._due.pop((topic, state["timestamp"]), None)
        if sent is not None:
            self.seconds.append(time.perf_counter() - sent)

    @property
    def unpublished(self) -> int:
        """How many telegrams are not published yet."""
        return len(self._due)

    def begin(self) -> None:
        """Count from here on."""
        self._due.clear()
        self.seconds.clear()


class _Gateway(asyncio.Protocol):
    """A gateway's side of a call.

    Args:
        every: the meters, of which one is behind it.
    """

    def __init__(self, every: _Meters) -> None:
        self._every = every

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._address = transport.get_extra_info("sockname")[0]
        self._every.call(self._address, transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        """See `asyncio.Protocol`."""
        self._every.hang_up(self._address, self._transport)


async def _measure(count: int, given: argparse.Namespace) -> _Found:
    measured = max(1, round(_MINUTE * given.minutes / PACE))
    sending = _Meters(given.list, count, _MOST_WARM_UP + measured)
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(files, min(most, count + _SPARE_FILES)), most))
    with tempfile.TemporaryDirectory(prefix="smartmeter-bench-") as made:
        folder = Path(made)
        broker = Mosquitto(folder).start()
        try:
            async with sending.gateways() as port, _watched(broker, sending):
                first, *others = (
                    {"url": f"tcp://{one}:{port}", "key": key.hex(), "auth_key": AUTH_KEY.hex()}
                    for one, key in zip(sending.addresses, sending.keys, strict=True)
                )
                wanted = options(broker, **first, additional_meters=others)
                environment = variables(_ADDON)
                # First once, so that all is compiled, as it is in the image.
                async with running(wanted, folder, environment) as program:
                    await program.ready(_PATIENCE)
                    await program.stop()
                async with running(wanted, folder, environment) as program:
                    # It calls the gateways before all of it is loaded.
                    await program.ready(_PATIENCE)
                    await sending.wait_for_calls()
                    turn = await sending.warm_up()
                    await asyncio.sleep(PACE)
                    sending.begin()
                    busy, begin = program.busy, time.monotonic()
                    await sending.push(range(turn, turn + measured))
                    core = (program.busy - busy) / (time.monotonic() - begin)
                    await asyncio.sleep(PACE)
                    found = _Found(core, program.resident, sending.seconds, sending.unpublished)
                    await program.stop()
        finally:
            broker.stop()
    return found


@asynccontextmanager
async def _watched(broker: Mosquitto, sending: _Meters) -> AsyncGenerator[None]:
    """Take what is published of the meters."""
    async with aiomqtt.Client(
        broker.host, broker.port, username=broker.username, password=broker.password
    ) as client:

        async def take() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                sending.published(message.topic.value, json.loads(message.payload))

        await client.subscribe(Topics().state("+"))
        taking = asyncio.create_task(take())
        try:
            yield
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)


def decoder_size(name: str) -> float:
    """Give the bytes that a decoder takes with its guard and templates, after some telegrams."""
    sending = _Meters(name, 1 + _ALONE, WARM_UP)
    profiles = profile_files.load()
    decoders: list[Decoder] = []
    seconds = 0.0

    def clock() -> float:
        return seconds

    def read(key: bytes, sent: Sequence[_Sent]) -> None:
        nonlocal seconds
        guard = Guard({}, clock, time.time)
        decoder = Decoder(Keys(key, AUTH_KEY), profiles, UTC, guard=guard)
        for one in sent:
            decoder.feed(one.data)
            seconds += INTERVAL
        decoders.append(decoder)

    first, *others = zip(sending.keys, sending.telegrams, strict=True)
    read(*first)  # and all that is shared
    gc.collect()
    tracemalloc.start()
    for key, sent in others:
        read(key, sent)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(others)
