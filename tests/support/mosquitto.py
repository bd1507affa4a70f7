"""A real Mosquitto for the tests, and a second client that watches what is published.

Nothing here sleeps to let something happen: the broker says when it runs, the watcher is woken by
every message, and both give up loudly after TIMEOUT.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

import aiomqtt

from app.config.options import MqttOptions
from tests.support.processes import put_down

TIMEOUT = 10.0
"""Seconds after which a test that waits has failed."""

# Debian puts the broker where only root's PATH leads.
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


class Seen(NamedTuple):
    """A message, as the second client got it."""

    topic: str
    payload: str
    retain: bool
    qos: int


class Watcher:
    """A second client, as Home Assistant is one.

    ``messages`` is everything seen so far, in order.
    """

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._unread: defaultdict[str, deque[Seen]] = defaultdict(deque)
        self._news = asyncio.Condition()
        self.messages: list[Seen] = []

    async def collect(self) -> None:
        """Take what comes, for ever."""
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            seen = Seen(message.topic.value, message.payload.decode(), message.retain, message.qos)
            async with self._news:
                self.messages.append(seen)
                self._unread[seen.topic].append(seen)
                self._news.notify_all()

    async def wait(self, topic: str, payload: str | None = None) -> Seen:
        """Wait for the next message of a topic, or the next one with this payload.

        Each message is given once; those of the topic that were passed over are not given later.
        """
        unread = self._unread[topic]
        try:
            async with asyncio.timeout(TIMEOUT), self._news:
                while True:
                    while unread:
                        seen = unread.popleft()
                        if payload in (None, seen.payload):
                            return seen
                    await self._news.wait()
        except TimeoutError:
            shown = "\n".join(map(str, self.messages))
            raise AssertionError(f"no {payload or 'message'} on {topic}; seen:\n{shown}") from None

    def pass_over(self, topic: str) -> None:
        """Do not give what has come so far."""
        self._unread[topic].clear()

    async def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish something, as Home Assistant does."""
        await self._client.publish(topic, payload, qos=1, retain=retain)

    def payloads(self, topic: str) -> list[str]:
        """Give all payloads of a topic seen so far."""
        return [seen.payload for seen in self.messages if seen.topic == topic]


class Mosquitto:
    """A Mosquitto on a free port of the loopback that lets in one user with a password.

    Args:
        directory: for its files; empty, and nobody else's.
        settings: further lines of its configuration, for the listener or for all of it.
        persistent: whether it keeps retained messages over a restart.
        port: to listen on; None for any that is free.
    """

    host = "127.0.0.1"
    username = "addons"
    password = "correct horse/battery"

    def __init__(
        self, directory: Path, *settings: str, persistent: bool = False, port: int | None = None
    ) -> None:
        self._directory = directory
        self._process: subprocess.Popen[str] | None = None
        self._log: list[str] = []
        self._listeners: list[Callable[[], object]] = []
        self._reader = threading.Thread()
        self.port = port or free_port()
        passwords = directory / "passwords"
        self.lets_in(self.password)
        lines = [
            f"listener {self.port} {self.host}",
            *settings,
            "allow_anonymous false",
            f"password_file {passwords}",
            f"persistence {'true' if persistent else 'false'}",
            f"persistence_location {directory}/",
            "log_dest stderr",
            "log_type all",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # or it gives root up, and cannot read its own files
        (directory / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def lets_in(self, password: str) -> None:
        """Change the user's password; it counts from the next start."""
        self.password = password
        passwords = str(self._directory / "passwords")
        _run("mosquitto_passwd", "-b", "-c", passwords, self.username, password)

    def start(self) -> Self:
        """Start it and wait until it runs."""
        command = (_program("mosquitto"), "-c", str(self._directory / "mosquitto.conf"))
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        runs = threading.Event()
        self._reader = threading.Thread(target=self._read_log, args=(self._process, runs))
        self._reader.start()
        if not runs.wait(TIMEOUT) or self._process.poll() is not None:
            self.kill()
            raise AssertionError("Mosquitto does not start:\n" + self.log)
        return self

    def stop(self) -> None:
        """Stop it, as a restart of the app does; every connection ends."""
        if self._process is None:
            return
        # Once is not enough: what comes in the moment before its main loop begins is forgotten.
        for _ in range(int(TIMEOUT / 0.2)):
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.2)
                break
        self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process is None:
            return
        put_down(self._process, self._reader)
        self._process = None

    def reload(self) -> None:
        """Have it read its access list anew."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def restart(self) -> None:
        """Stop it and start it again on the same port."""
        self.stop()
        self.start()

    def forget(self) -> None:
        """Lose what it has kept; only while it does not run."""
        (self._directory / "mosquitto.db").unlink(missing_ok=True)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Let it hang: connections are still accepted, by the kernel, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @property
    def options(self) -> MqttOptions:
        """What the program has to be told to get in."""
        return MqttOptions(
            host=self.host, port=self.port, username=self.username, password=self.password
        )

    @property
    def log(self) -> str:
        """What the broker has logged so far, all starts together."""
        return "".join(self._log)

    async def logs(self, text: str) -> None:
        """Wait until the broker has logged something, for what no client can see."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(news.set)

        self._listeners.append(wake)
        try:
            async with asyncio.timeout(TIMEOUT):
                while text not in self.log:
                    await news.wait()
                    news.clear()
        except TimeoutError:
            raise AssertionError(f"the broker does not log {text!r}:\n{self.log}") from None
        finally:
            self._listeners.remove(wake)

    @asynccontextmanager
    async def watch(self, *topics: str) -> AsyncGenerator[Watcher]:
        """Let a second client see some topics, all when none is given."""
        async with aiomqtt.Client(
            self.host, self.port, username=self.username, password=self.password
        ) as client:
            watcher = Watcher(client)
            for topic in topics or ("#",):
                await client.subscribe(topic, qos=1)
            collecting = asyncio.create_task(watcher.collect())
            try:
                yield watcher
            finally:
                collecting.cancel()
                await asyncio.gather(collecting, return_exceptions=True)

    def _read_log(self, process: subprocess.Popen[str], runs: threading.Event) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._log.append(line)
            for wake in list(self._listeners):
                wake()
            if line.rstrip().endswith(" running"):
                runs.set()
        runs.set()  # it has ended: whoever waits need not wait any longer


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((Mosquitto.host, 0))
        port: int = sock.getsockname()[1]
        return port


def _program(name: str) -> str:
    path = shutil.which(name, path=_PATH)
    assert path, f"{name} is needed; on Debian: apt-get install mosquitto"
    return path


def _run(name: str, *arguments: str) -> None:
    subprocess.run((_program(name), *arguments), check=True, capture_output=True)
