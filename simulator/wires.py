"""What a telegram is written to, and at what pace.

A serial line hands over a telegram byte by byte, with pauses between its segments; a reader that
only ever sees whole telegrams at once has not been tried. `pace` makes that timetable.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import os
import select
import termios
import tty
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_TICK = 0.004
"""Seconds of line time that are handed over at once, as serial adapters bundle bytes."""
_CLIENT_BACKLOG = 65536
_SETTING = 0.5
"""Seconds after a line was opened for which its reader may still throw bytes away."""


class Chunk(NamedTuple):
    """Bytes and the seconds, counted from the telegram's begin, when the last of them is in."""

    due: float
    data: bytes


def byte_time(serial_mode: str, baudrate: int | None = None) -> float:
    """Return the seconds that one byte takes.

    Args:
        serial_mode: Mode such as "2400 8E1".
        baudrate: Replaces the mode's own.
    """
    baud, frame = serial_mode.split()
    bits = 1 + int(frame[0]) + (frame[1] != "N") + int(frame[2])
    return bits / (baudrate or int(baud))


def pace(
    segments: Sequence[bytes],
    seconds_a_byte: float,
    pause: tuple[float, float],
    chance: random.Random,
) -> Iterator[Chunk]:
    """Make the timetable of a telegram.

    Args:
        segments: What is written, with a pause after each but the last.
        seconds_a_byte: As `byte_time` gives it; 0 for all at once.
        pause: Shortest and longest pause in seconds.
        chance: Draws the pauses.
    """
    size = max(1, int(_TICK / seconds_a_byte)) if seconds_a_byte else 0
    begin = 0.0
    for segment in segments:
        step = size or len(segment)
        for position in range(0, len(segment), step):
            end = min(position + step, len(segment))
            yield Chunk(begin + end * seconds_a_byte, segment[position:end])
        begin += len(segment) * seconds_a_byte
        if seconds_a_byte:
            begin += chance.uniform(*pause)


class Wire(Protocol):
    """Somewhere to write telegrams."""

    def write(self, data: bytes) -> None:
        """Write bytes; what nobody takes is lost, as on a line."""

    def pending(self) -> int:
        """Return how many bytes a reader that is there has yet to take."""

    def close(self) -> None:
        """Leave nothing behind."""


