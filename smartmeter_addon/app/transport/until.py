"""Reads a line until somebody has enough of it."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine


async def until_stopped(reading: Coroutine[None, None, None], seconds: float | None) -> None:
    """Read until Ctrl-C or SIGTERM, for some seconds, or until the reading ends by itself.

    Args:
        reading: is cancelled at the end.
        seconds: when to end; None for never.

    Raises:
        Exception: what the reading raised.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    task = asyncio.create_task(reading)
    task.add_done_callback(lambda _: stop.set())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    task.cancel()
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(outcome, Exception):
        raise outcome
