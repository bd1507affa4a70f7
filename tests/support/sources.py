"""Reads a source of bytes in a test."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from app.transport.source import Event, Lost, Source
from tests.support.mosquitto import TIMEOUT

Events = AsyncGenerator[Event, None]


@asynccontextmanager
async def reading(source: Source) -> AsyncGenerator[Events, None]:
    """Read a source, for a while at most, and close it."""
    async with asyncio.timeout(TIMEOUT), aclosing(source.events()) as events:
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
