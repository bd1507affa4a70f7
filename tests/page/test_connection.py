"""One connection, by which browsers ask and who should not."""

import asyncio
import contextlib
import gc
import re
from collections import deque
from collections.abc import Callable

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.page.answers import EVENTS
from app.page.connection import MOST_HEAD, MOST_LINES, MOST_TARGET
from tests.support.asking import Answered as Said
from tests.support.asking import Deaf, ask, raw, read_answer, receive, until
from tests.support.examples import of_hundred
from tests.support.serving import GET, LARGE, QUICK, Site, connection_with, serving


async def test_requests_follow_each_other_on_one_connection() -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(3):
            writer.write(GET)
            assert (await read_answer(reader)).body == b"hello"
        writer.write(GET * 50)  # and without waiting
        for _ in range(50):
            assert (await read_answer(reader)).body == b"hello"
        assert len(server) == 1
        writer.close()


async def test_an_answer_that_takes_its_time_comes_in_its_turn() -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(GET.replace(b"/ ", b"/slow ") * 3 + GET)
        bodies = [(await read_answer(reader)).body for _ in range(4)]
        assert bodies == [b"at last"] * 3 + [b"hello"]
        writer.close()


@pytest.mark.filterwarnings("error")
async def test_who_hangs_up_at_once_gets_no_answer_and_leaves_nothing_behind() -> None:
    transport, turns = Deaf(), deque[Callable[[], None]]()
    connection = connection_with(in_turn=turns.append)
    connection.connection_made(transport)
    receive(connection, GET.replace(b"/ ", b"/slow ", 1))
    turns.popleft()()
    connection.connection_lost(None)
    await asyncio.sleep(0.02)
    gc.collect()
    assert transport.written == b""


async def test_head_gets_the_head_alone() -> None:
    async with serving() as server:
        for path in ("/", "/slow", "/large"):
            request = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = await raw(server.port, request.encode())
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert answer.endswith(b"\r\n\r\n")
        answer = await raw(server.port, b"HEAD /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"text/event-stream" in answer


async def test_what_is_no_http_is_refused_after_head_too() -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(GET.replace(b"GET", b"HEAD") + b"\0\0\r\n\r\n")
        answers = await reader.read()
        writer.close()
    assert re.findall(rb"HTTP/1.1 ([0-9]+)", answers) == [b"200", b"400"]
    assert answers.endswith(b"\r\n\r\n400 Bad Request\n")


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"]
)
async def test_other_methods_are_refused(method: str) -> None:
    site = Site()
    async with serving(site) as server:
        said = await ask(server.port, "/", method=method)
        assert said.status == 405
        assert site.asked == []


@pytest.mark.parametrize(
    "header", ["Content-Length: 1", "Content-Length: 99999999999", "Transfer-Encoding: chunked"]
)
async def test_bodies_are_refused(header: str) -> None:
    async with serving() as server:
        request = f"GET / HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"
        assert (await raw(server.port, request.encode())).startswith(b"HTTP/1.1 413 ")


async def test_a_mistake_of_ours_is_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as server:
        assert (await ask(server.port, "/mistake")).status == 500
        assert (await ask(server.port, "/")).status == 200
    assert "please report this" in caplog.text


async def test_a_slow_request_is_ended() -> None:
    async with serving(limits=QUICK) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        with contextlib.suppress(ConnectionError):
            for byte in GET[:-1]:
                writer.write(bytes((byte,)))
                await asyncio.sleep(0.02)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        assert len(server) == 0
        writer.close()


async def test_an_idle_connection_is_ended() -> None:
    async with serving(limits=QUICK) as server:
        assert await raw(server.port, b"") == b""
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(GET)
        await read_answer(reader)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    "endless",
    [
        b"G" * 65536,
        b"GET /" + b"a" * 65536,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 100_000,
    ],
)
async def test_an_endless_head_is_refused(endless: bytes) -> None:
    async with serving() as server:
        answer = await raw(server.port, endless)
        assert answer == b"" or answer.split(b" ")[1] in {b"400", b"431"}
        assert (await ask(server.port, "/")).status == 200
    assert MOST_HEAD < 20000


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"X: y\r\n" * (MOST_LINES - 3), 200),
        (b"X: y\r\n" * MOST_LINES, 431),
        (b"X: y\r\n" + b" z\r\n" * MOST_LINES, 431),
        (b"X:y\n" * 50_000, 431),
        (b"Cookie: " + b"y" * (MOST_HEAD - 100) + b"\r\n", 200),
        (b"Cookie: " + b"y" * MOST_HEAD + b"\r\n", 431),
    ],
)
async def test_a_whole_head_is_bounded_too(head: bytes, status: int) -> None:
    """Reading 50,000 lines would take a tenth of a second, in which no telegram is read."""
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n"
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            writer.write(request)
            assert (await reader.read(12)).decode() == f"HTTP/1.1 {status}"
        assert (await ask(server.port, "/")).status == 200


