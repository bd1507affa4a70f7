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
from app.transport.reopening import Feed

_PSEUDO_TERMINALS: Final = Path("/dev/pts")
_CHUNK: Final = 4096  # what the kernel keeps of a serial line at most


@contextlib.asynccontextmanager
async def open_port(port: SerialPort, feed: Feed) -> AsyncIterator[None]:
    """Open a serial port, for this program alone, and read it into a feed.

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
        descriptor = device.fileno()
        # Also where a pseudo terminal is read without: it has to be treated like a port.
        marks = Marks() if port.mode.parity != "N" and _marks_errors(descriptor) else None
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, _read, descriptor, marks, feed)

        def stop(_: object) -> None:
            loop.remove_reader(descriptor)

        feed.ended.add_done_callback(stop)  # a hang-up would be told in each turn of the loop
        try:
            yield
        finally:
            feed.ended.remove_done_callback(stop)  # then the number may be another file's
            loop.remove_reader(descriptor)


def _read(descriptor: int, marks: Marks | None, feed: Feed) -> None:
    """Give a feed the bytes that are there, or the end."""
    try:
        # Not the device's own read: its select() takes no file descriptor above 1023.
        chunk = os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return
    except OSError as error:
        feed.end(error)
        return
    if not chunk:
        feed.end()
    elif marks is None:
        feed.give(chunk)
    elif received := marks.feed(chunk):
        feed.give(received)


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
