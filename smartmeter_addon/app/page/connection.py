"""One connection to the page: HTTP/1.1 by h11.

No method but GET and HEAD is answered. Everything is bounded: the size of a request's head, the
time until it is whole, the time between two requests, and the time that an answer may lie unread.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

import h11

from app.page.access import Access
from app.page.answers import EVENTS, HEADERS, Answer, Respond, Stream, refusal

MOST_HEAD: Final = 16384
"""Bytes of a request's head at most; Home Assistant's cookies are part of it."""

MOST_LINES: Final = 100
"""Lines of a head at most, each of which takes time to be read; browsers send some twenty, and what
stands between adds a few."""

MOST_TARGET: Final = 1024
"""Bytes of a request's path and parameters at most; ours are shorter than 100."""

_MOST_PARAMETERS: Final = 8
_LAST_WORDS: Final = 1.0  # seconds for a refusal to be read
_END_OF_HEAD: Final = re.compile(rb"\n\r?\n")
_INCOMING: Final = memoryview(bytearray(MOST_HEAD))
"""Where bytes are read to, by all connections, as they are taken over at once."""

_MISTAKE: Final = "a page could not be shown through a mistake in this program; please report this"

_logger: Final = logging.getLogger(__name__)


class Limits(NamedTuple):
    """How long a connection may take, in seconds.

    Args:
        head: from the first byte of a request's head to the last.
        idle: without a request.
        stall: that an answer may lie unread.
    """

    head: float = 10.0
    idle: float = 60.0
    stall: float = 30.0


