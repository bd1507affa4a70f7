"""Lines that wait for the database, in memory and within bounds."""

from collections import deque
from typing import Final, NamedTuple

MOST_POINTS: Final = 10_000
"""Points that wait at most: more than 13 hours of a meter that sends every 5 seconds, and nearly
three of one that sends each second."""

MOST_BYTES: Final = 4 * 1024 * 1024
"""Bytes of all lines that wait at most: an hour of a meter that sends each second, with 1165 bytes
a line. Lines have 200 to 1000."""


class Batch(NamedTuple):
    """Lines that go into one request.

    Args:
        begin: the number of the first one.
        lines: without line breaks.
    """

    begin: int
    lines: list[bytes]

    @property
    def end(self) -> int:
        """The number behind that of the last line."""
        return self.begin + len(self.lines)


class Buffer:
    """Keeps lines in their order; where there is no room, the oldest make room.

    Args:
        most_points: lines kept at most.
        most_bytes: bytes of all of them kept at most.
    """

    def __init__(self, most_points: int = MOST_POINTS, most_bytes: int = MOST_BYTES) -> None:
        self.most_points = most_points
        self.most_bytes = most_bytes
        self._lines: deque[bytes] = deque()
        self._begin = 0  # the number of the oldest line; each has one of its own
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._lines)

    def put(self, line: bytes) -> int:
        """Take a line, and give how many of the oldest were dropped for it."""
        self._lines.append(line)
        self._bytes += len(line)
        dropped = 0
        while len(self._lines) > self.most_points or self._bytes > self.most_bytes:
            self._drop()
            dropped += 1
        return dropped

    def batch(self, most_points: int, most_bytes: int, skip: int = 0) -> Batch:
        """Give the oldest lines, one at least where there is any; they stay until `done`.

        Args:
            most_points: lines given at most.
            most_bytes: bytes of all of them, if there is more than one.
            skip: so many of the oldest are passed over.
        """
        lines: list[bytes] = []
        size = 0
        for i in range(skip, min(skip + most_points, len(self._lines))):
            size += len(self._lines[i]) + 1
            if lines and size > most_bytes:
                break
            lines.append(self._lines[i])
        return Batch(self._begin + skip, lines)

    def done(self, batch: Batch) -> None:
        """Forget a batch that begins with the oldest line, as far as it was not dropped since."""
        while self._lines and self._begin < batch.end:
            self._drop()

    def _drop(self) -> None:
        self._bytes -= len(self._lines.popleft())
        self._begin += 1
