"""The way through one partition: events come in, requests come out, and nothing else happens here.

Five rules let no reader's death lose or double a reading:

1. Pin. A reader asks for single messages until one comes with a pin. The server gives a partition's
   pin to one reader at a time, and to another one when it has not heard of the first for a while.
2. Reset. With a new pin, and whenever a delivery is not the one after the last, the consumer is set
   back to what is not acknowledged, and what follows is awaited at a new inbox. Redelivery by time
   is no substitute: newer messages come first then.
3. Publish, then acknowledge. Readings of one name are stored one after the other, as often as it
   takes. A raw message is acknowledged when its readings are stored, and those of all before it.
   One that begins a telegram waits for the one that ends it.
4. Look back. At a name's first message the last reading of that name is fetched; what was read
   already is not stored again. Each reading is stored only if the last one is still the one that
   was known here, so a reader that was overtaken stores nothing.
5. Time of arrival. A telegram is judged by the time at which the engine stored it (`meter_line`).

What is kept for the next reader is kept only of readings that are stored. `lane` has the way of one
name.
"""

from collections.abc import Iterable
from enum import Enum, auto
from itertools import count
from typing import Final

from app.fleet.events import (
    Ack,
    Ask,
    Delivered,
    Ended,
    Event,
    LookedBack,
    Pull,
    Request,
    Reset,
    Unpin,
    WasReset,
)
from app.fleet.lane import RETRY_AFTER, Lane, Lines
from app.fleet.unacknowledged import Unacknowledged

MOST_PULLED: Final = 200
"""Messages of one pull, and those that may be open when the next one is asked for."""

ASK_SECONDS: Final = 5.0
"""For which the pin is asked for at once."""

PULL_EVERY: Final = 1.0
"""Seconds between two pulls while there is nothing more; each costs about as much as a telegram."""

ANSWER_SECONDS: Final = 3.0
"""In which the server has to answer; then it is asked again."""

_ANOTHER_HAS_THE_PIN: Final = "423"
_TIME_IS_OVER: Final = "408"


class Stage(Enum):
    """How far a partition is."""

    IDLE = auto()
    """Nothing is wanted of it."""
    ASKING = auto()
    """The pin is asked for."""
    RESETTING = auto()
    """It is pinned to this reader; the consumer is being set back."""
    READING = auto()
    """It is read."""
    LEAVING = auto()
    """What is under way is ended, then the pin is given back."""


