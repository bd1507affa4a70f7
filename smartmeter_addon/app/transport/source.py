"""Where bytes come from: all that the rest of the program needs to know of it.

A meter's line is one way and never ends, so a source calls one function: with what was read, in the
turn of the event loop in which it came, and in between with the news that the line was opened or
lost.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from app.state import State
from app.transport.address import TcpGateway, parse_url
from app.transport.events import (
    Cause,
    Event,
    GatewaySaid,
    GaveUp,
    Lost,
    OnlyAdapter,
    Opened,
    Settled,
    SpeaksTelnet,
)
from app.transport.mode_search import USUAL
from app.transport.push_interval import PushInterval
from app.transport.reopening import DELAYS
from app.transport.serial_mode import SerialMode

__all__ = (
    "DELAYS",
    "Cause",
    "Event",
    "GatewaySaid",
    "GaveUp",
    "Lost",
    "OnlyAdapter",
    "Opened",
    "Settled",
    "Source",
    "SpeaksTelnet",
    "source_for",
)


class Source(Protocol):
    """A line's bytes, wherever they come from."""

    async def run(self, take: Callable[[Event], None]) -> None:
        """Read; serial devices and gateways for ever, a recording to its end.

        Args:
            take: called with bytes as they come, at least one; with Opened before the first of
                them, and with Lost at every end. What it raises ends the reading.
        """
        ...

    def framed(self) -> None:
        """Take that the bytes given last held a good frame.

        Whoever takes the bytes says so while taking them.
        """
        ...


def source_for(
    target: str | None,
    *,
    mode: SerialMode | None = None,
    usual: Sequence[SerialMode] = (),
    state: State | None = None,
    push_interval: PushInterval | None = None,
    clock: Callable[[], float] = time.monotonic,
    delays: Sequence[float] = DELAYS,
) -> Source:
    """Give the source of a line that never ends.

    Args:
        target: ``tcp://host:port``, the path of a serial device, or None for the only adapter.
        mode: the serial mode to read with; None to try those that come into question.
        usual: those of the meter type, if that is known; none for all that occur.
        state: see `SerialSource`; all that follows too.
        push_interval: as there.
        clock: as there.
        delays: as there.

    Raises:
        ValueError: the target is something else; see `parse_url`.
    """
    place = None if target is None else parse_url(target)
    if isinstance(place, TcpGateway):
        from app.transport.tcp_source import TcpSource  # noqa: PLC0415 - most have none

        return TcpSource(place, delays=delays)
    from app.transport.serial_source import SerialSource  # noqa: PLC0415 - not all have one

    return SerialSource(
        place,
        (mode,) if mode else usual or USUAL,
        state=state,
        fixed=mode is not None,
        push_interval=push_interval,
        clock=clock,
        delays=delays,
    )
