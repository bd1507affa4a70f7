"""One timer for all that happens every so many seconds."""

import asyncio


async def tick(interval: float) -> None:
    """Wait until the event loop's clock shows the next multiple of an interval, in seconds.

    So all that wait so wake up in the same turn of the loop, which costs little more than one of
    them: most of it is that a processor's caches have to be filled again.
    """
    await asyncio.sleep(interval - asyncio.get_running_loop().time() % interval)
