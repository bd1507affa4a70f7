"""Asks the page's server, as a browser does or byte by byte."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import NamedTuple, Self

import h11

TIMEOUT = 30.0


class Answered(NamedTuple):
    """What came back: status, headers by their lower-case names, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @classmethod
    def of(cls, response: h11.Response) -> Self:
        """Take the head of an answer."""
        headers = {name.decode(): value.decode() for name, value in response.headers}
        return cls(response.status_code, headers)


async def ask(
    port: int | None, path: str, *, method: str = "GET", host: str = "localhost"
) -> Answered:
    """Send one request on a connection of its own."""
    request = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.encode())
        return await read_answer(reader)
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> Answered:
    """Read one answer that says how long it is."""
    async with asyncio.timeout(TIMEOUT):
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value
            for name, _, value in (line.partition(": ") for line in lines if line)
        }
        body = await reader.readexactly(int(headers["content-length"]))
    return Answered(int(status.split(" ")[1]), headers, body)


async def raw(port: int | None, data: bytes) -> bytes:
    """Send bytes, and give all that comes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        async with asyncio.timeout(TIMEOUT):
            with contextlib.suppress(ConnectionError):
                writer.write(data)
                while part := await reader.read(65536):
                    answer += part
    finally:
        writer.close()
    return answer


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(TIMEOUT):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


def receive(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    """Hand bytes to a protocol, as a transport does that got them at once."""
    while data:
        room = memoryview(protocol.get_buffer(-1))
        size = min(len(room), len(data))
        room[:size] = data[:size]
        protocol.buffer_updated(size)
        data = data[size:]


class Deaf(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written = b""
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def abort(self) -> None:
        self._closing = True

    def close(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...
