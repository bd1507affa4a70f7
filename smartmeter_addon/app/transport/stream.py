"""Where the bytes come from: a serial port or a TCP gateway, opened again for as long as it takes.

The meter's line is one way and never ends, so reading it is one endless generator: what was read,
and in between the news that the line was opened or lost.
"""

import asyncio
import contextlib
import errno
import os
import re
import socket
import termios
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from app.transport import tcp
from app.transport.serial_mode import SerialMode

DELAYS: Final = (1.0, 2.0, 5.0)
"""Seconds before opening again, after one vain attempt, after two...; the last one stays. It is no
longer than most meters' push interval: a line that is back is read from the next telegram on."""

SILENCES: Final = (70.0, 140.0, 310.0, 620.0)
"""Seconds without a byte after which a gateway is called anew, after the first call in vain, after
the second...; the last one stays. Meters push every 1 to 60 seconds, and no sum of these is a whole
number of minutes or quarter hours, so that no rare telegram falls into the change each time."""

_PORTS: Final = range(1, 65535 + 1)
_PSEUDO_TERMINALS: Final = Path("/dev/pts")
_BY_ID: Final = Path("/dev/serial/by-id")
_FOREIGN: Final = re.compile(
    r"zig-?bee|z-?wave|zwa-?\d|z-?stick|conbee|raspbee|sonoff|skyconnect|connect zbt|nabu.?casa"
    r"|slzb|zzh|hubzb|husbzb|efr32|cc2531|cc2652|cc1352|ezsp|zigstar|tubeszb|rfxtrx|rfxcom|enocean"
    r"|thread|bluetooth|zooz|aeotec|deconz|dresden",
    re.IGNORECASE,
)

_CHUNK: Final = 4096  # what the kernel keeps of a serial line at most

# A peer that vanished without a word is noticed after 30 + 3 * 10 seconds.
_KEEP_ALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial device and how to read it."""

    path: str
    mode: SerialMode

    def __str__(self) -> str:
        return f"{self.path} ({self.mode})"


@dataclass(frozen=True, slots=True)
class TcpGateway:
    """A program or box that hands a serial line on over TCP, such as ser2net."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"


Address = SerialPort | TcpGateway


