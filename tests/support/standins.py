"""Stand-ins for the serial adapter, the broker and the disk, all in one process."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Self

import aiomqtt

from app.config.options import MqttOptions
from app.state import State
from app.transport.address import SerialPort
from app.transport.reopening import Feed


@dataclass
class InProcessAdapter:
    """A serial adapter in this process: pulled and plugged in, read in some serial mode.

    Args:
        mode: the meter's own; in another one, what is read is garbage.
    """

    mode: str
    plugged: bool = True
    reading: str | None = None
    """The mode in which it is being read."""
    _feed: Feed | None = None

    @contextlib.asynccontextmanager
    async def open(self, port: SerialPort, feed: Feed) -> AsyncIterator[None]:
        """Stand in for `open_port`."""
        if not self.plugged:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        self._feed = feed
        self.reading = str(port.mode)
        try:
            yield
        finally:
            self._feed = None
            self.reading = None

    @property
    def hears(self) -> bool:
        """Whether it is read in the right mode."""
        return self.plugged and self.reading == self.mode

    def write(self, data: bytes) -> None:
        """Put bytes on the line."""
        if self._feed is None or not self.plugged:
            return
        right = self.reading == self.mode
        self.give(self._feed, data if right else bytes(b ^ 0xA5 for b in data[::2]))

    def give(self, feed: Feed, data: bytes) -> None:
        """Give the bytes that were read."""
        feed.give(data)

    def plug(self, *, into: bool) -> None:
        """Plug the adapter in, or pull it."""
        self.plugged = into
        if self._feed and not into:
            self._feed.end(OSError(errno.EIO, "Input/output error"))


class Broker:
    """A broker in this process.

    Args:
        on_message: told of every message with topic and payload.
    """

    def __init__(self, on_message: Callable[[str, str], None]) -> None:
        self.on_message = on_message
        self.trouble: str | None = None
        self.connection: Connection | None = None

    def connect(
        self, _broker: MqttOptions, *, identifier: str, will: aiomqtt.Will, timeout: float
    ) -> "Connection":
        """Stand in for `app.mqtt.connection.Connection`."""
        assert identifier
        assert will.retain
        return Connection(self, timeout)

    def hang_up(self) -> None:
        """End the connection that there is."""
        if self.connection:
            self.connection.unread.put_nowait(None)
            self.connection.broken = True

    def say(self, topic: str, payload: str) -> None:
        """Publish something, as Home Assistant does."""
        if self.connection:
            message = aiomqtt.Message(
                topic, payload.encode(), qos=1, retain=False, mid=1, properties=None
            )
            self.connection.unread.put_nowait(message)


class Connection:
    """A client's side of a connection to that broker."""

    def __init__(self, broker: Broker, timeout: float) -> None:
        self._broker = broker
        self._timeout = timeout
        self.broken = False
        self._filters: list[str] = []
        self.unread: asyncio.Queue[aiomqtt.Message | None] = asyncio.Queue()
        self.messages = self

    async def __aenter__(self) -> Self:
        if self._broker.trouble == "broker refuses":
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        await self._answer()
        self._broker.connection = self
        return self

    async def __aexit__(self, *_: object) -> None:
        self._broker.connection = None

    async def __anext__(self) -> aiomqtt.Message:
        message = await self.unread.get()
        if message is None:
            raise aiomqtt.MqttError("Disconnected")
        return message

    async def subscribe(self, topics: list[tuple[str, int]]) -> list[int]:
        """Subscribe; all is granted."""
        assert all(qos for _, qos in topics)
        await self._answer()
        self._filters += [topic for topic, _ in topics]
        return [qos for _, qos in topics]

    async def publish(self, topic: str, payload: str, *, qos: int, retain: bool = False) -> None:
        """Publish."""
        assert qos or not retain
        await self._answer()
        self._publish(topic, payload)

    is_traced = False

    def publish_at_once(self, topic: str, payload: str) -> bool:
        """Publish without waiting, if the broker takes more."""
        if self.broken or self._broker.trouble:
            return False
        self._publish(topic, payload)
        return True

    def _publish(self, topic: str, payload: str) -> None:
        self._broker.on_message(topic, payload)
        if any(aiomqtt.Topic(topic).matches(one) for one in self._filters):
            self._broker.say(topic, payload)

    async def disconnect(self) -> None:
        """Say goodbye."""
        await self._answer()

    async def _answer(self) -> None:
        if self._broker.trouble == "broker stalls":
            await asyncio.sleep(self._timeout)
            raise aiomqtt.MqttError("Operation timed out")
        await asyncio.sleep(0)
        if self.broken:
            raise aiomqtt.MqttError("Disconnected")


class CountedState(State):
    """A state that counts how often its file is written."""

    writes = 0

    def _write(self) -> None:
        type(self).writes += 1
        super()._write()
