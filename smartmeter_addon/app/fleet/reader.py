"""A reader: carries out what its partitions ask for, and hands them what the engine says."""

import asyncio
import json
import logging
import secrets
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from time import monotonic, time
from typing import Any, Final

from app.fleet import streams, subjects
from app.fleet.edge import Edge
from app.fleet.engine import Engine
from app.fleet.message import Message
from app.fleet.meter_line import Meters
from app.fleet.owners import Owners
from app.fleet.sharing import Sharing
from app.fleet.tally import Tally

TICK: Final = 0.1
"""Seconds between two looks at what is due."""

PRESENCE_EVERY: Final = 1.0
"""Seconds between two times that a reader says which partitions it has."""

LEAVE_SECONDS: Final = 3.0
"""In which what is under way is ended at the end of the program."""

_logger: Final = logging.getLogger(__name__)


class Reader:
    """Reads its share of the partitions while `run` runs.

    Args:
        engine: connected.
        partitions: how many there are.
        meters: makes the lines.
        tally: what is read.
        silent_after: seconds after which a meter that is not heard is silent.
    """

    def __init__(
        self, engine: Engine, partitions: int, meters: Meters, tally: Tally, silent_after: float
    ) -> None:
        self._engine = engine
        self._meters = meters
        self._tally = tally
        self._silent_after = silent_after
        self._name = secrets.token_hex(4)
        inboxes = count(1)
        self._owners = Owners(engine, meters)
        self._partitions = [
            Edge(engine, number, meters, inboxes, self._owners) for number in range(partitions)
        ]
        self._sharing = Sharing(partitions)
        self._is_leaving = False

    async def run(self, stop: asyncio.Event) -> None:
        """Read until it is told to stop; then end what is under way, and give all back."""
        inboxes = [
            await self._engine.listen(subjects.PRESENCE, self._hear),
            await self._engine.listen(subjects.INQUIRY, self._answer),
        ]
        _logger.info("reading as %s", self._name)
        ticking = asyncio.create_task(self._tick())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({ticking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if ticking.done():
                ticking.result()
            await self._leave()
        finally:
            for task in (ticking, stopping):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            for inbox in inboxes:
                await inbox.close()

    def outdate(self, names: Iterable[str]) -> None:
        """Open the lines of some names anew, as the options of their meters changed."""
        self._owners.forget()
        for edge in self._partitions:
            edge.partition.outdate(names)

    async def _leave(self) -> None:
        """End what is under way, and give all partitions back."""
        self._is_leaving = True
        for edge in self._partitions:
            await edge.leave()
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                while any(edge.partition.is_held for edge in self._partitions):  # noqa: ASYNC110 - none is an event
                    await asyncio.sleep(TICK)
        await self._say([], gone=True)
        for edge in self._partitions:
            await edge.close()

    async def _tick(self) -> None:
        """Do what is due."""
        last = said = monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = monotonic()
            await self._engine.expire()
            for edge in self._partitions:
                # Others may have taken over while this process was stopped.
                await (edge.lapse() if now - last >= streams.PIN_SECONDS else edge.tick())
            last = now
            if not self._is_leaving and now - said >= PRESENCE_EVERY:
                said = now
                await self._share(now)

    async def _share(self, now: float) -> None:
        """Say which partitions this reader has, and take its share."""
        held = [edge.number for edge in self._partitions if edge.partition.is_held]
        await self._say(held)
        advice = self._sharing.advice(held, now)
        for edge in self._partitions:
            if edge.number in advice.leave or (
                edge.number not in advice.ask and not edge.partition.is_held
            ):
                await edge.leave()
            elif edge.number in advice.ask:
                await edge.want()

    async def _say(self, held: list[int], *, gone: bool = False) -> None:
        said = {"reader": self._name, "held": held, "gone": gone}
        await self._engine.publish(subjects.PRESENCE, json.dumps(said).encode())

    async def _hear(self, message: Message) -> None:
        """Take what a reader says."""
        with suppress(AttributeError, KeyError, OverflowError, TypeError, ValueError):
            said = json.loads(message.data)
            reader, held = str(said["reader"]), frozenset(map(int, said["held"]))
            if reader == self._name:
                return
            if said.get("gone"):
                self._sharing.bye(reader)
            else:
                self._sharing.hear(reader, held, monotonic())

    async def _answer(self, message: Message) -> None:
        """Tell how this reader is doing."""
        if message.reply:
            await self._engine.publish(message.reply, json.dumps(self.status()).encode())

    def status(self) -> dict[str, Any]:
        """Give how this reader is doing, as JSON values."""
        held = {edge.number for edge in self._partitions if edge.partition.is_held}
        wall, now = time(), monotonic()
        heard, silent = 0, []
        for name in self._meters.meters:
            number = subjects.partition_of(name, len(self._partitions))
            if number not in held:
                free_since = self._sharing.free_since(number)
                # Nobody can have a partition before something comes in it.
                if free_since is not None and now - free_since >= self._silent_after:
                    silent.append(name)
                continue
            edge = self._partitions[number]
            at = self._tally.heard.get(name)
            if at is not None and wall - at < self._silent_after:
                heard += 1
            elif at is not None or now - edge.held_since >= self._silent_after:
                silent.append(name)
        return {
            "reader": self._name,
            "held": sorted(held),
            "heard": heard,
            "silent": silent,
            **self._tally.counts(),
        }
