"""Messages pushed to a real nats-server that is away for a while."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns

import pytest
from nats.js.api import RawStreamMsg

from app.fleet import subjects
from app.fleet.engine import Engine
from app.fleet.forwarding import sender
from app.fleet.forwarding.sender import Sender
from app.fleet.forwarding.spool import Spool
from simulator import meters
from simulator.household import Household
from tests.support.fleets import Fleet, fleet, known, until
from tests.support.nats import TIMEOUT, Node, engine

SECOND = 10**9


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path) as one:
        yield one


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    one = Spool(tmp_path / "telegrams.sqlite", 10**7, 86400)
    yield one
    one.close()


@asynccontextmanager
async def running(one: Sender, at: Fleet) -> AsyncIterator[None]:
    """A sender that pushes."""
    connection = await Engine.connect(at.options.engine, "test")

    async def expire() -> None:
        while True:
            await asyncio.sleep(0.1)
            await connection.expire()

    tasks = [asyncio.create_task(expire()), asyncio.create_task(one.run(connection))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await connection.close()


async def messages(at: Fleet) -> list[RawStreamMsg]:
    """All raw messages, in their order."""
    stream = at.client.jetstream()
    info = await stream.stream_info(subjects.RAW)
    numbers = range(1, info.state.last_seq + 1)
    return [await stream.get_msg(subjects.RAW, number) for number in numbers]


async def stored(at: Fleet) -> list[bytes]:
    """What these hold."""
    return [message.data or b"" for message in await messages(at)]


async def test_each_message_is_stored_once_and_in_order(node: Node, spool: Spool) -> None:
    async with fleet(node) as at:
        one = Sender("m1", spool)
        async with running(one, at):
            wanted = [b"%d" % number for number in range(100)]
            for payload in wanted:
                one.push(time_ns(), payload)
            await until(lambda: not one._memory)
            assert await stored(at) == wanted
            assert spool.count() == 0


async def test_messages_wait_on_disk_while_the_engine_is_away(
    node: Node, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PATIENCE", 0.2)
    async with fleet(node) as at:
        one = Sender("m1", spool)
        async with running(one, at):
            wanted = [b"%d" % number for number in range(60)]
            for payload in wanted[:20]:
                one.push(time_ns(), payload)
            await until(lambda: not one._memory)
            node.kill()
            for payload in wanted[20:40]:
                one.push(time_ns(), payload)
                await asyncio.sleep(0.05)
            await until(spool.count)
            node.start()
            for payload in wanted[40:]:
                one.push(time_ns(), payload)
                await asyncio.sleep(0.05)
            await until(lambda: not one._memory and not spool.count())
            assert await stored(at) == wanted


async def test_what_waits_is_kept_on_disk_though_nothing_more_comes(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PATIENCE", 0.2)
    one = Sender("m1", spool)
    one.push(time_ns(), b"the only one in a quarter of an hour")
    one.tick()
    assert spool.count() == 0
    await asyncio.sleep(0.3)
    one.tick()
    assert spool.count() == 1
    assert not one._memory


async def test_why_the_engine_takes_nothing_is_told(
    node: Node, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    async with fleet(node) as at:
        one, other = Sender("m1", spool), Sender("m2", spool)
        async with running(one, at), running(other, at):
            one.push(time_ns(), bytes(300_000))
            await until(
                lambda: "m1: the engine does not take telegrams (message size" in caplog.text
            )
            await at.client.jetstream().delete_stream(subjects.RAW)
            other.push(time_ns(), b"x")
            await until(
                lambda: "m2: the engine does not take telegrams (there is no" in caplog.text
            )
            assert "was fleet setup run" in caplog.text


async def test_what_waits_is_pushed_by_the_next_run(node: Node, spool: Spool) -> None:
    async with fleet(node) as at:
        before = Sender("m1", spool)
        for number in range(5):
            before.push(time_ns(), b"%d" % number)
        before.end()
        assert spool.count() == 5
        after = Sender("m1", spool)
        async with running(after, at):
            after.push(time_ns(), b"5")
            await until(lambda: not after._memory and not spool.count())
        assert await stored(at) == [b"%d" % number for number in range(6)]


async def test_only_what_waited_says_when_it_came(
    node: Node, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fleet(node) as at:
        one = Sender("m1", spool)
        one.push(5, b"on disk")
        one.end()
        async with running(one, at):
            await until(lambda: not spool.count())
            monkeypatch.setattr(sender, "_FRESH_SECONDS", TIMEOUT)
            one.push(6, b"at once")
            await until(lambda: not one._memory)
            monkeypatch.setattr(sender, "_FRESH_SECONDS", 0.0)
            one.push(7, b"in memory")
            await until(lambda: not one._memory)
        told = [(one.headers or {}).get(subjects.RECEIVED) for one in await messages(at)]
        assert told == ["5", None, "7"]


async def test_telegrams_wait_in_memory_while_the_disk_is_full(
    node: Node, spool: Spool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sender, "PATIENCE", 0.1)
    async with fleet(node) as at:
        one = Sender("m1", spool)
        async with running(one, at):
            wanted = [b"%d" % number + bytes(5000) for number in range(60)]
            node.kill()
            for payload in wanted[:20]:
                one.push(time_ns(), payload)
                await asyncio.sleep(0.02)
            await until(spool.count)
            full(spool)
            for payload in wanted[20:]:
                one.push(time_ns(), payload)
            node.start()
            await until(lambda: not one._memory and not spool.count())
        assert await stored(at) == wanted
        assert "the disk is full: make room on it; new telegrams wait in memory only" in caplog.text


async def test_what_neither_disk_nor_memory_can_keep_is_told(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sender, "MOST_IN_MEMORY", 10)
    full(spool)
    one = Sender("m1", spool)
    monkeypatch.setattr(sender, "PATIENCE", 0.0)
    for number in range(15):
        one.push(number, b"x" * 5000)
    assert [waiting.received for waiting in one._memory] == list(range(5, 15))
    one.end()
    told = [record.getMessage() for record in caplog.records]
    assert [message for message in told if "the disk is full: make room on it" in message]
    assert told[-2:] == [
        "m1: telegrams are lost, as too many wait in memory",
        "m1: lost with the end: 10 telegrams",
    ]


def full(spool: Spool) -> None:
    """Let SQLite find no room for another page, as on a disk that is full."""
    (count,) = spool._database.execute("PRAGMA page_count").fetchone()
    spool._database.execute(f"PRAGMA max_page_count = {count}")


async def test_an_hour_that_waited_is_read_as_if_it_had_come_in_time(
    node: Node, spool: Spool
) -> None:
    async with fleet(node, partitions=1) as at:
        one, meter = Sender("m1", spool), meters.build("kaifa")
        begin = time_ns() - 3600 * SECOND
        household = Household(1, datetime.fromtimestamp(begin // SECOND, UTC), phases=3)
        times = []
        for number in range(720):
            received = begin + number * 5 * SECOND
            moment = datetime.fromtimestamp(received // SECOND, UTC)
            telegram = meter.telegram(household.at(moment))
            times.append(telegram.truth.timestamp.isoformat())
            one.push(received, telegram.data)
        one.end()
        member = await at.join(known("m1"))
        async with running(one, at):
            await until(lambda: not spool.count(), 2 * TIMEOUT)
        await at.settle()
        assert await at.stored() == {"m1": times}
        assert not member.tally.refused
