"""The messages of one name, read one after the other, and the way of their readings."""

from typing import Any, Final, NamedTuple, Protocol

from app.fleet.events import (
    Description,
    Keep,
    LastReading,
    LookBack,
    LookedBack,
    Position,
    Publish,
    Published,
    Request,
)
from app.fleet.subjects import Place, partition_of
from app.fleet.unacknowledged import Message, Unacknowledged
from app.state import Json

RETRY_AFTER: Final = 0.5
"""Seconds after which what failed is tried again."""

KEEP_EVERY: Final = 900.0
"""Seconds between two times that a name's state is kept."""

_SECOND: Final = 10**9
_SKEW: Final = 60 * _SECOND
"""Nanoseconds by which the clocks of two servers may differ."""

_PARTS: Final = 1000
"""Moments within KEEP_EVERY at which names are kept, so that not all are at once."""


class Found(NamedTuple):
    """A reading that a message gave.

    Args:
        meter_id: of the meter.
        payload: the reading's text.
        description: of the meter, where it is due.
    """

    meter_id: str
    payload: bytes
    description: Description | None = None


class Line(Protocol):
    """What reads the messages of one name."""

    @property
    def under_way(self) -> bool:
        """Whether a telegram has begun that is not whole yet."""

    def read(self, payload: bytes, arrival: float, *, stored: float, again: bool) -> list[Found]:
        """Read a message; never raises.

        Args:
            payload: as it was pushed.
            arrival: when it came, in seconds since 1970, see `Delivered.seconds`.
            stored: when the engine stored it, likewise.
            again: whether it was read before, so that nothing is counted.
        """

    def memory(self) -> Json:
        """Give what is to be known again after another reader took over."""


class Lines(Protocol):
    """Makes lines."""

    def knows(self, name: str) -> bool:
        """Tell whether there is a meter of that name; if not, count a message as refused."""

    def open(self, name: str, kept: Any, arrival: float) -> Line:  # noqa: ANN401 - any JSON value
        """Begin with a name.

        Args:
            name: a known one.
            kept: what `Line.memory` gave, or anything else.
            arrival: when its first message arrived, in seconds since 1970.
        """