class Connection(asyncio.BufferedProtocol):
    """Answers the requests of one connection, one after the other.

    Args:
        access: who may ask.
        respond: gives the answers.
        connected: is called with this connection and the sender's address when it is made; gives
            whether there is room.
        closed: is called with this connection when it has ended.
        in_turn: calls a function when it is this connection's turn, see `Server`.
        limits: of time.
    """

    def __init__(
        self,
        access: Access,
        respond: Respond,
        *,
        connected: Callable[["Connection", str], bool],
        closed: Callable[["Connection"], object],
        in_turn: Callable[[Callable[[], None]], object],
        limits: Limits,
    ) -> None:
        self._access = access
        self._respond = respond
        self._connected = connected
        self._closed = closed
        self._in_turn = in_turn
        self._waits = False  # for its turn
        self._limits = limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._stream: Stream | None = None
        self._work: asyncio.Future[Answer] | None = None
        self._idle = True
        self._head_only = False

    # --- What asyncio tells ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a new connection, or end it at once."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the server's are
        self._transport = transport
        peer = transport.get_extra_info("peername")
        if not (peer and self._access.lets_in(peer[0]) and self._connected(self, peer[0])):
            transport.abort()
            return
        self._limit(self._limits.idle)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's
        """Give room for the next bytes: so little that they are looked through in no time."""
        return _INCOMING

    def buffer_updated(self, nbytes: int) -> None:
        """Take bytes of a request."""
        if self._stream:
            return  # whoever listens has nothing to say
        if self._idle:
            self._limit(self._limits.head)
            self._idle = False
        self._http.receive_data(bytes(_INCOMING[:nbytes]))
        self._ask_turn()

    def eof_received(self) -> None:
        """End what nobody waits for."""
        self.close()

    def pause_writing(self) -> None:
        """Give whoever asked some time to read on."""
        loop = asyncio.get_running_loop()
        self._stalled = loop.call_later(self._limits.stall, self.close)
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self._stalled:
            self._stalled.cancel()
        self._stalled = None
        self._ask_turn()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Clean up."""
        for timer in (self._timer, self._stalled):
            if timer:
                timer.cancel()
        if self._work:
            self._work.cancel()
        if self._stream:
            self._stream.end(self)
            self._stream = None
        self._closed(self)

    # --- What others call ---

    def send(self, data: bytes) -> None:
        """Send a part of a stream, unless an earlier one has not been read."""
        if self._stream and not self._stalled and not self._transport.is_closing():
            self._write(h11.Data(data=data))

    def close(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    # --- Requests ---

    def _ask_turn(self) -> None:
        """Go on in turn; nothing more is read until then, which would pile up."""
        if not self._waits and not self._transport.is_closing():
            self._waits = True
            self._transport.pause_reading()
            self._in_turn(self._take_turn)

    def _take_turn(self) -> None:
        """Answer one request, if there is a whole one, and refuse what is no HTTP."""
        self._waits = False
        if self._transport.is_closing():
            return
        try:
            self._next()
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint)
        if not (self._waits or self._work or self._stalled):
            self._transport.resume_reading()

    def _next(self) -> None:
        """Answer the next request that is whole."""
        while not (self._work or self._stream or self._stalled or self._transport.is_closing()):
            if self._http.their_state is h11.IDLE and _is_too_much(self._http.trailing_data[0]):
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._request(event)
            elif event is h11.NEED_DATA or event is h11.PAUSED:
                return
            elif isinstance(event, h11.ConnectionClosed):
                self._transport.close()
            else:
                self._done()
                self._ask_turn()
                return

    def _request(self, request: h11.Request) -> None:
        headers = dict(request.headers)
        self._head_only = request.method == b"HEAD"
        if not self._access.takes_host(headers.get(b"host")):
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        elif len(request.target) > MOST_TARGET:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif request.method not in {b"GET", b"HEAD"}:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            self._limit(None)
            self._respond_to(request.target)

    def _respond_to(self, target: bytes) -> None:
        try:
            answer = self._respond(*_target(target))
        except Exception:
            _logger.exception("%s", _MISTAKE)
            answer = refusal(HTTPStatus.INTERNAL_SERVER_ERROR)
        if isinstance(answer, Stream):
            self._begin(answer)
        elif isinstance(answer, Answer):
            self._answer(answer)
        else:
            self._work = asyncio.ensure_future(answer)
            self._work.add_done_callback(self._later)

    def _later(self, work: asyncio.Future[Answer]) -> None:
        """Answer when the answer is there."""
        if work.cancelled():
            return  # nobody waits for it any more
        self._work = None
        try:
            answer = work.result()
        except Exception:
            _logger.exception("%s", _MISTAKE)
            answer = refusal(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._answer(answer)
        self._done()
        self._ask_turn()

    def _answer(self, answer: Answer) -> None:
        length = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
        self._head(answer.status, {**length, **answer.headers})
        if not self._head_only:
            self._write(h11.Data(data=answer.body))
        self._write(h11.EndOfMessage())

    def _begin(self, stream: Stream) -> None:
        self._head(HTTPStatus.OK, {"Content-Type": EVENTS, "Connection": "close"})
        if self._head_only:
            self._write(h11.EndOfMessage())
            self._end(self._limits.stall)
            return
        self._stream = stream
        stream.begin(self)

    def _head(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        written = [
            (name.encode(), value.encode()) for name, value in {**HEADERS, **headers}.items()
        ]
        self._write(
            h11.Response(status_code=status, headers=written, reason=status.phrase.encode())
        )

    def _done(self) -> None:
        """Wait for the next request, where there may be one; both sides are done with this one."""
        if self._http.their_state is h11.DONE and self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
            self._head_only = False
            self._limit(self._limits.idle)
            self._idle = True
        elif self._http.our_state in {h11.MUST_CLOSE, h11.CLOSED}:
            self._end(self._limits.stall)

    def _refuse(self, status: int) -> None:
        """Say why a request is not answered, and hang up: what follows cannot be told apart."""
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            answer = refusal(HTTPStatus(status))
            self._answer(replace(answer, headers={"Connection": "close"}))
        self._end(_LAST_WORDS)

    def _end(self, seconds: float) -> None:
        """Hang up when all was read, and after some seconds at the latest."""
        self._limit(seconds)
        self._transport.close()

    def _write(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            self._transport.write(data)

    def _limit(self, seconds: float | None) -> None:
        """Hang up after some seconds; None for never."""
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if seconds is None else loop.call_later(seconds, self.close)


def _is_too_much(incoming: bytes) -> bool:
    """Tell whether the next head is larger than what is read."""
    end = _END_OF_HEAD.search(incoming)
    size = end.end() if end else len(incoming)
    return size > MOST_HEAD or incoming.count(b"\n", 0, size) > MOST_LINES


def _target(target: bytes) -> tuple[str, dict[str, str]]:
    """Take a request's target apart: the path without its slash, and the parameters."""
    path, _, query = target.decode("latin-1").partition("?")
    try:
        pairs = parse_qsl(query, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        pairs = []
    return path.removeprefix("/"), dict(pairs)
