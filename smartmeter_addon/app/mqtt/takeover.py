"""What is sent once, so that the entities of another program go on as ours."""

from typing import Final

from app.mqtt.layout import Layout
from app.mqtt.outbox import Outbox
from app.state import State

SECTION: Final = "takeover"
"""The section of the state that names announcements whose takeover is not sent yet, by topic."""


class Takeover:
    """The messages of a layout's takeover, until they are sent.

    None are due where an earlier run has announced already: they would take over our own entities.

    Args:
        layout: makes them.
        outbox: knows what an earlier run has announced.
        state: remembers, over restarts, that they are due: the announcement may be waiting for a
            broker already.
    """

    def __init__(self, layout: Layout, outbox: Outbox, state: State) -> None:
        self._state = state
        self._successor = layout.successor
        self.messages = list(layout.takeover()) if layout.announces else []
        if not self.messages or state.get(SECTION, self._successor) is not None:
            return
        if outbox.is_retained(self._successor):
            self.messages.clear()
        else:
            state.set(SECTION, self._successor, "")

    def sent(self) -> None:
        """Take note that the broker has them all."""
        self.messages.clear()
        self._state.forget(SECTION, self._successor)
