"""Tells the log of mistakes of this program that a line has to live with."""

import logging
import traceback
from typing import Final

MOST: Final = 20
"""Mistakes that are told at most."""

_Place = tuple[tuple[str, int | None], ...]
"""The files and lines that an exception came through."""


class Mistakes:
    """Tells each mistake once: what comes from the same place is the same, whatever its text.

    Args:
        logger: where to.
        what: begins the sentence, such as "a reading could not be published".
    """

    def __init__(self, logger: logging.Logger, what: str) -> None:
        self._logger = logger
        self._what = what
        self._told: set[tuple[object, _Place]] = set()

    def tell(self, error: Exception, of: str = "") -> None:
        """Tell of an exception, unless that was done.

        Args:
            error: it, where it is handled.
            of: what made the mistake, where several can.
        """
        frames = traceback.walk_tb(error.__traceback__)
        place = tuple((frame.f_code.co_filename, line) for frame, line in frames)
        mistake = (of, type(error)), place
        if mistake in self._told or len(self._told) >= MOST:
            return
        self._told.add(mistake)
        self._logger.error(
            "%s through a mistake in this program; please report this. It is told once",
            self._what,
            exc_info=error,
        )
