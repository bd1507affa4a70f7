"""Which line to read: a serial device in some mode, or a gateway."""

from typing import Final, NamedTuple
from urllib.parse import urlsplit

from app.transport.serial_mode import SerialMode

_PORTS: Final = range(1, 65535 + 1)


class SerialPort(NamedTuple):
    """A serial device and how to read it."""

    path: str
    mode: SerialMode

    def __str__(self) -> str:
        return f"{self.path} ({self.mode})"


class TcpGateway(NamedTuple):
    """A program or box that hands a serial line on over TCP, such as ser2net."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"


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
