"""One timer for all that happens every so many seconds."""

import asyncio


async def tick(interval: float, phase: float = 0.0) -> None:
    """Wait until the event loop's clock shows the next multiple of an interval, in seconds.

    So all that wait so wake up in the same turn of the loop, which costs little more than one of
    them: most of it is that a processor's caches have to be filled again.

    Args:
        interval: the seconds.
        phase: share of it by which all is later, for what would hold up the loop together.
    """
    now = asyncio.get_running_loop().time() - phase * interval
    await asyncio.sleep(interval - now % interval)
