"""One connection to the broker, opened within a time and closed in every case.

The talking is aiomqtt's. It opens its socket in a worker thread, though, which cannot be stopped: a
broker that is switched off would hold up the end of the program. And it leaves the socket open when
the broker does not answer in time: once the broker wakes up, its last wills would come true while
the program is well. So the socket is opened, and closed, here.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable
from types import TracebackType
from typing import Final, Self, TypeVar

import aiomqtt
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import DisconnectFlags
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from app.config.options import MqttOptions
from app.log import TRACE
from app.mqtt import tls
from app.transport import tcp

KEEP_ALIVE: Final = 30
"""Seconds after which a broker that hears nothing takes the program for dead, and half as many
again until it says so."""

# Home Assistant speaks once when it starts and once when it ends.
_MAX_UNREAD: Final = 16

_T = TypeVar("_T")


class _Lowered(logging.Filter):
    """Lowers what paho has to say to the level of bytes on the wire.

    What it calls an error is a lost connection, and of that the user hears in plainer words.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = TRACE, "TRACE"
        return logging.getLogger().isEnabledFor(TRACE)


_WIRE: Final = logging.getLogger("app.mqtt.wire")
_WIRE.addFilter(_Lowered())


class Connection(aiomqtt.Client):
    """A connection to the broker, as an asynchronous context manager that is used once.

    Leaving it drops the connection, which lets the broker speak the last will; ``disconnect``
    before that says goodbye.

    Args:
        broker: where, and as whom; its host must be known.
        identifier: the client's; the broker ends an older connection of the same name.
        will: what the broker publishes when the connection ends without a goodbye.
        timeout: seconds for opening the connection, and then for each answer of the broker.

    Raises:
        OSError, aiomqtt.MqttError: on entering, there is no connection; `explain` says why.
        tls.TlsFileError: on entering, a certificate or key cannot be used; its text says why.
    """

    def __init__(
        self, broker: MqttOptions, *, identifier: str, will: aiomqtt.Will, timeout: float
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
        self._socket: socket.socket | None = None

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(self.timeout):
            self._socket = opened = await _open(self._broker, self.timeout)
        try:
            # paho has no other way to take a socket over.
            self._client._create_socket = lambda: opened  # type: ignore[method-assign]  # noqa: SLF001
            self._client_connect()
            await self._wait_for(self._connected, timeout=None)
        except BaseException:
            self._drop()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._drop()

    async def disconnect(self) -> None:
        """Say goodbye, so that the broker forgets the last will."""
        await super().__aexit__(None, None, None)

    async def _wait_for(self, fut: Awaitable[_T], timeout: float | None) -> _T:  # noqa: ASYNC109 - aiomqtt's
        # aiomqtt takes asyncio.wait_for, which in Python 3.11 forgets a cancellation that comes
        # together with what it waits for: the program would not end.
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("Operation timed out") from None

    def _drop(self) -> None:
        # Despite its name: paho's public way to close the socket at once and to tell the loop.
        self._client.reinitialise()
        if self._socket is not None:
            self._socket.close()
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()  # known already; asyncio would call it never retrieved

    def _on_disconnect(
        self,
        client: PahoClient,
        userdata: object,
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        # aiomqtt would wait on for an answer that cannot come any more.
        if not self._connected.done():
            self._connected.set_exception(ConnectionResetError())
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_socket_register_write(
        self,
        client: PahoClient,
        userdata: object,  # noqa: ARG002 - paho gives it
        sock: socket.socket,
    ) -> None:
        # aiomqtt leaves it to the loop's next turn, as it may be called from another thread. Here
        # it never is; and by then the socket can be closed, and its number another socket's.
        def write() -> None:
            try:
                client.loop_write()
            except Exception as error:  # noqa: BLE001 - whatever it is, the connection is broken
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        self._loop.add_writer(sock.fileno(), write)


async def _open(broker: MqttOptions, timeout: float) -> socket.socket:  # noqa: ASYNC109 - shared out
    """Open a connection of TCP, and TLS over it if wanted, as a socket that does not block."""
    host = broker.host or ""
    context = tls.client_context(broker) if broker.tls else None
    sock = await tcp.connect(host, broker.port, timeout)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return await tls.wrap(sock, context, host) if context else sock
    except BaseException:
        sock.close()
        raise
