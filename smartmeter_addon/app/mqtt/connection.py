"""One connection to the broker, opened within a time and closed in every case."""

import asyncio
import logging
import socket
from types import TracebackType
from typing import Final, Self

import aiomqtt

from app.config.options import MqttOptions
from app.log import TRACE
from app.mqtt import tls
from app.mqtt.aiomqtt_internals import SocketClient
from app.transport import tcp

KEEP_ALIVE: Final = 30
"""Seconds after which a broker that hears nothing takes the program for dead, and half as many
again until it says so."""

# The broker gives the statuses that it keeps all at once. Later messages are rare.
_MAX_UNREAD: Final = 256


class _AtTrace(logging.Filter):
    """Lowers paho's log to the level of bytes on the wire.

    What paho calls an error is a lost connection, which `explain` puts in plain words.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = TRACE, "TRACE"
        return logging.getLogger().isEnabledFor(TRACE)


_WIRE: Final = logging.getLogger("app.mqtt.wire")
_WIRE.addFilter(_AtTrace())


class Connection(SocketClient):
    """A connection to the broker, as an asynchronous context manager that is used once.

    Leaving it drops the connection, which has the broker publish the last will; `disconnect`
    before that says goodbye.

    Args:
        broker: where, and as whom; its host must be known.
        identifier: the client's; the broker ends an older connection of the same name.
        will: what the broker publishes when the connection ends without a goodbye, if anything.
        timeout: seconds for opening the connection, and then for each answer of the broker.

    Raises:
        OSError, aiomqtt.MqttError: on entering, there is no connection; `explain` says why.
        TlsFileError: on entering, a certificate or key cannot be used; its text says why.
    """

    def __init__(
        self,
        broker: MqttOptions,
        *,
        identifier: str,
        will: aiomqtt.Will | None = None,
        timeout: float,
    ) -> None:
        super().__init__(
            broker.host or "",
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=identifier,
            will=will,
            timeout=timeout,
            keepalive=KEEP_ALIVE,
            max_queued_incoming_messages=_MAX_UNREAD,
            logger=_WIRE,
        )
        self._broker = broker

    @property
    def is_traced(self) -> bool:
        """Whether the log shows what is sent and received."""
        return _WIRE.isEnabledFor(TRACE)

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(self.timeout):
            opened = await _open(self._broker, self.timeout)
        await self.connect(opened)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.drop()


async def _open(broker: MqttOptions, timeout: float) -> socket.socket:  # noqa: ASYNC109 - shared out
    """Open a TCP connection, and TLS over it if wanted, as a socket that does not block."""
    host = broker.host or ""
    context = tls.client_context(broker) if broker.tls else None
    sock = await tcp.connect(host, broker.port, timeout)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A network that takes nothing ends the connection, also where no answer is awaited.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * timeout))
        return await tls.wrap(sock, context, host) if context else sock
    except BaseException:
        sock.close()
        raise
