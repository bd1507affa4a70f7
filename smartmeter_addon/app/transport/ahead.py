"""A source that is opened before anybody is there to read it."""

import asyncio
from collections.abc import Callable

from app.transport.source import Event, Source


class AheadSource:
    """A source that is opened at once; what comes of it waits for whoever reads it.

    Args:
        source: what is opened.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._waiting: list[Event] = []
        self._take: Callable[[Event], None] = self._waiting.append
        self._reading: asyncio.Task[None] | None = None
        self.framed = source.framed
        """Takes that there was a good frame; see `Source.framed`."""

    def open(self) -> None:
        """Begin to read, in the next turn of the event loop."""
        self._reading = asyncio.create_task(self._source.run(self._hand_on))

    async def run(self, take: Callable[[Event], None]) -> None:
        """Read on, and what has come so far; see `Source.run`."""
        reading, self._reading = self._reading, None
        if reading is None:
            await self._source.run(take)
            return
        try:
            for event in self._waiting:
                take(event)
            self._waiting.clear()
            self._take = take
            await reading
        finally:
            reading.cancel()

    def _hand_on(self, event: Event) -> None:
        self._take(event)
