"""Lines on standard output, whoever reads them."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import pytest

from app.console.printer import LAST_LINES, MOST_WAITING, Printer
from tests.support.mosquitto import TIMEOUT
from tests.support.publishing import KAIFA, reading, stop


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Give a pipe's end to read, which never blocks, and its end to write."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    yield read, write
    for end in (read, write):
        with suppress(OSError):  # closed by the test
            os.close(end)


class Printing:
    """A printer at work."""

    def __init__(self, descriptor: int, *, json: bool = False) -> None:
        self.closed = asyncio.Event()
        self.printer = Printer(
            descriptor,
            json=json,
            language="en",
            now=lambda: datetime.now(UTC),
            on_closed=self.closed.set,
        )

    def publish(self, *powers: int) -> None:
        for power in powers:
            self.printer.publish(reading(KAIFA, power=str(power)), name="House")


@asynccontextmanager
async def printing(descriptor: int, *, json: bool = False) -> AsyncGenerator[Printing]:
    made = Printing(descriptor, json=json)
    task = asyncio.create_task(made.printer.run())
    await asyncio.sleep(0)
    try:
        yield made
    finally:
        assert await stop(task) < LAST_LINES + 1


async def test_each_reading_is_a_line_and_all_are_printed_at_the_end(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        async with printing(out.fileno()) as made:
            made.publish(*range(100))
            made.printer.meter_online(KAIFA.id, online=False)
            made.printer.diagnose(KAIFA, {}, name=None)
            assert made.printer.problem() is None
            assert made.printer.works
    lines = (tmp_path / "out").read_text("utf-8").splitlines()
    assert [line.partition(" House: ")[2] for line in lines] == [
        f"Power {power} W" for power in range(100)
    ]


async def test_json_is_one_object_a_line(pipe: tuple[int, int]) -> None:
    async with printing(pipe[1], json=True) as made:
        made.publish(1)
    assert os.read(pipe[0], 100).startswith(b'{"meter": "1kfm02", "name": "House", "received": "20')


async def test_a_reader_that_pauses_delays_nobody(
    pipe: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    made = Printing(pipe[1])
    task = asyncio.create_task(made.printer.run())
    await asyncio.sleep(0)
    slowest = 0.0
    for power in range(10 * MOST_WAITING):
        begin = perf_counter()
        made.publish(power)
        slowest = max(slowest, perf_counter() - begin)
    assert slowest < 0.1
    assert await stop(task) < LAST_LINES + 1
    assert set(caplog.messages) == {
        "standard output is not read fast enough: the oldest of 1000 lines are dropped"
    }
    read = b""
    async with asyncio.timeout(TIMEOUT):
        while f"Power {10 * MOST_WAITING - 1} W\n".encode() not in read:
            with suppress(BlockingIOError):
                read += os.read(pipe[0], 1 << 20)
            await asyncio.sleep(0.001)
    lines = read.decode().splitlines()
    assert len(lines) < 10 * MOST_WAITING
    assert all(line.endswith(" W") for line in lines)


async def test_a_reader_that_is_gone_is_told(
    pipe: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    os.close(pipe[0])
    async with printing(pipe[1]) as made:
        made.publish(1)
        async with asyncio.timeout(TIMEOUT):
            await made.closed.wait()
        assert not made.printer.works
        made.publish(2)
        assert not made.printer._waiting
    (message,) = [one for one in caplog.messages if "standard output" in one]
    assert message == "standard output takes no more lines (broken pipe)"
