"""All that the program uses of the private parts of aiomqtt 2.5.1 and paho-mqtt 2.2.0.

aiomqtt wraps paho, a library of blocking calls and callbacks. Six things about the two of them have
no public remedy:

1. paho opens its socket itself and blocks meanwhile. aiomqtt therefore has a thread of asyncio's
   executor do it, which cannot be cancelled and which Python joins at exit: a broker that is
   switched off would delay the end of the program. So the program opens the socket itself, and
   paho gets one that is connected:
   ``aiomqtt.Client._client``, paho's client,
   ``paho.mqtt.client.Client._create_socket``, which paho calls for its socket,
   ``aiomqtt.Client._client_connect``, which has paho take the socket and send CONNECT,
   ``aiomqtt.Client._connected``, the future of the broker's answer.
2. When the broker does not answer in time, aiomqtt leaves the socket open. Once the broker answers
   again, it closes the abandoned connection and publishes its last will, though the program is
   online. So the socket is closed at once. For that, paho's public ``reinitialise`` will do, but
   aiomqtt may have noted an exception meanwhile, which asyncio would report as never retrieved:
   ``aiomqtt.Client._disconnected``, the future of the connection's end.
   And when the broker hangs up before it answers CONNECT, aiomqtt waits on until the timeout:
   ``aiomqtt.Client._on_disconnect``, which paho calls at the connection's end.
3. aiomqtt waits with ``asyncio.wait_for``, which in Python 3.11 loses a cancellation that comes
   together with the result: the program would not end.
   ``aiomqtt.Client._wait_for``, which all waiting for the broker goes through.
4. aiomqtt registers a socket for writing in the event loop's next turn, because paho may call from
   another thread. By then the socket can be closed, and its number be another socket's. And mostly
   a socket takes at once what is written, so waiting for it costs two turns of the loop a message.
   Here it is written at once, and the loop waits only with what the socket does not take. CONNECT
   is written in the next turn, in which aiomqtt registers the socket for reading: a write to a
   broker that hung up closes it.
   ``aiomqtt.Client._on_socket_register_write``, which paho calls when it has something to send.
5. aiomqtt looks each second whether a ping is due, at a time of its own. That wakes a program up
   that has nothing else to do; here it looks more seldom, together with what else waits:
   ``aiomqtt.Client._misc_loop``, which calls paho's ``loop_misc``.
6. To publish with QoS 0, paho calls 40 functions, with locks, a message to wait for and callbacks
   that a program with threads needs. On a processor with cold caches that is a quarter of all that
   a telegram takes. So these messages, which nobody waits for, are written to the socket here,
   unless paho has something to write before. What a socket does not take at once is paho's to
   write:
   ``paho.mqtt.client.Client._packet_queue``, which takes a packet, or the rest of one.

tests/mqtt/test_aiomqtt_internals.py asserts that each of these names exists.

aiomqtt 3 drops paho; this module goes with it, as do `connection`'s filter of paho's log and the
reason codes of paho in `explain`. Whether aiomqtt 3 takes a socket over, and what it does in the
six cases, is to be tried then. Until there is a release, 2.5.1 stays: 3.0.0a1 speaks MQTT 5 only
and needs mqtt5~=0.5.0, of which there is no wheel.
"""

import asyncio
import socket
from collections.abc import Awaitable
from typing import Final, TypeVar

import aiomqtt
import paho.mqtt.client
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from app.line.ticks import tick

_T = TypeVar("_T")

PING_INTERVAL: Final = 5.0
"""Seconds between two looks whether a ping is due, or its answer overdue."""

_MORE: Final = 0x80
"""Marks a byte of a packet's length behind which another one follows, of higher value."""


class SocketClient(aiomqtt.Client):
    """A client on a socket that the program opened; its arguments are those of aiomqtt.Client.

    Not a context manager as aiomqtt's own client is: use `connect` and `drop`.
    """

    _socket: socket.socket | None = None

    async def connect(self, opened: socket.socket) -> None:
        """Take a socket over and log in at the broker; when that fails, the socket is closed.

        Args:
            opened: connected, and not blocking.

        Raises:
            OSError: the broker hangs up.
            aiomqtt.MqttError: the broker refuses the login, or does not answer in time.
        """
        self._socket = opened
        try:
            self._client._create_socket = lambda: opened  # type: ignore[method-assign]  # noqa: SLF001 - see 1
            self._client_connect()
            await self._wait_for(self._connected, timeout=None)
        except BaseException:
            self.drop()
            raise

    async def disconnect(self) -> None:
        """Say goodbye, so that the broker forgets the last will.

        Raises:
            aiomqtt.MqttError: the broker does not close the connection in time.
        """
        await super().__aexit__(None, None, None)

    def publish_at_once(self, topic: str, payload: str) -> bool:
        """Publish with QoS 0 if the socket takes more; without waiting, and without retaining.

        Returns:
            Whether it was published; if not, nothing of it will be.
        """
        client = self._client
        if self._socket is None or client.want_write():
            return False
        packet = _publish_packet(topic, payload)
        try:
            sent = self._socket.send(packet)
        except OSError:  # it takes no more, or is broken: paho finds out
            sent = 0
        if sent == len(packet):
            return True
        told = paho.mqtt.client.MQTTMessageInfo(0)  # by paho, that it is written
        client._packet_queue(paho.mqtt.client.PUBLISH, packet[sent:], 0, 0, told)  # noqa: SLF001 - see 6
        return client.is_connected()

    def drop(self) -> None:
        """Close the socket at once."""
        self._client.reinitialise()  # closes its socket, and has the event loop let go of it
        if self._socket is not None:
            self._socket.close()
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()

    async def _wait_for(self, fut: Awaitable[_T], timeout: float | None) -> _T:  # noqa: ASYNC109 - aiomqtt's
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("Operation timed out") from None

    async def _misc_loop(self) -> None:
        while self._client.loop_misc() == paho.mqtt.client.MQTT_ERR_SUCCESS:
            await tick(PING_INTERVAL)

    def _on_disconnect(
        self,
        client: paho.mqtt.client.Client,
        userdata: object,
        flags: paho.mqtt.client.DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if not self._connected.done():
            self._connected.set_exception(ConnectionResetError())
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_socket_register_write(
        self,
        client: paho.mqtt.client.Client,
        userdata: object,  # noqa: ARG002 - paho gives it
        sock: socket.socket,
    ) -> None:
        def write() -> None:
            try:
                client.loop_write()
            except Exception as error:  # noqa: BLE001 - whatever it is, the connection is broken
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        def begin() -> None:
            if sock.fileno() >= 0:
                write()
            if sock.fileno() >= 0 and client.want_write():
                loop.add_writer(sock.fileno(), write)

        loop = asyncio.get_running_loop()
        if self._connected.done():
            begin()
        else:
            loop.call_soon(begin)


def _publish_packet(topic: str, payload: str) -> bytes:
    """Return a PUBLISH packet of QoS 0 that is not retained (MQTT 3.1.1, 3.3)."""
    name, message = topic.encode(), payload.encode()
    rest = 2 + len(name) + len(message)
    head = bytearray((paho.mqtt.client.PUBLISH,))
    while rest >= _MORE:
        head.append(rest % _MORE | _MORE)
        rest //= _MORE
    head.append(rest)
    return b"".join((head, len(name).to_bytes(2), name, message))