@dataclass(frozen=True, slots=True)
class Opened:
    """The line is open; bytes may follow.

    Args:
        address: which one.
        anew: a gateway was called again only because it had been silent for long.
    """

    address: Address
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The line could not be opened, or ended.

    Args:
        address: which one.
        reason: a plain sentence on what is wrong and what to do.
        retry_in: seconds until it is opened again.
    """

    address: Address
    reason: str
    retry_in: float


class Adapter(NamedTuple):
    """A serial adapter on the USB.

    Args:
        path: its /dev/serial/by-id link where there is one, else its device.
        description: what it calls itself.
        foreign: whether it looks like another program's radio stick (Zigbee, Z-Wave, RFXtrx),
            which must not be opened unasked.
    """

    path: str
    description: str
    foreign: bool = False


def parse_url(text: str) -> TcpGateway | str:
    """Read ``tcp://host:port``, or the path of a serial device.

    Raises:
        ValueError: it is something else; the sentence says what is wanted, not what was given.
    """
    if any(not c.isprintable() for c in text):
        raise ValueError("there are control characters or the like in it")
    if text.startswith("/"):
        return text
    wanted = "wanted is tcp://host:port, like tcp://192.168.1.20:2000, or a path like /dev/ttyUSB0"
    scheme, separator, _ = text.partition("://")
    if not separator:
        raise ValueError(wanted)
    if scheme.lower() != "tcp":
        raise ValueError(f"what stands before :// is not known; {wanted}")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port of letters, a bracket left open
        raise ValueError(f"there is something wrong with host or port; {wanted}") from None
    if "@" in parts.netloc:
        raise ValueError(f"a gateway takes no user name or password; {wanted}")
    if not host or any(c.isspace() for c in host):
        raise ValueError(f"the host is missing; {wanted}")
    if port is None or port not in _PORTS:
        raise ValueError(f"the port is missing, or not from 1 to 65535; {wanted}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"there is something behind the port; {wanted}")
    return TcpGateway(host, port)


def by_id(path: str, directory: Path = _BY_ID) -> str:
    """Give the /dev/serial/by-id link that points at a device, else the path itself.

    Unlike /dev/ttyUSB0, the link stays with the adapter when that is plugged in again.
    """
    try:
        target = Path(path).resolve()
        links = sorted(link for link in directory.iterdir() if link.resolve() == target)
    except (OSError, RuntimeError):  # there are no links; or a link that points at itself
        return path
    if not links or Path(path) in links:
        return path
    return str(links[0])


def present(path: str) -> bool:
    """Tell whether a device is there; a link that points nowhere is none."""
    return Path(path).exists()


def adapters() -> list[Adapter]:
    """List the serial adapters on the USB, by the names that last.

    The UARTs of the board itself are left out: they are there whether anything is wired to them or
    not, and on many boards belong to Bluetooth.
    """
    try:
        ports = list_ports.comports()
    except (OSError, ValueError):  # one was pulled while being looked at, or has a strange name
        return []
    return sorted(
        Adapter(by_id(port.device), port.description, _is_foreign(port))
        for port in ports
        if port.vid is not None
    )


def _is_foreign(port: ListPortInfo) -> bool:
    said = " ".join(filter(None, (port.description, port.manufacturer, port.product)))
    return bool(_FOREIGN.search(f"{said} {by_id(port.device)}"))


async def listen(
    address: Address,
    *,
    delays: Sequence[float] = DELAYS,
    connect_timeout: float = 5.0,
    steady_after: float = 3.0,
    silences: Sequence[float] = SILENCES,
) -> AsyncGenerator[bytes | Opened | Lost, None]:
    """Read a line for ever; an end or an error only leads to the next attempt.

    The delays start over once bytes arrive over a line that has been open for a while: a gateway
    that takes every call and hangs up at once, with a word or without (ser2net says "port already
    in use"), is not to be called every second.

    A gateway can forget a connection without closing it, and one that is silent does not tell why.
    So after a long silence it is called anew, ever more seldom, and without a word of loss: likely
    it is the meter that is silent.

    Whoever stops before being cancelled closes the line with ``contextlib.aclosing``.

    Args:
        address: what to read.
        delays: seconds to wait after the first vain attempt, the second...; the last one stays.
        connect_timeout: seconds to wait for a gateway.
        steady_after: seconds for which a line must have been open for its bytes to count.
        silences: seconds of silence after which a gateway is called anew, as `SILENCES`.

    Yields:
        Bytes as they come, at least one; Opened before the first of them; Lost at every end.
    """
    vain = calls = 0
    clock = asyncio.get_running_loop().time
    is_gateway = isinstance(address, TcpGateway)
    while True:
        opened = False
        limit: asyncio.Timeout | None = None
        try:
            async with _open(address, connect_timeout) as read:
                opened = True
                steady = clock() + steady_after
                yield Opened(address, anew=calls > 0)
                while True:
                    patience = silences[min(calls, len(silences) - 1)]
                    async with asyncio.timeout(patience if is_gateway else None) as limit:
                        chunk = await read(_CHUNK)
                    if not chunk:
                        break
                    calls = 0
                    if clock() >= steady:
                        vain = 0
                    yield chunk
                reason = _explain(address, None, opened=True)
        except (OSError, termios.error, ValueError) as error:
            if limit and limit.expired():
                calls += 1
                continue
            reason = _explain(address, error, opened=opened)
        retry_in = delays[min(vain, len(delays) - 1)]
        vain += 1
        yield Lost(address, reason, retry_in)
        await asyncio.sleep(retry_in)


Read = Callable[[int], Awaitable[bytes]]
"""Gives at most so many bytes, as soon as there are any; none at the end."""


def _open(address: Address, connect_timeout: float) -> contextlib.AbstractAsyncContextManager[Read]:
    if isinstance(address, SerialPort):
        return _open_serial(address)
    return _open_tcp(address, connect_timeout)


@contextlib.asynccontextmanager
async def _open_serial(port: SerialPort) -> AsyncIterator[Read]:
    baudrate, bytesize, parity, stopbits = port.mode
    if _is_pseudo_terminal(port.path):
        # No wire, no parity, and bytes are whole: to set anything else there is an error at times
        # (socat, the simulator).
        bytesize, parity = 8, "N"
    with serial.Serial(
        port.path, baudrate, bytesize, parity, stopbits, timeout=0, exclusive=True
    ) as device:

        async def read(size: int) -> bytes:
            while True:
                await _readable(device.fileno())
                # Not device.read: its select() takes no file descriptor above 1023.
                with contextlib.suppress(BlockingIOError):
                    return os.read(device.fileno(), size)

        yield read


def _is_pseudo_terminal(path: str) -> bool:
    return Path(path).resolve().parent == _PSEUDO_TERMINALS


async def _readable(fd: int) -> None:
    """Wait for bytes or a hang-up.

    The watch is set up for each wait: left in place, it would spin while nobody reads.
    """
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(fd)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():  # cancelled in the same turn of the loop
        ready.set_result(None)


@contextlib.asynccontextmanager
async def _open_tcp(gateway: TcpGateway, timeout: float) -> AsyncIterator[Read]:  # noqa: ASYNC109 - for connecting only
    async with asyncio.timeout(timeout):
        connection = await tcp.connect(gateway.host, gateway.port, timeout)
    for level, option, value in _KEEP_ALIVE:
        connection.setsockopt(level, option, value)
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        yield reader.read
    finally:
        writer.close()


def _explain(address: Address, error: Exception | None, *, opened: bool) -> str:
    """Say in a sentence why a line ended (``error`` None: it just did) or was not opened."""
    if isinstance(address, SerialPort):
        return _explain_serial(address, error, opened=opened)
    return _explain_tcp(address, error, opened=opened)


def _explain_serial(port: SerialPort, error: Exception | None, *, opened: bool) -> str:
    path, number = port.path, _errno(error)
    if opened:
        return f"the serial adapter {path} is gone{_strange(error)}; plug it in again"
    match number:
        case errno.ENOENT:
            found = ", ".join(adapter.path for adapter in adapters()) or "none"
            return (
                f"the serial device {path} is missing; plug the adapter in or choose another one"
                f" (adapters found: {found})"
            )
        case errno.EACCES | errno.EPERM:
            return (
                f"permission denied for the serial device {path}; in Home Assistant restart the"
                " app (add-on), elsewhere add this program's user to the group dialout"
            )
        case errno.EBUSY | errno.EAGAIN:
            return (
                f"the serial device {path} is in use by another program; stop that one (another"
                " reader or integration), or choose another device"
            )
        case errno.ENOTTY | errno.EISDIR | errno.EINVAL:
            return f"{path} is no serial device; choose one"
        case errno.EIO | errno.ENXIO | errno.ENODEV:
            return (
                f"the serial device {path} has no adapter behind it{_strange(error)}; plug the"
                " adapter in again"
            )
    if isinstance(error, ValueError):
        return f"the serial adapter {path} does not know the mode {port.mode}; choose another one"
    return f"the serial device {path} cannot be opened{_strange(error)}; plug it in again"


def _explain_tcp(gateway: TcpGateway, error: Exception | None, *, opened: bool) -> str:
    if opened:
        return (
            f"the gateway {gateway} ended the connection{_strange(error)}; if this repeats, look"
            " whether it was restarted or serves another program"
        )
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return f"the name of the gateway {gateway} is not known; check it, or enter its IP address"
    match _errno(error):
        case errno.ECONNREFUSED:
            return (
                f"the gateway {gateway} refuses the connection; check the port, and that the"
                " program there (such as ser2net) runs"
            )
        case errno.EHOSTUNREACH | errno.ENETUNREACH | errno.ENETDOWN | errno.EHOSTDOWN:
            return (
                f"the gateway {gateway} cannot be reached{_strange(error)}; check its address,"
                " power and network"
            )
    if isinstance(error, TimeoutError):
        return (
            f"the gateway {gateway} does not answer in time; check its address, power and network"
        )
    return f"no connection to the gateway {gateway}{_strange(error)}; check its address and network"


def _errno(error: Exception | None) -> int | None:
    """Find the error's number, also where it was only left in the text."""
    number = getattr(error, "errno", None)
    if number is None:
        # As "Multiple exceptions: [Errno 111] Connect...", or as "... port: (25, 'Inapprop...".
        found = re.findall(r"(?:\[Errno |\()([0-9]+)[],]", str(error))
        number = int(found[-1]) if found else None
    return number


def _strange(error: Exception | None) -> str:
    """Give the system's own words for an error, in brackets."""
    number = _errno(error)
    return f" ({os.strerror(number).lower()})" if number else ""
