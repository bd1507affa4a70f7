"""Reads a TCP gateway, called again for as long as it takes."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from app.transport import tcp
from app.transport.address import TcpGateway
from app.transport.events import Event, Lost, Opened
from app.transport.explain import explain_gateway, gateway_cause
from app.transport.gateway_stream import GatewayStream
from app.transport.reopening import (
    DELAYS,
    STEADY_AFTER,
    Began,
    Ended,
    Feed,
    read_forever,
)

CONNECT_TIMEOUT: Final = 5.0
"""Seconds to wait for a gateway."""

SILENCES: Final = (70.0, 140.0, 310.0, 620.0)
"""Seconds without a byte after which a gateway is called anew, after the first call in vain, after
the second...; the last one stays. Meters push every 1 to 60 seconds, and no sum of these is a whole
number of minutes or quarter hours, so that no rare telegram falls into the change each time."""

_BUFFER: Final = memoryview(bytearray(4096))
"""Takes the bytes of all connections: asyncio reads into it and hands them over in one step."""

# A peer that vanished without a word is noticed after 30 + 3 * 10 seconds.
_KEEP_ALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


class TcpSource:
    """A gateway as a `Source`.

    A gateway can forget a connection without closing it, and one that is silent does not tell why.
    So after a long silence it is called anew, ever more seldom, and without a word of loss: likely
    it is the meter that is silent.

    Args:
        gateway: which one.
        delays: see `read_forever`.
        connect_timeout: seconds to wait for it.
        steady_after: see `read_forever`.
        silences: seconds of silence after which it is called anew, as `SILENCES`.
    """

    def __init__(
        self,
        gateway: TcpGateway,
        *,
        delays: Sequence[float] = DELAYS,
        connect_timeout: float = CONNECT_TIMEOUT,
        steady_after: float = STEADY_AFTER,
        silences: Sequence[float] = SILENCES,
    ) -> None:
        self._gateway = gateway
        self._delays = delays
        self._connect_timeout = connect_timeout
        self._steady_after = steady_after
        self._silences = silences

    async def run(self, take: Callable[[Event], None]) -> None:
        """Read for ever; see `Source.run`."""
        line = str(self._gateway)
        stream = GatewayStream(line)

        def read_on(event: bytes | Began | Ended) -> None:
            nonlocal stream
            match event:
                case Began(anew):
                    stream = GatewayStream(line)
                    take(Opened(line, remote=True, anew=anew))
                case Ended(error, opened, retry_in):
                    if opened:
                        for last in stream.finish():
                            take(last)
                    said = stream.last_words() if opened else None
                    reason = explain_gateway(self._gateway, error, opened=opened, said=said)
                    cause = gateway_cause(error, opened=opened, said=said)
                    take(Lost(line, reason, retry_in, cause=cause))
                case chunk:
                    for given in stream.feed(chunk):
                        take(given)

        await read_forever(
            self._call,
            read_on,
            delays=self._delays,
            steady_after=self._steady_after,
            silences=self._silences,
        )

    def framed(self) -> None:
        """Take that there was a good frame, which changes nothing here."""

    @contextlib.asynccontextmanager
    async def _call(self, feed: Feed) -> AsyncIterator[None]:
        async with asyncio.timeout(self._connect_timeout):
            connection = await tcp.connect(
                self._gateway.host, self._gateway.port, self._connect_timeout
            )
        for level, option, value in _KEEP_ALIVE:
            connection.setsockopt(level, option, value)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: _Connection(feed), sock=connection)
        try:
            yield
        finally:
            transport.close()


class _Connection(asyncio.BufferedProtocol):
    """A connection to a gateway.

    With a plain Protocol, asyncio makes room for 256 kB for every few bytes that come: mostly, the
    C library asks the kernel for that and gives it back, which takes as long as reading a telegram.

    Args:
        feed: takes what it sends.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - as asyncio calls it
        """See `asyncio.BufferedProtocol`."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._feed.give(bytes(_BUFFER[:nbytes]))

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._feed.end(exc)
