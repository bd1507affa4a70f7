"""The names in the engine: subjects, streams, consumers, and what an ack subject says."""

import re
from typing import Final, NamedTuple

RAW: Final = "RAW"
"""The stream of telegrams as they came, under ``raw.<name>``."""

READINGS: Final = "READINGS"
"""The stream of readings, under ``readings.<name>.<meter id>``."""

OF_READINGS: Final = "readings"
"""The first token of these subjects."""

STATES: Final = "smartmeter"
"""The bucket with what is to be known again of each name after another reader took over."""

STATE_STREAM: Final = f"KV_{STATES}"
"""The stream that a server keeps the bucket in."""

PRESENCE: Final = "smartmeter-fleet.presence"
"""Readers say here which partitions they have."""

INQUIRY: Final = "smartmeter-fleet.inquiry"
"""Readers answer here how they are doing."""

GROUP: Final = "reader"
"""The priority group of each consumer."""

MESSAGE_ID: Final = "Nats-Msg-Id"
ARRIVAL: Final = "Smartmeter-Arrival"
"""The header with the nanoseconds since 1970 at which the raw message arrived."""

RECEIVED: Final = "Smartmeter-Received"
"""The header with the nanoseconds since 1970 at which a gateway received a raw message."""

EXPECTED: Final = "Nats-Expected-Last-Subject-Sequence"
"""The header with the sequence after which alone a message is stored at its subject."""

_NAME: Final = re.compile(r"[!-)+-\-/-=?-~]{1,128}")  # neither blanks nor . * >
_FNV_OFFSET: Final = 0x811C9DC5
_FNV_PRIME: Final = 0x01000193


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of a meter: one token of a subject."""
    return _NAME.fullmatch(text) is not None


def raw(name: str) -> str:
    """The subject under which the telegrams of a name are pushed."""
    return f"raw.{name}"


def of_partition(partition: int) -> str:
    """The subjects under which the server stores the telegrams of a partition."""
    return f"raw.{partition}.*"


def name_of(subject: str) -> str:
    """The name in a subject under which a telegram is stored."""
    return subject.split(".", 2)[2]


def readings(name: str, meter_id: str = "*") -> str:
    """The subject of a meter's readings; without a meter, of all that a name leads to."""
    return f"{OF_READINGS}.{name}.{meter_id}"


def state(name: str) -> str:
    """The subject of a name's state in the bucket."""
    return f"$KV.{STATES}.{key_of(name)}"


def of_topic(topic: str) -> str:
    """The subject at which clients of NATS' own MQTT port find a topic without dots and blanks."""
    return topic.replace("/", ".")


def owner(meter_id: str) -> str:
    """The subject in the bucket of the name that a meter belongs to.

    The keys of states hold hexadecimal digits alone, so none of them is such a key.
    """
    return f"$KV.{STATES}.meter.{meter_id}"


def key_of(name: str) -> str:
    """The key of a name in a bucket, whose keys take fewer characters than subjects."""
    return name.encode().hex()


def consumer(partition: int) -> str:
    """The name of a partition's consumer."""
    return f"partition-{partition}"


def partition_of(name: str, partitions: int) -> int:
    """Tell in which partition the server puts a name: FNV-1a of 32 bits, modulo the number.

    That is what ``partition(n, 1)`` does in a subject transform of nats-server.
    """
    digest = _FNV_OFFSET
    for byte in name.encode():
        digest = ((digest ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return digest % partitions


class Place(NamedTuple):
    """Where a delivered message stands.

    Args:
        sequence: in the stream.
        delivery: the consumer's own sequence, which counts what it delivers.
        arrival: when the engine stored the message, in nanoseconds since 1970.
    """

    sequence: int
    delivery: int
    arrival: int


def place_of(reply: str) -> Place | None:
    """Read an ack subject; None when it is none.

    It is ``$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<delivery>.<time>.<pending>``, in a
    newer form with domain and account behind ACK and a token at the end.
    """
    tokens = reply.split(".")
    if tokens[:2] != ["$JS", "ACK"]:
        return None
    old, newer = 9, 11
    if len(tokens) == old:
        numbers = tokens[5:8]
    elif len(tokens) >= newer:
        numbers = tokens[7:10]
    else:
        return None
    try:
        return Place(*map(int, numbers))
    except ValueError:
        return None
