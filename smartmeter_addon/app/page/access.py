"""Who may see the page: by the address that a request comes from, and by its header Host.

Under the Supervisor only the Supervisor may, who lets people in through Home Assistant's ingress.
Elsewhere the page has no login, so it listens on loopback unless the option names another address.

A foreign page in a household's browser can lead a name of its own to an address inside the
household (DNS rebinding), and would then be allowed to read the answers. The header Host still has
that name, so only addresses and names of this computer are taken there.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final

from app.config.page import PORT, PageAddress

SUPERVISOR: Final = "172.30.32.2"
"""The only address from which ingress connects, by Home Assistant's documentation."""

_EVERY: Final = frozenset(("0.0.0.0", "::"))  # noqa: S104 - they are only recognised
"""Addresses to listen at that stand for all of this computer."""

_OF_CONTAINER: Final = re.compile(r"[0-9a-f]{12}")
"""The name of a computer that is a container without one: its id, as Docker and Podman give it."""

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the page listens, and who may see it.

    Args:
        host: the name or address that it listens at.
        port: its port.
        only: the only address that may connect; empty for those that ``host`` lets in.
        names: lower-case names of this computer that may stand in the header Host, beside
            addresses; None to take any.
    """

    host: str
    port: int
    only: str = ""
    names: frozenset[str] | None = frozenset()

    @property
    def url(self) -> str:
        """Where a browser finds it; of all addresses of this computer, by its name."""
        own = socket.gethostname() if self.host in _EVERY else self.host
        return f"http://{_with_port(own, self.port)}"

    @property
    def address(self) -> str:
        """Where it listens, as the option says it."""
        return _with_port(self.host, self.port)

    @property
    def place(self) -> str:
        """Where people find it, in words; a container knows neither name nor address to open."""
        if self.host in _EVERY and _OF_CONTAINER.fullmatch(socket.gethostname()):
            return (
                f"port {self.port} of this container: open it by the address of the computer that"
                " runs it and the port that the container has there, as in"
                f" http://192.168.1.5:{self.port}"
            )
        return self.url

    @property
    def is_open(self) -> bool:
        """Whether other computers of the network can see the page."""
        return not self.only and not _is_loopback(self.host)

    def lets_in(self, address: str) -> bool:
        """Tell whether a connection from an address is taken."""
        if self.only:
            return address.removeprefix("::ffff:") == self.only
        return self.is_open or _is_loopback(address)

    def takes_host(self, header: bytes | None) -> bool:
        """Tell whether a request with this header Host is answered."""
        if self.names is None:
            return True
        found = _HOST.fullmatch((header or b"").decode("latin-1"))
        if not found:
            return False
        name = found[1].strip("[]").lower().removesuffix(".")
        return name in self.names or _is_address(name)


def of(wanted: PageAddress | bool, *, supervised: bool) -> Access:  # noqa: FBT001 - an option
    """Give who may see the page.

    Args:
        wanted: the option; an address is for those without a Supervisor.
        supervised: whether the Supervisor runs the program.
    """
    if supervised:
        return of_supervisor()
    address = wanted if isinstance(wanted, PageAddress) else PageAddress()
    return of_address(address.host, address.port)


def of_supervisor() -> Access:
    """Give who may see the page under the Supervisor: those whom ingress lets in."""
    return Access("0.0.0.0", PORT, only=SUPERVISOR, names=None)  # noqa: S104 - `only` closes it


def of_address(host: str, port: int) -> Access:
    """Give who may see the page without a Supervisor.

    Args:
        host: the name or address that it listens at.
        port: its port.
    """
    own = socket.gethostname().lower()
    return Access(host, port, names=frozenset(("localhost", own, f"{own}.local", host.lower())))


def _with_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    text = text.removeprefix("::ffff:")
    return text == "localhost" or (_is_address(text) and ipaddress.ip_address(text).is_loopback)
