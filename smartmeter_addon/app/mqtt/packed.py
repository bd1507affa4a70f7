"""Messages that are long and seldom sent, packed for the time in between.

An announcement of a meter takes 16 kB of memory, and a twelfth of that when it is packed.
"""

import zlib
from typing import Final, NamedTuple

from app.mqtt.layout import Message

_LONG: Final = 1000
"""Characters of a payload that is packed."""


class Packed(NamedTuple):
    """A message with its payload packed."""

    topic: str
    data: bytes
    retain: bool


def pack(message: Message) -> Message | Packed:
    """Pack a message that the broker keeps, if it is long."""
    topic, payload, retain = message
    if not retain or len(payload) < _LONG:
        return message
    return Packed(topic, zlib.compress(payload.encode("utf-8", "surrogatepass")), retain)


def unpack(message: Message | Packed) -> Message:
    """Give a message as it was."""
    if isinstance(message, Message):
        return message
    payload = zlib.decompress(message.data).decode("utf-8", "surrogatepass")
    return Message(message.topic, payload, message.retain)
