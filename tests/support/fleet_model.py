"""A model of the engine and of the readers at it, in which everything that can happen may happen.

It knows of nats-server what FLEET's rules rely on: a consumer with a pin, that is set back and
acknowledged; a stream of readings that stores one only behind the one that is expected. Requests
are carried out in any order; they and their answers may be lost; readers die, are held up for any
time, and go on as if nothing had been.
"""

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import count

from app.fleet.events import (
    Ack,
    Ask,
    Delivered,
    Ended,
    Event,
    Keep,
    LastReading,
    LookBack,
    LookedBack,
    Position,
    Publish,
    Published,
    Pull,
    Request,
    Reset,
    Unpin,
    WasReset,
)
from app.fleet.lane import Found
from app.fleet.partition import Partition
from app.fleet.subjects import Place
from app.state import Json

PIN_SECONDS = 6.0
ACK_SECONDS = 30.0
STRANGER = "stranger"
"""A name that no reader knows."""

FORGER = "c"
"""A name of which each third reading is of a meter that belongs to another name."""

_SECOND = 10**9


def is_foreign(name: str, number: int) -> bool:
    """Tell whether a reading is of a meter that belongs to another name."""
    return name == FORGER and number % 3 == 0


class ModelLine:
    """Reads telegrams: ``3;`` is the third, ``3`` its first half and ``;`` the other one."""

    def __init__(self, name: str, kept: Json) -> None:
        self._name = name
        self._half = ""
        self.newest = kept if isinstance(kept, int) else 0

    @property
    def under_way(self) -> bool:
        return bool(self._half)

    def read(self, payload: bytes, arrival: float, *, stored: float, again: bool) -> list[Found]:  # noqa: ARG002 - nothing is counted
        assert 0 < arrival <= stored
        *telegrams, self._half = (self._half + payload.decode()).split(";")
        found = []
        for one in filter(None, telegrams):
            assert int(one) > self.newest, "what the state knows is read again"
            self.newest = int(one)
            found.append(Found(self._name, one.encode()))
        return found

    def memory(self) -> Json:
        assert not self._half
        return self.newest


class ModelLines:
    """Makes lines for all but the stranger."""

    def knows(self, name: str) -> bool:
        return name != STRANGER

    def open(self, name: str, kept: Json, arrival: float) -> ModelLine:
        assert arrival > 0
        return ModelLine(name, kept)


@dataclass
class Reader:
    """A reader; its events wait until it takes them."""

    partition: Partition
    events: dict[int, deque[Event]] = field(default_factory=lambda: defaultdict(deque))
    stopped: bool = False


@dataclass
class _Raw:
    name: str
    payload: bytes
    arrival: int