class Pty:
    """A pseudo terminal that looks like a serial adapter, under a path that stays the same.

    Args:
        path: Where the symbolic link to the terminal is made; a link that is there is replaced.

    Raises:
        FileExistsError: When something other than a link is at the path.
    """

    def __init__(self, path: Path) -> None:
        if path.exists() and not path.is_symlink():
            raise FileExistsError(f"{path} is there already and no link: choose another path")
        self.path = path
        self._controller, terminal = os.openpty()
        try:
            tty.setraw(terminal)
            self.name = os.ttyname(terminal)
            os.set_blocking(self._controller, False)
            # Made beside and moved over, so that a reader never finds the path missing.
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            beside.unlink(missing_ok=True)
            beside.symlink_to(self.name)
            beside.replace(path)
        except OSError:
            os.close(self._controller)
            raise
        finally:
            # Kept open here it would look like a reader, and bytes would pile up unread.
            os.close(terminal)

    @property
    def connected(self) -> bool:
        """Whether a reader has the terminal open."""
        poll = select.poll()
        poll.register(self._controller, 0)
        return not poll.poll(0)

    def write(self, data: bytes) -> None:
        """Write bytes; they are lost when nobody has the terminal open or does not read."""
        if self.connected:
            with contextlib.suppress(BlockingIOError):
                os.write(self._controller, data)

    def pending(self) -> int:
        """Return how many bytes a reader that is there has yet to take."""
        if not self.connected:
            return 0
        waiting = array.array("i", [0])
        try:
            terminal = os.open(self.name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return 0  # the reader wants the terminal for itself alone
        try:
            # Asked first: a poll makes the kernel move bytes that are still on their way between
            # the two ends, which the count does not.
            select.select([terminal], [], [], 0)
            fcntl.ioctl(terminal, termios.FIONREAD, waiting)
        finally:
            os.close(terminal)
        return waiting[0]

    def close(self) -> None:
        """Hang up, as an adapter that is pulled, and remove the link unless it is another's."""
        os.close(self._controller)
        with contextlib.suppress(OSError):
            if str(self.path.readlink()) == self.name:
                self.path.unlink()


class TcpServer:
    """A serial device server (such as ser2net): every client gets every byte.

    Make one with `await TcpServer.listen(port)`.
    """

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Transport] = set()
        self._changed = asyncio.Event()
        self.port = 0

    @classmethod
    async def listen(cls, port: int) -> TcpServer:
        """Listen on 127.0.0.1.

        Args:
            port: Port number; 0 for any that is free, to be read from `port`.
        """
        wire = cls()
        loop = asyncio.get_running_loop()
        wire._server = await loop.create_server(lambda: _Client(wire), "127.0.0.1", port)
        wire.port = wire._server.sockets[0].getsockname()[1]
        return wire

    async def clients(self, number: int) -> None:
        """Wait until so many clients are connected."""
        while len(self._clients) != number:
            self._changed.clear()
            await self._changed.wait()

    @property
    def connected(self) -> bool:
        """Whether there is a client."""
        return bool(self._clients)

    def joined(self, client: asyncio.Transport) -> None:
        """Take a client in."""
        self._clients.add(client)
        self._changed.set()

    def left(self, client: asyncio.Transport) -> None:
        """Forget a client."""
        self._clients.discard(client)
        self._changed.set()

    def write(self, data: bytes) -> None:
        """Write bytes to every client; one that does not read is dropped."""
        for client in self._clients:
            if client.get_write_buffer_size() > _CLIENT_BACKLOG:
                client.abort()
            else:
                client.write(data)

    def pending(self) -> int:
        """Return how many bytes are not handed to the clients' connections yet."""
        return sum(client.get_write_buffer_size() for client in self._clients)

    def close(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.close()


class _Client(asyncio.Protocol):
    """One connection; what the client sends is ignored, a meter does not listen."""

    def __init__(self, server: TcpServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.joined(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- all the same here
        self._server.left(self._transport)


class File:
    """A file, or standard output.

    Args:
        path: The file, replaced when it exists; None for standard output.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = (
            open(1, "wb", buffering=0, closefd=False)  # noqa: SIM115 -- closed in close
            if path is None
            else path.open("wb", buffering=0)
        )

    @property
    def connected(self) -> bool:
        """Whether it can be written to: always."""
        return True

    def write(self, data: bytes) -> None:
        """Write bytes.

        Raises:
            BrokenPipeError: When whoever read standard output has gone.
        """
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def pending(self) -> int:
        """Return 0: a file takes everything at once."""
        return 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()


async def heard(wire: Pty | TcpServer | File) -> None:
    """Wait until somebody reads, and has had the time to set a serial line's mode."""
    while not wire.connected:  # noqa: ASYNC110 - of a pseudo terminal no event tells
        await asyncio.sleep(0.05)
    await asyncio.sleep(_SETTING)


async def send(wire: Wire, timetable: Iterable[Chunk]) -> None:
    """Write a telegram at its pace.

    Args:
        wire: Where to.
        timetable: As `pace` makes it; what is due at once is written without waiting.
    """
    clock = asyncio.get_running_loop().time
    begin = clock()
    for due, data in timetable:
        left = begin + due - clock()
        if due and left > 0:
            await asyncio.sleep(left)
        wire.write(data)


async def settle(wire: Wire, patience: float = 1.0) -> None:
    """Give the readers time to take what is written: closing a terminal discards the rest.

    Args:
        wire: Where it was written.
        patience: Most seconds to wait.
    """
    for _ in range(int(patience / _TICK)):
        if not wire.pending():
            return
        await asyncio.sleep(_TICK)
