"""What happened on a line within the last days, for whoever reports something.

It is kept over a restart, as the page shows it: without secrets and whose meter it is.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from app import __version__
from app.language.catalogue import Text
from app.line.sections import LINE_EVENTS, section
from app.page.moments import iso
from app.state import Json, State
from app.transport.events import GaveUp, Lost, OnlyAdapter, Opened, Settled
from app.transport.source import Event

MOST: Final = 100
"""Events that are kept: those of some days, unless a cable is loose."""

LONGEST: Final = 500
"""Characters of an event's text that are kept."""

KEEP_AFTER: Final = 900.0
"""Seconds between two writings of the state: SD cards wear out."""

_KEY: Final = "newest"
_LATEST: Final = 1e11  # seconds since 1970; no date has a later one that JavaScript can show


class Happened(NamedTuple):
    """Something that happened.

    Args:
        at: seconds since 1970.
        kind: a word, the same in the page's sentences.
        text: more about it.
    """

    at: float
    kind: str
    text: Text


class Events:
    """Keeps what happened last on one line.

    Args:
        state: keeps it over a restart.
        label: of the line.
        hide: takes out what is not for everybody.
        clock: a steady one, in seconds.
        wall_clock: seconds since 1970.
    """

    def __init__(
        self,
        state: State,
        label: str,
        hide: Callable[[Text], str],
        *,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._state = state
        self._section = section(LINE_EVENTS, label)
        self._hide = hide
        self._clock = clock
        self._wall_clock = wall_clock
        self._newest = deque(_restored(state.get(self._section, _KEY)), maxlen=MOST)
        self._newest.append(Happened(wall_clock(), "started", __version__))
        self._kept_at = clock()
        self._is_kept = False

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
            case OnlyAdapter():
                self.happened("only_adapter", event.path)
            case _:
                self.happened("said", str(event))

    def happened(self, kind: str, text: Text = "") -> None:
        """Take something that happened now, see `Happened`."""
        if self._newest[-1][1:] == (kind, text):
            return  # as every minute while an adapter is not plugged in
        self._newest.append(Happened(self._wall_clock(), kind, text))
        self._is_kept = False

    @property
    def is_due(self) -> bool:
        """Whether there is something to keep, and the last time is long ago."""
        return not self._is_kept and self._clock() - self._kept_at >= KEEP_AFTER

    def keep(self) -> None:
        """Keep all of it for after a restart."""
        kept: list[Json] = [
            [round(at), kind, self._hide(text)[:LONGEST]] for at, kind, text in self._newest
        ]
        self._state.set(self._section, _KEY, kept)
        self._is_kept = True
        self._kept_at = self._clock()

    def told(self) -> list[list[str]]:
        """Give when it happened, which kind it was, and a text, the newest first."""
        return [[iso(at), kind, self._hide(text)] for at, kind, text in reversed(self._newest)]


def _restored(kept: object) -> Iterator[Happened]:
    """Read what the state kept, and leave out what is damaged."""
    for one in kept if isinstance(kept, list) else ():
        match one:
            case [int(at), str(kind), str(text)] if 0 <= at < _LATEST:
                yield Happened(at, kind, text)
