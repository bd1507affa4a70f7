"""Listens to a line until it is known what comes over it."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from app.configure.hearing import Heard, Hearing, Progress
from app.configure.steps import Listen
from app.decoder import Decoder
from app.transport.adapters import by_id
from app.transport.address import parse_url
from app.transport.mode_search import USUAL
from app.transport.source import Event, source_for

_TICK: Final = 0.25
"""Seconds between two looks at what has come."""


async def listen(
    step: Listen,
    decoder: Decoder,
    show: Callable[[Progress], None],
    *,
    seconds: float | None = None,
) -> Heard:
    """Listen to a line.

    Args:
        step: says which line.
        decoder: without keys.
        show: takes what has come so far, several times a second.
        seconds: after which to give up without a telegram; None for the usual patience.
    """
    place = parse_url(step.target)
    target = by_id(place) if isinstance(place, str) else step.target
    modes = tuple(dict.fromkeys([*([step.first] if step.first else []), *USUAL]))
    source = source_for(target, mode=step.mode, usual=modes)
    searched = len(modes) if isinstance(place, str) and step.mode is None else 1
    clock = time.monotonic
    hearing = Hearing(target, decoder, modes=searched, now=clock(), longest=seconds)
    heard: list[Heard] = []

    def take(event: Event) -> None:
        if not heard and (found := hearing.take(event, clock(), source.framed)):
            heard.append(found)

    reading = asyncio.create_task(source.run(take))
    try:
        while True:
            await asyncio.wait({reading}, timeout=_TICK)
            if reading.done():
                await reading  # raises what ended it
            found = heard[0] if heard else hearing.look(clock())
            if progress := hearing.progress(clock()):
                show(progress)
            if found:
                return found
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
