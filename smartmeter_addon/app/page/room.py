"""How many connections each sender may hold, so that one address cannot keep the others out.

Whoever sends from the network may have many addresses: by IPv6 all of a prefix (RFC 4291, 2.5.4:
64 bits name the network). So each address, each prefix and the network as a whole have their
bounds. Loopback and the Supervisor, behind which a whole household can be, have none of these, and
find room when the network holds all that it may. Who has enough addresses can still keep out the
rest of the network.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from typing import Final

MOST: Final = 48
"""Connections at once at most; each browser has up to six."""

MOST_OF_NETWORK: Final = 36
"""Of these, those from other computers."""

MOST_OF_PREFIX: Final = 24
"""Of these, those from one network of IPv6; a household's computers are in the same."""

MOST_OF_ADDRESS: Final = 12
"""Of these, those from one address: two browsers."""

_PREFIX: Final = 64
_NETWORK: Final = "network"


class Room:
    """Counts connections.

    Args:
        trusted: an address that is bounded by `MOST` alone, as loopback is.
    """

    def __init__(self, trusted: str = "") -> None:
        self._trusted = trusted
        self._all = 0
        self._held: Counter[object] = Counter()

    def take(self, address: str) -> bool:
        """Count a connection from an address, unless there are too many."""
        groups = dict(self._groups(address))
        if self._all >= MOST or any(self._held[one] >= most for one, most in groups.items()):
            return False
        self._all += 1
        self._held.update(groups.keys())
        return True

    def leave(self, address: str) -> None:
        """Take that a connection that was counted has ended."""
        self._all -= 1
        for one, _ in self._groups(address):
            self._held[one] -= 1
            if not self._held[one]:
                del self._held[one]

    def _groups(self, address: str) -> Iterator[tuple[object, int]]:
        """Give what a connection from an address is counted with, and how many there may be."""
        sender = ipaddress.ip_address(address)
        if isinstance(sender, ipaddress.IPv6Address):
            sender = sender.ipv4_mapped or sender
        if sender.is_loopback or str(sender) == self._trusted:
            return
        yield _NETWORK, MOST_OF_NETWORK
        yield sender, MOST_OF_ADDRESS
        if isinstance(sender, ipaddress.IPv6Address):
            yield ipaddress.ip_network((int(sender), _PREFIX), strict=False), MOST_OF_PREFIX
