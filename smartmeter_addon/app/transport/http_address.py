"""Where an HTTP server answers, as its URL says it."""

import re
from typing import Final, NamedTuple

_HTTP_PORT: Final = 80
_HTTPS_PORT: Final = 443
"""Where a URL names no port."""

_MAX_PORT: Final = 65535

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^\s?#]*)?",
    re.IGNORECASE | re.ASCII,
)


class Server(NamedTuple):
    """Where an HTTP server answers.

    Args:
        host: name or address.
        port: TCP port.
        tls: whether the connection is encrypted.
        path: what the paths of all requests begin with, without a slash at its end.
    """

    host: str
    port: int
    tls: bool = False
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.path}"


def parse_server(text: str) -> Server:
    """Read ``http://host:port/path`` or ``https://...``; port and path may be missing.

    Raises:
        ValueError: it is something else.
    """
    match = _URL.fullmatch(text)
    if not match or not all(0x21 <= ord(c) <= 0x7E for c in text):  # noqa: PLR2004 - ASCII, no blank
        raise ValueError("it is not of the form http://host:port")
    tls = match["scheme"].lower() == "https"
    port = int(match["port"] or (_HTTPS_PORT if tls else _HTTP_PORT))
    if not 0 < port <= _MAX_PORT:
        raise ValueError("the port is not from 1 to 65535")
    return Server(match["host"].strip("[]"), port, tls, (match["path"] or "").rstrip("/"))
