"""Reads a serial line whose mode is not known: in one mode after the other, until one is right."""

import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from app.transport import stream
from app.transport.mode_search import ModeSearch
from app.transport.serial_mode import SerialMode
from app.transport.stream import Lost, Opened, SerialPort


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A mode proved wrong; the next one follows.

    Args:
        mode: which one.
        was_right: whether frames had come with it before.
    """

    mode: SerialMode
    was_right: bool

    def __str__(self) -> str:
        doubt = "no whole frame any more" if self.was_right else "no whole frame"
        return f"{doubt} with {self.mode}, trying another mode"


async def listen(
    path: str,
    search: ModeSearch,
    *,
    clock: Callable[[], float] = time.monotonic,
    delays: Sequence[float] = stream.DELAYS,
) -> AsyncGenerator[bytes | Opened | Lost | GaveUp, None]:
    """Read a serial line for ever; see `stream.listen`.

    Whoever takes the bytes tells the search of the frames in them (`ModeSearch.framed`) before it
    asks for more. Only bytes speak against a mode; a line that is not there says nothing.

    Args:
        path: of the device.
        search: decides which mode to read with.
        clock: a steady one, in seconds.
        delays: see `stream.listen`.

    Yields:
        What `stream.listen` does, and GaveUp between two modes.
    """
    while True:
        port = SerialPort(path, search.mode)
        async with contextlib.aclosing(stream.listen(port, delays=delays)) as events:
            async for event in events:
                if not isinstance(event, bytes):
                    yield event
                    continue
                search.received(clock())
                yield event
                if search.wrong(clock()):
                    break
        yield GaveUp(search.mode, search.found)
        search.next()
