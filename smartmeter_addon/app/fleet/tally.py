"""What a reader did, for the log and for `status`."""

import logging
from collections import Counter
from collections.abc import Set as AbstractSet
from typing import Any, Final

from app.language.catalogue import Text

UNKNOWN_NAME: Final = "unknown name"
NO_TELEGRAM: Final = "no telegram in the payload"
FOREIGN_METER: Final = "meter of another name"
MISTAKE: Final = "a mistake in this program"

_MOST_UNKNOWN: Final = 1000
"""Unknown names that are told: whoever makes up names must not fill the memory."""

_logger: Final = logging.getLogger(__name__)


class Tally:
    """Counts what was read, and what was refused by reason; tells each refusal once."""

    def __init__(self) -> None:
        self.messages = 0
        """Raw messages that were read."""
        self.readings = 0
        """Readings of them."""
        self.refused: Counter[str] = Counter()
        """Messages, or telegrams in them, by the reason why they gave no reading."""
        self.heard: dict[str, float] = {}
        """When the engine stored the last accepted telegram of a name, in seconds since 1970."""
        self._told: set[tuple[str, str]] = set()
        self._unknown = 0  # names that were told

    def read(self) -> None:
        """Take that a message is read."""
        self.messages += 1

    def hear(self, name: str, stored: float, readings: int) -> None:
        """Take readings of a name, of a telegram that the engine stored then."""
        self.readings += readings
        self.heard[name] = stored

    def refuse(self, name: str, reason: str, sentence: Text) -> None:
        """Take that something gave no reading; the log tells it once for each name and reason.

        Args:
            name: under which it came.
            reason: what it is counted as.
            sentence: why, for the log.
        """
        self.refused[reason] += 1
        if (name, reason) in self._told:
            return
        if reason == UNKNOWN_NAME:
            self._unknown += 1
        if reason != UNKNOWN_NAME or self._unknown <= _MOST_UNKNOWN:
            self._told.add((name, reason))
            _logger.warning("%s: %s", name, sentence)

    def forget(self, names: AbstractSet[str]) -> None:
        """Tell of some names anew, as their options changed."""
        self._told = {told for told in self._told if told[0] not in names}

    def counts(self) -> dict[str, Any]:
        """Give the counts as JSON values."""
        return {
            "messages": self.messages,
            "readings": self.readings,
            "refused": dict(self.refused),
        }
