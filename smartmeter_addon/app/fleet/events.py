"""What a partition is told, and what it asks for; see `partition`."""

from typing import Final, NamedTuple, Self, TypeAlias

from app.fleet.subjects import Place
from app.state import Json

_SECOND: Final = 10**9
_LONGEST_KEPT: Final = 32 * 86400 * _SECOND
"""Nanoseconds for which a gateway keeps telegrams at most."""


class Position(NamedTuple):
    """Which reading; ordered as the readings of one name are.

    Args:
        sequence: of the raw message.
        part: 0 for the first reading that it gave, and so on.
    """

    sequence: int
    part: int = 0

    def __str__(self) -> str:
        """Write it as the id of the message that holds the reading."""
        return f"{self.sequence}.{self.part}" if self.part else str(self.sequence)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `__str__` wrote.

        Raises:
            ValueError: it is something else.
        """
        return cls(*map(int, text.split(".", 1)))


class LastReading(NamedTuple):
    """The last reading of a name that is stored.

    Args:
        sequence: in READINGS.
        position: of what it was read from.
        arrival: when that arrived, in nanoseconds since 1970.
    """

    sequence: int
    position: Position
    arrival: int


class Delivered(NamedTuple):
    """A raw message.

    Args:
        inbox: at which it came.
        name: whose it is.
        payload: as it was pushed.
        reply: the subject at which it is acknowledged.
        place: what that subject says.
        pin: the pin of the reader that it is delivered to; empty for none.
        received: when a gateway received it, in nanoseconds since 1970; 0 where that is not said.
    """

    inbox: int
    name: str
    payload: bytes
    reply: str
    place: Place
    pin: str = ""
    received: int = 0

    @property
    def seconds(self) -> float:
        """When the telegram came, in seconds since 1970.

        That is when the engine stored it, unless a gateway that was cut off kept it before. A time
        that cannot be is not believed.
        """
        arrival = self.place.arrival
        known = max(1, arrival - _LONGEST_KEPT) <= self.received <= arrival
        return (self.received if known else arrival) / _SECOND


class Ended(NamedTuple):
    """A pull has ended.

    Args:
        inbox: at which it was asked.
        code: the status, such as 404 for no more messages, 408 for the time being over.
    """

    inbox: int
    code: str


class WasReset(NamedTuple):
    """The consumer was set back, or not.

    Args:
        inbox: of the request.
        done: whether it was.
    """

    inbox: int
    done: bool


class LookedBack(NamedTuple):
    """What the engine knows of a name.

    Args:
        inbox: of the request.
        name: whose.
        failed: whether there was no answer.
        last: its last reading; None for none.
        kept: what was kept of it; None for nothing, or where it was not asked for.
    """

    inbox: int
    name: str
    failed: bool = False
    last: LastReading | None = None
    kept: Json = None


class Published(NamedTuple):
    """What came of a reading.

    Args:
        inbox: of the request.
        name: whose.
        sequence: in READINGS; None when it was not stored, as far as known.
        overtaken: whether another reading of the name was stored since the last one known here.
        foreign: whether it is never stored, as the meter belongs to another name.
    """

    inbox: int
    name: str
    sequence: int | None = None
    overtaken: bool = False
    foreign: bool = False


Event: TypeAlias = Delivered | Ended | WasReset | LookedBack | Published


class Ask(NamedTuple):
    """Ask for one message, and with it for the pin.

    Args:
        inbox: a new one, at which nothing came before.
        seconds: to wait for.
    """

    inbox: int
    seconds: float


class Pull(NamedTuple):
    """Pull what there is.

    Args:
        inbox: at which it is wanted.
        pin: of this reader.
        most: messages.
    """

    inbox: int
    pin: str
    most: int


class Reset(NamedTuple):
    """Set the consumer back to what is not acknowledged."""

    inbox: int


class LookBack(NamedTuple):
    """Find out the last reading of a name.

    Args:
        inbox: names the session that asks.
        name: whose.
        kept: whether what was kept of it is wanted as well.
        delay: seconds to wait before.
    """

    inbox: int
    name: str
    kept: bool
    delay: float = 0.0


class Description(NamedTuple):
    """What Home Assistant is told of a meter: a message for MQTT clients.

    Args:
        subject: at which MQTT clients find it.
        payload: the discovery message.
    """

    subject: str
    payload: bytes


class Publish(NamedTuple):
    """Store a reading.

    Args:
        inbox: names the session that asks.
        name: whose.
        position: of the reading.
        arrival: of the raw message, in nanoseconds since 1970.
        meter_id: of the meter.
        payload: the reading.
        expected: the sequence of the name's last reading in READINGS; 0 for none.
        delay: seconds to wait before.
        description: of the meter, published before the reading; None where it is known.
    """

    inbox: int
    name: str
    position: Position
    arrival: int
    meter_id: str
    payload: bytes
    expected: int
    delay: float = 0.0
    description: Description | None = None


class Ack(NamedTuple):
    """Acknowledge a message and all before it."""

    reply: str


class Keep(NamedTuple):
    """Keep something of a name, for the reader that takes over."""

    name: str
    value: Json


class Unpin(NamedTuple):
    """Give the pin back."""


Request: TypeAlias = Ask | Pull | Reset | LookBack | Publish | Ack | Keep | Unpin
