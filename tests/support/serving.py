"""The page's server, with a site that answers what tests ask for."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

from app.page.access import Access, of_address
from app.page.answers import Answer, Answered, Sink, Stream
from app.page.connection import Connection, Limits
from app.page.server import Server
from tests.support.asking import until

LOCAL = of_address("127.0.0.1", 0)
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
PATIENT = Limits()
QUICK = Limits(head=0.2, idle=0.3, stall=0.2)
LARGE = b"x" * 12_000_000  # more than the system's buffers take


class Site:
    """Answers what tests ask for."""

    def __init__(self) -> None:
        self.listening: list[Sink] = []
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def respond(self, path: str, parameters: Mapping[str, str]) -> Answered:
        self.asked.append((path, parameters))
        match path:
            case "live":
                return Stream(self.listening.append, self.listening.remove)
            case "large":
                return Answer(LARGE)
            case "slow":
                return self._slowly()
            case "mistake":
                raise ZeroDivisionError
        return Answer(b"hello")

    async def _slowly(self) -> Answer:
        await asyncio.sleep(0.01)
        return Answer(b"at last")


def connection_with(in_turn: Callable[[Callable[[], None]], object]) -> Connection:
    """Give a connection to a site; nothing is under way on it."""
    return Connection(
        LOCAL,
        Site().respond,
        connected=lambda *_: True,
        closed=lambda _: None,
        in_turn=in_turn,
        limits=PATIENT,
    )


@asynccontextmanager
async def serving(
    site: Site | None = None, access: Access = LOCAL, limits: Limits = PATIENT
) -> AsyncGenerator[Server]:
    server = Server(access, (site or Site()).respond, limits)
    task = asyncio.create_task(server.run())
    async with asyncio.timeout(20):
        await until(lambda: server.port is not None)
        try:
            yield server
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
