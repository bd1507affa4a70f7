"""The server of the page: listens, counts its connections, and has them answer in turn.

One request is answered each time the event loop comes round. So however many come, a telegram that
comes meanwhile waits for one answer at most.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Never

from app.page.access import Access
from app.page.answers import Respond
from app.page.connection import Connection, Limits
from app.page.room import Room

MOST_WAITING: Final = 16
"""Connections that the system keeps until they are taken."""


class Server:
    """Answers requests while `run` runs.

    Args:
        access: where to listen, and who may ask.
        respond: gives the answers.
        limits: of time.
    """

    def __init__(
        self,
        access: Access,
        respond: Respond,
        limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self._access = access
        self._respond = respond
        self._limits = limits
        self._connections: dict[Connection, str] = {}
        """Those that are open, and where from."""
        self._room = Room(access.only)
        self._turns: deque[Callable[[], None]] = deque()
        self.port: int | None = None
        """Where it listens; None while it does not."""

    def __len__(self) -> int:
        return len(self._connections)

    async def run(self, on_listening: Callable[[], object] = lambda: None) -> Never:
        """Listen.

        Args:
            on_listening: is called as soon as the address can be asked.

        Raises:
            OSError: the address cannot be listened at.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            self._connection, self._access.host, self._access.port, backlog=MOST_WAITING
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            on_listening()
            await asyncio.Event().wait()
        finally:
            self.port = None
            server.close()
            for connection in list(self._connections):
                connection.close()
        raise AssertionError  # it is cancelled while it waits

    def _connection(self) -> Connection:
        return Connection(
            self._access,
            self._respond,
            connected=self._connected,
            closed=self._closed,
            in_turn=self._in_turn,
            limits=self._limits,
        )

    def _connected(self, connection: Connection, address: str) -> bool:
        if not self._room.take(address):
            return False
        self._connections[connection] = address
        return True

    def _closed(self, connection: Connection) -> None:
        address = self._connections.pop(connection, None)
        if address is not None:
            self._room.leave(address)

    def _in_turn(self, go_on: Callable[[], None]) -> None:
        if not self._turns:
            asyncio.get_running_loop().call_soon(self._take_turn)
        self._turns.append(go_on)

    def _take_turn(self) -> None:
        go_on = self._turns.popleft()
        if self._turns:
            asyncio.get_running_loop().call_soon(self._take_turn)
        go_on()
