"""Which frames hold bytes that came with a parity or framing error."""

from bisect import bisect_left
from collections import deque
from typing import Final

_FRAMES: Final = 32
_ENOUGH: Final = 8
_MOST: Final = 8
"""Errors are rare where one good frame in so many has some at most."""


class ParityErrors:
    """Keeps the places of errors in a stream, and what they say of the line's good frames.

    An adapter may mark whole packets, and a meter that sends without parity may be read with one:
    then good frames are full of errors, and errors say nothing of damage.
    """

    def __init__(self) -> None:
        self._places: list[int] = []
        self._frames: deque[bool] = deque(maxlen=_FRAMES)  # whether they had errors

    def add(self, offset: int, places: tuple[int, ...]) -> None:
        """Take the errors of a chunk.

        Args:
            offset: of the chunk in the stream.
            places: in the chunk.
        """
        self._places += [offset + place for place in places]

    def take(self, begin: int, end: int) -> int:
        """Take a good frame from one offset to another; give its errors, where they are rare."""
        errors = bisect_left(self._places, end) - bisect_left(self._places, begin)
        rare = len(self._frames) >= _ENOUGH and sum(self._frames) * _MOST <= len(self._frames)
        self._frames.append(errors > 0)
        return errors if rare else 0

    def forget(self, offset: int) -> None:
        """Let go of what stands before an offset."""
        if self._places:
            del self._places[: bisect_left(self._places, offset)]
