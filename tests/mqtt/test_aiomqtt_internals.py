"""The private names of aiomqtt and paho-mqtt that the program uses exist, and do what it needs."""

import ast
import asyncio
import inspect
import socket
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import aiomqtt
import paho.mqtt.client
import pytest

from app.mqtt import aiomqtt_internals
from app.mqtt.aiomqtt_internals import SocketClient
from tests.support.mosquitto import TIMEOUT

pytestmark = pytest.mark.usefixtures("nothing_goes_wrong_unseen")

METHODS: dict[tuple[type, str], list[str]] = {
    (paho.mqtt.client.Client, "_create_socket"): [],
    (paho.mqtt.client.Client, "_packet_queue"): ["command", "packet", "mid", "qos", "info"],
    (aiomqtt.Client, "_client_connect"): [],
    (aiomqtt.Client, "_wait_for"): ["fut", "timeout"],
    (aiomqtt.Client, "_on_disconnect"): [
        *("client", "userdata", "flags", "reason_code", "properties"),
    ],
    (aiomqtt.Client, "_on_socket_register_write"): ["client", "userdata", "sock"],
    (aiomqtt.Client, "_misc_loop"): [],
}
ATTRIBUTES = {
    "_client": paho.mqtt.client.Client,
    "_connected": asyncio.Future,
    "_disconnected": asyncio.Future,
}
PRIVATE = {name for _, name in METHODS} | ATTRIBUTES.keys()
OWN = {"_socket", "_publish_packet"}

ADVICE = (
    f"in aiomqtt {version('aiomqtt')} with paho-mqtt {version('paho-mqtt')}: the update has changed"
    " what app/mqtt/aiomqtt_internals.py needs; its head says what for"
)


@pytest.mark.parametrize(
    ("owner", "name"), METHODS, ids=lambda part: getattr(part, "__module__", part)
)
def test_each_private_method_exists(owner: type, name: str) -> None:
    method = getattr(owner, name, None)
    assert callable(method), f"{owner.__module__}.{owner.__name__} has no method {name} {ADVICE}"
    _, *parameters = inspect.signature(method).parameters
    expected = METHODS[owner, name]
    assert parameters == expected, f"{name} takes {parameters} instead of {expected} {ADVICE}"


@pytest.mark.parametrize("name", ATTRIBUTES)
async def test_each_private_attribute_exists(name: str) -> None:
    found = getattr(aiomqtt.Client("localhost"), name, None)
    kind = ATTRIBUTES[name]
    assert isinstance(found, kind), f"aiomqtt.Client has no {name}, a {kind.__name__}, {ADVICE}"


async def test_paho_still_calls_what_is_overridden() -> None:
    client = SocketClient("localhost")
    for event in ("on_disconnect", "on_socket_register_write"):
        assert getattr(client._client, event) == getattr(client, f"_{event}"), f"{event} {ADVICE}"


def test_these_are_all_private_names_that_the_module_uses() -> None:
    source, head = inspect.getsource(aiomqtt_internals), aiomqtt_internals.__doc__ or ""
    used = {name for name in names(source) if name.startswith("_") and name[1] != "_"}
    assert used - OWN == PRIVATE
    assert {name for name in PRIVATE if f".{name}``" in head} == PRIVATE


def test_no_other_module_uses_them() -> None:
    own = Path(aiomqtt_internals.__file__)
    others = set(own.parent.glob("*.py")) - {own}
    assert [path for path in others if names(path.read_text("utf-8")) & PRIVATE] == []


