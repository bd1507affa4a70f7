"""Keeps Python's garbage collector from what is loaded, and from what stays of the meters."""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

SETTLED_AFTER: Final = (15.0, 15.0, 30.0, 60.0, 180.0, 600.0, 2700.0)
"""Seconds from the start, and from one time to the next, after which what is there mostly stays."""

_YOUNG: Final = 1
"""Up to this generation there is what came since the collector last looked."""


@contextmanager
def without_collector() -> Iterator[None]:
    """Load what stays, such as modules, without looking for garbage in it, now and ever after.

    There is none, and looking for some takes a tenth of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


async def settle(after: Sequence[float] = SETTLED_AFTER) -> None:
    """Keep the collector from what is known of the meters by and by; see `SETTLED_AFTER`.

    With 3,000 meters that is 600,000 objects. To look through them takes half a second, in which no
    telegram is read, and the objects that come and go make it do so several times a minute.
    """
    for seconds in after:
        await asyncio.sleep(seconds)
        gc.collect(_YOUNG)  # what is garbage now would stay, too
        gc.freeze()
