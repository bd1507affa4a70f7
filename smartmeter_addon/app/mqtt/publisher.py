"""Keeps the broker told: readings as they come, and all the rest whenever it may have forgotten.

What the broker ought to know is a table with one newest message a topic; what it has yet to be told
is the list of topics that are due. Readings only write into the table, and a new connection makes
all of it due. So nothing piles up while the broker is away, and what was under way when the
connection broke is told again.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple, Never

import aiomqtt

from app.jsontext import dumps
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS
from app.mqtt import discovery
from app.mqtt.connection import Connection, TlsFileError, explain
from app.mqtt.topics import OFFLINE, ONLINE, Topics
from app.options import MqttOptions

DELAYS: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before connecting again, after one vain attempt, after two...; the last one stays."""

GOODBYE: Final = 0.8
"""Seconds for saying offline and disconnecting when the program ends."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker is there and has let us in."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """There is no broker, or none any more.

    Args:
        reason: a plain sentence on what is wrong and what to do.
        retry_in: seconds until the next attempt.
    """

    reason: str
    retry_in: float


BrokerState = Connected | Disconnected


class _Message(NamedTuple):
    payload: str
    retain: bool


class _Announced(NamedTuple):
    """What a meter's discovery message is made of."""

    meter: Meter
    name: str | None
    keys: frozenset[str]


