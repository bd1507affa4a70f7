"""TCP connections whose opening never holds up the program's end.

asyncio looks names up in a thread of its executor, which is joined at exit: a name server that
stalls would delay that. Here the thread is a daemon.
"""

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import threading
from collections.abc import Callable
from typing import Final, NamedTuple

_IPV4: Final = 4
_UNDER_WAY: Final = (errno.EINPROGRESS, errno.EINTR)


async def connect(host: str, port: int, timeout: float) -> socket.socket:  # noqa: ASYNC109 - shared out
    """Open a connection, as a socket that does not block.

    Args:
        host: a name or an address; its addresses are tried in turn.
        port: TCP port.
        timeout: seconds for trying all of them.

    Raises:
        OSError: nobody answers there, or the name is not known (socket.gaierror).
    """
    return await _try_each(await _resolve(host, port), timeout)


class _Address(NamedTuple):
    family: socket.AddressFamily
    kind: socket.SocketKind
    protocol: int
    address: tuple[str | int | bytes, ...]


async def _resolve(host: str, port: int) -> list[_Address]:
    """Look a host up, in a thread that is a daemon and so does not hold up the program's end."""
    with contextlib.suppress(ValueError):  # a name, then
        return [_literal(host, port)]
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[_Address]] = loop.create_future()

    def settle(found: list[_Address] | OSError) -> None:
        if answer.done():
            return
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found: list[_Address] | OSError
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = [_Address(family, kind, proto, addr) for family, kind, proto, _, addr in infos]
        except OSError as error:
            found = error
        except UnicodeError:  # no name that could be asked for
            found = socket.gaierror(socket.EAI_NONAME, "not a host name")
        with contextlib.suppress(RuntimeError):  # the loop is closed, nobody waits
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    return await answer


def _literal(host: str, port: int) -> _Address:
    """Read an IP address, which needs neither name server nor thread."""
    if ipaddress.ip_address(host).version == _IPV4:
        return _Address(socket.AF_INET, socket.SOCK_STREAM, 0, (host, port))
    if "%" in host:
        raise ValueError("the number of the interface is the system's to know")
    return _Address(socket.AF_INET6, socket.SOCK_STREAM, 0, (host, port, 0, 0))


async def _try_each(addresses: list[_Address], timeout: float) -> socket.socket:  # noqa: ASYNC109 - shared out
    """Try a host's addresses in turn."""
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for address in addresses:
        try:
            async with asyncio.timeout(timeout / len(addresses)):
                return await _call(address)
        except OSError as error:
            failure = error
    raise failure


async def _call(address: _Address) -> socket.socket:
    sock = socket.socket(address.family, address.kind, address.protocol)
    try:
        sock.settimeout(0)  # that is: never block
        await _connected(sock, sock.connect_ex(address.address))
    except BaseException:
        sock.close()
        raise
    return sock


async def _connected(sock: socket.socket, error: int) -> None:
    """Wait until a socket is connected.

    asyncio's own sock_connect first asks whether it is one of TLS, which would load TLS.

    Args:
        sock: that does not block, and was told to connect.
        error: what came of that, as an errno.

    Raises:
        OSError: it cannot be connected.
    """
    if error in _UNDER_WAY:
        loop = asyncio.get_running_loop()
        await ready(sock, loop.add_writer, loop.remove_writer)
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


async def ready(
    sock: socket.socket,
    add: Callable[..., None],
    remove: Callable[[socket.socket], bool],
) -> None:
    """Wait until a socket can be read or written.

    Args:
        sock: that does not block.
        add: the event loop's add_reader or add_writer.
        remove: what takes that back.
    """
    is_ready = asyncio.Event()
    add(sock, is_ready.set)
    try:
        await is_ready.wait()
    finally:
        remove(sock)
