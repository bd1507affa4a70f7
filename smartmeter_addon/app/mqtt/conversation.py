"""What is said over one connection to the broker, from the first message to the goodbye."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from itertools import accumulate
from typing import Final, Never

import aiomqtt

from app.mqtt.connection import Connection
from app.mqtt.copies import Copies
from app.mqtt.layout import Layout, Message
from app.mqtt.outbox import Outbox
from app.mqtt.rights import Rights
from app.mqtt.statuses import Statuses
from app.mqtt.takeover import Takeover
from app.mqtt.topics import OFFLINE, ONLINE

REPEAT_AFTER: Final = (3.0, 12.0, 45.0)
"""Seconds from an announcement until values are sent again, from there until the next time, and so
on: Core takes a moment to subscribe to the topics of a new entity, a slow machine on which all of
it starts takes longer, and the next telegram, or the update interval, can be an hour away."""

REPEATED_AT_ONCE: Final = 50
"""Values that are sent again before a pause: thousands at once would hold up new ones, on their way
to whoever listens."""

REPEAT_INTERVAL: Final = 0.1
"""Seconds between two such portions."""

CLEARED_AT_ONCE: Final = 50
"""Topics that are cleared one after another, while nothing else is due, before a pause: there can
be thousands, and Home Assistant takes a moment for each device that is gone."""

CLEAR_INTERVAL: Final = 1.0
"""Seconds between two such portions; after each the state is written, on an SD card."""

ACKNOWLEDGED_EACH: Final = 10.0
"""Seconds after which a message that needs no acknowledgement is sent with one: it shows that the
broker still takes what the network has taken."""

GOODBYE_TIMEOUT: Final = 0.8
"""Seconds for saying offline and disconnecting when the program ends."""


class Conversation:
    """Everything that is sent and received over one connection.

    Announcements, statuses and whatever else the broker keeps are sent with QoS 1, one at a time:
    it has to have them. Values are sent with QoS 0: the next ones supersede them within seconds. As
    long as the connection holds, TCP loses nothing of them, and a new connection begins with the
    newest of all topics.

    Args:
        connection: to the broker; it is open.
        outbox: what is to be sent.
        layout: names the topics of the program and of Home Assistant.
        rights: learns whether the broker hands on what is published.
        copies: hears what is said of the lines.
        takeover: what is sent once, before everything else.
        repeat_after: seconds after an announcement until values are sent again, from then until the
            next time, and so on.
        clear_interval: seconds between two portions of topics that are cleared.
        acknowledged_each: seconds after which a value is sent with QoS 1.
    """

    def __init__(
        self,
        connection: Connection,
        outbox: Outbox,
        layout: Layout,
        *,
        rights: Rights,
        copies: Copies,
        takeover: Takeover,
        repeat_after: tuple[float, ...],
        clear_interval: float = CLEAR_INTERVAL,
        acknowledged_each: float = ACKNOWLEDGED_EACH,
    ) -> None:
        self._connection = connection
        self._outbox = outbox
        self._layout = layout
        self._rights = rights
        self._copies = copies
        self._takeover = takeover
        self._repeat_after = repeat_after
        self._clear_interval = clear_interval
        self._statuses = Statuses(outbox, layout.status)
        self._acknowledged_each = acknowledged_each
        self._now = asyncio.get_running_loop().time
        self._acknowledged_at = float("-inf")
        self.delivered = False
        """Whether the broker has acknowledged a message."""

    async def run(self) -> Never:
        """Send everything, then what becomes due, until the connection ends.

        Cancelled, it says that the meters and the program are offline, and disconnects.

        Raises:
            aiomqtt.MqttError: the connection is lost, or the broker does not answer in time.
        """
        self._rights.begin()
        self._outbox.put([Message(self._layout.status, ONLINE, retain=True)])
        # No entity is available before that, and values do not wait for thousands of announcements.
        self._outbox.make_all_due(first=self._layout.status)
        try:
            await _together(self._receive(), self._send(), self._repeat_values(), self._clear())
        except asyncio.CancelledError:
            await self._say_goodbye()
            raise
        finally:
            self._outbox.send_at_once = None
            self._rights.close()

    async def _receive(self) -> Never:
        """Notice the connection's end; send everything again when Home Assistant has started."""
        messages = self._connection.messages
        while True:
            message = await anext(messages)
            topic = message.topic.value
            payload = message.payload.decode(errors="replace")
            if topic == self._layout.home_assistant:
                if payload == ONLINE:
                    self._outbox.make_all_due()
                continue
            # What is retained is from before this connection, and replaced already.
            if not message.retain:
                self._rights.heard(topic)
                if message.topic.matches(self._layout.lines):
                    self._copies.heard(topic, payload)
                if topic == self._layout.status and payload == OFFLINE:
                    self._copies.other_ended()
                if any(message.topic.matches(one) for one in self._layout.statuses):
                    self._statuses.said(topic, payload)

    async def _send(self) -> Never:
        # Not before _receive runs: nobody else notices a connection that breaks meanwhile.
        home_assistant = [self._layout.home_assistant] if self._layout.announces else []
        await self._subscribe(*home_assistant, *self._layout.statuses, self._layout.lines)
        if self._takeover.messages:
            for topic, payload, retain in self._takeover.messages:
                await self._connection.publish(topic, payload, qos=1, retain=retain)
            await asyncio.sleep(self._repeat_after[0])  # Core takes a moment for that, too
            self._takeover.sent()
        if not self._connection.is_traced:  # else paho sends all, as it logs what it sends
            self._outbox.send_at_once = self._send_at_once
        while True:
            await self._outbox.wait_until_due()
            await self._send_due()

    async def _send_due(self) -> None:
        """Send until nothing is due.

        One at a time: Mosquitto acknowledges a single message at once, but lets the network
        collect several acknowledgements, which takes 40 ms.
        """
        while message := self._outbox.take():
            topic, payload, retain = message
            if retain and payload:
                if not self._rights.is_known(topic):
                    await self._subscribe(topic)
                self._rights.sending(topic)
            if retain or self._is_to_be_acknowledged():
                await self._connection.publish(topic, payload, qos=1, retain=retain)
                self._acknowledged_at = self._now()
                self.delivered = True
            else:
                await self._connection.publish(topic, payload, qos=0)
            self._outbox.sent(message)
            if topic == self._layout.program_topic:
                self._repeat_lines()
            await asyncio.sleep(0)  # telegrams are read meanwhile, however much is due

    def _send_at_once(self, message: Message) -> bool:
        """Send a message that needs no acknowledgement, unless one is to be asked for."""
        if self._is_to_be_acknowledged():
            return False
        return self._connection.publish_at_once(message.topic, message.payload)

    def _is_to_be_acknowledged(self) -> bool:
        return self._now() - self._acknowledged_at >= self._acknowledged_each

    async def _subscribe(self, *filters: str) -> None:
        # Its answer would be unexpected if the end of the program broke this off.
        answer = self._connection.subscribe([(one, 1) for one in filters])
        codes = await asyncio.shield(answer)
        self._rights.answered(filters, codes)

    async def _repeat_values(self) -> Never:
        """Send values again once Core has had the time to set up what was announced."""
        pauses: tuple[float, ...] = ()
        while True:
            try:
                async with asyncio.timeout(pauses[0] if pauses else None):
                    await self._outbox.wait_for_announcement()
                pauses = self._repeat_after
            except TimeoutError:
                await self._make_values_due()
                pauses = pauses[1:]

    async def _make_values_due(self) -> None:
        topics = self._outbox.values()
        for begin in range(0, len(topics), REPEATED_AT_ONCE):
            if begin:
                await asyncio.sleep(REPEAT_INTERVAL)
            self._outbox.make_values_due(topics[begin : begin + REPEATED_AT_ONCE])

    def _repeat_lines(self) -> None:
        """Tell how the lines are doing again, for the same reason: no telegram may ever come."""
        loop = asyncio.get_running_loop()
        for after in accumulate(self._repeat_after):
            loop.call_later(after, self._outbox.make_matching_due, self._layout.lines)

    async def _clear(self) -> Never:
        """Clear topics in small portions."""
        while True:
            await self._outbox.wait_until_to_clear()
            self._outbox.clear_some(CLEARED_AT_ONCE)
            await asyncio.sleep(self._clear_interval)

    async def _say_goodbye(self) -> None:
        """Take back every online; where that fails, the last will does it for the program.

        First what is still due: an entity that is unavailable keeps no value in its history.
        """
        self._outbox.make_held_due()
        online = [message for message in self._outbox.messages() if message.payload == ONLINE]
        self._outbox.put_last(Message(topic, OFFLINE, retain=True) for topic, _, _ in online)
        with suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(GOODBYE_TIMEOUT):
                await self._send_due()
                await self._connection.disconnect()


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