class Publisher:
    """The one connection to the broker, kept for as long as ``run`` runs.

    Args:
        find_broker: asked before each attempt to connect; what it raises is shown as the reason
            that there is no broker, and asked again later.
        base_topic: what our topics begin with.
        discovery_prefix: what Home Assistant's topics begin with.
        language: ``de`` or ``en``, of the entities' names.
        version: the program's.
        on_state: told of every connection and of every failure, with no secret in it.
        delays: seconds to wait after the first vain attempt, the second...; the last one stays.
        timeout: seconds for opening a connection, and then for each answer of the broker.
    """

    def __init__(
        self,
        *,
        find_broker: Callable[[], Awaitable[MqttOptions]],
        base_topic: str,
        discovery_prefix: str,
        language: str,
        version: str,
        on_state: Callable[[BrokerState], None],
        delays: Sequence[float] = DELAYS,
        timeout: float = 10.0,
    ) -> None:
        self._find_broker = find_broker
        self._topics = Topics(base_topic, discovery_prefix)
        self._language = language
        self._version = version
        self._on_state = on_state
        self._delays = delays
        self._timeout = timeout
        self._identifier = f"smartmeter-{secrets.token_hex(4)}"
        self._vain = 0
        self._announced: dict[str, _Announced] = {}
        self._newest = {self._topics.status: _Message(OFFLINE, retain=True)}
        self._due: dict[str, None] = {}  # a set that keeps its order
        self._wake = asyncio.Event()

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """Take a reading over; it replaces one of the same meter that is still due.

        A reading is also a sign of life: the meter is online from here on.

        Args:
            reading: what a telegram said.
            name: the device's name; None makes one of manufacturer and model.
        """
        meter = reading.meter
        self._announce(reading, name)
        self.meter_online(meter.id, online=True)
        self._put(self._topics.state(meter.id), _state(reading), retain=False)

    def meter_online(self, meter_id: str, online: bool) -> None:  # noqa: FBT001 - the shape agreed on
        """Say whether a meter is heard; its entities are available only while it is."""
        self._put(self._topics.meter_status(meter_id), ONLINE if online else OFFLINE, retain=True)

    async def run(self) -> Never:
        """Connect, and connect again, for ever.

        Cancelled, it says that the meters and the program are offline, and disconnects; that takes
        less than a second whatever the broker does.
        """
        while True:
            reason = await self._until_lost()
            retry_in = self._delays[min(self._vain, len(self._delays) - 1)]
            self._vain += 1
            self._on_state(Disconnected(reason, retry_in))
            await asyncio.sleep(retry_in)

    async def _until_lost(self) -> str:
        """Live through one connection, from finding the broker to losing it.

        Returns:
            Why it ended or did not even begin, as a plain sentence.
        """
        try:
            broker = await self._find_broker()
        except Exception as error:  # noqa: BLE001 - what it raises carries the sentence to show
            return str(error)
        will = aiomqtt.Will(self._topics.status, OFFLINE, qos=1, retain=True)
        try:
            async with Connection(
                broker, identifier=self._identifier, will=will, timeout=self._timeout
            ) as connection:
                self._on_state(Connected(broker.host or "", broker.port))
                await self._converse(connection)
        except (aiomqtt.MqttError, OSError, TlsFileError) as error:
            return explain(error, broker)

    async def _converse(self, connection: Connection) -> Never:
        """Tell this broker everything, then what is new, and listen for Home Assistant."""
        self._put(self._topics.status, ONLINE, retain=True)
        self._tell_everything()
        try:
            await _together(self._listen(connection), self._send(connection))
        except asyncio.CancelledError:
            await self._say_goodbye(connection)
            raise

    async def _send(self, connection: Connection) -> Never:
        # Not before _listen runs: nobody else notices a connection that breaks meanwhile.
        await connection.subscribe(self._topics.home_assistant, qos=1)
        while True:
            self._wake.clear()
            await self._send_due(connection)
            await self._wake.wait()

    async def _send_due(self, connection: Connection) -> None:
        """Send until nothing is due, in the order in which it became due.

        One at a time: Mosquitto acknowledges a single message at once, but lets the network
        collect several acknowledgements, which takes 40 ms.
        """
        while self._due:
            topic = next(iter(self._due))
            del self._due[topic]
            message = self._newest[topic]
            await connection.publish(topic, message.payload, qos=1, retain=message.retain)
            self._vain = 0  # the broker takes what it is told: the delays start over

    async def _listen(self, connection: Connection) -> Never:
        """Notice the connection's end; tell everything again when Home Assistant has started."""
        messages = connection.messages
        while True:
            message = await anext(messages)
            if message.payload == ONLINE.encode():
                self._tell_everything()

    async def _say_goodbye(self, connection: Connection) -> None:
        """Take back every online; where that fails, the last will does it for the program."""
        online = [topic for topic, message in self._newest.items() if message.payload == ONLINE]
        self._due = dict.fromkeys([*online, *self._due])
        for topic in online:
            self._put(topic, OFFLINE, retain=True)
        with suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await self._send_due(connection)
                await connection.disconnect()

    def _announce(self, reading: Reading, name: str | None) -> None:
        """Describe the meter to Home Assistant when there is something new to say about it."""
        meter = reading.meter
        before = self._announced.get(meter.id)
        keys = SENSORS.keys() & reading.values.keys()
        if reading.timestamp is not None:
            keys.add("timestamp")
        if before is not None:
            keys |= before.keys
        now = _Announced(meter, name, frozenset(keys))
        if now == before or not keys:
            return
        self._announced[meter.id] = now
        payload = discovery.payload(
            meter,
            keys,
            topics=self._topics,
            language=self._language,
            version=self._version,
            name=name,
        )
        # First the entity, then its value.
        self._due.pop(self._topics.state(meter.id), None)
        self._put(self._topics.discovery(meter.id), dumps(payload), retain=True)

    def _put(self, topic: str, payload: str, *, retain: bool) -> None:
        message = _Message(payload, retain)
        if retain and self._newest.get(topic) == message:
            return
        self._newest[topic] = message
        self._due.setdefault(topic)
        self._wake.set()

    def _tell_everything(self) -> None:
        self._due = dict.fromkeys(self._newest)
        self._wake.set()


async def _together(*endless: Coroutine[object, object, Never]) -> Never:
    """Run side by side what ends only by failing; the first failure ends them all."""
    tasks = [asyncio.create_task(coroutine) for coroutine in endless]
    try:
        failed, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await failed.pop()


def _state(reading: Reading) -> str:
    """Write a reading as the state message's JSON, every digit as the meter sent it."""
    values: dict[str, object] = {**reading.values, **dict.fromkeys(reading.unknown)}
    if reading.timestamp is not None:
        values["timestamp"] = reading.timestamp.isoformat()
    return dumps(values)
