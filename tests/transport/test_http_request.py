"""HTTP requests to small servers on the loopback; see also tests/config/test_supervisor.py."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.config.tls import trusting
from app.transport.http_address import Server
from app.transport.http_request import Answer, HeaderError, Request, send
from tests.support.certificates import Certificates
from tests.support.mosquitto import TIMEOUT

BODY = b"power=1 1\n"


class Wire:
    """What a server on the wire got, and what it says."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.answer = b"HTTP/1.1 204 No Content\r\nX-Version: 1\r\n\r\n"
        self.takes: int | None = None  # bytes of the body; None for all
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        body = await reader.readexactly(size if self.takes is None else self.takes)
        self.requests.append(head + body)
        writer.write(self.answer)
        if self.takes is not None:
            # With unread bytes in its buffer, the kernel resets the connection.
            await writer.drain()
        writer.close()

    @property
    def server(self) -> Server:
        return Server("127.0.0.1", self.port)


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    async with await asyncio.start_server(made.serve, "127.0.0.1") as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


async def test_a_body_is_sent_behind_the_server_s_path(wire: Wire) -> None:
    request = Request("POST", "/write?db=x", {"Authorization": "Token secret"}, BODY)
    server = Server("127.0.0.1", wire.port, path="/influx")
    answer = await send(server, request, timeout=TIMEOUT)
    assert answer.status == 204
    assert answer.headers["X-Version"] == "1"
    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /influx/write?db=x HTTP/1.1\r\n")
    assert b"Authorization: Token secret" in head
    assert b"Content-Length: 10" in head
    assert body == BODY
    assert "secret" not in repr(request)
    assert "power" not in repr(request)


async def test_the_answer_of_a_server_that_reads_no_further_is_read(wire: Wire) -> None:
    wire.takes = 10
    wire.answer = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig"
    request = Request("POST", "/write", body=b"x" * 5_000_000)
    try:
        answer = await send(wire.server, request, timeout=TIMEOUT)
    except ConnectionResetError:
        pytest.skip("here the kernel threw the answer away, which it may")
    assert answer[::2] == (413, b"big")


async def test_a_server_that_hangs_up_while_it_is_sent_to_is_an_error(wire: Wire) -> None:
    wire.takes, wire.answer = 0, b""
    with pytest.raises(ConnectionError):
        await send(wire.server, Request("POST", "/", body=b"x" * 5_000_000), timeout=TIMEOUT)


async def test_a_header_that_cannot_be_sent_is_not_shown(wire: Wire) -> None:
    with pytest.raises(HeaderError) as caught:
        await send(wire.server, Request("GET", "/", {"A": "secret\r\nX: y"}), timeout=TIMEOUT)
    assert "secret" not in repr(caught.value)
    assert caught.value.__cause__ is None


async def test_a_server_that_says_nothing_takes_no_longer_than_allowed() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        server = Server("127.0.0.1", deaf.getsockname()[1])
        with pytest.raises(TimeoutError):
            await send(server, Request("GET", "/"), timeout=0.05)


async def test_requests_are_encrypted(certificates: Certificates) -> None:
    inside = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    inside.load_cert_chain(*certificates.server)
    wire = Wire()
    async with await asyncio.start_server(wire.serve, "127.0.0.1", ssl=inside) as listening:
        wire.port = listening.sockets[0].getsockname()[1]
        server = Server("127.0.0.1", wire.port, tls=True)
        request = Request("POST", "/write", body=BODY)
        ours = trusting(certificates.ca, "ca", insecure=False)
        answer = await send(server, request, timeout=TIMEOUT, context=ours)
        assert isinstance(answer, Answer)
        assert wire.requests[0].endswith(BODY)
        public = trusting(None, "ca", insecure=False)
        with pytest.raises(ssl.SSLCertVerificationError):
            await send(server, request, timeout=TIMEOUT, context=public)
        anyone = trusting(None, "ca", insecure=True)
        assert (await send(server, request, timeout=TIMEOUT, context=anyone)).status == 204