async def test_a_path_is_bounded() -> None:
    async with serving() as server:
        assert (await ask(server.port, "/" + "a" * (MOST_TARGET - 1))).status == 200
        assert (await ask(server.port, "/" + "a" * MOST_TARGET)).status == 414


def test_little_is_read_at_once() -> None:
    transport = Deaf()
    connection = connection_with(in_turn=lambda _: None)

    async def make() -> None:
        connection.connection_made(transport)
        assert len(connection.get_buffer(1_000_000)) <= MOST_HEAD
        connection.connection_lost(None)

    asyncio.run(make())


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    """Nor are further requests answered meanwhile, which would pile up in memory."""
    site = Site()
    async with serving(site, limits=QUICK) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(GET.replace(b"/ ", b"/large ") * 1000)
        await until(lambda: site.asked)
        await until(lambda: not len(server))
        assert len(site.asked) == 1
        writer.close()


async def test_a_last_answer_of_which_the_end_is_not_read_is_given_up() -> None:
    """Also where so little of it is left that asyncio takes it without a word."""
    request = GET.replace(b"/ ", b"/large ", 1).replace(
        b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"
    )
    async with serving(limits=QUICK) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        await until(lambda: len(server))
        (connection,) = server._connections
        connection._transport.set_write_buffer_limits(2 * len(LARGE))
        writer.write(request)
        await until(connection._transport.is_closing)
        await until(lambda: not len(server))
        writer.close()


HEADS = [
    b"Host: localhost\r\nHost: evil.example\r\n",
    b"Host : localhost\r\n",
    b"Host: localhost\r\n folded: line\r\n",
    b"Host: localhost\r\nX\x00Y: z\r\n",
    b"Host: localhost\r\nX: \xff\xfe\r\n",
    b"Host: localhost\r\nContent-Length: -1\r\n",
    b"Host: localhost\r\nContent-Length: 1, 2\r\n",
    b"Host: localhost\r\nTransfer-Encoding: gzip\r\n",
    b"Host: localhost\r\nConnection: \x01\r\n",
    b"Host: localhost\r\nExpect: 100-continue\r\n",
    b"Host: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
    b"Host: localhost\r\nRange: bytes=0-0\r\n",
    b"Host: localhost\r\nAccept-Encoding: gzip\r\n",
    b": nothing\r\n",
    b"\r\n",
]


@pytest.mark.parametrize("head", HEADS)
async def test_every_malformed_header_is_refused_or_harmless(head: bytes) -> None:
    async with serving() as server:
        answer = await raw(server.port, b"GET / HTTP/1.1\r\n" + head + b"Connection: close\r\n\r\n")
        assert answer.split(b" ")[1] in {b"200", b"400", b"413", b"421", b"501"}
        assert b"content-encoding" not in answer.lower()
        assert (await ask(server.port, "/")).status == 200


PIECES = st.sampled_from(
    [GET, *HEADS, b"GET ", b"HEAD /live ", b"HTTP/1.1\r\n", b"HTTP/1.0\r\n\r\n", b"\r\n", b"\0"]
)


@settings(max_examples=of_hundred(300))
@given(st.lists(PIECES | st.binary(max_size=40), max_size=8))
def test_no_bytes_raise(pieces: list[bytes]) -> None:
    async def send() -> None:
        transport, turns = Deaf(), deque[Callable[[], None]]()
        connection = connection_with(in_turn=turns.append)
        connection.connection_made(transport)
        for piece in pieces:
            if not transport.is_closing():
                receive(connection, piece)
            while turns:
                turns.popleft()()
        connection.connection_lost(None)
        assert transport.written == b"" or transport.written.startswith(b"HTTP/1.1 ")

    asyncio.run(send())


async def test_events_come_as_they_are_sent_until_nobody_listens() -> None:
    site = Site()
    async with serving(site) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method="GET", target="/live", headers=[("Host", "localhost")]))
        client.send(h11.EndOfMessage())
        got = b""
        said: Said | None = None
        sent = False
        while got != b"data: 1\n\n":
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(await reader.read(1000))
            elif isinstance(event, h11.Response):
                said = Said.of(event)
            elif isinstance(event, h11.Data):
                got += bytes(event.data)
            if site.listening and not sent:
                sent = True
                site.listening[0].send(b"data: 1\n\n")
        assert said
        assert said.headers["content-type"] == EVENTS
        writer.close()
        await until(lambda: not site.listening)
        assert len(server) == 0


async def test_a_listener_who_sleeps_gets_no_more_and_is_given_up() -> None:
    site = Site()
    async with serving(site, limits=QUICK) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: site.listening)
        for _ in range(100):
            if site.listening:
                site.listening[0].send(LARGE)
        await until(lambda: not site.listening)
        assert len(server) == 0
        writer.close()
