"""Messages to systemd, at a real socket."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sd_notify import Notifier


@pytest.fixture(name="systemd")
def _systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(0)
        yield end


def messages(end: socket.socket) -> list[str]:
    got = []
    while True:
        try:
            got.append(end.recv(4096).decode())
        except BlockingIOError:
            return got


def test_each_message_is_one_datagram(systemd: socket.socket) -> None:
    notifier = Notifier(systemd.getsockname(), watchdog=1.0)
    notifier.ready()
    notifier.alive()
    notifier.status("3 telegrams\nread\0 ")
    notifier.stopping()
    assert messages(systemd) == ["READY=1", "WATCHDOG=1", "STATUS=3 telegrams read\0", "STOPPING=1"]


def test_without_a_watchdog_it_is_not_fed(systemd: socket.socket) -> None:
    Notifier(systemd.getsockname()).alive()
    assert messages(systemd) == []


def test_an_abstract_address_is_one() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("")  # the kernel chooses an abstract name
        end.settimeout(0)
        Notifier("@" + end.getsockname()[1:].decode()).ready()
        assert messages(end) == ["READY=1"]


def test_nothing_waits_or_fails_where_nobody_reads(systemd: socket.socket, tmp_path: Path) -> None:
    notifier = Notifier(systemd.getsockname(), watchdog=1.0)
    for _ in range(10_000):  # more than any queue holds
        notifier.alive()
    Notifier(str(tmp_path / "missing")).ready()
    Notifier("/" + "x" * 200).ready()
    Notifier().ready()


@pytest.mark.parametrize(
    ("environment", "address", "watchdog"),
    [
        ({}, None, None),
        ({"NOTIFY_SOCKET": ""}, None, None),
        ({"NOTIFY_SOCKET": "vsock:2:1234"}, None, None),
        ({"WATCHDOG_USEC": "60000000"}, None, None),
        ({"NOTIFY_SOCKET": "/run/n"}, "/run/n", None),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "60000000"}, "@n", 60.0),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "500000", "WATCHDOG_PID": "7"}, "/n", 0.5),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "500000", "WATCHDOG_PID": "8"}, "/n", None),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "0"}, "/n", None),
        ({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "soon"}, "/n", None),
    ],
)
def test_the_environment_says_what_systemd_wants(
    environment: dict[str, str], address: str | None, watchdog: float | None
) -> None:
    notifier = Notifier.from_environment(environment, 7)
    assert (notifier._address, notifier.watchdog) == (address, watchdog)


def test_whoever_would_tell_can_ask_whether_it_is_heard(systemd: socket.socket) -> None:
    assert Notifier(systemd.getsockname()).is_heard
    assert not Notifier().is_heard
