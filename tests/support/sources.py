"""Reads a source of bytes in a test."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Self

from app.transport.source import Event, Lost, Source
from tests.support.mosquitto import TIMEOUT


class Events:
    """What a source gives, to be awaited one by one; it is read from the first one on.

    Args:
        source: is read.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._come: asyncio.Queue[Event | None] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        event = await self._come.get()
        if event is None:
            self._reading.result()
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """Stop reading."""
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        try:
            await self._source.run(self._come.put_nowait)
        finally:
            self._come.put_nowait(None)


@asynccontextmanager
async def reading(source: Source) -> AsyncGenerator[Events, None]:
    """Read a source, for a while at most, and close it."""
    async with asyncio.timeout(TIMEOUT), aclosing(Events(source)) as events:
        yield events


async def receive(events: Events, size: int) -> bytes:
    """Give so many bytes, with nothing else in between."""
    data = b""
    while len(data) < size:
        event = await anext(events)
        assert isinstance(event, bytes), event
        data += event
    return data


async def lost(events: Events) -> Lost:
    """Give the next event, which is a loss."""
    event = await anext(events)
    assert isinstance(event, Lost), event
    return event