class Partition:
    """One partition, as one reader sees it.

    Each method takes the time by a steady clock in seconds, and gives requests.

    Args:
        lines: makes lines.
        inboxes: gives a new number for each inbox.
    """

    def __init__(self, lines: Lines, inboxes: Iterable[int] | None = None) -> None:
        self._lines = lines
        self._inboxes = iter(count(1) if inboxes is None else inboxes)
        self._pin = ""
        self._asked_at = 0.0  # when something was asked of the server last
        self._answered = True
        self._begin(Stage.IDLE)

    def _begin(self, stage: Stage) -> None:
        """Begin a stage in which nothing that came before counts."""
        self._stage = stage
        self._inbox = next(self._inboxes)
        self._delivery = self._sequence = 0  # of the last message
        self._pulled = 0  # messages that came of the last pull
        self._unacknowledged = Unacknowledged()
        self._lanes: dict[str, Lane] = {}

    @property
    def inbox(self) -> int:
        """The inbox in use; what comes at another one is past."""
        return self._inbox

    @property
    def stage(self) -> Stage:
        """How far it is."""
        return self._stage

    @property
    def is_held(self) -> bool:
        """Whether it is pinned to this reader, as far as known."""
        return self._stage in (Stage.RESETTING, Stage.READING, Stage.LEAVING)

    # --- What the reader wants ---

    def want(self, now: float) -> list[Request]:
        """Ask for the pin, unless that is being done."""
        return self._ask(now) if self._stage is Stage.IDLE else []

    def leave(self, now: float) -> list[Request]:
        """Give the partition back when what is under way has ended."""
        if self._stage is Stage.READING:
            self._stage = Stage.LEAVING
            return self._leave(now)
        stage = self._stage
        if stage in (Stage.ASKING, Stage.RESETTING):
            self._begin(Stage.IDLE)
        return [Unpin()] if stage is Stage.RESETTING else []

    def lapse(self, now: float) -> list[Request]:
        """Take the pin for lost, as this reader was not running, or not connected, for a while."""
        if self._stage is Stage.LEAVING:
            self._begin(Stage.IDLE)
        return [] if self._stage is Stage.IDLE else self._ask(now)

    def outdate(self, names: Iterable[str]) -> None:
        """Open the lines of some names anew, as the options of their meters changed."""
        for name in names:
            if lane := self._lanes.get(name):
                lane.outdate()

    def tick(self, now: float) -> list[Request]:
        """Do what is due; to be called several times a second."""
        asked = now - self._asked_at
        if self._stage is Stage.READING:
            requests = self._acknowledge()
            if asked >= (PULL_EVERY if self._answered else ANSWER_SECONDS):
                requests += self._pull(now)
            return requests
        if self._stage is Stage.ASKING:
            due = asked >= (RETRY_AFTER if self._answered else ASK_SECONDS + ANSWER_SECONDS)
            return self._ask(now) if due else []
        if self._stage is Stage.RESETTING:
            due = asked >= (RETRY_AFTER if self._answered else ANSWER_SECONDS)
            return self._reset(now) if due else []
        return self._leave(now) if self._stage is Stage.LEAVING else []

    # --- What the server says ---

    def take(self, event: Event, now: float) -> list[Request]:
        """Take an event; one of an inbox that is not in use any more is past."""
        if event.inbox != self._inbox:
            return []
        if isinstance(event, Delivered):
            requests = self._delivered(event, now)
        elif isinstance(event, Ended):
            requests = self._ended(event, now)
        elif isinstance(event, WasReset):
            requests = self._was_reset(now, done=event.done)
        elif isinstance(event, LookedBack):
            requests = self._lanes[event.name].looked_back(event, now)
        else:
            requests = self._lanes[event.name].published(event, now)
        if self._pulled >= MOST_PULLED and self._unacknowledged.open < MOST_PULLED // 2:
            requests += [*self._acknowledge(), *self._pull(now)]  # there may be more
        return requests

    def _delivered(self, message: Delivered, now: float) -> list[Request]:
        if self._stage is Stage.ASKING and message.pin:
            self._pin = message.pin
            return self._reset(now)
        if self._stage is not Stage.READING:  # it comes again
            return []
        place = message.place
        if place.delivery != self._delivery + 1 or place.sequence <= self._sequence:
            return self._reset(now)
        self._delivery, self._sequence = place.delivery, place.sequence
        self._pulled += 1
        return self._receive(message, now)

    def _receive(self, delivered: Delivered, now: float) -> list[Request]:
        name = delivered.name
        message = self._unacknowledged.add(delivered)
        if not self._lines.knows(name):
            self._unacknowledged.done(message)
            return []
        lane = self._lanes.get(name)
        if lane is None:
            lane = Lane(name, self._inbox, self._lines, self._unacknowledged, now)
            self._lanes[name] = lane
        return lane.receive(message, now)

    def _ended(self, event: Ended, now: float) -> list[Request]:
        self._answered = True
        if event.code == _ANOTHER_HAS_THE_PIN:
            return self.lapse(now)
        if self._stage is Stage.ASKING and event.code == _TIME_IS_OVER:
            return self._ask(now)
        return []

    def _was_reset(self, now: float, *, done: bool) -> list[Request]:
        self._answered = True
        if self._stage is not Stage.RESETTING or not done:
            return []
        self._begin(Stage.READING)
        return self._pull(now)

    # --- What is asked of the server ---

    def _ask(self, now: float) -> list[Request]:
        self._begin(Stage.ASKING)
        self._asked_at, self._answered = now, False
        return [Ask(self._inbox, ASK_SECONDS)]

    def _reset(self, now: float) -> list[Request]:
        self._begin(Stage.RESETTING)
        self._asked_at, self._answered = now, False
        return [Reset(self._inbox)]

    def _pull(self, now: float) -> list[Request]:
        if self._stage is not Stage.READING:
            return []
        self._asked_at, self._answered = now, False
        if self._unacknowledged.open >= MOST_PULLED:
            return [Pull(self._inbox, self._pin, 1)]  # or the server gives the pin to another one
        self._pulled = 0
        return [Pull(self._inbox, self._pin, MOST_PULLED)]

    def _acknowledge(self) -> list[Request]:
        reply = self._unacknowledged.reply()
        return [Ack(reply)] if reply else []

    def _leave(self, now: float) -> list[Request]:
        """Go when all that came is done."""
        if self._unacknowledged.open:
            return []
        requests = self._acknowledge()
        for lane in self._lanes.values():
            requests += lane.keep(now, every=0.0)
        self._begin(Stage.IDLE)
        return [*requests, Unpin()]
