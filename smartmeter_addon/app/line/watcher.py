"""The interface between a line and what shows all that the line does, such as the page."""

import logging
from typing import Final

from app.fault import Fault
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.transport.source import Event

_logger: Final = logging.getLogger(__name__)


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


class Guarded(Watcher):
    """Hands all on to a watcher whose mistakes keep nothing from the line and its outputs.

    Args:
        watcher: any.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._told: set[str] = set()  # mistakes

    def event(self, event: Event) -> None:
        """Take what the source gives."""
        try:
            self._watcher.event(event)
        except Exception as error:  # noqa: BLE001 - see `Guarded`
            self._tell(error)

    def decoded(self, item: Telegram | Fault) -> None:
        """Take a telegram, or what was damaged."""
        try:
            self._watcher.decoded(item)
        except Exception as error:  # noqa: BLE001 - see `Guarded`
            self._tell(error)

    def read(self, reading: Reading, *, name: str | None) -> None:
        """Take what an accepted telegram says."""
        try:
            self._watcher.read(reading, name=name)
        except Exception as error:  # noqa: BLE001 - see `Guarded`
            self._tell(error)

    def silent(self, meter_id: str) -> None:
        """Take that a meter is no longer heard."""
        try:
            self._watcher.silent(meter_id)
        except Exception as error:  # noqa: BLE001 - see `Guarded`
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        if (mistake := repr(error)) in self._told:
            return
        self._told.add(mistake)
        _logger.error(
            "a line could not be shown through a mistake in this program; please report this."
            " It is told once",
            exc_info=error,
        )
