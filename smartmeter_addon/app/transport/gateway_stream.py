"""From the bytes of a gateway to those of the line behind it."""

from collections.abc import Iterator

from app.transport.events import GatewaySaid, SpeaksTelnet
from app.transport.greeting import Greeting, is_in_use, lacks_device
from app.transport.recording import Recording
from app.transport.telnet import Telnet


class GatewayStream:
    """Takes the chunks of one connection, and gives the line's without what the gateway adds.

    Args:
        line: which one, for people.
    """

    def __init__(self, line: str) -> None:
        self._line = line
        self._telnet = Telnet()
        self._greeting = Greeting()
        self._telnet_told = False
        self._told = 0  # lines of the greeting

    def feed(self, chunk: bytes) -> Iterator[bytes | SpeaksTelnet | GatewaySaid]:
        """Take the next bytes; give those of the line, at least one, and what is new."""
        yield from self._give(self._greeting.feed(self._telnet.feed(chunk)))

    def finish(self) -> Iterator[bytes | SpeaksTelnet | GatewaySaid]:
        """Take the end of the connection."""
        rest = self._greeting.feed(self._telnet.finish())
        yield from self._give(rest + self._greeting.finish())

    def last_words(self) -> str | None:
        """Give what the gateway said before it ended the connection, if it said anything."""
        return self._greeting.last_words()

    def _give(self, data: bytes) -> Iterator[bytes | SpeaksTelnet | GatewaySaid]:
        if self._telnet.spoken and not self._telnet_told:
            self._telnet_told = True
            yield SpeaksTelnet(self._line)
        said = self._greeting.said
        for text in said[self._told :]:
            if not (is_in_use(text) or lacks_device(text)):  # then it ends, and that is told
                yield GatewaySaid(self._line, text)
        self._told = len(said)
        if data:
            yield data


def read(
    recording: Recording, line: str
) -> Iterator[tuple[float, bytes | SpeaksTelnet | GatewaySaid]]:
    """Give what a recording holds, which may be one of a gateway.

    Where its seconds begin anew, so does the connection.

    Args:
        recording: what is read.
        line: what to call it, for people.

    Yields:
        As `GatewayStream.feed`, each with its seconds.
    """
    stream = GatewayStream(line)
    last = 0.0
    for chunk in recording:
        if chunk.seconds < last:
            yield from ((last, event) for event in stream.finish())
            stream = GatewayStream(line)
        last = chunk.seconds
        yield from ((last, event) for event in stream.feed(chunk.data))
    yield from ((last, event) for event in stream.finish())
