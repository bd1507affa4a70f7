"""What happened on a line, for whoever reports something."""

from collections import deque
from collections.abc import Callable
from typing import Final

from app.language.catalogue import Text
from app.page.moments import iso
from app.transport.events import GaveUp, Lost, Opened, Settled
from app.transport.source import Event

MOST: Final = 100


class Events:
    """Keeps what happened last.

    Args:
        wall_clock: seconds since 1970.
    """

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self._wall_clock = wall_clock
        self._kept: deque[tuple[float, str, Text]] = deque(maxlen=MOST)

    def take(self, event: Event) -> None:
        """Take what the source tells beside bytes."""
        match event:
            case Opened():
                if not event.anew and not event.searching:
                    self.happened("opened", event.line)
            case Lost():
                self.happened("lost", event.reason)
            case GaveUp():
                self.happened("gave_up", str(event.mode))
            case Settled():
                self.happened("settled", str(event.mode))
            case _:
                self.happened("said", str(event))

    def happened(self, kind: str, text: Text = "") -> None:
        """Take something that happened now.

        Args:
            kind: a word, the same in the page's sentences.
            text: more about it.
        """
        if self._kept and self._kept[-1][1:] == (kind, text):
            return  # as every minute while an adapter is not plugged in
        self._kept.append((self._wall_clock(), kind, text))

    def told(self, hide: Callable[[Text], str]) -> list[list[str]]:
        """Give when it happened, which kind it was, and a text, the newest first.

        Args:
            hide: takes out what is not for everybody.
        """
        return [[iso(at), kind, hide(text)] for at, kind, text in reversed(self._kept)]
