"""Keeps the parts of the program running, and shows that it runs."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Never

from app.line.ticks import tick
from app.sd_notify import Notifier

HEARTBEAT: Final = Path("/tmp/smartmeter.alive")  # noqa: S108 - the container's health check reads it
HEARTBEAT_INTERVAL: Final = 10.0

RESTART_AFTER: Final = 10.0
"""Seconds after which a meter's reader that failed is begun again."""

_logger: Final = logging.getLogger(__name__)


async def for_ever(run: Callable[[], Awaitable[None]], what: str) -> Never:
    """Keep one part of the program running: a mistake in it must not end the others.

    Args:
        run: what is begun again and again.
        what: begins the sentence that tells of a failure.
    """
    while True:
        try:
            await run()
        except Exception:
            _logger.exception(
                "%s failed through a mistake in this program; please report this."
                " It is begun again in %.0f s",
                what,
                RESTART_AFTER,
            )
        await asyncio.sleep(RESTART_AFTER)


async def beat(notifier: Notifier) -> Never:
    """Show that the loop turns: to the container's health check by a file's age, and to systemd."""
    interval = min(HEARTBEAT_INTERVAL, (notifier.watchdog or math.inf) / 3)
    while True:
        with contextlib.suppress(OSError):
            HEARTBEAT.touch()
        notifier.alive()
        await tick(interval)
