"""A Supervisor on the loopback for the program to ask, and what it knows of a broker."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.support.mosquitto import Mosquitto

TOKEN = "t0p-s3cret-t0ken"
BROKER: dict[str, object] = {
    "host": "core-mosquitto",
    "port": 1883,
    "ssl": False,
    "protocol": "3.1.1",
    "username": "addons",
    "password": "pw",
    "addon": "core_mosquitto",
}


class FakeSupervisor:
    """Answers every request with the same bytes, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[str] = []
        self.answer = b""
        self.stalls = False
        self.asked = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    def replies(self, body: object, status: int = 200) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n"
        self.answer = head.encode() + content

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        self.asked.set()
        writer.write(self.answer)
        if not self.stalls:
            writer.close()

    def resumes(self) -> None:
        """Answer at last all those who were let wait."""
        self.stalls = False
        for writer in self._writers:
            writer.write(self.answer)
            writer.close()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def supervised() -> AsyncGenerator[tuple[FakeSupervisor, dict[str, str]]]:
    """Give a Supervisor, and what the program finds in its environment to ask it."""
    supervisor = FakeSupervisor()
    async with await asyncio.start_server(supervisor.serve, "127.0.0.1") as server:
        host, port = server.sockets[0].getsockname()
        supervisor.url = f"http://{host}:{port}"
        yield supervisor, {"SUPERVISOR_URL": supervisor.url, "SUPERVISOR_TOKEN": TOKEN}
        supervisor.hang_up()


def service(broker: Mosquitto) -> dict[str, object]:
    """Give what the Supervisor knows of a broker."""
    return BROKER | {
        "host": broker.host,
        "port": broker.port,
        "username": broker.username,
        "password": broker.password,
    }
