"""Delays between attempts to open a line, and what ends the reading."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from app.transport.address import SerialPort
from app.transport.reopening import DELAYS, Began, Ended, Feed, read_forever
from app.transport.serial_mode import SerialMode
from app.transport.serial_port import open_port


class EnoughError(Exception):
    pass


async def test_delays_grow_to_the_last_one_and_stay_there(tmp_path: Path) -> None:
    missing = partial(open_port, SerialPort(str(tmp_path / "missing"), SerialMode(2400, 8, "E", 1)))
    waits: list[float] = []

    def take(event: bytes | Began | Ended) -> None:
        assert isinstance(event, Ended)
        waits.append(event.retry_in)
        if len(waits) == 5:
            raise EnoughError

    with pytest.raises(EnoughError):
        await read_forever(missing, take, delays=(0.0, 0.001, 0.002))
    assert waits == [0.0, 0.001, 0.002, 0.002, 0.002]
    assert list(DELAYS) == sorted(DELAYS)
    assert max(DELAYS) <= 5  # what most meters push at


@pytest.mark.parametrize("mistake", [OSError("of ours"), ValueError("of ours"), EnoughError()])
@pytest.mark.parametrize("moment", ["bytes", "begin"])
async def test_a_mistake_of_whoever_takes_is_no_end_of_the_line(
    mistake: Exception, moment: str
) -> None:
    @asynccontextmanager
    async def opening(feed: Feed) -> AsyncIterator[None]:
        asyncio.get_running_loop().call_soon(feed.give, b"x")
        yield

    def take(event: bytes | Began | Ended) -> None:
        if (moment == "bytes") == (event == b"x"):
            raise mistake

    with pytest.raises(type(mistake)) as raised:
        await read_forever(opening, take)
    assert raised.value is mistake


async def test_nothing_is_given_after_the_end() -> None:
    given: list[bytes] = []
    feed = Feed(given.append)
    feed.give(b"x")
    feed.end()
    feed.give(b"y")
    feed.end(OSError())
    assert given == [b"x"]
    await feed.ended


async def test_an_error_that_comes_when_nobody_reads_any_more_is_let_go(
    caplog: pytest.LogCaptureFixture,
) -> None:
    feeds: list[Feed] = []

    @asynccontextmanager
    async def opening(feed: Feed) -> AsyncIterator[None]:
        feeds.append(feed)
        if len(feeds) == 2:
            feed.end(OSError("late"))
            raise asyncio.CancelledError
        yield

    with pytest.raises(asyncio.CancelledError):
        await read_forever(opening, lambda _: None, silences=(0.0,))
    feeds[0].end(OSError("later"))
    feeds.clear()
    gc.collect()
    assert not caplog.records
