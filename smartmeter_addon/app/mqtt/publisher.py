"""Keeps the broker told: readings as they come, and all the rest whenever it may have forgotten.

What the broker ought to know is a table with one newest message a topic; what it has yet to be told
is the list of topics that are due. Readings only write into the table, and a new connection makes
all of it due. So nothing piles up while the broker is away, and what was under way when the
connection broke is told again.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Final, Never

import aiomqtt

from app.config.options import MqttOptions
from app.line.trouble import Problem, Trouble
from app.meters.reading import Meter, Reading
from app.meters.sensors import DIAGNOSTICS, SENSORS
from app.mqtt.announcements import Announcement, Announcements
from app.mqtt.connection import Connection
from app.mqtt.explain import explain
from app.mqtt.layout import Layout, Message
from app.mqtt.tls import TlsFileError
from app.mqtt.topics import OFFLINE, ONLINE, publishable
from app.state import State

DELAYS: Final = (1.0, 2.0, 5.0)
"""Seconds before connecting again, after one vain attempt, after two...; the last one stays. It is
no longer than most meters' push interval: who is back misses no more than one telegram."""

REPEAT_AFTER: Final = 3.0
"""Seconds after an announcement until values are told again: Core does not listen at once to what
it was only just told of, and the next telegram, or the update interval, can be a minute away."""

GOODBYE: Final = 0.8
"""Seconds for saying offline and disconnecting when the program ends."""

_MOST_LOST: Final = 1000

UNSTEADY: Final = 3
"""So many connections to the broker lost within an hour are a problem."""

RETAINED: Final = "retained"
"""The section of the state that names the topics at which the broker keeps messages of ours."""


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


