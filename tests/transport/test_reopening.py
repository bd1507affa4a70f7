"""Delays between attempts to open a line."""

from contextlib import aclosing
from functools import partial
from pathlib import Path

from app.transport.address import SerialPort
from app.transport.reopening import DELAYS, Ended, read_forever
from app.transport.serial_mode import SerialMode
from app.transport.serial_port import open_port


async def test_delays_grow_to_the_last_one_and_stay_there(tmp_path: Path) -> None:
    missing = partial(open_port, SerialPort(str(tmp_path / "missing"), SerialMode(2400, 8, "E", 1)))
    waits: list[float] = []
    async with aclosing(read_forever(missing, delays=(0.0, 0.001, 0.002))) as events:
        while len(waits) < 5:
            event = await anext(events)
            assert isinstance(event, Ended)
            waits.append(event.retry_in)
    assert waits == [0.0, 0.001, 0.002, 0.002, 0.002]
    assert list(DELAYS) == sorted(DELAYS)
    assert max(DELAYS) <= 5  # what most meters push at
