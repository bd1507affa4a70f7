"""Many connections at once."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping

import pytest

from app.page.access import of_address
from app.page.answers import Answer, Answered
from app.page.room import MOST, MOST_OF_ADDRESS
from app.page.room import MOST as MOST_CONNECTIONS
from app.page.server import Server
from tests.support.asking import ask, until
from tests.support.serving import GET, Site, serving


async def test_one_request_is_answered_each_time_the_loop_comes_round() -> None:
    """So a telegram that comes meanwhile need not wait for all of them."""
    loop, rounds, answered = asyncio.get_running_loop(), 0, []
    counting = True

    def count() -> None:
        nonlocal rounds
        rounds += 1
        if counting:
            loop.call_soon(count)

    class Counted(Site):
        def respond(self, path: str, parameters: Mapping[str, str]) -> Answered:
            answered.append(rounds)
            return super().respond(path, parameters)

    async with serving(Counted()) as server:
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        count()
        for _, writer in opened:
            writer.write(GET * 20)
        await until(lambda: len(answered) == 60)
        counting = False
        assert len(set(answered)) == 60
        for _, writer in opened:
            writer.close()


async def test_a_thousand_connections_are_no_more_than_a_few() -> None:
    async with serving() as server:
        opened = []
        for _ in range(1000):
            with contextlib.suppress(OSError):
                opened.append((await asyncio.open_connection("127.0.0.1", server.port))[1])
        assert len(server) <= MOST_CONNECTIONS
        for writer in opened:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await until(lambda: not len(server))
        await asyncio.sleep(0.1)  # those that were still to be taken
        assert (await ask(server.port, "/")).status == 200


def own_address() -> str | None:
    """Give this computer's address in its network; nothing is sent to find it."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address = str(probe.getsockname()[0])
        return None if address.startswith("127.") else address
    return None


@pytest.mark.skipif(own_address() is None, reason="this computer is in no network")
async def test_a_sender_who_holds_all_that_he_gets_keeps_nobody_else_out() -> None:
    server = Server(of_address("0.0.0.0", 0), lambda *_: Answer(b"hello"))  # noqa: S104
    task = asyncio.create_task(server.run())
    await until(lambda: server.port)
    held = []
    for _ in range(2 * MOST):
        with contextlib.suppress(OSError):
            held.append((await asyncio.open_connection(own_address(), server.port))[1])
    await until(lambda: len(server) == MOST_OF_ADDRESS)
    assert (await ask(server.port, "/")).body == b"hello"  # from loopback
    held.pop(0).close()
    await until(lambda: len(server) == MOST_OF_ADDRESS - 1)
    for writer in held:
        writer.close()
    await until(lambda: not len(server))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
