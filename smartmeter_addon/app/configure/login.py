"""Logs in to the broker, and sees whether it hands on what is published."""

import asyncio
import secrets
from typing import Final

import aiomqtt

from app.config.options import MqttOptions
from app.config.tls import TlsFileError
from app.configure.steps import LoggedIn
from app.mqtt.connection import Connection
from app.mqtt.explain import cause_of
from app.mqtt.rights import Rights
from app.mqtt.topics import Topics

TIMEOUT: Final = 10.0
"""Seconds for opening the connection, and then for each answer of the broker."""

PATIENCE: Final = 3.0
"""Seconds in which a message has to come back."""

_NAME: Final = "configure"


async def log_in(broker: MqttOptions) -> LoggedIn:
    """Log in, publish a message of no meaning at our own topics and at Home Assistant's, and leave.

    Nobody keeps the messages: they are not retained. That at Home Assistant's is empty, which means
    there that a device is gone, and none has this name.

    Args:
        broker: where, and as whom.
    """
    identifier = f"smartmeter-{_NAME}-{secrets.token_hex(4)}"
    try:
        async with Connection(broker, identifier=identifier, timeout=TIMEOUT) as connection:
            unheard = await _unheard(connection, broker)
            await connection.disconnect()
    except TlsFileError as error:
        return LoggedIn(reason=error.reason)
    except (OSError, aiomqtt.MqttError) as error:
        cause, words = cause_of(error, broker)
        return LoggedIn(cause, words)
    return LoggedIn(unheard=unheard)


async def _unheard(connection: Connection, broker: MqttOptions) -> tuple[str, ...]:
    """Give the topics of which no message comes back."""
    topics = Topics(broker.base_topic, broker.discovery_prefix)
    own = (f"{broker.base_topic}/{_NAME}", topics.discovery(_NAME))
    changed = asyncio.Event()
    rights = Rights(changed.set, PATIENCE)
    rights.begin()
    codes = await connection.subscribe([(topic, 1) for topic in own])
    rights.answered(own, codes)
    for topic in own:
        rights.sending(topic)
        await connection.publish(topic, b"", qos=1)
    awaited = set(own) - set(rights.refused)
    try:
        async with asyncio.timeout(PATIENCE):
            while awaited:
                message = await anext(connection.messages)
                rights.heard(message.topic.value)
                awaited.discard(message.topic.value)
    except TimeoutError:
        pass
    finally:
        rights.close()
    return tuple(topic for topic in own if topic in awaited or topic in rights.refused)
