"""Simulated meters that push to the engine as a gateway does: one unacknowledged telegram each."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError

from app.fleet import subjects
from simulator import meters as simulated
from simulator.household import Household
from trials.fleet.stored import PATIENCE, TrialError

PUSH_SECONDS: Final = 5.0
PIECE_SECONDS: Final = 2.0
"""Between the pieces of a telegram, so that of many meters one half has come at any time."""

_RETRY_SECONDS: Final = 0.5


class Meter:
    """A simulated meter that pushes as a name of its own.

    Args:
        number: from which its name, its key and its numbers are made.
        in_pieces: whether each segment is a message.
        name: another one.
    """

    def __init__(self, number: int, *, in_pieces: bool = False, name: str = "") -> None:
        self.name = name or f"meter-{number}"
        self.key = number.to_bytes(16, "big")
        self.in_pieces = in_pieces
        self.pushed: list[str] = []
        """The times that its telegrams say, in order."""
        self.pieces: list[tuple[float, float]] = []
        """When first and last piece of a telegram were stored, in seconds since 1970."""
        self._meter = simulated.build("kaifa", key=self.key, serial=number)
        self._moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
        self._household = Household(number, self._moment, phases=3)

    def telegram(self) -> tuple[bytes, ...]:
        """Make the next telegram: the messages that it is pushed in."""
        self._moment += timedelta(seconds=PUSH_SECONDS)
        telegram = self._meter.telegram(self._household.at(self._moment))
        self.pushed.append(telegram.truth.timestamp.isoformat())
        return telegram.segments if self.in_pieces else (telegram.data,)


class Pusher:
    """Pushes the telegrams of many meters at their own pace.

    Args:
        client: connected.
        meters: which.
    """

    def __init__(self, client: Client, meters: list[Meter]) -> None:
        self._stream: JetStreamContext = client.jetstream(timeout=2)
        self._meters = meters
        self._ends = asyncio.Event()

    async def run(self, seconds: float) -> None:
        """Push for some time; the telegrams under way are pushed to their end."""
        count = len(self._meters)
        async with asyncio.TaskGroup() as group:
            for number, meter in enumerate(self._meters):
                group.create_task(self._push_all(meter, PUSH_SECONDS * number / count))
            await asyncio.sleep(seconds)
            self._ends.set()

    async def _push_all(self, meter: Meter, first: float) -> None:
        due = asyncio.get_running_loop().time() + first
        while not await self._ended_before(due):
            await self._push_one(meter)
            due += PUSH_SECONDS

    async def _push_one(self, meter: Meter) -> None:
        first, *others = meter.telegram()
        await self.push(meter, first)
        begin = time.time()
        for number, data in enumerate(others, 1):
            await asyncio.sleep(PIECE_SECONDS)
            await self.push(meter, data, number)
        if others:
            meter.pieces.append((begin, time.time()))

    async def _ended_before(self, due: float) -> bool:
        try:
            async with asyncio.timeout_at(due):
                await self._ends.wait()
        except TimeoutError:
            return False
        return True

    async def push(self, meter: Meter, data: bytes, number: int = 0) -> None:
        """Push one message until it is stored.

        Raises:
            TrialError: it is not, within PATIENCE.
        """
        until = time.monotonic() + PATIENCE
        headers = {subjects.MESSAGE_ID: f"{meter.name}/{len(meter.pushed)}/{number}"}
        while True:
            try:
                await self._stream.publish(subjects.raw(meter.name), data, headers=headers)
            except (JetStreamError, nats.errors.Error) as error:
                if time.monotonic() > until:
                    why = f"for {PATIENCE:.0f} s: {error!r}"
                    raise TrialError(f"a telegram of {meter.name} was not stored {why}") from None
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return
