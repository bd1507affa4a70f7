"""Publishes readings to the broker, over one connection that is made again whenever it is lost."""

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from time import monotonic
from typing import Final, NamedTuple, Never

import aiomqtt

from app.config.options import MqttOptions
from app.config.tls import TlsFileError
from app.language.catalogue import Sentence, Text
from app.line.output import LineDiagnostics
from app.line.trouble import Problem, Trouble
from app.meters.reading import Meter, Reading
from app.meters.sensors import DIAGNOSTICS
from app.meters.values import Values
from app.mqtt.announcements import Announcements, announced_keys
from app.mqtt.connection import Connection
from app.mqtt.conversation import (
    ACKNOWLEDGED_EACH,
    CLEAR_INTERVAL,
    REPEAT_AFTER,
    Conversation,
)
from app.mqtt.copies import Copies
from app.mqtt.descriptions import Descriptions
from app.mqtt.details import Details
from app.mqtt.explain import explain, explain_refused, explain_unheard
from app.mqtt.last_states import LastStates
from app.mqtt.layout import Layout, Message
from app.mqtt.outbox import Outbox
from app.mqtt.rights import PATIENCE, Rights
from app.mqtt.takeover import Takeover
from app.mqtt.topics import OFFLINE
from app.state import State

DELAYS: Final = (1.0, 2.0, 5.0)
"""Seconds before connecting again after one failed attempt, after two...; the last one stays. It is
no longer than most meters' push interval: a broker that is back misses one telegram at most."""

UNSTEADY: Final = 3
"""So many connections to the broker lost within an hour are a problem."""

_MAX_INTERRUPTIONS: Final = 1000
"""Lost connections that are remembered."""


class Connected(NamedTuple):
    """The broker has accepted the connection."""

    host: str
    port: int


class Disconnected(NamedTuple):
    """There is no broker, or none any more.

    Args:
        reason: a sentence on what is wrong and what to do.
        retry_in: seconds until the next attempt.
    """

    reason: Text
    retry_in: float


class RightsMissing(NamedTuple):
    """The broker takes the connection, but seems not to do all that it is asked for.

    Args:
        reasons: plain sentences on what is wrong and what to do; empty when nothing is any more.
    """

    reasons: Sequence[str]


BrokerState = Connected | Disconnected | RightsMissing