def names(source: str) -> set[str]:
    """Give the names of all attributes and functions in a module."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = list(ast.walk(ast.parse(source)))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {node.name for node in nodes if isinstance(node, functions)}


# What the client does on a socket that it was given


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connected pair: the program's end, and the broker's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)  # noqa: FBT003 - socket's own signature
        theirs.settimeout(TIMEOUT)
        yield ours, theirs


async def log_in(client: SocketClient, ours: socket.socket, theirs: socket.socket) -> None:
    """Connect a client, and accept it as a broker does."""
    connecting = asyncio.create_task(client.connect(ours))
    connect = await asyncio.to_thread(theirs.recv, 1024)
    assert connect[:1] == b"\x10"
    theirs.sendall(b"\x20\x02\x00\x00")  # CONNACK: accepted
    await connecting


async def test_a_client_logs_in_over_the_socket_that_it_is_given(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    client = SocketClient("localhost", timeout=TIMEOUT)
    await log_in(client, ours, theirs)
    client.drop()
    assert theirs.recv(1024) == b""
    assert ours.fileno() == -1


async def test_a_client_whose_broker_hangs_up_does_not_wait_on(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    client = SocketClient("localhost", timeout=3600)
    connecting = asyncio.create_task(client.connect(ours))
    assert await asyncio.to_thread(theirs.recv, 1024)
    theirs.close()
    with pytest.raises(ConnectionResetError):
        await connecting
    assert ours.fileno() == -1


async def test_a_client_whose_broker_does_not_answer_closes_its_socket(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    client = SocketClient("localhost", timeout=0.01)
    with pytest.raises(aiomqtt.MqttError, match="timed out"):
        await client.connect(ours)
    assert ours.fileno() == -1
    while theirs.recv(1024):
        pass


async def test_a_client_pings_a_broker_that_it_has_nothing_to_tell(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiomqtt_internals, "PING_INTERVAL", 0.05)
    ours, theirs = ends
    client = SocketClient("localhost", timeout=TIMEOUT, keepalive=1)
    await log_in(client, ours, theirs)
    assert await asyncio.to_thread(theirs.recv, 2) == b"\xc0\x00"  # PINGREQ
    client.drop()


@pytest.mark.parametrize("size", [0, 1, 121, 122, 16_377, 16_378, 100_000])
async def test_what_is_published_at_once_is_what_paho_would_write(
    ends: tuple[socket.socket, socket.socket], size: int
) -> None:
    ours, theirs = ends
    client = SocketClient("localhost", timeout=TIMEOUT)
    await log_in(client, ours, theirs)
    payload = "ü" + "x" * size
    client._client.publish("a/b", payload)
    expected = received(theirs)
    assert client.publish_at_once("a/b", payload)
    assert received(theirs) == expected
    client.drop()


@pytest.mark.parametrize("filled", [False, True])
async def test_what_the_socket_does_not_take_at_once_is_written_later_in_its_order(
    ends: tuple[socket.socket, socket.socket], *, filled: bool
) -> None:
    ours, theirs = ends
    client = SocketClient("localhost", timeout=TIMEOUT)
    await log_in(client, ours, theirs)
    before = fill(ours) if filled else 0
    payload = "x" * 2_000_000
    assert client.publish_at_once("a/b", payload)
    assert not client.publish_at_once("a/b", "later")
    client._client.publish("a/b", "last")
    got = b""
    while not got.endswith(b"a/blast"):
        await asyncio.sleep(0)
        got += received(theirs)
    assert got[before:].removeprefix(b"\x30\x85\x89\x7a\x00\x03a/b") == (
        payload.encode() + b"\x30\x09\x00\x03a/blast"
    )
    assert client.publish_at_once("a/b", "later")
    assert received(theirs) == b"\x30\x0a\x00\x03a/blater"
    client.drop()


async def test_nothing_is_published_at_once_over_a_connection_that_is_broken(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    client = SocketClient("localhost", timeout=TIMEOUT)
    await log_in(client, ours, theirs)
    theirs.close()
    assert not client.publish_at_once("a/b", "c")
    assert not client.publish_at_once("a/b", "c")
    client.drop()
    assert not client.publish_at_once("a/b", "c")


def fill(end: socket.socket) -> int:
    """Write until a socket takes no more; give how many bytes that were."""
    sent = 0
    with suppress(BlockingIOError):
        while True:
            sent += end.send(b"x")
    return sent


def received(end: socket.socket) -> bytes:
    """Give all that has come."""
    end.setblocking(False)  # noqa: FBT003 - socket's own signature
    got = b""
    with suppress(BlockingIOError):
        while chunk := end.recv(1_000_000):
            got += chunk
    return got
