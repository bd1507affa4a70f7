"""The option for the page: whether it is shown, and at which address."""

import re
from typing import Final, NamedTuple

from app.config import checks

PORT: Final = 8099
"""The port of the page where none is given; it is the Supervisor's default for ingress, too."""

_WORDS: Final = {"on": True, "true": True, "off": False, "false": False}
_WANTED: Final = "on, off, or an address with a port, like 127.0.0.1:8099"
_NAME: Final = r"[\w-]{1,63}(?:\.[\w-]{1,63})*"  # the parts that Python takes to the resolver
_ADDRESS: Final = re.compile(rf"({_NAME}|\[[0-9A-Fa-f:.]+\])(?::([0-9]{{1,5}}))?", re.ASCII)
_MAX_PORT: Final = 65535


class PageAddress(NamedTuple):
    """Where the page is shown.

    Args:
        host: name or address of this computer.
        port: TCP port.
    """

    host: str = "127.0.0.1"
    port: int = PORT


def page(value: object) -> bool | PageAddress:
    """Take whether there is a page, or where it is.

    Returns:
        True where its place is the usual one.
    """
    if isinstance(value, bool):
        return value
    given = checks.text(_WANTED)(value)
    if (word := _WORDS.get(given.lower())) is not None:
        return word
    found = _ADDRESS.fullmatch(given)
    port = int(found[2] or PORT) if found else 0
    if not found or not 0 < port <= _MAX_PORT or given.isdecimal():
        raise checks.Refused(value, f"is given; wanted is {_WANTED}")
    return PageAddress(found[1].strip("[]"), port)
