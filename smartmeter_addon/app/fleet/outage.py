"""Tells that the engine is reached and does not work, as while most of its servers are away.

What a reader asks is asked again until it is done, so nothing else shows that it waits.
"""

import logging
from time import monotonic
from typing import Final

from app.fleet.message import refusal

PATIENCE: Final = 15.0
"""Seconds in which servers choose another leader, as they do after each failure."""

_logger: Final = logging.getLogger(__name__)


class _Waiting:
    """Something of which the engine is asked in vain.

    Args:
        now: by a steady clock, in seconds.
    """

    __slots__ = ("latest", "refusal", "since")

    def __init__(self, now: float) -> None:
        self.since = self.latest = now
        self.refusal = refusal(None)


class Outage:
    """Takes what is asked of streams and consumers, and what comes of it."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._idle: set[str] = set()  # with what the engine does nothing
        self._told: set[str] = set()  # why, in words; each once, until it works again

    def asked(self, what: str) -> None:
        """Take that something is asked of a stream or consumer."""
        now = monotonic()
        self._waiting.setdefault(what, _Waiting(now)).latest = now

    def answered(self, what: str, why_not: str = "") -> None:
        """Take what came of it.

        Args:
            what: stream or consumer.
            why_not: why it was not done; empty where it was.
        """
        if why_not:
            if waiting := self._waiting.get(what):
                waiting.refusal = why_not
            return
        is_over = self._idle == {what}
        self.forget(what)
        if is_over:
            _logger.info("the engine does its work again; telegrams are read")

    def forget(self, what: str) -> None:
        """Take that it is not wanted any more."""
        self._waiting.pop(what, None)
        self._idle.discard(what)
        if not self._idle:
            self._told.clear()

    def look(self, *, is_connected: bool) -> None:
        """Tell what is to be told; to be called now and then."""
        if not is_connected:  # which is told already
            self._waiting.clear()
            return
        now = monotonic()
        for what, one in [*self._waiting.items()]:
            if now - one.latest >= PATIENCE:
                self.forget(what)
            elif now - one.since >= PATIENCE:
                self._idle.add(what)
                if one.refusal not in self._told:
                    self._told.add(one.refusal)
                    sentence = "telegrams wait, as the engine does nothing with %s: %s"
                    _logger.warning(sentence, what, one.refusal)
