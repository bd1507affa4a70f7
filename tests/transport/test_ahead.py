import asyncio
from collections.abc import Callable

import pytest

from app.transport.ahead import AheadSource
from app.transport.source import Event


class Gives:
    """A source that gives what it is told to."""

    def __init__(self) -> None:
        self.take: Callable[[Event], None] | None = None
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.frames = 0

    async def run(self, take: Callable[[Event], None]) -> None:
        self.take = take
        try:
            await self.end
        finally:
            self.take = None

    def framed(self) -> None:
        self.frames += 1

    def give(self, event: Event) -> None:
        assert self.take
        self.take(event)


async def test_what_comes_before_anybody_reads_is_read_first() -> None:
    inner = Gives()
    ahead = AheadSource(inner)
    ahead.open()
    await asyncio.sleep(0)
    inner.give(b"one")
    inner.give(b"two")
    taken: list[Event] = []
    reading = asyncio.create_task(ahead.run(taken.append))
    await asyncio.sleep(0)
    assert taken == [b"one", b"two"]
    inner.give(b"three")
    assert taken == [b"one", b"two", b"three"]
    ahead.framed()
    assert inner.frames == 1
    inner.end.set_result(None)
    await reading


async def test_who_ends_reading_ends_the_source() -> None:
    inner = Gives()
    ahead = AheadSource(inner)
    ahead.open()
    reading = asyncio.create_task(ahead.run(lambda _: None))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert inner.take
    reading.cancel()
    await asyncio.wait((reading,))
    assert inner.take is None


async def test_a_mistake_with_what_came_before_ends_the_source_and_it_can_be_read_again() -> None:
    inner = Gives()
    ahead = AheadSource(inner)
    ahead.open()
    await asyncio.sleep(0)
    inner.give(b"one")

    def fail(_: Event) -> None:
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        await ahead.run(fail)
    await asyncio.sleep(0)
    assert inner.take is None
    inner.end = asyncio.get_running_loop().create_future()
    taken: list[Event] = []
    reading = asyncio.create_task(ahead.run(taken.append))
    await asyncio.sleep(0)
    inner.give(b"two")
    assert taken == [b"two"]
    inner.end.set_result(None)
    await reading


async def test_it_need_not_be_opened_before() -> None:
    inner = Gives()
    inner.end.set_result(None)
    await AheadSource(inner).run(lambda _: None)
