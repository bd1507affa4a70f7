"""Reads a recording as if it came over a line."""

import asyncio
from collections.abc import AsyncGenerator

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

    async def events(self) -> AsyncGenerator[Event, None]:
        """Read to the end; see `Source.events`.

        The first bytes come at once. Where the seconds begin anew no time is known to have passed.
        """
        clock = asyncio.get_running_loop().time
        line = f"the recording {self._name}"
        yield Opened(line)
        due = clock()
        last = self._recording[0].seconds if self._recording else 0.0
        for seconds, event in gateway_stream.read(self._recording, line):
            if self._pace is not None:
                due += max(0.0, seconds - last) / self._pace
            last = seconds
            await asyncio.sleep(max(0.0, due - clock()))
            yield event

    def framed(self) -> None:
        """Take that there was a good frame, which changes nothing here."""
