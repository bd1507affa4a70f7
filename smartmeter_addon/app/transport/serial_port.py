"""Opens one serial device in one mode."""

import asyncio
import contextlib
import os
import termios
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import serial

from app.transport.address import SerialPort
from app.transport.parity import Marks
from app.transport.reopening import Read

_PSEUDO_TERMINALS: Final = Path("/dev/pts")


@contextlib.asynccontextmanager
async def open_port(port: SerialPort) -> AsyncIterator[Read]:
    """Open a serial port, for this program alone.

    In a mode with a parity, the bytes read are `Received`, with the errors that the adapter tells.

    Raises:
        OSError, termios.error: it cannot be opened.
        ValueError: the adapter does not know the mode.
    """
    baudrate, bytesize, parity, stopbits = port.mode
    if _is_pseudo_terminal(port.path):
        # No wire, no parity, and bytes are whole: to set anything else there is an error at times
        # (socat, the simulator).
        bytesize, parity = 8, "N"
    with serial.Serial(
        port.path, baudrate, bytesize, parity, stopbits, timeout=0, exclusive=True
    ) as device:
        # Also where a pseudo terminal is read without: it has to be treated like a port.
        marks = Marks() if port.mode.parity != "N" and _marks_errors(device.fileno()) else None

        async def read(size: int) -> bytes:
            while True:
                await _readable(device.fileno())
                # Not device.read: its select() takes no file descriptor above 1023.
                with contextlib.suppress(BlockingIOError):
                    chunk = os.read(device.fileno(), size)
                    if not chunk or marks is None:
                        return chunk
                    if received := marks.feed(chunk):
                        return received

        yield read


def _marks_errors(fd: int) -> bool:
    """Have the terminal mark parity and framing errors; tell whether it does.

    pySerial switches this off at each change of a setting, also where it sets a parity.
    """
    with contextlib.suppress(termios.error):
        attributes = termios.tcgetattr(fd)
        attributes[0] |= termios.INPCK | termios.PARMRK
        attributes[0] &= ~(termios.IGNPAR | termios.ISTRIP)
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
        termios.tcflush(fd, termios.TCIFLUSH)  # what came before has no marks
    return bool(termios.tcgetattr(fd)[0] & termios.PARMRK)


def _is_pseudo_terminal(path: str) -> bool:
    return Path(path).resolve().parent == _PSEUDO_TERMINALS


async def _readable(fd: int) -> None:
    """Wait for bytes or a hang-up.

    The watch is set up for each wait: left in place, it would spin while nobody reads.
    """
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(fd)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():  # cancelled in the same turn of the loop
        ready.set_result(None)
