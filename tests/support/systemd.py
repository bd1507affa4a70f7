"""systemd, as a service sees it: the socket that takes its messages, and its environment."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

from tests.support.mosquitto import TIMEOUT


class Listener:
    """Takes what a service says at NOTIFY_SOCKET, with the time at which it came."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = folder / "notify"
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self.messages: list[tuple[float, str]] = []

    def close(self) -> None:
        self._socket.close()

    async def wait(self, text: str, within: float = TIMEOUT) -> str:
        """Wait for the next message that begins with a text.

        Raises:
            TimeoutError: none came.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(within):
            while True:
                message = (await loop.sock_recv(self._socket, 4096)).decode()
                self.messages.append((monotonic(), message))
                if message.startswith(text):
                    return message

    def drop(self) -> None:
        """Take all that has come, and think no more of it."""
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(4096)


@contextmanager
def listening(folder: Path) -> Iterator[Listener]:
    listener = Listener(folder)
    try:
        yield listener
    finally:
        listener.close()


def environment(listener: Listener, folder: Path, watchdog: float) -> dict[str, str]:
    """Make a service's folders, and give what systemd tells it.

    Args:
        listener: takes its messages.
        folder: holds its folders.
        watchdog: seconds.
    """
    folders = {
        f"{kind}_DIRECTORY": folder / kind.lower() for kind in ("STATE", "RUNTIME", "CONFIGURATION")
    }
    for path in folders.values():
        path.mkdir(exist_ok=True)
    return {
        "NOTIFY_SOCKET": str(listener.path),
        "WATCHDOG_USEC": str(round(watchdog * 1e6)),
        **{name: str(path) for name, path in folders.items()},
    }
