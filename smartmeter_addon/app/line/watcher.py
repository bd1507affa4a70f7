"""The interface between a line and what shows all that the line does, such as the page."""

from typing import Final

from app.fault import Fault
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.transport.source import Event


class Watcher:
    """Sees what one line does, at once and in its order; this one looks away."""

    def event(self, event: Event) -> None:
        """Take what the source gives, before it is decoded."""

    def decoded(self, item: Telegram | Fault) -> None:
        """Take a telegram, or what was damaged."""

    def read(self, reading: Reading, *, name: str | None) -> None:
        """Take what an accepted telegram says, also where it is not yet due to be published.

        Args:
            reading: with all derived values.
            name: what the household calls the meter; None makes one of manufacturer and model.
        """

    def silent(self, meter_id: str) -> None:
        """Take that a meter is no longer heard."""


UNWATCHED: Final = Watcher()
