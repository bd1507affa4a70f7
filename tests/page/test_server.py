"""The page's server, asked as browsers do and as nobody should."""

import asyncio
import contextlib
import gc
import re
import socket
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.page.access import Access, of_address, of_supervisor
from app.page.answers import EVENTS, HEADERS, Answer, Answered, Sink, Stream
from app.page.connection import MOST_HEAD, MOST_LINES, MOST_TARGET, Connection, Limits
from app.page.room import MOST as MOST_CONNECTIONS
from app.page.server import Server
from tests.support.asking import Answered as Said
from tests.support.asking import Deaf, ask, raw, read_answer, receive, until
from tests.support.examples import of_hundred

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


async def test_an_answer_is_whole_and_keeps_to_itself() -> None:
    site = Site()
    async with serving(site) as server:
        said = await ask(server.port, "/a/b?line=1&empty=")
    assert (said.status, said.body) == (200, b"hello")
    assert said.headers["content-length"] == "5"
    assert {name.lower(): value for name, value in HEADERS.items()}.items() <= said.headers.items()
    assert "content-encoding" not in said.headers
    assert site.asked == [("a/b", {"line": "1"})]


async def test_nothing_inline_or_foreign_may_run() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert HEADERS["Cache-Control"] == "no-store"


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


# Who may ask


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8099", 200),
        ("localhost.", 200),
        ("127.0.0.1:8099", 200),
        ("[::1]:8099", 200),
        ("192.168.1.5", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost:evil", 421),
        ("a b", 421),
        ("", 421),
    ],
)
async def test_a_foreign_name_is_refused(host: str, status: int) -> None:
    async with serving() as server:
        said = await ask(server.port, "/", host=host)
        assert said.status == status
        assert (b"address in numbers" in said.body) is (status == 421)


async def test_a_request_without_a_host_is_refused() -> None:
    async with serving() as server:
        assert (await raw(server.port, b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        assert (await raw(server.port, b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 421 ")


async def test_under_the_supervisor_only_the_supervisor_may_ask() -> None:
    access = replace(of_supervisor(), host="127.0.0.1", port=0)
    async with serving(access=access) as server:
        assert await raw(server.port, GET) == b""
    async with serving(access=replace(access, only="127.0.0.1")) as server:
        said = await ask(server.port, "/", host="whatever Core says")
        assert said.status == 200


def test_the_supervisor_s_address_is_the_documented_one() -> None:
    access = of_supervisor()
    assert access.lets_in("172.30.32.2")
    assert access.lets_in("::ffff:172.30.32.2")
    others = ("172.30.32.1", "172.30.32.3", "172.30.33.2", "127.0.0.1", "::1", "192.168.1.2")
    assert not any(map(access.lets_in, others))
    assert not access.is_open


def test_without_the_supervisor_loopback_may_ask_unless_another_address_is_wanted() -> None:
    access = of_address("127.0.0.1", 8099)
    assert [access.lets_in(a) for a in ("127.0.0.1", "::1", "::ffff:127.0.0.1")] == [True] * 3
    assert not access.lets_in("192.168.1.2")
    assert not access.is_open
    wide = of_address("0.0.0.0", 8099)  # noqa: S104
    assert wide.is_open
    assert wide.lets_in("192.168.1.2")
    assert wide.takes_host(b"192.168.1.5:8099")
    assert wide.takes_host(socket.gethostname().encode())
    assert not wide.takes_host(b"evil.example")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8099"),
        ("nas.local", "http://nas.local:8099"),
        ("::1", "http://[::1]:8099"),
        ("0.0.0.0", f"http://{socket.gethostname()}:8099"),  # noqa: S104
        ("::", f"http://{socket.gethostname()}:8099"),
    ],
)
def test_its_address_is_one_that_a_browser_takes(host: str, url: str) -> None:
    assert of_address(host, 8099).url == url


# Bounds


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


# Streams


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
