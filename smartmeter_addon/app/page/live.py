"""What goes to those who look at the page now, by server-sent events (WHATWG HTML, 9.2)."""

from typing import Final

from app.page.answers import Sink, Stream

_RETRY = b"retry: 3000\n\n"  # milliseconds until a browser comes back
_ALIVE = b"event: alive\ndata: 1\n\n"  # a comment would not be seen by the page's script


class Audience:
    """Everybody who looks at one line."""

    def __init__(self) -> None:
        self.sinks: Final[set[Sink]] = set()

    def __bool__(self) -> bool:
        return bool(self.sinks)

    def stream(self) -> Stream:
        """Give the answer to somebody who wants to look."""
        return Stream(self._begin, self.sinks.discard)

    def tell(self, event: str, data: str) -> None:
        """Send an event.

        Args:
            event: its name.
            data: one line.
        """
        message = f"event: {event}\ndata: {data}\n\n".encode()
        for sink in list(self.sinks):
            sink.send(message)

    def alive(self) -> None:
        """Show that the connection is, to whoever is in between too."""
        for sink in list(self.sinks):
            sink.send(_ALIVE)

    def _begin(self, sink: Sink) -> None:
        self.sinks.add(sink)
        sink.send(_RETRY)
        sink.send(_ALIVE)  # at once: where it is held back on its way, the page asks instead
