"""Serial ports and gateways, with real ptys and real servers on the loopback."""

import asyncio
import contextlib
import errno
import itertools
import os
import re
import socket
import struct
import termios
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from app.transport import tcp
from app.transport.serial_mode import SerialMode
from app.transport.stream import (
    DELAYS,
    SILENCES,
    Adapter,
    Address,
    Lost,
    Opened,
    SerialPort,
    TcpGateway,
    _errno,
    _explain,
    adapters,
    by_id,
    listen,
    parse_url,
)

MODE = SerialMode(2400, 8, "E", 1)
EVERY_BYTE = bytes(range(256))

Events = AsyncGenerator[bytes | Opened | Lost, None]


class Meter:
    """The far end of a pty whose near end has a name that can move to another pty."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master = -1
        self.plug_in()

    def plug_in(self) -> None:
        self.master, slave = os.openpty()
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)

    def pull(self) -> None:
        os.close(self.master)
        self.master = -1

    def send(self, data: bytes) -> None:
        os.write(self.master, data)


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    meter = Meter(tmp_path / "meter")
    yield meter
    if meter.master >= 0:
        meter.pull()


def port(meter: Meter) -> SerialPort:
    return SerialPort(str(meter.link), MODE)


@contextlib.asynccontextmanager
async def listening(address: Address, **settings: object) -> AsyncGenerator[Events, None]:
    options = {"delays": (0.0,)} | settings
    async with asyncio.timeout(10), contextlib.aclosing(listen(address, **options)) as events:  # type: ignore[arg-type]
        yield events


async def receive(events: Events, size: int) -> bytes:
    data = b""
    while len(data) < size:
        event = await anext(events)
        assert isinstance(event, bytes)
        data += event
    return data


def open_files() -> list[str]:
    return sorted(entry.name for entry in Path("/proc/self/fd").iterdir())


async def lost(events: Events) -> Lost:
    event = await anext(events)
    assert isinstance(event, Lost)
    return event


# Modes and addresses


@given(st.integers(300, 921600), st.integers(5, 8), st.sampled_from("NEO"), st.sampled_from([1, 2]))
def test_a_mode_is_read_back_from_its_own_text(
    baudrate: int, bytesize: int, parity: str, stopbits: int
) -> None:
    mode = SerialMode(baudrate, bytesize, parity, stopbits)
    assert SerialMode.parse(str(mode)) == mode


@pytest.mark.parametrize("text", ["2400 8E1", " 2400  8e1 ", "2400,8E1", "2400, 8E1"])
def test_a_mode_is_read_as_people_write_it(text: str) -> None:
    assert SerialMode.parse(text) == MODE
    assert str(SerialMode.parse(text)) == "2400 8E1"


@pytest.mark.parametrize(
    "text",
    [
        *("", "2400", "8E1", "24008E1", "299 8E1", "921601 8E1", "2400 9E1", "2400 4E1"),
        *("2400 8X1", "2400 8E3", "2400 8E1.5", "2400 8E1 x", "٢٤٠٠ 8E1", "-2400 8E1"),
    ],
)
def test_what_is_no_mode_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="like 2400 8E1"):
        SerialMode.parse(text)


@pytest.mark.parametrize(
    ("text", "host", "number"),
    [
        ("tcp://192.168.1.20:2000", "192.168.1.20", 2000),
        ("tcp://ser2net.local:1/", "ser2net.local", 1),
        ("TCP://[fe80::1]:65535", "fe80::1", 65535),
    ],
)
def test_a_gateway_s_url_is_read(text: str, host: str, number: int) -> None:
    gateway = parse_url(text)
    assert gateway == TcpGateway(host, number)
    assert str(gateway) == text.lower().rstrip("/")


def test_a_path_is_a_url_too() -> None:
    assert parse_url("/dev/serial/by-id/usb-FTDI x") == "/dev/serial/by-id/usb-FTDI x"
    assert str(SerialPort("/dev/ttyUSB0", MODE)) == "/dev/ttyUSB0 (2400 8E1)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "wanted is tcp://host:port"),
        ("192.168.1.20:2000", "wanted is tcp://host:port"),
        ("ttyUSB0", "or a path like /dev/ttyUSB0"),
        ("socket://h:1", "before :// is not known"),
        ("tcp://", "host is missing"),
        ("tcp://:2000", "host is missing"),
        ("tcp://a b:2000", "host is missing"),
        ("tcp://h", "port is missing"),
        ("tcp://h:0", "port is missing, or not from 1 to 65535"),
        ("tcp://h:65536", "something wrong with host or port"),
        ("tcp://h:x", "something wrong with host or port"),
        ("tcp://[::1:5", "something wrong with host or port"),
        ("tcp://u:secret@h:1", "no user name or password"),
        ("tcp://h:1/path", "something behind the port"),
        ("tcp://h:1?x=1", "something behind the port"),
        ("/dev/tty\x00USB0", "control characters"),
        ("tcp://h\n:1", "control characters"),
    ],
)
def test_what_is_no_url_is_refused_without_repeating_it(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        parse_url(text)
    assert "secret" not in str(caught.value)


# Adapters


@pytest.fixture
def links(tmp_path: Path) -> Path:
    directory = tmp_path / "by-id"
    directory.mkdir()
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "ttyUSB1").touch()
    (directory / "usb-FTDI-if00").symlink_to("../ttyUSB0")
    (directory / "usb-FTDI-if00-again").symlink_to("../ttyUSB0")
    (directory / "usb-gone").symlink_to("../ttyUSB9")
    return directory


def test_a_device_is_known_by_the_name_that_lasts(links: Path) -> None:
    assert by_id(str(links.parent / "ttyUSB0"), links) == str(links / "usb-FTDI-if00")


def test_a_device_without_such_a_name_keeps_its_own(links: Path) -> None:
    for name in ("ttyUSB1", "missing"):
        assert by_id(str(links.parent / name), links) == str(links.parent / name)
    assert by_id("/dev/null", links / "not-there") == "/dev/null"


def test_the_lasting_name_that_was_chosen_stays(links: Path) -> None:
    chosen = str(links / "usb-FTDI-if00-again")
    assert by_id(chosen, links) == chosen


def test_only_adapters_on_the_usb_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    stick, board = ListPortInfo("/dev/ttyUSB7"), ListPortInfo("/dev/ttyAMA0")
    stick.vid, stick.description = 0x0403, "FT232R USB UART"
    monkeypatch.setattr(list_ports, "comports", lambda: [board, stick])
    assert adapters() == [Adapter("/dev/ttyUSB7", "FT232R USB UART")]


@pytest.mark.parametrize(
    ("description", "product", "foreign"),
    [
        ("FT232R USB UART", None, False),
        ("CP2102 USB to UART Bridge Controller", None, False),
        ("USB-Serial Controller", "Hager EHZ IR head", False),
        ("Sonoff Zigbee 3.0 USB Dongle Plus", None, True),
        ("CP2102N", "SkyConnect v1.0", True),
        ("ConBee II", None, True),
        ("USB Dongle", "700 Series Z-Wave", True),
        ("ZWA-2", None, True),
        ("RFXtrx433", None, True),
    ],
)
def test_radio_sticks_of_other_programs_are_known(
    monkeypatch: pytest.MonkeyPatch, description: str, product: str | None, *, foreign: bool
) -> None:
    stick = ListPortInfo("/dev/ttyUSB7")
    stick.vid, stick.description, stick.product = 0x10C4, description, product
    monkeypatch.setattr(list_ports, "comports", lambda: [stick])
    assert adapters() == [Adapter("/dev/ttyUSB7", description, foreign)]


async def test_adapters_that_cannot_be_listed_do_not_end_the_waiting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail() -> None:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a strange product name")

    monkeypatch.setattr(list_ports, "comports", fail)
    async with listening(SerialPort(str(tmp_path / "missing"), MODE)) as events:
        assert (await lost(events)).reason.endswith("(adapters found: none)")


# A serial port


async def test_every_byte_of_a_serial_line_arrives_as_it_was_sent(meter: Meter) -> None:
    async with listening(port(meter)) as events:
        assert await anext(events) == Opened(port(meter))
        for _ in range(20):
            meter.send(EVERY_BYTE)
            assert await receive(events, 256) == EVERY_BYTE


async def test_the_line_is_set_to_its_mode(meter: Meter) -> None:
    address = SerialPort(str(meter.link), SerialMode(9600, 8, "N", 2))
    async with listening(address) as events:
        await anext(events)
        slave = os.open(meter.link, os.O_RDWR | os.O_NOCTTY)
        attributes = termios.tcgetattr(slave)
        os.close(slave)
    assert attributes[4] == termios.B9600
    assert attributes[2] & termios.CSTOPB


async def test_an_adapter_that_was_pulled_is_read_again_once_it_is_back(meter: Meter) -> None:
    async with listening(port(meter)) as events:
        await anext(events)
        meter.send(b"before")
        assert await receive(events, 6) == b"before"
        meter.pull()
        end = await lost(events)
        assert end.address == port(meter)
        assert "is gone" in end.reason
        assert end.reason.endswith("plug it in again")
        meter.plug_in()
        assert await anext(events) == Opened(port(meter))
        meter.send(b"after")
        assert await receive(events, 5) == b"after"


async def test_a_missing_device_is_waited_for(meter: Meter) -> None:
    target = meter.link.readlink()
    meter.link.unlink()
    async with listening(port(meter)) as events:
        for _ in range(3):
            assert f"{meter.link} is missing; plug the adapter in" in (await lost(events)).reason
        meter.link.symlink_to(target)
        assert isinstance(await anext(events), Opened)


async def test_a_device_in_use_is_waited_for(meter: Meter) -> None:
    async with listening(port(meter)) as events:
        with serial.Serial(str(meter.link), exclusive=True):
            assert "is in use by another program; stop that one" in (await lost(events)).reason
        assert isinstance(await anext(events), Opened)


async def test_permission_denied_is_told(meter: Meter) -> None:
    # Root may open anything, so the test is somebody else for a moment.
    device, user = meter.link.resolve(), os.geteuid()
    device.chmod(0)
    async with listening(SerialPort(str(device), MODE)) as events:
        if user == 0:
            os.seteuid(65534)
        try:
            reason = (await lost(events)).reason
        finally:
            os.seteuid(user)
    assert "permission denied for the serial device" in reason
    assert "restart the app (add-on)" in reason
    assert "group dialout" in reason


@pytest.mark.parametrize("kind", ["null", "file", "directory", "fifo"])
async def test_what_is_no_serial_device_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    match kind:
        case "null":
            path = Path(os.devnull)
        case "file":
            path.touch()
        case "directory":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
    async with listening(SerialPort(str(path), MODE)) as events:
        assert (await lost(events)).reason == f"{path} is no serial device; choose one"


async def test_cancelling_closes_the_port(meter: Meter) -> None:
    opened = asyncio.Event()

    async def read() -> None:
        async for event in listen(port(meter)):
            assert isinstance(event, Opened)
            opened.set()

    before = open_files()
    reading = asyncio.create_task(read())
    async with asyncio.timeout(10):
        await opened.wait()
        assert open_files() != before
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert open_files() == before


async def test_waiting_bytes_do_not_keep_the_loop_busy_while_nobody_reads(meter: Meter) -> None:
    watched = asyncio.get_running_loop()._selector.get_map()  # type: ignore[attr-defined]
    before = len(watched)
    async with listening(port(meter)) as events:
        await anext(events)
        meter.send(b"xy")
        assert await receive(events, 2) == b"xy"
        meter.send(b"z")
        assert len(watched) == before
        assert await receive(events, 1) == b"z"


# Delays


async def test_delays_grow_to_the_last_one_and_stay_there(tmp_path: Path) -> None:
    address = SerialPort(str(tmp_path / "missing"), MODE)
    async with listening(address, delays=(0.0, 0.001, 0.002)) as events:
        waits = [(await lost(events)).retry_in for _ in range(5)]
    assert waits == [0.0, 0.001, 0.002, 0.002, 0.002]
    assert list(DELAYS) == sorted(DELAYS)
    assert max(DELAYS) <= 5  # what most meters push at


# A gateway


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

    async with gateway(serve) as address, listening(address) as events:
        assert await anext(events) == Opened(address)
        assert await receive(events, 25600) == EVERY_BYTE * 100


async def test_a_gateway_that_hangs_up_is_called_again() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"one")

    async with gateway(serve) as address, listening(address) as events:
        for _ in range(3):
            assert await anext(events) == Opened(address)
            assert await receive(events, 3) == b"one"
            end = await lost(events)
            assert end.reason.startswith(f"the gateway {address} ended the connection; if this")


async def test_a_gateway_that_resets_the_connection_is_called_again() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async with gateway(serve) as address, listening(address) as events:
        assert await anext(events) == Opened(address)
        assert "ended the connection (connection reset by peer)" in (await lost(events)).reason
        assert await anext(events) == Opened(address)


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
        source = listen(address, delays=(0.0, 0.001, 0.002), steady_after=steady_after)
        async with contextlib.aclosing(source) as events:
            while len(ends) < 3:
                event = await anext(events)
                if isinstance(event, Lost):
                    ends.append(event.retry_in)
    assert ends == waits


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_connection_is_told(host: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = TcpGateway(host, unused.getsockname()[1])
        async with listening(address) as events:
            reason = (await lost(events)).reason
    assert reason.startswith(f"the gateway {address} refuses the connection; check the port")


async def test_a_gateway_that_does_not_answer_is_told() -> None:
    with contextlib.ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):  # its queue of callers is full
            caller = sockets.enter_context(socket.socket())
            caller.setblocking(False)  # noqa: FBT003 - socket's own signature
            caller.connect_ex(server.getsockname())
        address = TcpGateway(*server.getsockname())
        async with listening(address, connect_timeout=0.05) as events:
            reason = (await lost(events)).reason
    assert reason.startswith(f"the gateway {address} does not answer in time; check its address")


async def test_a_name_that_is_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for host in ("gateway.home", "a" * 64 + ".home"):
        async with listening(TcpGateway(host, 2000)) as events:
            assert "or enter its IP address" in (await lost(events)).reason


async def test_a_gateway_that_is_silent_for_long_is_called_anew_and_ever_more_seldom() -> None:
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
        async with listening(address, silences=silences) as events:
            assert await anext(events) == Opened(address)
            for _ in range(3):
                assert await anext(events) == Opened(address, anew=True)
            assert await anext(events) == b"x"
            assert await anext(events) == Opened(address, anew=True)  # after the first silence
        await asyncio.gather(*filter(None, conversations))
    waited = [after - before for before, after in itertools.pairwise(called)]
    assert all(wait >= silence for wait, silence in zip(waited, (*silences, 0.02), strict=True)), (
        waited
    )


def test_no_rare_telegram_falls_into_the_change_of_connections_each_time() -> None:
    """Some meters push every minute, some every quarter of an hour."""
    calls = list(itertools.accumulate((*SILENCES, *(SILENCES[-1:] * 4))))
    for interval in (60, 300, 900, 3600):
        first = next(call for call in calls if call > interval - 5)
        assert abs(first - interval) >= 10, interval


async def test_a_serial_line_may_be_silent_for_as_long_as_it_likes(meter: Meter) -> None:
    async with listening(port(meter), silences=(0.001,)) as events:
        assert await anext(events) == Opened(port(meter))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(events)


async def test_a_gateway_that_vanishes_silently_is_noticed_by_keep_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected: list[socket.socket] = []
    connect = tcp.connect

    async def spy(host: str, port: int, timeout: float) -> socket.socket:  # noqa: ASYNC109 - as there
        connected.append(await connect(host, port, timeout))
        return connected[0]

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")

    monkeypatch.setattr(tcp, "connect", spy)
    async with gateway(serve) as address, listening(address) as events:
        await anext(events)
        for level, option, value in (
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
            (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        ):
            assert connected[0].getsockopt(level, option) == value


async def test_cancelling_hangs_up() -> None:
    greeted, hung_up = asyncio.Event(), asyncio.Event()

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        assert await reader.read() == b""
        writer.close()
        hung_up.set()

    async def read(address: Address) -> None:
        async for event in listen(address):
            if event == b"x":
                greeted.set()

    async with asyncio.timeout(10), await asyncio.start_server(called, "127.0.0.1") as server:
        reading = asyncio.create_task(read(TcpGateway(*server.sockets[0].getsockname())))
        await greeted.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await hung_up.wait()


# Sentences for what cannot be provoked here


@pytest.mark.parametrize(
    ("error", "opened", "words"),
    [
        (OSError(errno.EBUSY, "busy"), False, "is in use by another program"),
        (OSError(errno.EPERM, "no"), False, "permission denied"),
        (OSError(errno.ENXIO, "no"), False, "has no adapter behind it (no such device"),
        (termios.error(errno.EIO, "I/O"), False, "has no adapter behind it (input/output error)"),
        (ValueError("Failed to set custom baud rate"), False, "does not know the mode 2400 8E1"),
        (OSError(errno.EMFILE, "x"), False, "cannot be opened (too many open files)"),
        (OSError(errno.EIO, "x"), True, "is gone (input/output error); plug it in again"),
    ],
)
def test_troubles_of_serial_ports_have_their_sentences(
    *, error: Exception, opened: bool, words: str
) -> None:
    assert words in _explain(SerialPort("/dev/ttyUSB0", MODE), error, opened=opened)


@pytest.mark.parametrize(
    ("error", "opened", "words"),
    [
        (OSError(errno.EHOSTUNREACH, "x"), False, "cannot be reached (no route to host)"),
        (OSError(errno.ENETUNREACH, "x"), False, "cannot be reached (network is unreachable)"),
        (OSError(errno.ETIMEDOUT, "x"), False, "does not answer in time"),
        (OSError(errno.EADDRNOTAVAIL, "x"), False, "no connection to the gateway"),
        (OSError(errno.ETIMEDOUT, "x"), True, "ended the connection (connection timed out)"),
    ],
)
def test_troubles_of_gateways_have_their_sentences(
    *, error: Exception, opened: bool, words: str
) -> None:
    assert words in _explain(TcpGateway("h", 2000), error, opened=opened)


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (
            OSError(
                "Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] X"
            ),
            111,
        ),
        (serial.SerialException("Could not configure port: (25, 'Inappropriate ioctl')"), 25),
        (serial.SerialException(2, "could not open port"), 2),
        (ValueError("no number"), None),
        (None, None),
    ],
)
def test_the_number_of_an_error_is_found_in_its_text(
    error: Exception | None, number: int | None
) -> None:
    assert _errno(error) == number
