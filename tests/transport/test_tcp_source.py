"""Gateways, with real servers on the loopback."""

import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from app.transport import tcp
from app.transport.address import TcpGateway
from app.transport.source import Event, GatewaySaid, Lost, Opened, SpeaksTelnet
from app.transport.tcp_source import SILENCES, TcpSource
from tests.support.gateways import DEBIAN, SER2NET, doubled
from tests.support.mosquitto import TIMEOUT
from tests.support.sources import lost, reading, receive

FRAME = b"\x68\xff\xff\x16"
EVERY_BYTE = bytes(range(256))


def source(address: TcpGateway) -> TcpSource:
    return TcpSource(address, delays=(0.0,))


Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def gateway(serve: Serve) -> AsyncGenerator[TcpGateway, None]:
    async def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(writer)
        writer.close()

    async with await asyncio.start_server(called, "127.0.0.1") as server:
        yield TcpGateway(*server.sockets[0].getsockname())


async def test_every_byte_of_a_gateway_arrives_as_it_was_sent() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(EVERY_BYTE * 100)

    async with gateway(serve) as address, reading(source(address)) as events:
        assert await anext(events) == Opened(str(address), remote=True)
        assert await receive(events, 25600) == EVERY_BYTE * 100


async def test_a_gateway_that_ends_the_connection_is_reconnected() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"one")

    async with gateway(serve) as address, reading(source(address)) as events:
        for _ in range(3):
            assert await anext(events) == Opened(str(address), remote=True)
            assert await receive(events, 3) == b"one"
            end = await lost(events)
            assert str(end.reason).startswith(
                f"the gateway {address} ended the connection; if this"
            )


async def test_a_gateway_that_resets_the_connection_is_reconnected() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async with gateway(serve) as address, reading(source(address)) as events:
        assert await anext(events) == Opened(str(address), remote=True)
        assert "ended the connection (connection reset by peer)" in str((await lost(events)).reason)
        assert await anext(events) == Opened(str(address), remote=True)


async def test_telnet_is_told_and_undone_in_each_connection_anew() -> None:
    connections = itertools.count()

    async def serve(writer: asyncio.StreamWriter) -> None:
        if next(connections) == 0:
            for byte in SER2NET + doubled(FRAME):
                writer.write(bytes((byte,)))
                await writer.drain()
        else:
            writer.write(FRAME)

    async with gateway(serve) as address, reading(source(address)) as events:
        assert await anext(events) == Opened(str(address), remote=True)
        assert await anext(events) == SpeaksTelnet(str(address))
        assert await receive(events, 4) == FRAME
        assert str((await lost(events)).reason).startswith(
            f"the gateway {address} ended the connection"
        )
        assert await anext(events) == Opened(str(address), remote=True)
        assert await receive(events, 4) == FRAME


@pytest.mark.parametrize("negotiation", [b"", SER2NET])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            b"Port already in use\r\n",
            'serves another program already (it says "Port already in use")',
        ),
        (
            b"Device open failure: Value or file not found\r\n",
            'cannot open its serial device (it says "Device open failure: Value or file not fo',
        ),
        (b"/Go away now\r\n", "ended the connection; if this repeats"),
        (b"Go away now.\r\n", 'ended the connection with the words "Go away now."; if this'),
    ],
)
async def test_what_the_gateway_says_at_the_end_is_the_reason(
    negotiation: bytes, text: bytes, reason: str
) -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(negotiation + text)

    async with gateway(serve) as address, reading(source(address)) as events:
        assert await anext(events) == Opened(str(address), remote=True)
        event = await anext(events)
        while not isinstance(event, Lost):
            assert event in (SpeaksTelnet(str(address)), text)
            event = await anext(events)
        assert str(event.reason).startswith(f"the gateway {address} {reason}")


async def test_a_banner_is_told_and_not_taken_for_bytes_of_the_line() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(DEBIAN + FRAME)

    async with gateway(serve) as address, reading(source(address)) as events:
        assert await anext(events) == Opened(str(address), remote=True)
        assert await anext(events) == GatewaySaid(str(address), DEBIAN.decode().strip())
        assert await receive(events, len(FRAME)) == FRAME


