"""Listens to a line until it is known what comes over it."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from app.configure.hearing import Heard, Hearing, Progress
from app.configure.steps import Listen
from app.decoder import Decoder
from app.transport.adapters import by_id
from app.transport.address import parse_url
from app.transport.mode_search import USUAL
from app.transport.source import source_for

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
    async with contextlib.aclosing(source.events()) as events:
        following = asyncio.ensure_future(anext(events))
        try:
            while True:
                await asyncio.wait({following}, timeout=_TICK)
                heard = None
                if following.done():
                    heard = hearing.take(following.result(), clock(), source.framed)
                    following = asyncio.ensure_future(anext(events))
                heard = heard or hearing.look(clock())
                if progress := hearing.progress(clock()):
                    show(progress)
                if heard:
                    return heard
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
