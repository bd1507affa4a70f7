"""Serial ports, with real ptys."""

import asyncio
import os
import termios

from app.transport.address import SerialPort
from app.transport.serial_mode import SerialMode
from app.transport.serial_port import open_port
from tests.support.mosquitto import TIMEOUT
from tests.support.simulated import Adapter

MODE = SerialMode(2400, 8, "E", 1)


async def test_the_line_is_set_to_its_mode(adapter: Adapter) -> None:
    async with open_port(SerialPort(str(adapter.path), SerialMode(9600, 8, "N", 2))):
        slave = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
        attributes = termios.tcgetattr(slave)
        os.close(slave)
    assert attributes[4] == termios.B9600
    assert attributes[2] & termios.CSTOPB


async def test_unread_bytes_do_not_keep_the_event_loop_busy(adapter: Adapter) -> None:
    watched = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]
    before = len(watched)
    async with asyncio.timeout(TIMEOUT), open_port(SerialPort(str(adapter.path), MODE)) as read:
        adapter.write(b"xy")
        assert await read(4096) == b"xy"
        adapter.write(b"z")
        assert len(watched) == before
        assert await read(4096) == b"z"
