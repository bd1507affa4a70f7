"""All that the log is told of the database: that it takes points, or why not and what to do."""

import logging
from collections.abc import Callable
from typing import Final

from app.language.catalogue import Sentence, Text
from app.line.reminders import Reminder
from app.line.trouble import duration
from app.log import NOTICE

REFUSALS_LAST: Final = 600.0
"""Seconds without a point refused after which all is taken for well."""

_logger: Final = logging.getLogger(__name__)


class Narrator:
    """Tells what begins at once, and what lasts ever more seldom.

    Args:
        name: what the database is called in sentences.
        bounds: how much waits for it at most, in words.
        clock: a steady one, in seconds.
    """

    def __init__(self, name: Text, bounds: str, clock: Callable[[], float]) -> None:
        self._name = name
        self._bounds = bounds
        self._clock = clock
        self._failing = Reminder(_logger)
        self._failure: Text | None = None
        self._failed_since = 0.0
        self._failures = 0
        self._refusing = Reminder(_logger)
        self._refusal: Text = ""
        self._refused_since = self._refused_at = float("-inf")
        self._refusals = 0
        self._dropped = 0  # since the database takes nothing
        self._begun = False

    @property
    def reason(self) -> Text | None:
        """Why the database takes nothing, or not all; None when it takes all."""
        if self._failure is None and self._refuses:
            return self._refusal
        return self._failure

    @property
    def sentence(self) -> Text:
        """How writing goes."""
        how = "writing" if self._begun else "nothing_written_yet"
        return self.reason or Sentence(f"database.{how}", {"where": self._name})

    @property
    def seconds(self) -> float:
        """How long that has lasted."""
        since = self._failed_since if self._failure is not None else self._refused_since
        return self._clock() - since

    def insecure(self) -> None:
        """Warn that the certificate is not checked."""
        _logger.warning(
            "influxdb.tls_insecure is set: the database's certificate is not checked, so anybody in"
            " the network can pretend to be the database and read its password or token"
        )

    def failed(self, reason: Text, retry_in: float) -> None:
        """Tell that the database takes nothing.

        Args:
            reason: why, and what to do, a sentence.
            retry_in: seconds until the next attempt.
        """
        self._failures += 1
        if self._failure is None:
            self._failed_since = self._clock()
        self._failure = reason
        sentence = f"{reason} (next attempt in {retry_in:.0f} s; new values are kept until then)"
        self._failing.tell(str(reason), sentence, self._clock(), self._failures)

    def refused(self, reason: Text) -> None:
        """Tell that the database does not take some points, for a reason that is a sentence."""
        self._refusals += 1
        if not self._refuses:
            self._refused_since = self._clock()
            self._refusing.over()
        self._refused_at = self._clock()
        self._refusal = reason
        self._refusing.tell("", str(reason), self._clock(), self._refusals)

    def dropped(self, count: int) -> None:
        """Tell that points had to make room for newer ones."""
        if count and not self._dropped:
            _logger.warning(
                "%s wait for the database: from now on the oldest are dropped", self._bounds
            )
        self._dropped += count

    def taken(self) -> None:
        """Tell that the database takes points, when that is new."""
        if not self._begun:
            _logger.log(NOTICE, "writing to %s", self._name)
        elif self._failure is not None:
            lost = f"; points that were dropped meanwhile: {self._dropped}" if self._dropped else ""
            told = "%s takes points again, after %s%s"
            _logger.log(NOTICE, told, self._name, duration(self.seconds), lost)
        self._begun = True
        self._failure = None
        self._failing.over()
        self._dropped = 0

    def ended(self, left: int) -> None:
        """Tell how many points are left at the program's end."""
        if left:
            _logger.warning("%s did not take all: points that are lost: %d", self._name, left)

    @property
    def _refuses(self) -> bool:
        return self._clock() - self._refused_at < REFUSALS_LAST
