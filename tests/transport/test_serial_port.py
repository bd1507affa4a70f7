"""Serial ports, with real ptys."""

import asyncio
import os
import termios
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.transport import serial_port
from app.transport.address import SerialPort
from app.transport.parity import errors_in
from app.transport.reopening import Feed
from app.transport.serial_mode import SerialMode
from app.transport.serial_port import open_port
from tests.support.mosquitto import TIMEOUT
from tests.support.simulated import Adapter

MODE = SerialMode(2400, 8, "E", 1)


@asynccontextmanager
async def opened(adapter: Adapter, mode: SerialMode = MODE) -> AsyncGenerator[asyncio.Queue[bytes]]:
    """Open a port; give the chunks that it reads."""
    chunks = asyncio.Queue[bytes]()
    port = SerialPort(str(adapter.path), mode)
    async with asyncio.timeout(TIMEOUT), open_port(port, Feed(chunks.put_nowait)):
        yield chunks


async def test_the_line_is_set_to_its_mode(adapter: Adapter) -> None:
    async with opened(adapter, SerialMode(9600, 8, "N", 2)):
        slave = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
        attributes = termios.tcgetattr(slave)
        os.close(slave)
    assert attributes[4] == termios.B9600
    assert attributes[2] & termios.CSTOPB


async def test_a_hang_up_is_told_once_and_does_not_keep_the_event_loop_busy(
    adapter: Adapter,
) -> None:
    watched = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]
    before = len(watched)
    feed = Feed(lambda _: None)
    async with asyncio.timeout(TIMEOUT), open_port(SerialPort(str(adapter.path), MODE), feed):
        assert len(watched) == before + 1
        adapter.close()
        await asyncio.wait((feed.ended,))  # of a terminal plainly, of an adapter with an error
        assert len(watched) == before


async def test_a_port_that_is_closed_is_not_watched(adapter: Adapter) -> None:
    watched = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]
    before = len(watched)
    async with opened(adapter):
        assert len(watched) == before + 1
    assert len(watched) == before


_CMSPAR = 0o10000000000  # <asm-generic/termbits.h>: the parity bit sticks; termios has no name
_MARKS_AND_SPACES = {
    "8M1": _CMSPAR | termios.PARODD,
    "8S1": _CMSPAR,
    "7M1": _CMSPAR | termios.PARODD,
    "7S2": _CMSPAR,
    "8O1": termios.PARODD,
    "8N1": 0,
}


@pytest.mark.parametrize(("text", "flags"), _MARKS_AND_SPACES.items())
async def test_mark_and_space_are_set(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch, text: str, flags: int
) -> None:
    """A pty drops data bits and PARENB, but keeps which parity it would be."""
    monkeypatch.setattr(serial_port, "_PSEUDO_TERMINALS", Path("/nowhere"))
    async with opened(adapter, SerialMode.parse(f"9600 {text}")):
        slave = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
        attributes = termios.tcgetattr(slave)
        os.close(slave)
    assert attributes[2] & (_CMSPAR | termios.PARODD) == flags


MODES = [SerialMode.parse(f"9600 {text}") for text in ("8E1", "7E1", "8O1", "8M1", "8S1", "7M1")]


@pytest.mark.parametrize("mode", MODES, ids=str)
async def test_with_a_parity_errors_are_marked_and_a_true_ff_arrives_once(
    adapter: Adapter, mode: SerialMode
) -> None:
    data = bytes.fromhex("41ff0042ffff80ff")
    async with opened(adapter, mode) as chunks:
        slave = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
        flags = termios.tcgetattr(slave)[0]
        os.close(slave)
        assert flags & termios.PARMRK
        assert flags & termios.INPCK
        assert not flags & (termios.ISTRIP | termios.IGNPAR)
        for chunk in (data, b"\xff" * 100, b"\xff\x00\x01", b"\x00"):
            adapter.write(chunk)
            received = b""
            while len(received) < len(chunk):
                received += await chunks.get()
            assert received == chunk


async def test_without_a_parity_nothing_is_marked(adapter: Adapter) -> None:
    mode = SerialMode(9600, 8, "N", 1)
    async with opened(adapter, mode) as chunks:
        slave = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
        assert not termios.tcgetattr(slave)[0] & (termios.PARMRK | termios.INPCK)
        os.close(slave)
        adapter.write(b"\xff\xff\x00\xff")
        received = await chunks.get()
        assert (received, errors_in(received)) == (b"\xff\xff\x00\xff", ())


async def test_the_same_pseudo_terminal_is_opened_again_and_again(adapter: Adapter) -> None:
    for _ in range(3):
        async with opened(adapter) as chunks:
            adapter.write(b"\xff")
            assert await chunks.get() == b"\xff"


async def test_what_a_descriptor_gives_is_fed_and_its_end_or_error_ends_the_feed() -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    chunks: list[bytes] = []
    feed = Feed(chunks.append)
    serial_port._read(read, None, feed)  # nothing is there yet
    os.write(write, b"bytes")
    serial_port._read(read, None, feed)
    assert (chunks, feed.ended.done()) == ([b"bytes"], False)
    os.close(write)
    serial_port._read(read, None, feed)
    assert feed.ended.done()
    assert feed.ended.exception() is None
    os.close(read)
    broken = Feed(chunks.append)
    serial_port._read(read, None, broken)
    assert isinstance(broken.ended.exception(), OSError)
