"""Reads something that is opened again for as long as it takes, whatever ends it."""

import asyncio
import contextlib
import termios
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

DELAYS: Final = (1.0, 2.0, 5.0)
"""Seconds before opening again, after one failed attempt, after two...; the last one stays. It is
no longer than most meters' push interval: a line that is back is read from the next telegram on."""

STEADY_AFTER: Final = 3.0
"""Seconds for which a line must have been open for its bytes to end the growing of the delays."""

_CHUNK: Final = 4096  # what the kernel keeps of a serial line at most

Read = Callable[[int], Awaitable[bytes]]
"""Gives at most so many bytes, as soon as there are any; none at the end."""

Opening = Callable[[], contextlib.AbstractAsyncContextManager[Read]]
"""Opens something to read from.

Raises:
    OSError, termios.error, ValueError: it cannot be opened, or reading it fails.
"""


@dataclass(frozen=True, slots=True)
class Began:
    """It is open.

    Args:
        anew: whether only because it had been silent for long.
    """

    anew: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """It ended, or could not be opened.

    Args:
        error: what was raised; None when there was just nothing more to read.
        opened: whether it had been open.
        retry_in: seconds until it is opened again.
    """

    error: Exception | None
    opened: bool
    retry_in: float


async def read_forever(
    opening: Opening,
    *,
    delays: Sequence[float] = DELAYS,
    steady_after: float = STEADY_AFTER,
    silences: Sequence[float | None] = (None,),
) -> AsyncGenerator[bytes | Began | Ended, None]:
    """Read for ever; an end or an error only leads to the next attempt.

    The delays start over once bytes arrive over a line that has been open for a while: a gateway
    that takes every call and hangs up at once, with a word or without (ser2net says "port already
    in use"), is not to be called every second.

    Whoever stops before being cancelled closes the line with ``contextlib.aclosing``.

    Args:
        opening: opens what is read.
        delays: seconds to wait after the first failed attempt, the second...; the last one stays.
        steady_after: seconds for which it must have been open for its bytes to count.
        silences: seconds without a byte after which it is opened anew without a word of loss, the
            first time, the second...; the last one stays. None for never.

    Yields:
        Bytes as they come, at least one; Began before the first of them; Ended at every end.
    """
    failures = silent = 0
    clock = asyncio.get_running_loop().time
    while True:
        opened = False
        error: Exception | None = None
        limit: asyncio.Timeout | None = None
        try:
            async with opening() as read:
                opened = True
                steady = clock() + steady_after
                yield Began(anew=silent > 0)
                while True:
                    async with asyncio.timeout(silences[min(silent, len(silences) - 1)]) as limit:
                        chunk = await read(_CHUNK)
                    if not chunk:
                        break
                    silent = 0
                    if clock() >= steady:
                        failures = 0
                    yield chunk
        except (OSError, termios.error, ValueError) as raised:
            if limit and limit.expired():
                silent += 1
                continue
            error = raised
        retry_in = delays[min(failures, len(delays) - 1)]
        failures += 1
        yield Ended(error, opened, retry_in)
        await asyncio.sleep(retry_in)
