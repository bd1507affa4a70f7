"""Reads a recording as if it came over a line."""

import asyncio
from collections.abc import Callable

from app.transport import gateway_stream
from app.transport.events import Event, Opened
from app.transport.recording import Recording


class RecordingSource:
    """A recording as a `Source`, which ends with it.

    Args:
        recording: what is read.
        name: what to call it, such as its file.
        pace: how many times as fast as it was it comes, above 0; None for as fast as possible.
    """

    def __init__(self, recording: Recording, *, name: str, pace: float | None = None) -> None:
        self._recording = recording
        self._name = name
        self._pace = pace
        self._seconds = 0.0

    def clock(self) -> float:
        """Give the time of the bytes that came last, in seconds since the recording's begin.

        It never goes back, so it is a steady clock, and the same at any pace.
        """
        return self._seconds

    async def run(self, take: Callable[[Event], None]) -> None:
        """Read to the end; see `Source.run`.

        The first bytes come at once. Where the seconds begin anew no time is known to have passed.
        """
        now = asyncio.get_running_loop().time
        line = f"the recording {self._name}"
        take(Opened(line))
        due = now()
        last = self._recording[0].seconds if self._recording else 0.0
        for seconds, event in gateway_stream.read(self._recording, line):
            passed = max(0.0, seconds - last)
            if self._pace is not None:
                due += passed / self._pace
            last = seconds
            await asyncio.sleep(max(0.0, due - now()))
            self._seconds += passed
            take(event)

    def framed(self) -> None:
        """Take that there was a good frame, which changes nothing here."""
