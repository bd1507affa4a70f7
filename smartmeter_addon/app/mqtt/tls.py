"""TLS to the broker: the certificates from the options, and the handshake."""

import asyncio
import socket
import ssl

from app.config.options import MqttOptions
from app.config.tls import identify, trusting
from app.transport import tcp


def client_context(broker: MqttOptions) -> "ssl.SSLContext":
    """Make the TLS context of a client.

    Args:
        broker: its certificates and key are PEM text, or paths of files with PEM text.

    Raises:
        TlsFileError: a file is not there, or a certificate or key is not what it should be.
    """
    context = trusting(broker.ca, "mqtt.ca", insecure=broker.tls_insecure)
    if broker.client_cert:
        options = "mqtt.client_cert and mqtt.client_key"
        identify(context, broker.client_cert, broker.client_key, options)
    return context


async def wrap(sock: socket.socket, context: "ssl.SSLContext", host: str) -> "ssl.SSLSocket":
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


async def _shake_hands(sock: "ssl.SSLSocket") -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            await tcp.ready(sock, loop.add_reader, loop.remove_reader)
        except ssl.SSLWantWriteError:
            await tcp.ready(sock, loop.add_writer, loop.remove_writer)
        else:
            return
