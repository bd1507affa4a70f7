"""The interface between a line and what shows all that the line does, such as the page."""

import logging
from collections.abc import Callable
from typing import Final, ParamSpec

from app.fault import Fault
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.transport.source import Event

_MOST_TOLD: Final = 20
"""Mistakes that are told at most: of some, each telegram may make a new text."""

_P = ParamSpec("_P")

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
        self._hand_on(self._watcher.event, event)

    def decoded(self, item: Telegram | Fault) -> None:
        """Take a telegram, or what was damaged."""
        self._hand_on(self._watcher.decoded, item)

    def read(self, reading: Reading, *, name: str | None) -> None:
        """Take what an accepted telegram says."""
        self._hand_on(self._watcher.read, reading, name=name)

    def silent(self, meter_id: str) -> None:
        """Take that a meter is no longer heard."""
        self._hand_on(self._watcher.silent, meter_id)

    def _hand_on(self, take: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            take(*args, **kwargs)
        except Exception as error:
            if (mistake := repr(error)) in self._told or len(self._told) >= _MOST_TOLD:
                return
            self._told.add(mistake)
            _logger.exception(
                "a line could not be shown through a mistake in this program; please report this."
                " It is told once"
            )