@pytest.mark.parametrize(
    ("greeting", "steady_after", "waits"),
    [
        (b"x", 0.0, [0.0, 0.0, 0.0]),
        (b"port already in use", 60.0, [0.0, 0.001, 0.002]),
        (b"", 0.0, [0.0, 0.001, 0.002]),
    ],
)
async def test_delays_start_over_after_bytes_of_a_steady_line_only(
    greeting: bytes, steady_after: float, waits: list[float]
) -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)

    ends: list[float] = []
    async with gateway(serve) as address:
        one = TcpSource(address, delays=(0.0, 0.001, 0.002), steady_after=steady_after)
        async with reading(one) as events:
            while len(ends) < 3:
                event = await anext(events)
                if isinstance(event, Lost):
                    ends.append(event.retry_in)
    assert ends == waits


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_connection_has_its_sentence(host: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = TcpGateway(host, unused.getsockname()[1])
        async with reading(source(address)) as events:
            reason = str((await lost(events)).reason)
    assert reason.startswith(f"the gateway {address} refuses the connection; check the port")


async def test_a_gateway_that_does_not_answer_has_its_sentence() -> None:
    with contextlib.ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):  # its queue of callers is full
            caller = sockets.enter_context(socket.socket())
            caller.setblocking(False)  # noqa: FBT003 - socket's own signature
            caller.connect_ex(server.getsockname())
        address = TcpGateway(*server.getsockname())
        async with reading(TcpSource(address, connect_timeout=0.05)) as events:
            reason = str((await lost(events)).reason)
    assert reason.startswith(f"the gateway {address} does not answer in time; check its address")


async def test_an_unknown_host_name_has_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for host in ("gateway.home", "a" * 64 + ".home"):
        async with reading(source(TcpGateway(host, 2000))) as events:
            assert "or enter its IP address" in str((await lost(events)).reason)


async def test_a_silent_gateway_is_reconnected_at_growing_intervals() -> None:
    called: list[float] = []
    conversations: list[asyncio.Task[None] | None] = []
    clock = asyncio.get_running_loop().time

    async def forget(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.append(asyncio.current_task())
        called.append(clock())
        if len(called) == 4:
            writer.write(b"x")
        with contextlib.suppress(ConnectionError):
            await reader.read()
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(forget, "127.0.0.1") as server:
        address = TcpGateway(*server.sockets[0].getsockname())
        silences = (0.02, 0.04, 0.08)
        async with reading(TcpSource(address, silences=silences)) as events:
            assert await anext(events) == Opened(str(address), remote=True)
            for _ in range(3):
                assert await anext(events) == Opened(str(address), remote=True, anew=True)
            assert await anext(events) == b"x"
            assert await anext(events) == Opened(
                str(address), remote=True, anew=True
            )  # after the first silence
        await asyncio.gather(*filter(None, conversations))
    waited = [after - before for before, after in itertools.pairwise(called)]
    assert all(wait >= silence for wait, silence in zip(waited, (*silences, 0.02), strict=True)), (
        waited
    )


def test_reconnections_do_not_coincide_with_rare_telegrams() -> None:
    """Some meters push every minute, some every quarter of an hour."""
    calls = list(itertools.accumulate((*SILENCES, *(SILENCES[-1:] * 4))))
    for interval in (60, 300, 900, 3600):
        first = next(call for call in calls if call > interval - 5)
        assert abs(first - interval) >= 10, interval


async def test_tcp_keep_alive_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[socket.socket] = []
    connect = tcp.connect

    async def spy(host: str, port: int, timeout: float) -> socket.socket:  # noqa: ASYNC109 - as there
        connected.append(await connect(host, port, timeout))
        return connected[0]

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")

    monkeypatch.setattr(tcp, "connect", spy)
    async with gateway(serve) as address, reading(source(address)) as events:
        await anext(events)
        for level, option, value in (
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
            (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        ):
            assert connected[0].getsockopt(level, option) == value


async def test_cancelling_closes_the_connection() -> None:
    greeted, hung_up = asyncio.Event(), asyncio.Event()

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        assert await reader.read() == b""
        writer.close()
        hung_up.set()

    def take(event: Event) -> None:
        if event == b"x":
            greeted.set()

    async with asyncio.timeout(TIMEOUT), await asyncio.start_server(called, "127.0.0.1") as server:
        address = TcpGateway(*server.sockets[0].getsockname())
        task = asyncio.create_task(source(address).run(take))
        await greeted.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await hung_up.wait()
