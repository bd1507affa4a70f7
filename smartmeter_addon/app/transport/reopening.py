"""Reads something that is opened again for as long as it takes, whatever ends it."""

import asyncio
import termios
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, NamedTuple, Never

DELAYS: Final = (1.0, 2.0, 5.0)
"""Seconds before opening again, after one failed attempt, after two...; the last one stays. It is
no longer than most meters' push interval: a line that is back is read from the next telegram on."""

STEADY_AFTER: Final = 3.0
"""Seconds for which a line must have been open for its bytes to end the growing of the delays."""


class Feed:
    """What something open gives: bytes, in the turn of the event loop in which they come.

    Args:
        take: called with the bytes, at least one.
    """

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when nothing more will come: with the error, or without one at a plain end."""
        self.mistake: Exception | None = None
        """What was raised by whoever takes the bytes, which ends the feed, too."""

    def give(self, chunk: bytes) -> None:
        """Give bytes that have just come."""
        self.call(self._take, chunk)

    def call(self, take: Callable[[Any], None], given: object) -> None:
        """Call whoever takes something; nobody is called after the end."""
        if self.ended.done():
            return
        try:
            take(given)
        except Exception as error:  # noqa: BLE001 - raised again by whoever waits for the end
            self.mistake = error
            self.end(error)

    def end(self, error: Exception | None = None) -> None:
        """Take that nothing more will come."""
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    def close(self) -> None:
        """Take nothing any more, and let go of an error that nobody has waited for."""
        if not self.ended.cancel() and not self.ended.cancelled():
            self.ended.exception()


Opening = Callable[[Feed], AbstractAsyncContextManager[None]]
"""Opens something, which gives a feed its bytes and its end while it is open.

It gives nothing before the turn of the event loop after that in which it is open.

Raises:
    OSError, termios.error, ValueError: it cannot be opened; errors of reading end the feed.
"""


class Began(NamedTuple):
    """It is open.

    Args:
        anew: whether only because it had been silent for long.
    """

    anew: bool


class Ended(NamedTuple):
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
    take: Callable[[bytes | Began | Ended], None],
    *,
    delays: Sequence[float] = DELAYS,
    steady_after: float = STEADY_AFTER,
    silences: Sequence[float | None] = (None,),
) -> Never:
    """Read for ever; an end or an error only leads to the next attempt.

    The delays start over once bytes arrive over a line that has been open for a while: a gateway
    that takes every call and hangs up at once, with a word or without (ser2net says "port already
    in use"), is not to be called every second.

    Args:
        opening: opens what is read.
        take: called with bytes as they come, at least one; with Began before the first of them, and
            with Ended at every end. What it raises ends the reading.
        delays: seconds to wait after the first failed attempt, the second...; the last one stays.
        steady_after: seconds for which it must have been open for its bytes to count.
        silences: seconds without a byte after which it is opened anew without a word of loss, the
            first time, the second...; the last one stays. None for never.
    """
    failures = silent = 0
    steady = heard = 0.0
    clock = asyncio.get_running_loop().time

    def received(chunk: bytes) -> None:
        nonlocal failures, silent, heard
        heard = clock()
        silent = 0
        if heard >= steady:
            failures = 0
        take(chunk)

    while True:
        feed = Feed(received)
        opened = False
        error: Exception | None = None
        try:
            async with opening(feed):
                opened = True
                heard = clock()
                steady = heard + steady_after
                feed.call(take, Began(anew=silent > 0))
                while not feed.ended.done():
                    limit = silences[min(silent, len(silences) - 1)]
                    rest = None if limit is None else heard + limit - clock()
                    if rest is not None and rest <= 0:
                        break
                    await asyncio.wait((feed.ended,), timeout=rest)
                if feed.ended.done():
                    feed.ended.result()
        except (OSError, termios.error, ValueError) as raised:
            if raised is feed.mistake:
                raise
            error = raised
        finally:
            is_silent = opened and not feed.ended.done()
            feed.close()
        if is_silent:
            silent += 1
            continue
        retry_in = delays[min(failures, len(delays) - 1)]
        failures += 1
        take(Ended(error, opened, retry_in))
        await asyncio.sleep(retry_in)
