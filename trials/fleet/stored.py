"""What the engine has stored in the end, and how long each telegram waited."""

import asyncio
import json
from collections import defaultdict
from time import monotonic
from typing import Any, Final, NamedTuple

import nats.errors
from nats.aio.client import Client

from app.fleet import subjects
from tests.support.nats import TIMEOUT

PATIENCE: Final = 120.0
"""Seconds in which the engine has to answer; servers that have to choose a leader need some."""


class Stored(NamedTuple):
    """One reading.

    Args:
        time: of the meter, as its telegram says it.
        arrived: when the raw message was stored, in seconds since 1970.
        stored: when the reading was, likewise.
    """

    time: str
    arrived: float
    stored: float

    @property
    def waited(self) -> float:
        """Seconds from the telegram to its reading."""
        return self.stored - self.arrived


class TrialError(Exception):
    """A trial cannot be played to its end; a plain sentence."""


async def api(client: Client, call: str) -> dict[str, Any]:
    """Call the JetStream API until it answers.

    Raises:
        TrialError: it does not, within PATIENCE.
    """
    until = monotonic() + PATIENCE
    while True:
        try:
            message = await client.request(f"$JS.API.{call}", timeout=2)
            answer: dict[str, Any] = json.loads(message.data)
        except (nats.errors.Error, ValueError) as error:
            answer = {"error": {"description": repr(error)}}
        if "error" not in answer:
            return answer
        if monotonic() > until:
            why = f"{answer['error']['description']}, for {PATIENCE:.0f} s"
            raise TrialError(f"the engine does not tell {call}: {why}")
        await asyncio.sleep(0.5)


async def waiting(client: Client, partitions: int) -> int:
    """Count the raw messages that are not acknowledged."""
    infos = [
        await api(client, f"CONSUMER.INFO.{subjects.RAW}.{subjects.consumer(number)}")
        for number in range(partitions)
    ]
    return sum(info["num_pending"] + info["num_ack_pending"] for info in infos)


async def readings(client: Client) -> dict[str, list[Stored]]:
    """Give all readings, by name, in their order."""
    stream = client.jetstream(timeout=TIMEOUT)
    subscription = await stream.subscribe("readings.*.*", ordered_consumer=True)
    info = await api(client, f"STREAM.INFO.{subjects.READINGS}")
    found: dict[str, list[Stored]] = defaultdict(list)
    for _ in range(info["state"]["messages"]):
        message = await subscription.next_msg(TIMEOUT)
        name = message.subject.split(".")[1]
        assert message.headers
        arrived = int(message.headers[subjects.ARRIVAL]) / 10**9
        stored = message.metadata.timestamp.timestamp()
        found[name].append(Stored(json.loads(message.data)["timestamp"], arrived, stored))
    await subscription.unsubscribe()
    return found
