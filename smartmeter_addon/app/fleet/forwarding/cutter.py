"""Cuts the bytes of a line into messages: a telegram each where it can be seen, else what came."""

from typing import Final

from app.link import Scanner

PAUSE_SECONDS: Final = 1.5
"""After which what came is a message, whole or not; readers join pieces."""

MOST_BYTES: Final = 8192
"""Of one message."""


class Cutter:
    """Takes chunks and gives messages; no byte is left out, and none is changed."""

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._bytes = bytearray()
        self._latest = 0.0

    def restart(self) -> bytes:
        """Begin a new stream of the same line; give what came before."""
        self._scanner = Scanner()
        return self._cut()

    def feed(self, chunk: bytes, now: float) -> tuple[bytes, bool]:
        """Take the next bytes.

        Args:
            chunk: at least one byte.
            now: by a steady clock, in seconds.

        Returns:
            A message, empty where none has come to its end; and whether there was a good frame.
        """
        self._latest = now
        self._bytes += chunk
        frames = self._scanner.frames
        events = self._scanner.feed(chunk)
        framed = self._scanner.frames > frames
        whole = bool(events) and not self._scanner.under_way
        return (self._cut() if whole or len(self._bytes) >= MOST_BYTES else b""), framed

    def tick(self, now: float) -> bytes:
        """Give what came before a pause."""
        return self._cut() if self._bytes and now - self._latest >= PAUSE_SECONDS else b""

    def _cut(self) -> bytes:
        message = bytes(self._bytes)
        self._bytes.clear()
        return message
