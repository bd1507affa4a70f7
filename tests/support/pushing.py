"""A meter that pushes all the time, and how soon its readings are back after a fault."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from time import monotonic

from app.mqtt.topics import Topics
from simulator.meters import Telegram
from tests.support.mosquitto import TIMEOUT, Watcher
from tests.support.simulated import SimulatedMeter, state

TOPICS = Topics()

PUSH = 0.1
"""Seconds between telegrams: quicker than any meter, so that little of a recovery time is waiting
for the next one."""


class Pushing:
    """What a meter has said so far, and what of it was published.

    Args:
        meter: the meter.
    """

    def __init__(self, meter: SimulatedMeter) -> None:
        self.meter = meter
        self.said: dict[str, tuple[float, dict[str, Decimal | str]]] = {}
        self.topic = TOPICS.state(meter.id)
        self._make = meter.telegram
        meter.telegram = self._telegram  # type: ignore[method-assign]

    def _telegram(self) -> Telegram:
        """Make a telegram, and remember what it says; also when a test damages it."""
        telegram = self._make()
        said = state(telegram.truth)
        self.said[str(said["timestamp"])] = monotonic(), said
        return telegram

    async def run(self) -> None:
        """Push for ever."""
        while True:
            await self.once()
            await asyncio.sleep(PUSH)

    async def once(self) -> None:
        """Push one telegram."""
        await self.meter.push()

    async def published(self, home: Watcher) -> float:
        """Wait for a state message, see that the meter has said just that; give when it began."""
        seen = await home.wait(self.topic)
        found = json.loads(seen.payload, parse_float=Decimal, parse_int=Decimal)
        begun, said = self.said[found["timestamp"]]
        assert found == said
        return begun

    async def next(self, home: Watcher) -> float:
        """Push one telegram; give the seconds until it is published."""
        home.pass_over(self.topic)
        begun = monotonic()
        await self.once()
        async with asyncio.timeout(TIMEOUT):
            while await self.published(home) < begun:
                pass
        return monotonic() - begun

    async def recovery(self, home: Watcher) -> float:
        """Give the seconds from now, when a fault's cause is gone, to the next new reading."""
        gone = monotonic()
        home.pass_over(self.topic)
        async with asyncio.timeout(TIMEOUT):
            while await self.published(home) < gone:
                pass
        return monotonic() - gone


@asynccontextmanager
async def pushing(meter: SimulatedMeter) -> AsyncGenerator[Pushing]:
    """Let a meter push until the end of the context."""
    made = Pushing(meter)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
