"""A serial line is read in one mode after the other, until one proves right."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from app.transport import searching
from app.transport.mode_search import GAP, LOYAL_BURSTS, LOYALTY, VAIN_BURSTS, ModeSearch
from app.transport.searching import GaveUp
from app.transport.serial_mode import SerialMode
from app.transport.stream import Lost, Opened, SerialPort
from tests.support.mosquitto import TIMEOUT
from tests.support.simulated import Adapter

FIRST, SECOND = map(SerialMode.parse, ("2400 8E1", "9600 8N1"))


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[Adapter]:
    with closing(Adapter(tmp_path / "ttyMeter")) as adapter:
        yield adapter


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Line:
    """A line that is read, byte after byte, by a test."""

    def __init__(self, adapter: Adapter, *modes: SerialMode) -> None:
        self.adapter = adapter
        self.clock = Clock()
        self.search = ModeSearch(modes)
        self.events = searching.listen(
            str(adapter.path), self.search, clock=self.clock, delays=[0.0]
        )

    async def next(self) -> bytes | Opened | Lost | GaveUp:
        async with asyncio.timeout(TIMEOUT):
            return await anext(self.events)

    async def burst(self) -> bytes | Opened | Lost | GaveUp:
        self.clock.now += 2 * GAP
        self.adapter.write(b"\0")
        return await self.next()


def opened(adapter: Adapter, mode: SerialMode) -> Opened:
    return Opened(SerialPort(str(adapter.path), mode))


async def test_a_mode_without_frames_gives_way_to_the_next(adapter: Adapter) -> None:
    line = Line(adapter, FIRST, SECOND)
    async with aclosing(line.events):
        for mode in (FIRST, SECOND):
            assert await line.next() == opened(adapter, mode)
            for _ in range(VAIN_BURSTS):
                assert await line.burst() == b"\0"
            line.clock.now += 2 * GAP
            assert await line.next() == GaveUp(mode, was_right=False)
            assert line.search.mode == mode
        assert await line.next() == opened(adapter, FIRST)


async def test_a_mode_that_was_right_is_given_up_late_and_said_to_have_been(
    adapter: Adapter,
) -> None:
    line = Line(adapter, FIRST, SECOND)
    async with aclosing(line.events):
        await line.next()
        await line.burst()
        line.search.framed()
        for _ in range(LOYAL_BURSTS + 1):
            assert await line.burst() == b"\0"
        line.clock.now += LOYALTY
        assert await line.burst() == b"\0"
        gave_up = await line.next()
    assert gave_up == GaveUp(FIRST, was_right=True)
    assert str(gave_up) == "no whole frame any more with 2400 8E1, trying another mode"


async def test_a_single_mode_is_kept(adapter: Adapter) -> None:
    line = Line(adapter, FIRST)
    async with aclosing(line.events):
        await line.next()
        for _ in range(3 * VAIN_BURSTS):
            assert await line.burst() == b"\0"


async def test_a_line_that_is_lost_says_nothing_against_the_mode(adapter: Adapter) -> None:
    line = Line(adapter, FIRST, SECOND)
    async with aclosing(line.events):
        await line.next()
        adapter.close()
        assert isinstance(await line.next(), Lost)
        adapter.plug_in()
        while not isinstance(event := await line.next(), Opened):
            assert isinstance(event, Lost)
    assert event == opened(adapter, FIRST)