class Model:
    """One partition at an engine, with readers.

    Args:
        seed: of all that happens.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no cryptography
        self.now = 1000.0
        self.raw: list[_Raw] = []
        self.readings: list[tuple[str, Position, bytes, int]] = []
        self.readers: list[Reader] = []
        self.kept: dict[str, Json] = {}
        self.sent: dict[str, int] = {}
        self.overtaken = 0
        self._requests: list[tuple[float, Reader, Request]] = []
        self._inboxes = count(1)
        self._floor = self._next = self._delivery = 0
        self._unacknowledged: dict[int, float] = {}
        self._pin: tuple[str, Reader] | None = None
        self._pinned_until = 0.0
        self._pins = count(1)
        self._asks: deque[tuple[Reader, int, float]] = deque()

    # --- What happens ---

    def push(self, name: str, *messages: str) -> None:
        """Push telegrams of a name; in each message ``#`` is the number of the next one."""
        for part in messages:
            for _ in range(part.count("#")):
                number = self.sent[name] = self.sent.get(name, 0) + 1
                part = part.replace("#", str(number), 1)  # noqa: PLW2901 - the same with numbers
            arrival = int(self.now * _SECOND) + len(self.raw)
            self.raw.append(_Raw(name, part.encode(), arrival))

    def join(self) -> Reader:
        """Start a reader."""
        reader = Reader(Partition(ModelLines(), self._inboxes))
        self.readers.append(reader)
        self._send(reader, reader.partition.want(self.now))
        return reader

    def kill(self, reader: Reader) -> None:
        """End a reader; of its requests, those that are sent are carried out or not."""
        self.readers.remove(reader)
        self._requests = [
            one for one in self._requests if one[1] is not reader or self.random.random() < 0.5
        ]
        self._asks = deque(one for one in self._asks if one[0] is not reader)

    def leave(self, reader: Reader) -> None:
        """Let a reader give the partition back."""
        self._send(reader, reader.partition.leave(self.now))

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        if self._pin and self.now > self._pinned_until:
            self._pin = None

    def lose(self) -> None:
        """Lose a request or its answer; whoever asked learns that there was no answer."""
        if not self._requests:
            return
        one = self._requests.pop(self.random.randrange(len(self._requests)))
        reader, request = one[1:]
        if self.random.random() < 0.5:
            silent = Reader(reader.partition)
            self._carry_out(silent, request)
        if isinstance(request, Publish):
            self._answer(reader, Published(request.inbox, request.name))
        elif isinstance(request, LookBack):
            self._answer(reader, LookedBack(request.inbox, request.name, failed=True))
        elif isinstance(request, Reset):
            self._answer(reader, WasReset(request.inbox, done=False))

    def serve(self) -> bool:
        """Carry out one request, in any order; tell whether there was one."""
        self._give_to_asking()
        due = [one for one in self._requests if one[0] <= self.now]
        if not due:
            return False
        one = self.random.choice(due)
        self._requests.remove(one)
        self._carry_out(one[1], one[2])
        return True

    def hand(self, reader: Reader) -> bool:
        """Let a reader take one event; those of one inbox come in order."""
        waiting = [events for events in reader.events.values() if events]
        if not waiting or reader.stopped:
            return False
        event = self.random.choice(waiting).popleft()
        self._send(reader, reader.partition.take(event, self.now))
        return True

    def tick(self, reader: Reader) -> None:
        """Let a reader do what is due."""
        if not reader.stopped:
            self._send(reader, reader.partition.tick(self.now))
            self._send(reader, reader.partition.want(self.now))

    def settle(self) -> None:
        """Let all that is under way end, with every reader that is left."""
        for reader in self.readers:
            reader.stopped = False
        for _ in range(1000):
            while any([self.serve(), *(self.hand(reader) for reader in self.readers)]):
                pass
            for reader in self.readers:
                self.tick(reader)
            if self._floor == len(self.raw) and not self._requests:
                return
            self.go(0.5)
        stages = [one.partition.stage for one in self.readers]
        raise AssertionError(f"{self._floor} of {len(self.raw)} acknowledged, {stages}")

    def stored(self, name: str) -> list[int]:
        """Give the readings of a name, in their order."""
        return [int(payload) for one, _, payload, _ in self.readings if one == name]

    # --- The engine ---

    def _send(self, reader: Reader, requests: list[Request]) -> None:
        for request in requests:
            delay = getattr(request, "delay", 0.0)
            self._requests.append((self.now + delay, reader, request))

    def _answer(self, reader: Reader, event: Event) -> None:
        reader.events[event.inbox].append(event)

    def _carry_out(self, reader: Reader, request: Request) -> None:
        if isinstance(request, Ask):
            self._asks.append((reader, request.inbox, self.now + request.seconds))
        elif isinstance(request, Pull):
            self._pull(reader, request)
        elif isinstance(request, Reset):
            self._next, self._delivery = self._floor, 0
            self._unacknowledged.clear()
            self._answer(reader, WasReset(request.inbox, done=True))
        elif isinstance(request, LookBack):
            self._look_back(reader, request)
        elif isinstance(request, Publish):
            self._publish(reader, request)
        elif isinstance(request, Ack):
            place = request.reply.split()
            self._floor = max(self._floor, int(place[0]))
            self._unacknowledged = {
                sequence: at
                for sequence, at in self._unacknowledged.items()
                if sequence > self._floor
            }
        elif isinstance(request, Keep):
            self.kept[request.name] = request.value
        else:
            assert isinstance(request, Unpin)
            self._pin = None

    def _give_to_asking(self) -> None:
        while self._asks and self._asks[0][2] < self.now:
            reader, inbox, _ = self._asks.popleft()
            self._answer(reader, Ended(inbox, "408"))
        if self._pin is None and self._asks and (delivered := self._deliver()):
            reader, inbox, _ = self._asks.popleft()
            self._pin = f"pin{next(self._pins)}", reader
            self._pinned_until = self.now + PIN_SECONDS
            self._answer(reader, self._delivered(inbox, *delivered))

    def _pull(self, reader: Reader, request: Pull) -> None:
        if self._pin is None or self._pin[0] != request.pin:
            self._answer(reader, Ended(request.inbox, "423"))
            return
        self._pinned_until = self.now + PIN_SECONDS
        for _ in range(request.most):
            delivered = self._deliver()
            if delivered is None:
                self._answer(reader, Ended(request.inbox, "404"))
                return
            self._answer(reader, self._delivered(request.inbox, *delivered))

    def _deliver(self) -> tuple[int, int] | None:
        """Give sequence and delivery of the next message: one again, or a new one."""
        for sequence, at in self._unacknowledged.items():
            if at + ACK_SECONDS < self.now:
                self._delivery += 1
                self._unacknowledged[sequence] = self.now
                return sequence, self._delivery
        if self._next >= len(self.raw):
            return None
        self._next += 1
        self._delivery += 1
        self._unacknowledged[self._next] = self.now
        return self._next, self._delivery

    def _delivered(self, inbox: int, sequence: int, delivery: int) -> Delivered:
        raw = self.raw[sequence - 1]
        place = Place(sequence, delivery, raw.arrival)
        pin = self._pin[0] if self._pin else ""
        return Delivered(inbox, raw.name, raw.payload, f"{sequence} {delivery}", place, pin)

    def _look_back(self, reader: Reader, request: LookBack) -> None:
        # A replica may not have the newest ones yet.
        known = self.readings[: len(self.readings) - self.random.choice((0, 0, 0, 1, 2))]
        last = None
        for sequence, (name, position, _, arrival) in enumerate(known, 1):
            if name == request.name:
                last = LastReading(sequence, position, arrival)
        kept = self.kept.get(request.name) if request.kept else None
        self._answer(reader, LookedBack(request.inbox, request.name, last=last, kept=kept))

    def _publish(self, reader: Reader, request: Publish) -> None:
        if is_foreign(request.name, int(request.payload)):
            self._answer(reader, Published(request.inbox, request.name, foreign=True))
            return
        sequences = [
            sequence for sequence, one in enumerate(self.readings, 1) if one[0] == request.name
        ]
        if request.expected != max(sequences, default=0):
            self.overtaken += 1
            self._answer(reader, Published(request.inbox, request.name, overtaken=True))
            return
        self.readings.append((request.name, request.position, request.payload, request.arrival))
        self._answer(reader, Published(request.inbox, request.name, len(self.readings)))
