"""TLS to the broker: the certificates from the options, and the handshake."""

import asyncio
import socket
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.config import pem
from app.config.options import MqttOptions
from app.config.tls import trusting, unusable


def client_context(broker: MqttOptions) -> ssl.SSLContext:
    """Make the TLS context of a client.

    Args:
        broker: its certificates and key are PEM text, or paths of files with PEM text.

    Raises:
        TlsFileError: a file is not there, or a certificate or key is not what it should be.
    """
    context = trusting(broker.ca, "mqtt.ca", insecure=broker.tls_insecure)
    if broker.client_cert:
        try:
            _load_client_certificate(context, broker.client_cert, broker.client_key)
        except OSError as error:
            given = (broker.client_cert, broker.client_key)
            raise unusable("mqtt.client_cert and mqtt.client_key", given, error) from None
    return context


async def wrap(sock: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Do the handshake over a socket that does not block; when it fails, the socket is closed.

    Args:
        sock: connected; what is returned takes its place.
        context: as `client_context` makes it.
        host: the name that the broker's certificate must have.

    Raises:
        OSError: the broker hangs up, or there is no agreement on TLS (ssl.SSLError).
    """
    wrapped = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    try:
        await _shake_hands(wrapped)
    except BaseException:
        wrapped.close()
        raise
    return wrapped


def _load_client_certificate(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    # OpenSSL takes these from files only. The folder is this user's alone, and gone at once.
    with tempfile.TemporaryDirectory(prefix="smartmeter-") as folder:

        def file(name: str, given: str) -> str:
            if not pem.is_pem(given):
                return given
            path = Path(folder, name)
            path.write_text(given, "ascii")
            return str(path)

        # Without a pass phrase given, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(file("cert", certificate), key and file("key", key), password="")


async def _shake_hands(sock: ssl.SSLSocket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            await _ready(sock, loop.add_reader, loop.remove_reader)
        except ssl.SSLWantWriteError:
            await _ready(sock, loop.add_writer, loop.remove_writer)
        else:
            return


async def _ready(
    sock: socket.socket,
    add: Callable[..., None],
    remove: Callable[[socket.socket], bool],
) -> None:
    ready = asyncio.Event()
    add(sock, ready.set)
    try:
        await ready.wait()
    finally:
        remove(sock)
