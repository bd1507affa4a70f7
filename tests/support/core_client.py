"""A client of Core's WebSocket API, as Core's own pages are one.

Nothing here sleeps to let something happen: whoever waits looks again at every event of Core.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect

from tests.support.core import Core

TIMEOUT = 90.0
"""Seconds after which a test that waits has failed; to a broker that was away Core comes back after
ten and more."""

_T = TypeVar("_T")


class Client:
    """A connection; made by ``connected``.

    ``states`` holds every entity's newest state by its entity id, as Core's API gives it.
    """

    def __init__(self, core: Core, socket: ClientConnection) -> None:
        self._core = core
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Event()
        self.states: dict[str, dict[str, Any]] = {}

    async def call(self, kind: str, **fields: object) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Send a command and give its result."""
        answer = await self._ask(kind, **fields)
        assert answer["success"], f"{kind} {fields}: {answer['error']}"
        return answer["result"]

    async def _ask(self, kind: str, **fields: object) -> dict[str, Any]:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "type": kind, **fields}))
        async with asyncio.timeout(TIMEOUT):
            return await self._answers[number]

    async def until(
        self, look: Callable[[], Awaitable[_T]], wanted: str, patience: float = TIMEOUT
    ) -> _T:
        """Look at every event of Core until something is there, and give it.

        Args:
            look: gives what is there; nothing that is true means not yet.
            wanted: what is waited for, for the case that it does not come.
            patience: seconds after which it does not come any more.
        """
        found: _T | None = None
        try:
            async with asyncio.timeout(patience):
                while True:
                    self._news.clear()
                    found = await look()
                    if found:
                        return found
                    await self._news.wait()
        except TimeoutError:
            tail = self._core.log[-5000:]
            raise AssertionError(
                f"not there: {wanted}; found: {found}; Core logs:\n{tail}"
            ) from None

    async def begin(self) -> None:
        """Show the token, and wait until Core has started."""
        await self._socket.recv()
        await self._socket.send(json.dumps({"type": "auth", "access_token": self._core.token}))
        answer = json.loads(await self._socket.recv())
        assert answer["type"] == "auth_ok", answer

    async def follow(self) -> None:
        """Hear of every event, and wait until Core has started."""
        # A newer Core goes back to its usual port after five minutes unless the user says that the
        # new one works. An older one knows no such command, which is as well.
        await self._ask("http/config/promote")
        await self.call("subscribe_events")
        for state in await self.call("get_states"):
            self.states.setdefault(state["entity_id"], state)

        async def runs() -> bool:
            config = await self.call("get_config")
            return bool(config["state"] == "RUNNING")

        await self.until(runs, "a Core that has started")

    async def read(self) -> None:
        """Take what comes until the connection ends."""
        async for text in self._socket:
            message = json.loads(text)
            if message["type"] == "result":
                self._answers.pop(message["id"]).set_result(message)
            elif message["type"] == "event":
                self._take(message["event"])

    def _take(self, event: dict[str, Any]) -> None:
        if event["event_type"] == "state_changed":
            data = event["data"]
            if data["new_state"] is None:
                self.states.pop(data["entity_id"], None)
            else:
                self.states[data["entity_id"]] = data["new_state"]
        self._news.set()


@asynccontextmanager
async def connected(core: Core) -> AsyncGenerator[Client]:
    """Connect to a Core that has started."""
    url = core.url.replace("http", "ws", 1) + "/api/websocket"
    async with connect(url, max_size=None) as socket:
        client = Client(core, socket)
        await client.begin()
        reading = asyncio.create_task(client.read())
        try:
            await client.follow()
            yield client
        finally:
            # While events are still taken: behind those that wait, the answer would not be seen.
            await socket.close()
            await asyncio.gather(reading, return_exceptions=True)
