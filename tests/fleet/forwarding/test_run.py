"""The command ``forward`` as a process, between a gateway and an engine."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.fleet import subjects
from simulator import meters
from simulator.household import Household
from tests.support.fleet_process import done, process
from tests.support.fleets import fleet, known, until
from tests.support.nats import Node, engine


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


@asynccontextmanager
async def gateway(times: list[str]) -> AsyncIterator[int]:
    """A TCP gateway whose meter pushes twice a second; gives its port, and the meter's times."""
    meter, moment = meters.build("kaifa"), datetime.now(UTC).replace(microsecond=0)
    household = Household(1, moment, phases=3)

    async def push(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal moment
        while not writer.is_closing():
            moment += timedelta(seconds=5)
            telegram = meter.telegram(household.at(moment))
            times.append(telegram.truth.timestamp.isoformat())
            for segment in telegram.segments:
                writer.write(segment)
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.45)

    async with await asyncio.start_server(push, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        server.close()


async def test_telegrams_are_forwarded_also_when_the_engine_was_away(
    node: Node, tmp_path: Path
) -> None:
    times: list[str] = []
    async with fleet(node, partitions=1) as at, gateway(times) as port:
        file = tmp_path / "forward.json"
        lines = [{"name": "m1", "url": f"tcp://127.0.0.1:{port}"}]
        file.write_text(json.dumps({"servers": [node.url], "lines": lines}))
        with process("forward", "--options", str(file)) as forwarding:
            await until(lambda: forwarding.logged("m1: reading tcp://127.0.0.1"))
            await until(lambda: len(times) > 3)
            node.kill()
            await until(lambda: forwarding.logged("the engine does not take telegrams"))
            node.start()
            await until(lambda: forwarding.logged("the engine takes telegrams again"))
            forwarding.process.terminate()
            assert forwarding.wait() == 0
        member = await at.join(known("m1"))
        await at.settle()
        stored = (await at.stored())["m1"]
        info = await at.client.jetstream().stream_info(subjects.RAW)
        assert stored == times[: len(stored)]
        assert len(stored) == info.state.messages
        assert len(times) - len(stored) <= 1, "the last one may have been cut off"
        assert set(member.tally.refused) <= {"suspicious"}  # the clock of this meter runs fast


def test_wrong_options_are_told(tmp_path: Path) -> None:
    file = tmp_path / "forward.json"
    file.write_text("{}")
    status, told = done("forward", "--options", str(file))
    assert status == 1
    assert "servers: nothing is given" in told
    assert "lines: nothing is given" in told