class Lane:
    """One name in one session of a partition.

    Args:
        name: it.
        inbox: names the session.
        lines: makes the line.
        unacknowledged: of the partition.
        now: by a steady clock, in seconds, as in all methods.
    """

    __slots__ = (
        "_gave",
        "_inbox",
        "_is_outdated",
        "_kept",
        "_kept_at",
        "_last",
        "_line",
        "_lines",
        "_messages",
        "_name",
        "_read_to",
        "_unacknowledged",
        "_unsaved",
    )

    def __init__(
        self, name: str, inbox: int, lines: Lines, unacknowledged: Unacknowledged, now: float
    ) -> None:
        self._name = name
        self._inbox = inbox
        self._lines = lines
        self._unacknowledged = unacknowledged
        self._line: Line | None = None
        self._is_outdated = False
        self._messages: list[Message] = []  # the first one is being read
        # Mostly there is none, and an empty deque takes 0.6 kB.
        self._unsaved: list[tuple[Position, Found]] = []  # of the first message
        self._gave = False  # whether the first message, or the one before, gave a reading
        self._last: LastReading | None = None  # that is stored
        self._read_to: Place | None = None  # of the last message that is read to its end
        self._kept = 0  # up to which raw sequence the line knows all by what was kept
        self._kept_at = now - KEEP_EVERY * partition_of(name, _PARTS) / _PARTS

    def outdate(self) -> None:
        """Open the line anew before the next message, as the options of the meter changed."""
        self._is_outdated = True

    def receive(self, message: Message, now: float) -> list[Request]:
        """Take the next message."""
        self._messages.append(message)
        if len(self._messages) > 1:
            return []
        if self._line is None:
            return [self._look_back()]
        return self._read(now)

    def looked_back(self, event: LookedBack, now: float) -> list[Request]:
        """Take what the engine knows of the name."""
        if event.failed:
            return [self._look_back(RETRY_AFTER)]
        self._last = event.last
        if self._line is None:
            self._open(event.kept)
            return self._read(now)
        # Another reader stored the reading that was refused here, or the answer was lost.
        while self._unsaved and self._is_stored(self._unsaved[0][0]):
            self._unsaved.pop(0)
        return self._save(now, delay=RETRY_AFTER)

    def published(self, event: Published, now: float) -> list[Request]:
        """Take what came of a reading."""
        if event.overtaken:
            return [self._look_back()]
        if event.foreign:
            self._unsaved.pop(0)
            return self._save(now)
        if event.sequence is None:
            return self._save(now, delay=RETRY_AFTER)
        position, _ = self._unsaved.pop(0)
        arrival = self._messages[0].delivered.place.arrival
        self._last = LastReading(event.sequence, position, arrival)
        return self._save(now)

    def keep(self, now: float, *, every: float = KEEP_EVERY) -> list[Request]:
        """Keep the state, if it is time, and if all that it knows of is stored."""
        line, read_to = self._line, self._read_to
        if line is None or self._messages or line.under_way or read_to is None:
            return []
        if now - self._kept_at < every or read_to.sequence <= self._kept or self._last is None:
            return []
        self._kept_at, self._kept = now, read_to.sequence
        kept: Json = {
            "sequence": read_to.sequence,
            "arrival": read_to.arrival,
            "memory": line.memory(),
        }
        return [Keep(self._name, kept)]

    def _look_back(self, delay: float = 0.0) -> LookBack:
        return LookBack(self._inbox, self._name, self._line is None, delay)

    def _open(self, kept: Json) -> None:
        """Open the line with what was kept of the name."""
        first = self._messages[0].delivered
        place = first.place
        kept = kept if isinstance(kept, dict) else {}
        sequence, arrival = kept.get("sequence"), kept.get("arrival")
        self._line = self._lines.open(self._name, kept.get("memory"), first.seconds)
        self._kept = 0
        if isinstance(sequence, int) and isinstance(arrival, int):
            self._kept = sequence if _is_before(place, sequence, arrival) else 0

    def _read(self, now: float) -> list[Request]:
        """Read messages until one gives a reading that is to be stored."""
        while self._messages:
            if self._is_outdated or self._line is None:
                self._is_outdated, self._line = False, None
                self._unacknowledged.release(self._name)
                return [self._look_back()]
            message = self._messages[0]
            if message.delivered.place.sequence > self._kept:
                self._read_one(self._line, message)
            if self._unsaved:
                return self._save(now)
            self._done()
        return self.keep(now)

    def _read_one(self, line: Line, message: Message) -> None:
        delivered = message.delivered
        place = delivered.place
        again = self._is_stored(Position(place.sequence), place)
        stored = place.arrival / _SECOND
        found = line.read(delivered.payload, delivered.seconds, stored=stored, again=again)
        self._gave = bool(found)
        for part, one in enumerate(found):
            position = Position(place.sequence, part)
            if not self._is_stored(position, place):
                self._unsaved.append((position, one))

    def _save(self, now: float, delay: float = 0.0) -> list[Request]:
        """Store the next reading; when all are, go on with the next message."""
        if not self._unsaved:
            self._done()
            return self._read(now)
        position, found = self._unsaved[0]
        arrival = self._messages[0].delivered.place.arrival
        expected = self._last.sequence if self._last else 0
        return [
            Publish(
                self._inbox,
                self._name,
                position,
                arrival,
                found.meter_id,
                found.payload,
                expected,
                delay,
                found.description,
            )
        ]

    def _done(self) -> None:
        """End a message of which all readings are stored."""
        message = self._messages.pop(0)
        place = self._read_to = message.delivered.place
        self._unacknowledged.done(message)
        # The message with which a telegram begins is kept until what that gave is stored: without
        # it, the last message of the telegram would give less, and its readings other numbers.
        if self._line is None or not self._line.under_way:
            self._unacknowledged.release(self._name)
        elif self._gave or not self._unacknowledged.holds(self._name):
            self._unacknowledged.hold(self._name, place)

    def _is_stored(self, position: Position, place: Place | None = None) -> bool:
        """Tell whether a reading was stored before.

        Args:
            position: of the reading.
            place: of its message; None where that was read in this session.
        """
        last = self._last
        if last is None or position > last.position:
            return False
        return place is None or _is_before(place, last.position.sequence, last.arrival)


def _is_before(place: Place, sequence: int, arrival: int) -> bool:
    """Tell whether a message is that of a sequence, or one before it.

    A message with a lower sequence that arrived long after that one is of another stream: the one
    with the same name was made anew since.
    """
    return place.sequence <= sequence and place.arrival <= arrival + _SKEW
