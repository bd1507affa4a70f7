"""Tells systemd how the program is: the protocol of sd_notify(3), one datagram a message.

A service of ``Type=notify`` says that it is ready and, where the unit has ``WatchdogSec=``, that it
is alive; systemd starts it again when that message stays away. Without systemd nothing is sent.
"""

import contextlib
import socket
from collections.abc import Mapping
from typing import Final, Self

_MICROSECONDS: Final = 1_000_000


class Notifier:
    """Sends messages to systemd, and never waits for it.

    Args:
        address: of systemd's socket, a path or an abstract name that begins with ``@``; None where
            nobody wants to know.
        watchdog: seconds after which systemd misses a sign of life; None where it does not watch.
    """

    def __init__(self, address: str | None = None, watchdog: float | None = None) -> None:
        self._address = address
        self.watchdog = watchdog

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], process: int) -> Self:
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, as systemd sets them.

        Args:
            environment: with or without them.
            process: the number of this process: the watchdog may be meant for another one.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        if address[:1] not in ("/", "@"):
            return cls()
        microseconds = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", "") in ("", str(process))
        watched = meant and microseconds.isdecimal() and int(microseconds) > 0
        return cls(address, int(microseconds) / _MICROSECONDS if watched else None)

    @property
    def is_heard(self) -> bool:
        """Whether somebody wants to know."""
        return self._address is not None

    def ready(self) -> None:
        """Say that the program has started."""
        self._send("READY=1")

    def alive(self) -> None:
        """Feed the watchdog, if there is one."""
        if self.watchdog is not None:
            self._send("WATCHDOG=1")

    def status(self, sentence: str) -> None:
        """Say what ``systemctl status`` is to show, in one line."""
        self._send("STATUS=" + " ".join(sentence.split()))

    def stopping(self) -> None:
        """Say that the program is about to end."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        # A full queue, or a systemd that is about to start anew, loses one message of many.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.settimeout(0)
            end.sendto(message.encode("utf-8", "replace"), address)
