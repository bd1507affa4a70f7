"""Recordings as sources: everything at once, or at their own pace."""

import asyncio

import pytest

from app.transport.recording import Chunk, Recording
from app.transport.recording_source import RecordingSource
from app.transport.source import Event, Opened, Source
from tests.support.sources import reading

# A recording that begins late, and anew at the last chunk.
RECORDING = (Chunk(100.0, b"a"), Chunk(100.1, b"b"), Chunk(100.3, b"c"), Chunk(0.0, b"d"))


async def played(source: Source) -> list[tuple[float, Event]]:
    """Give what comes, with the seconds until then."""
    clock = asyncio.get_running_loop().time
    begin = clock()
    async with reading(source) as events:
        return [(clock() - begin, event) async for event in events]


async def test_a_recording_gives_opened_its_chunks_and_ends() -> None:
    source = RecordingSource(RECORDING, name="x.txt")
    came = await played(source)
    source.framed()
    assert [event for _, event in came] == [Opened("the recording x.txt"), b"a", b"b", b"c", b"d"]
    assert came[-1][0] < 0.3


async def test_an_empty_recording_gives_opened_and_ends() -> None:
    assert [event for _, event in await played(RecordingSource((), name="-"))] == [
        Opened("the recording -")
    ]


@pytest.mark.parametrize("pace", [1.0, 2.0])
async def test_chunks_come_at_a_pace(pace: float) -> None:
    came = await played(RecordingSource(RECORDING, name="x.txt", pace=pace))
    assert [event for _, event in came[1:]] == [b"a", b"b", b"c", b"d"]
    for (seconds, _), due in zip(came[1:], (0.0, 0.1, 0.3, 0.3), strict=True):
        assert due / pace <= seconds + 0.001
        assert seconds < due / pace + 0.2


async def test_delays_of_chunks_do_not_add_up() -> None:
    recording: Recording = [Chunk(n / 100, b"x") for n in range(21)]
    clock = asyncio.get_running_loop().time
    begin = clock()
    async with reading(RecordingSource(recording, name="x.txt", pace=1.0)) as events:
        async for _ in events:
            await asyncio.sleep(0.008)
    assert clock() - begin < 0.34  # and not 0.2 + 22 * 0.008


async def test_other_tasks_run_between_two_chunks() -> None:
    source = RecordingSource([Chunk(0.0, b"x")] * 1000, name="x.txt")
    task = asyncio.create_task(played(source))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 1000
