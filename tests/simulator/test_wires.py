"""Pseudo terminals and TCP server of the simulator, and the pace of bytes."""

import asyncio
import contextlib
import os
import random
from pathlib import Path

import pytest

from simulator import wires
from tests.support.terminals import read_some


def chance() -> random.Random:
    return random.Random(1)  # noqa: S311 -- the length of a pause is no secret


def test_a_byte_takes_as_long_as_its_serial_mode_says() -> None:
    assert wires.byte_time("2400 8E1") == 11 / 2400
    assert wires.byte_time("9600 8N1") == 10 / 9600
    assert wires.byte_time("300 7E2") == 11 / 300
    assert wires.byte_time("2400 8N1", 115200) == 10 / 115200


def test_a_paced_telegram_comes_byte_by_byte_with_pauses() -> None:
    segments = [bytes(range(100)), bytes(range(100, 120))]
    each = wires.byte_time("2400 8E1")

    chunks = list(wires.pace(segments, each, (0.05, 0.16), chance()))

    assert b"".join(chunk.data for chunk in chunks) == b"".join(segments)
    assert {len(chunk.data) for chunk in chunks} == {1}
    dues = [chunk.due for chunk in chunks]
    assert dues[0] == pytest.approx(each)
    assert dues[99] == pytest.approx(100 * each)
    assert 0.05 <= dues[100] - dues[99] - each <= 0.16
    assert dues[119] - dues[100] == pytest.approx(19 * each)


def test_a_fast_line_hands_over_several_bytes_at_once_but_never_two_segments() -> None:
    chunks = list(wires.pace([bytes(100), bytes(3)], 10 / 115200, (0.02, 0.02), chance()))

    assert [len(chunk.data) for chunk in chunks] == [46, 46, 8, 3]


def test_without_a_pace_every_segment_is_due_at_once() -> None:
    chunks = list(wires.pace([bytes(100), bytes(3)], 0, (1, 2), chance()))

    assert chunks == [(0, bytes(100)), (0, bytes(3))]


def test_a_pty_carries_every_byte_as_it_is(tmp_path: Path) -> None:
    pty = wires.Pty(tmp_path / "meter")
    reader = os.open(tmp_path / "meter", os.O_RDONLY | os.O_NOCTTY)
    every = bytes(range(256))
    pty.write(every)
    received = b""
    while len(received) < len(every):
        received += read_some(reader)

    assert received == every
    os.close(reader)
    pty.close()


def test_bytes_written_to_an_unopened_pty_are_lost(tmp_path: Path) -> None:
    pty = wires.Pty(tmp_path / "meter")
    states = [pty.connected]
    for _ in range(100):
        pty.write(bytes(1000))
    reader = os.open(pty.name, os.O_RDONLY | os.O_NOCTTY)
    states.append(pty.connected)
    pty.write(b"now")

    assert read_some(reader) == b"now"

    os.close(reader)
    states.append(pty.connected)
    assert states == [False, True, False]
    pty.close()


def test_a_reader_that_does_not_read_does_not_block_the_meter(tmp_path: Path) -> None:
    pty = wires.Pty(tmp_path / "meter")
    reader = os.open(pty.name, os.O_RDONLY | os.O_NOCTTY)
    for _ in range(1000):
        pty.write(bytes(1000))

    assert 0 < pty.pending() < 1_000_000

    os.close(reader)
    pty.close()


def test_a_closed_pty_ends_reading_and_can_be_made_again_at_its_path(tmp_path: Path) -> None:
    path = tmp_path / "meter"
    first = wires.Pty(path)
    reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
    first.close()
    hung_up = b"?"
    with contextlib.suppress(OSError):  # Linux says EIO
        hung_up = os.read(reader, 10)
    assert hung_up in {b"", b"?"}
    assert not path.is_symlink()
    os.close(reader)

    second = wires.Pty(path)
    reader = os.open(path, os.O_RDONLY | os.O_NOCTTY)
    second.write(b"back")

    assert read_some(reader) == b"back"
    os.close(reader)
    second.close()


def test_a_pty_replaces_a_link_but_no_file(tmp_path: Path) -> None:
    path = tmp_path / "meter"
    path.symlink_to(tmp_path / "gone")
    old, new = wires.Pty(path), wires.Pty(path)
    assert str(path.readlink()) == new.name
    old.close()
    assert path.is_symlink()
    new.close()
    assert not path.is_symlink()

    path.write_text("mine")
    with pytest.raises(FileExistsError, match="choose another path"):
        wires.Pty(path)
    assert path.read_text() == "mine"


async def test_every_client_of_the_server_gets_every_byte() -> None:
    server = await wires.TcpServer.listen(0)
    one, first = await asyncio.open_connection("127.0.0.1", server.port)
    two, second = await asyncio.open_connection("127.0.0.1", server.port)
    await server.clients(2)
    await wires.send(server, wires.pace([b"telegram", b"!"], 0.0001, (0, 0), chance()))
    assert await one.readexactly(9) == b"telegram!"
    assert await two.readexactly(9) == b"telegram!"

    first.close()
    await first.wait_closed()
    await server.clients(1)
    server.write(b"again")
    assert await two.readexactly(5) == b"again"

    server.close()
    assert await two.read() == b""
    second.close()
    await second.wait_closed()
    await server.clients(0)


async def test_a_client_that_does_not_read_is_dropped() -> None:
    server = await wires.TcpServer.listen(0)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=16)
    await server.clients(1)

    async def flood() -> None:
        while True:
            server.write(bytes(65536))
            await asyncio.sleep(0)

    flooding = asyncio.create_task(flood())
    await asyncio.wait_for(server.clients(0), 10)
    flooding.cancel()
    server.close()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