class Publisher:
    """The one connection to the broker, kept for as long as ``run`` runs.

    Args:
        find_broker: asked before each attempt to connect; what it raises is shown as the reason
            that there is no broker, and asked again later.
        layout: which messages say what.
        state: what is known from before the last restart.
        on_state: told of every connection and of every failure, with no secret in it.
        delays: seconds to wait after the first vain attempt, the second...; the last one stays.
        timeout: seconds for opening a connection, and then for each answer of the broker.
        today: gives the day.
        repeat_after: seconds after an announcement until values are told again.
    """

    def __init__(
        self,
        *,
        find_broker: Callable[[], Awaitable[MqttOptions]],
        layout: Layout,
        state: State,
        on_state: Callable[[BrokerState], None],
        delays: Sequence[float] = DELAYS,
        timeout: float = 5.0,
        today: Callable[[], date] = date.today,
        repeat_after: float = REPEAT_AFTER,
    ) -> None:
        self._find_broker = find_broker
        self._layout = layout
        self._state = state
        self._on_state = on_state
        self._delays = delays
        self._timeout = timeout
        self._identifier = f"smartmeter-{secrets.token_hex(4)}"
        self._vain = 0
        self._lost: deque[float] = deque(maxlen=_MOST_LOST)
        self._announcements = Announcements(state, today)
        self._newest: dict[str, Message] = {}
        self._due: dict[str, None] = {}  # a set that keeps its order
        self._wake = asyncio.Event()
        self._repeat_after = repeat_after
        self._announcing: set[str] = set()  # topics of announcements that are news
        self._announced = asyncio.Event()  # one of them was sent
        # Where we have announced something already, we would take over from ourselves.
        ours = state.section(RETAINED)
        self._takeover = [one for one in layout.takeover() if one.topic not in ours]
        self._recall()

    def _recall(self) -> None:
        """Take up what the last run left at the broker, and clear what is not ours any more."""
        self._put([Message(self._layout.status, OFFLINE, retain=True)])
        for announced in self._announcements.known():
            self._put(self._layout.announcement(announced))
            self.meter_online(announced.meter.id, online=False)
        left = self._state.section(RETAINED).keys() - self._newest.keys()
        # One damaged character in the file must not cost the connection, at each start again.
        self._put(Message(topic, "", retain=True) for topic in filter(publishable, left))

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """Take a reading over; it replaces one of the same meter that is still due.

        A reading is also a sign of life: the meter is online from here on.

        Args:
            reading: what a telegram said.
            name: the device's name; None makes one of manufacturer and model.
        """
        meter = reading.meter
        keys = SENSORS.keys() & reading.values.keys()
        if reading.timestamp is not None:
            keys.add("timestamp")
        self._announce(meter, name, keys, reading.derived)
        self.meter_online(meter.id, online=True)
        self._put(self._layout.reading(reading))

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        """Say how the line to a meter is doing.

        Args:
            meter: the meter.
            values: by key of ``sensors.DIAGNOSTICS``; with ``_details`` after it, the attributes.
            name: the device's name, as for `publish`.
        """
        self._announce(meter, name, DIAGNOSTICS.keys() & values.keys(), {})
        self._put(self._layout.diagnostics(meter.id, values))

    def problem(self) -> Problem | None:
        """Tell of a broker that comes and goes; of one that is away nobody could hear."""
        hour_ago = monotonic() - 3600.0
        while self._lost and self._lost[0] < hour_ago:
            self._lost.popleft()
        if len(self._lost) < UNSTEADY:
            return None
        return Problem(Trouble.BROKER, parameters={"count": len(self._lost)})

    def forget_unheard(self) -> list[Meter]:
        """Take back the meters that have not been heard for a week, and give them."""
        lost = self._announcements.forget_unheard()
        for meter in lost:
            about = Announcement(meter, None, frozenset(), {})
            retained = [
                *self._layout.announcement(about),
                *self._layout.meter_status(meter.id, online=False),
            ]
            self._put(Message(topic, "", retain=True) for topic, _, _ in retained)
        return lost

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        """Say whether a meter is heard; its entities are available only while it is."""
        self._put(self._layout.meter_status(meter_id, online=online))

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
        will = aiomqtt.Will(self._layout.status, OFFLINE, qos=1, retain=True)
        try:
            async with Connection(
                broker, identifier=self._identifier, will=will, timeout=self._timeout
            ) as connection:
                self._on_state(Connected(broker.host or "", broker.port))
                try:
                    await self._converse(connection)
                except aiomqtt.MqttError:
                    self._lost.append(monotonic())
                    raise
        except TlsFileError as error:
            return str(error)
        except (aiomqtt.MqttError, OSError) as error:
            return explain(error, broker)

    async def _converse(self, connection: Connection) -> Never:
        """Tell this broker everything, then what is new, and listen for Home Assistant."""
        self._put([Message(self._layout.status, ONLINE, retain=True)])
        self._tell_everything()
        try:
            await _together(self._listen(connection), self._send(connection), self._repeat())
        except asyncio.CancelledError:
            await self._say_goodbye(connection)
            raise

    async def _send(self, connection: Connection) -> Never:
        # Not before _listen runs: nobody else notices a connection that breaks meanwhile.
        await connection.subscribe([(self._layout.home_assistant, 1), (self._layout.status, 1)])
        if self._takeover:
            for message in self._takeover:
                await connection.publish(message.topic, message.payload, qos=1)
            await asyncio.sleep(self._repeat_after)  # Core needs a moment for that, too
            self._takeover.clear()
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
            if message.retain and not message.payload and self._newest[topic] is message:
                del self._newest[topic]
                self._state.forget(RETAINED, topic)
            if topic in self._announcing:
                self._announcing.discard(topic)
                self._announced.set()
            self._vain = 0  # the broker takes what it is told: the delays start over

    async def _repeat(self) -> Never:
        """Tell values again once Core has had the time to set up what was announced."""
        while True:
            await self._announced.wait()
            self._announced.clear()
            await asyncio.sleep(self._repeat_after)
            for topic, message in self._newest.items():
                if not message.retain:
                    self._due.setdefault(topic)
            self._wake.set()

    async def _listen(self, connection: Connection) -> Never:
        """Notice the connection's end; tell everything again when Home Assistant has started.

        And contradict whoever says that the program is offline while it is not: the last will of
        an older connection, which a broker finds dead only after minutes, or another program's.
        """
        messages = connection.messages
        while True:
            message = await anext(messages)
            if message.topic.value == self._layout.status:
                # What is retained is from before this connection, and replaced already.
                if message.payload == OFFLINE.encode() and not message.retain:
                    self._due.setdefault(self._layout.status)
                    self._wake.set()
            elif message.payload == ONLINE.encode():
                self._tell_everything()

    async def _say_goodbye(self, connection: Connection) -> None:
        """Take back every online; where that fails, the last will does it for the program.

        First what is still due: an entity that is unavailable keeps no value in its history.
        """
        online = [topic for topic, message in self._newest.items() if message.payload == ONLINE]
        for topic in online:
            self._due.pop(topic, None)
        for topic in online:
            self._put([Message(topic, OFFLINE, retain=True)])
        with suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await self._send_due(connection)
                await connection.disconnect()

    def _announce(
        self, meter: Meter, name: str | None, keys: Iterable[str], derived: Mapping[str, str]
    ) -> None:
        """Describe the meter to Home Assistant when there is something new to say about it."""
        news = self._announcements.heard(meter, name, keys, derived)
        if news is None or not news.keys:
            return
        messages = list(self._layout.announcement(news))
        self._put(messages)
        # First the entities, then their values, also those that were due before.
        self._due = {**{message.topic: None for message in messages}, **self._due}
        self._announcing.update(message.topic for message in messages)

    def _put(self, messages: Iterable[Message]) -> None:
        for message in messages:
            topic = message.topic
            if message.retain:
                if self._newest.get(topic) == message:
                    continue
                if message.payload:
                    self._state.set(RETAINED, topic, "")
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
