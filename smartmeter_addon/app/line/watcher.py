"""The interface between a line and what shows all that the line does, such as the page."""

import logging
from collections.abc import Callable, Sized
from typing import Final

from app.fault import Fault
from app.line.mistakes import Mistakes
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.transport.source import Event

MOST_NOTES: Final = 48
"""Notes that are handed on at once: of sixteen telegrams, where each comes in one piece."""

_Note = tuple[Callable[..., None], *tuple[object, ...]]
"""What takes something of the line, and what it is."""

_logger: Final = logging.getLogger(__name__)


class Watcher:
    """Sees what one line does, in its order; this one looks away.

    Times are of the line's steady clock, in seconds.
    """

    def event(self, event: Event, at: float) -> None:
        """Take what the source gives, before it is decoded."""

    def decoded(self, item: Telegram | Fault, at: float) -> None:
        """Take a telegram, or what was damaged."""

    def read(self, reading: Reading, at: float, name: str | None) -> None:
        """Take what an accepted telegram says, also where it is not yet due to be published.

        Args:
            reading: with all derived values.
            at: when it came.
            name: what the household calls the meter; None makes one of manufacturer and model.
        """

    def silent(self, meter_id: str, at: float) -> None:
        """Take that a meter is no longer heard."""


UNWATCHED: Final = Watcher()


class Notes(Watcher):
    """Notes what a line does, and hands it on later: many notes at once, or when they are wanted.

    With each telegram a processor that has slept has to fill its caches again, which takes longer
    than all that is done then. So as little as possible is: what comes is put into a list.

    A mistake of the watcher keeps nothing from the line and its outputs.

    Args:
        watcher: all is handed on to it, in order.
        waiting: is not empty while each reading is wanted at once.
    """

    def __init__(self, watcher: Watcher, waiting: Sized = ()) -> None:
        self._event = watcher.event
        self._decoded = watcher.decoded
        self._read = watcher.read
        self._silent = watcher.silent
        self._waiting = waiting
        self._notes: list[_Note] = []
        self._mistakes = Mistakes(_logger, "a line could not be shown")

    def event(self, event: Event, at: float) -> None:
        """Take what the source gives; what becomes of the line is seldom and handed on at once."""
        self._notes.append((self._event, event, at))
        if len(self._notes) >= MOST_NOTES or not isinstance(event, bytes):
            self.hand_on()

    def decoded(self, item: Telegram | Fault, at: float) -> None:
        """Take a telegram, or what was damaged."""
        self._notes.append((self._decoded, item, at))

    def read(self, reading: Reading, at: float, name: str | None) -> None:
        """Take what an accepted telegram says."""
        self._notes.append((self._read, reading, at, name))
        if self._waiting:
            self.hand_on()

    def silent(self, meter_id: str, at: float) -> None:
        """Take that a meter is no longer heard."""
        self._notes.append((self._silent, meter_id, at))
        self.hand_on()

    def hand_on(self) -> None:
        """Hand on all that was noted."""
        notes, self._notes = self._notes, []
        for take, *noted in notes:
            try:
                take(*noted)
            except Exception as error:  # noqa: BLE001 - it must keep nothing from the line
                self._mistakes.tell(error)
