"""Turns the bytes of a fuzzer's input into choices, the same ones for the same bytes.

It is written here and not taken from the fuzzer, so that tests can replay inputs without it.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

_T = TypeVar("_T")
_BYTE: Final = 256
"""Values of a byte."""

_LONGEST_RANDOM_CUT: Final = 40
"""Bytes of the longest chunk, where chunks have random sizes."""


class Draw:
    """Reads an input piece by piece; after its end everything is zero or empty.

    Args:
        data: the input.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._pos = 0

    def __bool__(self) -> bool:
        return self._pos < len(self._data)

    def take(self, size: int) -> bytes:
        """Read the next bytes, fewer at the end."""
        taken = self._data[self._pos : self._pos + size]
        self._pos += size
        return taken

    def rest(self) -> bytes:
        """Read all remaining bytes."""
        return self.take(len(self._data))

    def below(self, limit: int) -> int:
        """Draw a number from 0 up to, not including, a limit."""
        size = (max(limit - 1, 1).bit_length() + 7) // 8
        return int.from_bytes(self.take(size), "big") % limit

    def flag(self) -> bool:
        """Draw yes or no."""
        return bool(self.below(2))

    def pick(self, choices: Sequence[_T]) -> _T:
        """Draw one of several."""
        return choices[self.below(len(choices))]

    def string(self) -> bytes:
        """Draw bytes of some length below 256."""
        return self.take(self.below(_BYTE))

    def text(self) -> str:
        """Draw a text."""
        return self.string().decode("utf-8", "replace")

    def cut(self, data: bytes) -> Iterator[bytes]:
        """Cut a stream into chunks: one, single bytes, chunks of one size, or of random sizes."""
        style = self.below(_BYTE)
        size = style or max(len(data), 1)
        at = 0
        while at < len(data):
            if style >= _BYTE // 2:  # a linear congruential generator of sizes
                style = style * 69069 + 1 & 0xFFFFFFFF
                size = 1 + (style >> 16) % _LONGEST_RANDOM_CUT
                style |= _BYTE
            yield data[at : at + size]
            at += size
