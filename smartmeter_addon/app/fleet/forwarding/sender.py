"""Pushes the messages of one name to the engine: one after the other, each until it is stored.

Two that are under way at once could be stored in the other order when the first has to be sent
again, and the meter's newer telegram would make the older one a replay.
"""

import asyncio
import logging
import secrets
from collections import deque
from time import monotonic
from typing import Final, NamedTuple

from app.fleet import subjects
from app.fleet.engine import Engine
from app.fleet.forwarding.spool import Spool, SpoolError
from app.fleet.message import Message, refusal
from app.language.counting import counted

PATIENCE: Final = 5.0
"""Seconds for which messages wait in memory only: a memory card wears out by writing."""

MOST_IN_MEMORY: Final = 2000
"""Messages that wait in memory at most, while they cannot be kept on disk."""

_RETRY_SECONDS: Final = 1.0
_FRESH_SECONDS: Final = 1.0
"""For which a message that waits needs no time of its own: that at which the engine stores it will
do, and this computer's clock may be wrong."""

_logger: Final = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    """A message in memory.

    Args:
        id: of the message; the server stores one with the same id once.
        received: in nanoseconds since 1970.
        payload: what came.
        since: when it came, by the steady clock.
    """

    id: str
    received: int
    payload: bytes
    since: float


class Sender:
    """Pushes the messages of one name while `run` runs.

    Args:
        name: of the meter.
        spool: of all names.
    """

    def __init__(self, name: str, spool: Spool) -> None:
        self._name = name
        self._spool = spool
        self._memory: deque[_Waiting] = deque()
        self._news = asyncio.Event()
        self._session = secrets.token_hex(4)
        self._count = 0
        self._kept_at = 0.0  # when `tick` tried to keep what waits
        self._told: set[str] = set()  # why the engine takes nothing, while that lasts
        self._is_dropping = False
        if self._waits_on_disk():
            self._news.set()

    def push(self, received: int, payload: bytes) -> None:
        """Take the next message.

        Args:
            received: when it came, in nanoseconds since 1970.
            payload: what came.
        """
        self._count += 1
        message_id = f"{self._name}/{self._session}/{self._count}"
        self._memory.append(_Waiting(message_id, received, payload, monotonic()))
        if self._waits_on_disk() or monotonic() - self._memory[0].since > PATIENCE:
            self._keep()
        if len(self._memory) > MOST_IN_MEMORY:
            self._memory.popleft()
            if not self._is_dropping:
                self._is_dropping = True
                _logger.error("%s: telegrams are lost, as too many wait in memory", self._name)
        self._news.set()

    def tick(self) -> None:
        """Keep on disk what waits for too long, as the next message may be hours away.

        To be called several times a second, also while there was no connection yet.
        """
        now = monotonic()
        if self._memory and now - max(self._memory[0].since, self._kept_at) > PATIENCE:
            self._kept_at = now
            self._keep()

    def end(self) -> None:
        """Keep on disk what is in memory, for the next run."""
        self._keep()
        if count := len(self._memory):
            _logger.error("%s: lost with the end: %s", self._name, counted(count, "telegram"))

    def _keep(self) -> None:
        """Keep on disk what is in memory, or as much of it as can be."""
        while self._memory:
            one = self._memory[0]
            if not self._spool.add(self._name, one.id, one.received, one.payload):
                return
            self._memory.popleft()
        self._is_dropping = False

    def _waits_on_disk(self) -> bool:
        """Tell whether messages wait on disk, so that newer ones have to wait behind them."""
        try:
            return self._spool.oldest(self._name) is not None
        except SpoolError:
            return True  # perhaps

    async def run(self, engine: Engine) -> None:
        """Push for ever, to an engine that was connected once."""
        while True:
            await self._news.wait()
            self._news.clear()
            while await self._push_next(engine):
                pass

    async def _push_next(self, engine: Engine) -> bool:
        """Push the oldest message once, and wait a little if it was not stored.

        Returns:
            Whether there was one.
        """
        try:
            kept = self._spool.oldest(self._name)
        except SpoolError:  # what is in memory came after what may be there
            await asyncio.sleep(_RETRY_SECONDS)
            return True
        if kept:
            why_not = await self._push(engine, kept.id, kept.received, kept.payload)
            if not why_not:
                self._spool.remove(self._name, kept)
        elif self._memory:
            one = self._memory[0]
            waited = monotonic() - one.since > _FRESH_SECONDS
            received = one.received if waited else None
            why_not = await self._push(engine, one.id, received, one.payload)
            if not why_not and self._memory and self._memory[0] is one:
                self._memory.popleft()
                self._is_dropping = False
        else:
            return False
        self._tell(why_not)
        if why_not:
            await asyncio.sleep(_RETRY_SECONDS)
        return True

    async def _push(
        self, engine: Engine, message_id: str, received: int | None, payload: bytes
    ) -> str:
        """Push once; tell why the server did not store the message, nothing where it did."""
        answered: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()

        async def take(answer: Message | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        headers = {subjects.MESSAGE_ID: message_id}
        if received is not None:
            headers[subjects.RECEIVED] = str(received)
        await engine.ask(subjects.raw(self._name), payload, take, headers)
        answer = await answered
        return _refusal(answer)

    def _tell(self, why_not: str) -> None:
        """Tell that the engine takes nothing and why, or that it does again."""
        if why_not and why_not not in self._told:
            self._told.add(why_not)
            _logger.warning(
                "%s: the engine does not take telegrams (%s); keeping them", self._name, why_not
            )
        elif self._told and not why_not:
            self._told.clear()
            _logger.info("%s: the engine takes telegrams again", self._name)


def _refusal(answer: Message | None) -> str:
    """Tell why a message was not stored; nothing where it was."""
    if why := refusal(answer):
        return why
    stored = answer is not None and b'"seq"' in answer.data
    return "" if stored else "what it answers is not understood"
