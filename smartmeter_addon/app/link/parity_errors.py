"""Which frames hold bytes that came with a parity or framing error."""

from bisect import bisect_left
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

    __slots__ = ("_with_errors", "places")

    def __init__(self) -> None:
        self.places: list[int] | tuple[()] = ()
        """Of errors that may belong to a frame yet. A list from the first one on, which most lines
        never have."""
        self._with_errors: tuple[int, ...] = ()  # which of the last ones had some

    def add(self, offset: int, places: tuple[int, ...]) -> None:
        """Take the errors of a chunk.

        Args:
            offset: of the chunk in the stream.
            places: in the chunk.
        """
        held = self.places or []
        held += [offset + place for place in places]
        self.places = held

    def take(self, begin: int, end: int, frames: int) -> int:
        """Take a good frame; give its errors, where they are rare.

        Args:
            begin: its first offset.
            end: the offset behind it.
            frames: how many good ones there were so far, with it.
        """
        if not self.places:
            return 0
        errors = bisect_left(self.places, end) - bisect_left(self.places, begin)
        if not errors:
            return 0
        before = min(frames - 1, _FRAMES)
        had_some = sum(frames - frame <= before for frame in self._with_errors)
        self._with_errors = (*self._with_errors, frames)[-_FRAMES:]
        return errors if before >= _ENOUGH and had_some * _MOST <= before else 0

    def forget(self, offset: int) -> None:
        """Let go of what stands before an offset."""
        if self.places:
            del self.places[: bisect_left(self.places, offset)]
