"""The bytes that came over a line last, to be downloaded as a recording.

So a recording need not be begun: what came before the trouble is in it, too.
"""

from array import array
from collections.abc import Callable, Iterator
from typing import Final

from app.transport.recording import Chunk

MOST_BYTES: Final = 98_304
"""Bytes that are kept at most: twenty minutes of a meter that pushes 400 bytes each 5 seconds."""

LONGEST: Final = 1800.0
"""Seconds that bytes are kept at most."""


class Recent:
    """Keeps the bytes that came last, with their times.

    Args:
        clock: a steady one, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._data = bytearray()
        self._sizes = array("L")
        self._times = array("d")

    def add(self, data: bytes, at: float) -> None:
        """Take bytes, and when they came."""
        self._data += data
        self._sizes.append(len(data))
        self._times.append(at)
        if len(self._data) > MOST_BYTES or len(self._times) > MOST_BYTES // 8:
            self._drop()

    @property
    def seconds(self) -> float:
        """How far back the bytes go."""
        return min(self._clock() - self._times[0], LONGEST) if self._times else 0.0

    def chunks(self, seconds: float) -> Iterator[Chunk]:
        """Give what came within so many seconds up to now; the first chunk is at 0."""
        now = self._clock()
        at = 0
        first: float | None = None
        for size, moment in zip(self._sizes, self._times, strict=True):
            data = bytes(self._data[at : at + size])
            at += size
            if now - moment <= min(seconds, LONGEST):
                first = moment if first is None else first
                yield Chunk(moment - first, data)

    def _drop(self) -> None:
        """Forget the older half at once, which is cheaper than a little each time."""
        half = len(self._sizes) // 2 + 1
        del self._data[: sum(self._sizes[:half])]
        del self._sizes[:half]
        del self._times[:half]
