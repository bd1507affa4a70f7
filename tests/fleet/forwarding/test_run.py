"""The command ``forward`` as a process, between a gateway and an engine."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.fleet import subjects
from simulator import meters
from simulator.household import Household
from tests.support.configuring import simulated
from tests.support.fleet_process import done, process
from tests.support.fleets import Fleet, fleet, known, until
from tests.support.nats import TIMEOUT, Node, engine, unclaimed_port


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


class Gateway:
    """A TCP gateway with a meter behind it, whose telegrams come in segments.

    Args:
        pause: seconds between two telegrams.
    """

    def __init__(self, pause: float) -> None:
        self.times: list[str] = []
        """The times that the telegrams say which were sent."""
        self.sent: list[bytes] = []
        """These telegrams."""
        self.is_silent = False
        self._is_over = False
        self._pushing: list[asyncio.Task[None]] = []
        self._pause = pause
        self._meter = meters.build("kaifa")
        self._moment = datetime.now(UTC).replace(microsecond=0)
        self._household = Household(1, self._moment, phases=3)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Let it run; give its port."""
        async with await asyncio.start_server(self._push, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]
            server.close()
            self._is_over = True
            await asyncio.gather(*self._pushing)

    async def _push(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._pushing.append(task)
        with suppress(ConnectionError):
            while not (self._is_over or reader.at_eof() or reader.exception()):
                if not self.is_silent:
                    await self._send(writer)
                await asyncio.sleep(self._pause)
        writer.close()

    async def is_left(self) -> None:
        """Wait until nobody reads."""
        await until(lambda: all(task.done() for task in self._pushing))

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        self._moment += timedelta(seconds=1)
        telegram = self._meter.telegram(self._household.at(self._moment))
        self.times.append(telegram.truth.timestamp.isoformat())
        self.sent.append(telegram.data)
        for segment in telegram.segments:
            writer.write(segment)
            await writer.drain()


def options(tmp_path: Path, node: Node, port: int) -> str:
    file = tmp_path / "forward.json"
    lines = [{"name": "m1", "url": f"tcp://127.0.0.1:{port}"}]
    file.write_text(json.dumps({"servers": [node.url], "lines": lines}))
    return str(file)


async def raw(at: Fleet) -> bytes:
    """All that is stored of the meter."""
    stream = at.client.jetstream()
    numbers = range(1, (await stream.stream_info(subjects.RAW)).state.last_seq + 1)
    messages = [await stream.get_msg(subjects.RAW, number) for number in numbers]
    return b"".join(message.data or b"" for message in messages)


async def all_is_pushed(at: Fleet, meter: Gateway) -> None:
    """Wait until the meter, which says nothing more, has been forwarded to the end."""
    sent = b"".join(meter.sent)

    async def is_pushed() -> bool:
        return len(await raw(at)) >= len(sent)

    await until(is_pushed, 2 * TIMEOUT)


def is_kept(tmp_path: Path, telegram: bytes) -> bool:
    """Tell whether a telegram is on disk, in a file that nobody else may open as a database."""
    return any(telegram[-16:] in file.read_bytes() for file in tmp_path.glob("telegrams.sqlite*"))


@pytest.mark.slow
async def test_telegrams_are_forwarded_also_when_the_engine_was_away(
    node: Node, tmp_path: Path
) -> None:
    meter = Gateway(pause=1.0)
    async with fleet(node, partitions=1) as at, meter.running() as port:
        with process("forward", "--options", options(tmp_path, node, port)) as forwarding:
            await until(lambda: forwarding.logged("m1: reading tcp://127.0.0.1"))
            await until(lambda: len(meter.sent) > 2)
            node.kill()
            await until(lambda: forwarding.logged("the engine does not take telegrams"))
            node.start()
            await until(lambda: forwarding.logged("the engine takes telegrams again"))
            meter.is_silent = True
            await all_is_pushed(at, meter)
            forwarding.process.terminate()
            assert forwarding.wait() == 0
        member = await at.join(known("m1"))
        await at.settle()
        assert await at.stored() == {"m1": meter.times}
        assert not member.tally.refused


@pytest.mark.slow
async def test_nothing_of_an_hour_without_the_engine_is_lost(node: Node, tmp_path: Path) -> None:
    an_hour = 720  # telegrams at one each five seconds, which come faster here
    meter = Gateway(pause=0.01)
    async with fleet(node, partitions=1) as at, meter.running() as port:
        with process("forward", "--options", options(tmp_path, node, port)) as forwarding:
            await until(lambda: len(meter.sent) > 2)
            node.kill()
            begin = len(meter.sent)
            await until(lambda: len(meter.sent) >= begin + an_hour)
            meter.is_silent = True
            await until(lambda: is_kept(tmp_path, meter.sent[-1]))
            forwarding.process.terminate()
            assert forwarding.wait() == 0
        await meter.is_left()
        node.start()
        meter.is_silent = False
        with process("forward", "--options", options(tmp_path, node, port)) as forwarding:
            await until(lambda: forwarding.logged("still to be pushed from before"))
            count = len(meter.sent)
            await until(lambda: len(meter.sent) > count)
            meter.is_silent = True
            await all_is_pushed(at, meter)
        assert await raw(at) == b"".join(meter.sent)


async def test_what_becomes_of_a_line_is_told_once_and_in_sentences(tmp_path: Path) -> None:
    file, line = tmp_path / "forward.json", tmp_path / "line"
    away = f"tcp://127.0.0.1:{unclaimed_port()}"
    lines = [{"name": "m1", "device": str(line)}, {"name": "m2", "url": away}]
    given = {"servers": f"nats://127.0.0.1:{unclaimed_port()}", "lines": lines}
    file.write_text(json.dumps(given))
    with simulated(line, "kaifa"), process("forward", "--options", str(file)) as forwarding:
        await until(lambda: forwarding.logged(f"m1: reading {line} (2400 8E1)"))
        await until(lambda: forwarding.logged("m1: the serial mode is 2400 8E1"))
        await asyncio.sleep(4)  # in which the other line is tried twice more
        forwarding.process.terminate()
        assert forwarding.wait() == 0
    (told,) = [one for one in forwarding.lines if "the gateway" in one]
    assert "m2: " in told


async def test_it_ends_when_its_terminal_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "forward.json"
    lines = [{"name": "m1", "url": f"tcp://127.0.0.1:{unclaimed_port()}"}]
    given = {"servers": f"nats://127.0.0.1:{unclaimed_port()}", "lines": lines}
    file.write_text(json.dumps(given))
    with process("forward", "--options", str(file)) as forwarding:
        await until(lambda: forwarding.logged("forwarding 1 line"))
        forwarding.process.send_signal(signal.SIGHUP)
        assert forwarding.wait() == 0


def test_a_certificate_that_is_missing_is_told(tmp_path: Path) -> None:
    file = tmp_path / "forward.json"
    lines = [{"name": "m1", "url": "tcp://127.0.0.1:1"}]
    given = {"servers": "tls://127.0.0.1:1", "ca": str(tmp_path / "ca.pem"), "lines": lines}
    file.write_text(json.dumps(given))
    status, told = done("forward", "--options", str(file))
    assert status == 1
    assert "ca.pem" in told
    assert "Traceback" not in told


def test_wrong_options_are_told(tmp_path: Path) -> None:
    file = tmp_path / "forward.json"
    file.write_text("{}")
    status, told = done("forward", "--options", str(file))
    assert status == 1
    assert "servers: nothing is given" in told
    assert "lines: nothing is given" in told
