"""One HTTP request, in a thread that never holds up the program's end.

http.client of the standard library speaks HTTP; asyncio has no client of its own, and the packages
that offer one take more memory than the rest of this program. The thread is a daemon, not one of
asyncio's executor, which Python joins at exit: a server that does not answer must not delay the end
of the program.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from typing import Final, NamedTuple

from app.transport.http_address import Server

_MAX_ANSWER: Final = 65536
"""Bytes of an answer that are read."""


class Answer(NamedTuple):
    """What a server answers: the status, headers by their names, and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Args:
        method: such as GET.
        path: behind that of the server, with the query.
        headers: by name; they may hold secrets.
        body: empty for a request without one.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class HeaderError(Exception):
    """A header holds characters that none can have."""


async def send(
    server: Server,
    request: Request,
    *,
    timeout: float,  # noqa: ASYNC109 - it also bounds the thread's socket
    context: "ssl.SSLContext | None" = None,
    name: str = "http",
) -> Answer:
    """Send a request and wait for the answer.

    Args:
        server: where to.
        request: what.
        timeout: seconds for all of it.
        context: of TLS, where the server wants it.
        name: of the thread.

    Raises:
        TimeoutError: there is no answer in time.
        OSError: there is no connection, or none any more.
        http.client.HTTPException: the answer is no HTTP.
        HeaderError: a header cannot be sent; it is not shown.
    """
    thread = _Thread(server, request, timeout, context, name)
    thread.start()
    try:
        async with asyncio.timeout(timeout):
            return await thread.answer
    finally:
        thread.abandon()


class _Thread(threading.Thread):
    """Sends one request; for the arguments see `send`."""

    def __init__(
        self,
        server: Server,
        request: Request,
        timeout: float,
        context: "ssl.SSLContext | None",
        name: str,
    ) -> None:
        super().__init__(name=name, daemon=True)
        if server.tls:
            self._connection: HTTPConnection = HTTPSConnection(
                server.host, server.port, timeout=timeout, context=context
            )
        else:
            self._connection = HTTPConnection(server.host, server.port, timeout=timeout)
        self._path = server.path + request.path
        self._request = request
        self._socket: socket.socket | None = None
        self._loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Answer] = self._loop.create_future()

    def run(self) -> None:
        """Send the request, and hand the answer over to the event loop."""
        try:
            answer = self._ask()
        except Exception as error:  # noqa: BLE001 - the asking task gets it, whatever it is
            self._hand_over(error)
        else:
            self._hand_over(answer)
        finally:
            self._connection.close()

    def abandon(self) -> None:
        """End the thread when it still waits for an answer that nobody needs any more."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it has ended, or the other side has hung up
                self._socket.shutdown(socket.SHUT_RDWR)

    def _ask(self) -> Answer:
        self._connection.connect()
        self._socket = self._connection.sock
        body = self._request.body
        try:
            self._connection.putrequest(self._request.method, self._path)
            for header, value in self._request.headers.items():
                self._connection.putheader(header, value)
            if body:
                self._connection.putheader("Content-Length", str(len(body)))
        except ValueError:
            # The text of http.client's own error shows the header.
            raise HeaderError from None
        try:
            self._connection.endheaders(body or None)
        except (BrokenPipeError, ConnectionResetError):
            if not body:
                raise
            # A server that takes no more of the body may have said why.
        with self._connection.getresponse() as response:
            return Answer(response.status, dict(response.getheaders()), response.read(_MAX_ANSWER))

    def _hand_over(self, outcome: Answer | Exception) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, nobody waits
            self._loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: Answer | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, Answer):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)