class Publisher:
    """Turns readings into messages, and keeps a connection to the broker while `run` runs.

    Args:
        find_broker: gives the broker, before each attempt to connect. When it raises, the exception
            says why there is no broker, and it is called again later.
        layout: makes the messages.
        state: what is known from before the last restart.
        detail_interval: seconds between values that are not live, see `Details`.
        on_state: called at every connection, at every failure, and when rights are missing or
            there again, with no secret in it.
        delays: seconds to wait after the first failed attempt, the second...; the last one stays.
        timeout: seconds for opening a connection, and then for each answer of the broker.
        today: gives the day.
        clock: a steady one, in seconds.
        repeat_after: seconds after an announcement until values are sent again, and again.
        clear_interval: seconds between two portions of topics that are cleared.
        acknowledged_each: see `Conversation`.
        patience: seconds in which the broker has to hand a message on.
    """

    def __init__(
        self,
        *,
        find_broker: Callable[[], Awaitable[MqttOptions]],
        layout: Layout,
        state: State,
        detail_interval: float = 0.0,
        on_state: Callable[[BrokerState], None],
        delays: Sequence[float] = DELAYS,
        timeout: float = 5.0,
        today: Callable[[], date] = date.today,
        clock: Callable[[], float] = monotonic,
        repeat_after: tuple[float, ...] = REPEAT_AFTER,
        clear_interval: float = CLEAR_INTERVAL,
        acknowledged_each: float = ACKNOWLEDGED_EACH,
        patience: float = PATIENCE,
    ) -> None:
        self._find_broker = find_broker
        self._layout = layout
        self._on_state = on_state
        self._delays = delays
        self._timeout = timeout
        self._identifier = f"smartmeter-{os.urandom(4).hex()}"
        self._failures = 0  # attempts one after another in which no message was delivered
        self._interruptions: deque[float] = deque(maxlen=_MAX_INTERRUPTIONS)  # when, in seconds
        self._outbox = Outbox(state)
        self._descriptions = Descriptions(Announcements(state, today), layout, self._outbox)
        self._copies = Copies(self._outbox, self._identifier)
        self._rights = Rights(self._rights_changed, patience)
        self._broker = MqttOptions()  # that of the last connection
        self._repeat_after = repeat_after
        self._clear_interval = clear_interval
        self._acknowledged_each = acknowledged_each
        self._last_states = LastStates()
        self._clock = clock
        self._details = Details(detail_interval)
        self._online: set[str] = set()  # meters of which that is said, by id
        self._published = False  # whether there was a reading since the start
        self._takeover = Takeover(layout, self._outbox, state)
        self._restore()

    def _restore(self) -> None:
        """Go on from what the last run left at the broker."""
        if not self._layout.announces:
            self._outbox.clear_retained(self._layout.announced)
        self._outbox.put([Message(self._layout.status, OFFLINE, retain=True)])
        for meter in self._descriptions.restore():
            self.meter_online(meter.id, online=False)

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """Publish a reading; it replaces one of the same meter that is still due.

        The meter is online from here on. After the first reading, what earlier runs left at topics
        that are not in use any more is cleared.

        Args:
            reading: what a telegram said.
            name: the device's name; None makes one of manufacturer and model.
        """
        meter, values = reading.meter, Values.of(reading.values)
        if values is not reading.values:
            reading = reading._replace(values=values)
        keys = announced_keys(reading)
        self._descriptions.update(meter, name, keys, reading.derived, reading.type_code)
        if meter.id not in self._online:
            self.meter_online(meter.id, online=True)
        self._put(self._last_states.added(reading))
        if not self._published:
            self._published = True
            self._outbox.clear_others()

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        """Publish how the line to a meter is doing.

        Args:
            meter: the meter.
            values: by key of ``sensors.DIAGNOSTICS``; with ``_details`` after it, the attributes.
            name: the device's name, as for `publish`.
        """
        self._descriptions.update(meter, name, DIAGNOSTICS.keys() & values.keys(), {})
        self._outbox.put(self._layout.diagnostics(meter.id, values))

    def diagnose_line(self, diagnosed: LineDiagnostics) -> None:
        """Publish how a line is doing, and which meter's device tells more."""
        line, values, meters, name = diagnosed
        said = self._layout.line_values(values, meters, name)
        self._copies.say(self._layout.line(line.id), said)

    def problem(self) -> Problem | None:
        """Give the problem of a connection that is lost again and again, or of rights.

        A broker that is away is none: nothing could be published about it. Nor are rights for
        Home Assistant's topics, which an account may well write without reading them.
        """
        hour_ago = monotonic() - 3600.0
        while self._interruptions and self._interruptions[0] < hour_ago:
            self._interruptions.popleft()
        if len(self._interruptions) >= UNSTEADY:
            return Problem(Trouble.BROKER, parameters={"count": len(self._interruptions)})
        if reason := self._unheard(self._layout.own):
            return Problem(Trouble.BROKER_RIGHTS, parameters={"reason": reason})
        return None

    async def delivered(self) -> None:
        """Wait until the broker has all that is due."""
        await self._outbox.wait_until_sent()

    def forget_unheard(self) -> list[Meter]:
        """Take back the meters that have not been heard for a week, and give them."""
        unheard = self._descriptions.forget_unheard()
        for meter in unheard:
            self._last_states.forget(meter.id)
            self._withdraw_values(meter.id)
            self._details.forget(meter.id)
            self._online.discard(meter.id)
            for message in self._layout.diagnostics(meter.id, {}):
                self._outbox.withdraw(message.topic)
        return unheard

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        """Say whether a meter is heard; its entities are available only while it is."""
        if online and meter_id in self._online:
            return  # as at nearly every telegram
        if online:
            self._online.add(meter_id)
        else:
            self._online.discard(meter_id)
            self._withdraw_values(meter_id)
        self._outbox.put(self._layout.meter_status(meter_id, online=online))

    async def run(self) -> Never:
        """Connect, and connect again whenever the connection is lost.

        Cancelled, it says that the meters and the program are offline, and disconnects; that takes
        less than a second whatever the broker does.
        """
        while True:
            reason = await self._connect()
            retry_in = self._delays[min(self._failures, len(self._delays) - 1)]
            self._failures += 1
            self._on_state(Disconnected(reason, retry_in))
            await asyncio.sleep(retry_in)

    async def _connect(self) -> Text:
        """Find the broker, connect, and publish until the connection is lost.

        Returns:
            Why the connection was lost or not made, as a sentence.
        """
        try:
            broker = await self._find_broker()
        except Exception as error:  # noqa: BLE001 - what it raises carries the sentence to show
            return _reason(error)
        will = aiomqtt.Will(self._layout.status, OFFLINE, qos=1, retain=True)
        try:
            async with Connection(
                broker, identifier=self._identifier, will=will, timeout=self._timeout
            ) as connection:
                self._broker = broker
                self._on_state(Connected(broker.host or "", broker.port))
                await self._converse(connection)
        except TlsFileError as error:
            return error.reason
        except (aiomqtt.MqttError, OSError) as error:
            return explain(error, broker)

    async def _converse(self, connection: Connection) -> Never:
        conversation = Conversation(
            connection,
            self._outbox,
            self._layout,
            rights=self._rights,
            copies=self._copies,
            takeover=self._takeover,
            repeat_after=self._repeat_after,
            clear_interval=self._clear_interval,
            acknowledged_each=self._acknowledged_each,
        )
        try:
            await conversation.run()
        except aiomqtt.MqttError:
            self._interruptions.append(monotonic())
            raise
        finally:
            if conversation.delivered:
                self._failures = 0  # so the delays start over

    def _put(self, reading: Reading) -> None:
        """Have a reading sent, and details when they are due."""
        newest, due = self._details.take(reading, self._clock())
        self._outbox.put(self._layout.reading(reading))
        if due:
            self._outbox.put([self._layout.details(newest)])
        else:
            topic = self._layout.details_topic(newest.meter.id)
            self._outbox.hold(topic, partial(self._layout.details, newest))

    def _withdraw_values(self, meter_id: str) -> None:
        """Say the last values of a silent meter no more: who starts would take them for new.

        The first reading after the silence says all anew.
        """
        if newest := self._details.fell_silent(meter_id):
            for message in (*self._layout.reading(newest), self._layout.details(newest)):
                self._outbox.withdraw(message.topic)

    def _rights_changed(self) -> None:
        filters = self._layout.own, self._layout.announced
        unheard = [self._unheard(filter_) for filter_ in filters]
        reasons = [str(reason) for reason in unheard if reason]
        refused = [one for one in filters if _some_match(self._rights.refused, one)]
        if refused:
            reasons.append(explain_refused(self._broker, refused))
        self._on_state(RightsMissing(reasons))

    def _unheard(self, filter_: str) -> Sentence | None:
        """Say that messages of some topics do not come back, if that is so."""
        for topic in self._rights.unheard:
            if aiomqtt.Topic(topic).matches(filter_):
                return explain_unheard(self._broker, filter_, topic)
        return None


def _reason(error: Exception) -> Text:
    """Give the sentence that an exception carries, else its text."""
    reason = getattr(error, "reason", None)
    return reason if isinstance(reason, Sentence) else str(error)


def _some_match(topics: Iterable[str], filter_: str) -> bool:
    return any(aiomqtt.Topic(topic).matches(filter_) for topic in topics)
