"""A database on the loopback that records what is written and answers as it is told."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.support.mosquitto import TIMEOUT


class Written(NamedTuple):
    """A request, as it came."""

    path: str
    headers: dict[str, str]
    lines: list[str]


class Reply(NamedTuple):
    """An answer: the status, the body, and headers."""

    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


NO_CONTENT = Reply(204)


@dataclass
class Database:
    """A server that takes lines.

    ``reply`` is asked for each request. ``hangs`` keeps it from answering, not from listening.
    """

    port: int = 0
    reply: Callable[[Written], Reply] = lambda _: NO_CONTENT
    hangs: bool = False
    requests: list[Written] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def taken(self) -> list[str]:
        """The lines of the requests that were answered with 204, each once."""
        lines = [
            line
            for request in self.requests
            if self.reply(request).status == 204
            for line in request.lines
        ]
        return list(dict.fromkeys(lines))

    async def requested(self, count: int) -> list[Written]:
        """Wait until there were so many requests."""
        async with asyncio.timeout(TIMEOUT), self._news:
            await self._news.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def takes(self, count: int) -> list[str]:
        """Wait until it has taken so many lines."""
        async with asyncio.timeout(TIMEOUT), self._news:
            await self._news.wait_for(lambda: len(self.taken) >= count)
        return self.taken

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and hang up."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *rest = head.strip().split("\r\n")
            pairs = (line.partition(": ") for line in rest)
            headers = {name.lower(): value for name, _, value in pairs}
            body = (await reader.readexactly(int(headers["content-length"]))).decode()
            request = Written(first.split(" ")[1], headers, body.splitlines())
            async with self._news:
                self.requests.append(request)
                self._news.notify_all()
            if self.hangs:
                await reader.read()
                return
            reply = self.reply(request)
            more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
            said = reply.body.encode()
            writer.write(
                f"HTTP/1.1 {reply.status} -\r\nConnection: close\r\n{more}"
                f"Content-Length: {len(said)}\r\n\r\n".encode()
                + said
            )
            await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def database(port: int = 0) -> AsyncGenerator[Database]:
    """Let a database listen."""
    made = Database()
    async with await asyncio.start_server(made.serve, "127.0.0.1", port) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made
        made.hangs = False
