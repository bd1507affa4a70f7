"""All that the log is told of the broker: connections, failures, and rights that are missing."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from app.language.catalogue import Sentence, Text
from app.line.reminders import Reminder
from app.log import NOTICE
from app.mqtt.publisher import BrokerState, Connected, RightsMissing

_logger: Final = logging.getLogger(__name__)


class Narrator:
    """Tells at once what is new, and from time to time what lasts.

    Args:
        clock: a steady one, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reminder = Reminder(_logger)
        self._failures = 0
        self._rights: set[str] = set()  # sentences that were told
        self.works = False
        self.sentence: Text = Sentence("mqtt.not_connected_yet")

    def __call__(self, state: BrokerState) -> None:
        """Take the news of a connection made, of an attempt that failed, or of rights."""
        if isinstance(state, RightsMissing):
            self._tell_of_rights(state.reasons)
            return
        self.works = isinstance(state, Connected)
        if isinstance(state, Connected):
            self._reminder.over()
            self._failures = 0
            where = {"host": state.host, "port": state.port}
            self.sentence = Sentence("mqtt.connected", where)
            _logger.log(NOTICE, "%s", self.sentence)
            return
        self._failures += 1
        self.sentence = state.reason
        sentence = f"{state.reason} (next attempt in {state.retry_in:.0f} s)"
        self._reminder.tell(str(state.reason), sentence, self._clock(), self._failures)

    def _tell_of_rights(self, reasons: Sequence[str]) -> None:
        for reason in reasons:
            if reason not in self._rights:
                _logger.warning("%s", reason)
        if self._rights and not reasons:
            _logger.log(NOTICE, "the MQTT broker hands on what is published")
        self._rights = set(reasons)
