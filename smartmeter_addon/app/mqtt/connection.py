"""One connection to the broker: opened within a time, closed without fail, explained when it fails.

The talking is aiomqtt's. It opens its socket in a worker thread, though, which cannot be stopped: a
broker that is switched off would hold up the end of the program. And it leaves the socket open when
the broker does not answer in time: once the broker wakes up, its last wills would come true while
the program is well. So the socket is opened, and closed, here.
"""

import asyncio
import logging
import socket
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import aiomqtt
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import DisconnectFlags
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from app.config import pem
from app.config.options import MqttOptions
from app.log import TRACE
from app.transport import tcp

KEEP_ALIVE: Final = 30
"""Seconds after which a broker that hears nothing takes the program for dead, and half as many
again until it says so."""

# Home Assistant speaks once when it starts and once when it ends.
_MAX_UNREAD: Final = 16

# MQTT 3.1.1 has the codes 4 and 5, MQTT 5 has 134 and 135; paho turns the old into the new ones.
_BAD_CREDENTIALS: Final = frozenset({4, 5, 134, 135})
_T = TypeVar("_T")


class TlsFileError(Exception):
    """A certificate or key cannot be used; the text is a plain sentence."""


class _Lowered(logging.Filter):
    """Lowers what paho has to say to the level of bytes on the wire.

    What it calls an error is a lost connection, and of that the user hears in plainer words.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = TRACE, "TRACE"
        return logging.getLogger().isEnabledFor(TRACE)


_WIRE: Final = logging.getLogger("app.mqtt.wire")
_WIRE.addFilter(_Lowered())


class Connection(aiomqtt.Client):
    """A connection to the broker, as an asynchronous context manager that is used once.

    Leaving it drops the connection, which lets the broker speak the last will; ``disconnect``
    before that says goodbye.

    Args:
        broker: where, and as whom; its host must be known.
        identifier: the client's; the broker ends an older connection of the same name.
        will: what the broker publishes when the connection ends without a goodbye.
        timeout: seconds for opening the connection, and then for each answer of the broker.

    Raises:
        OSError, aiomqtt.MqttError, TlsFileError: on entering, there is no connection; ``explain``
            knows why.
    """

    def __init__(
        self, broker: MqttOptions, *, identifier: str, will: aiomqtt.Will, timeout: float
    ) -> None:
        super().__init__(
            broker.host or "",
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=identifier,
            will=will,
            timeout=timeout,
            keepalive=KEEP_ALIVE,
            max_queued_incoming_messages=_MAX_UNREAD,
            logger=_WIRE,
        )
        self._broker = broker
        self._socket: socket.socket | None = None

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(self.timeout):
            self._socket = opened = await _open(self._broker, self.timeout)
        try:
            # paho has no other way to take a socket over.
            self._client._create_socket = lambda: opened  # type: ignore[method-assign]  # noqa: SLF001
            self._client_connect()
            await self._wait_for(self._connected, timeout=None)
        except BaseException:
            self._drop()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._drop()

    async def disconnect(self) -> None:
        """Say goodbye, so that the broker forgets the last will."""
        await super().__aexit__(None, None, None)

    async def _wait_for(self, fut: Awaitable[_T], timeout: float | None) -> _T:  # noqa: ASYNC109 - aiomqtt's
        # aiomqtt takes asyncio.wait_for, which in Python 3.11 forgets a cancellation that comes
        # together with what it waits for: the program would not end.
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("Operation timed out") from None

    def _drop(self) -> None:
        # Despite its name: paho's public way to close the socket at once and to tell the loop.
        self._client.reinitialise()
        if self._socket is not None:
            self._socket.close()
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()  # known already; asyncio would call it never retrieved

    def _on_disconnect(
        self,
        client: PahoClient,
        userdata: object,
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        # aiomqtt would wait on for an answer that cannot come any more.
        if not self._connected.done():
            self._connected.set_exception(ConnectionResetError())
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_socket_register_write(
        self,
        client: PahoClient,
        userdata: object,  # noqa: ARG002 - paho gives it
        sock: socket.socket,
    ) -> None:
        # aiomqtt leaves it to the loop's next turn, as it may be called from another thread. Here
        # it never is; and by then the socket can be closed, and its number another socket's.
        def write() -> None:
            try:
                client.loop_write()
            except Exception as error:  # noqa: BLE001 - whatever it is, the connection is broken
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        self._loop.add_writer(sock.fileno(), write)


async def _open(broker: MqttOptions, timeout: float) -> socket.socket:  # noqa: ASYNC109 - shared out
    """Open a connection of TCP, and TLS over it if wanted, as a socket that does not block."""
    host = broker.host or ""
    context = _tls_context(broker) if broker.tls else None
    sock = await tcp.connect(host, broker.port, timeout)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is None:
            return sock
        sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        await _shake_hands(sock)
    except BaseException:
        sock.close()
        raise
    return sock


def _tls_context(broker: MqttOptions) -> ssl.SSLContext:
    """Make what TLS needs of the options.

    Raises:
        TlsFileError: a file is not there, or it or the text is not what it should be.
    """
    try:
        if broker.ca and pem.is_pem(broker.ca):
            context = ssl.create_default_context(cadata=broker.ca)
        else:
            context = ssl.create_default_context(cafile=broker.ca)
    except OSError as error:
        raise _unusable("mqtt.ca", [broker.ca], error) from None
    if broker.ca:
        # Authorities made at home seldom have every extension that Python 3.13 asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if broker.client_cert:
        try:
            _show_oneself(context, broker.client_cert, broker.client_key)
        except OSError as error:
            given = (broker.client_cert, broker.client_key)
            raise _unusable("mqtt.client_cert and mqtt.client_key", given, error) from None
    if broker.tls_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _show_oneself(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    # OpenSSL takes these from files only. The folder is this user's alone, and gone at once.
    with tempfile.TemporaryDirectory(prefix="smartmeter-") as folder:

        def file(name: str, given: str) -> str:
            if not pem.is_pem(given):
                return given
            path = Path(folder, name)
            path.write_text(given, "ascii")
            return str(path)

        # A pass phrase would be asked for on the terminal.
        context.load_cert_chain(file("cert", certificate), key and file("key", key), password="")


def _unusable(option: str, given: Iterable[str | None], error: OSError) -> TlsFileError:
    why = "it holds no PEM text that fits" if isinstance(error, ssl.SSLError) else _text(error)
    shown = dict.fromkeys("the text entered" if pem.is_pem(one) else one for one in given if one)
    return TlsFileError(f"{' and '.join(shown)} cannot be used ({why}); check the option {option}")


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


def explain(error: Exception, broker: MqttOptions) -> str:
    """Say in plain words why there is no connection, or none any more, and what to do."""
    where = f"the MQTT broker at {broker.host}:{broker.port}"
    if isinstance(error, TlsFileError):
        return str(error)
    if isinstance(error, aiomqtt.exceptions.MqttConnectError):
        return _refusal(where, error.rc, anonymous=not broker.username)
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return (
            f"{where} does not answer; see whether it runs, whether mqtt.host and mqtt.port are"
            " right, and whether a firewall is in between"
        )
    if isinstance(error, socket.gaierror):
        return (
            f"the MQTT broker's name {broker.host} is not known in the network; check the option"
            " mqtt.host, or give the broker's IP address there"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {where} is not to be trusted ({error.verify_message}); give its"
            " authority's certificate in the option mqtt.ca, and in mqtt.host the name that the"
            " certificate has"
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"{where} does not get along with TLS ({_text(error)}); check the options mqtt.port,"
            " mqtt.tls and, if it wants one, mqtt.client_cert"
        )
    if isinstance(error, ConnectionRefusedError):
        return (
            f"nothing answers at {broker.host}:{broker.port}, where the MQTT broker should be;"
            " start the broker, or check the options mqtt.host and mqtt.port"
        )
    if isinstance(error, ConnectionResetError):
        return (
            f"{where} hangs up instead of answering; check the options mqtt.port and mqtt.tls:"
            " with TLS, a broker mostly has the port 8883, without it 1883"
        )
    if isinstance(error, OSError):
        return (
            f"{where} cannot be reached ({_text(error)}); check the option mqtt.host and the"
            " network"
        )
    return f"the connection to {where} was lost; see whether it still runs"


def _refusal(where: str, code: ReasonCode | int | None, *, anonymous: bool) -> str:
    number = code.value if isinstance(code, ReasonCode) else code
    if number not in _BAD_CREDENTIALS:
        return f"{where} refuses the connection ({code}); look into the broker's log"
    if anonymous:
        return (
            f"{where} wants a user name and a password; fill in the options mqtt.username and"
            " mqtt.password"
        )
    return (
        f"{where} refuses the user name or the password; check the options mqtt.username and"
        " mqtt.password, or restart the broker if both came from Home Assistant"
    )


def _text(error: OSError) -> str:
    """Give the error's own words, without its number."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return (error.strerror or type(error).__name__).lower()
