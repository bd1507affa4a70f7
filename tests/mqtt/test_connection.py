"""The connection to a real Mosquitto: opened within a time, closed in every case, logged."""

import asyncio
import socket
import threading
from contextlib import ExitStack
from dataclasses import replace
from logging import DEBUG
from pathlib import Path
from time import monotonic
from typing import Any

import aiomqtt
import pytest

from app.config.options import MqttOptions
from app.log import TRACE
from app.mqtt.connection import Connection
from app.mqtt.publisher import BrokerState, Connected
from tests.support.mosquitto import TIMEOUT, Mosquitto
from tests.support.publishing import KAIFA_STATE, publishing, running, stop
from tests.support.relay import Relay

pytestmark = pytest.mark.usefixtures("nothing_goes_wrong_unseen")


# Opening


async def test_a_silent_name_server_neither_hangs_nor_delays_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = threading.Event()

    def silent(*_: object, **__: object) -> None:
        answer.wait(TIMEOUT)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    try:
        made = publishing(MqttOptions(host="broker.lan"), timeout=0.05, delays=(60.0,))
        async with running(made):
            assert "does not answer" in str((await made.disconnected()).reason)
        made = publishing(MqttOptions(host="broker.lan"))
        task = asyncio.create_task(made.publisher.run())
        await asyncio.sleep(0)
        assert await stop(task) < 0.5
        resolvers = [thread for thread in threading.enumerate() if thread.name == "resolver"]
        assert len(resolvers) == 2
        assert all(thread.daemon for thread in resolvers)
    finally:
        answer.set()
        for thread in threading.enumerate():
            if thread.name == "resolver":
                thread.join()


@pytest.mark.parametrize("dead_family", [socket.AF_INET, socket.AF_APPLETALK])
async def test_the_second_address_of_a_host_is_tried_when_the_first_is_dead(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, dead_family: socket.AddressFamily
) -> None:
    with socket.create_server((broker.host, 0)) as server:
        dead = server.getsockname()

    def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [
            (dead_family, socket.SOCK_STREAM, 0, "", dead),
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", (broker.host, broker.port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    async with running(publishing(replace(broker.options, host="broker.lan"))) as made:
        assert await made.states.get() == Connected("broker.lan", broker.port)


async def test_a_silent_host_neither_hangs_nor_delays_the_end() -> None:
    with socket.socket() as server, ExitStack() as stack:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        options = MqttOptions(host="127.0.0.1", port=server.getsockname()[1])
        for _ in range(4):  # fill its queue: it takes no further call
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(server.getsockname())
        begin = monotonic()
        async with running(publishing(options, timeout=0.05, delays=(60.0,))) as made:
            assert "does not answer" in str((await made.disconnected()).reason)
        task = asyncio.create_task((made := publishing(options)).publisher.run())
        await made.looks_for_broker.wait()
        await stop(task)
        assert monotonic() - begin < 5  # not the minutes that are waited for an answer


# Closing


async def test_nothing_stays_open_after_the_end(broker: Mosquitto) -> None:
    def left_open() -> tuple[set[asyncio.Task[Any]], list[Path]]:
        return asyncio.all_tasks(), list(Path("/proc/self/fd").iterdir())

    before = left_open()
    async with running(publishing(broker.options)) as made:
        await made.connected()
    async with running(publishing(replace(broker.options, password="wrong"))) as made:
        await made.disconnected()
    with broker.stalled():
        async with running(publishing(broker.options, timeout=0.05)) as made:
            await made.disconnected()
            await made.disconnected()
    await asyncio.sleep(0)  # a task that was cancelled ends when the loop comes round
    assert left_open() == before


async def test_an_unsent_message_leaves_no_writer_behind(
    broker: Mosquitto,
) -> None:
    """The socket's number may be another one's when the loop would get to writing."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, found: complaints.append(found))
    will = aiomqtt.Will("t", "offline")
    async with Connection(broker.options, identifier="x", will=will, timeout=TIMEOUT) as connection:
        connection._client.publish("t", b"x", qos=1)
    await asyncio.sleep(0)
    assert complaints == []


# The log


async def test_no_password_is_logged_or_reported(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(TRACE)
    wrong = replace(broker.options, password="open sesame")
    states: list[BrokerState] = []
    async with running(publishing(wrong)) as made:
        states.append(await made.disconnected())
    async with Relay(broker) as relay, running(publishing(relay.options)) as made:
        states.append(await made.connected())
        async with broker.watch() as home:
            made.publish(power="1")
            await home.wait(KAIFA_STATE)
            relay.cut()
            states.append(await made.disconnected())
    broker.stop()
    async with running(publishing(broker.options)) as made:
        states.append(await made.disconnected())
    written = caplog.text + repr(states) + repr(broker.options)
    assert "Sending CONNECT" in caplog.text
    for secret in ("open sesame", broker.password):
        assert secret not in written


@pytest.mark.parametrize(("level", "shown"), [(DEBUG, False), (TRACE, True)])
async def test_the_wire_is_logged_below_debug_only(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture, level: int, *, shown: bool
) -> None:
    caplog.set_level(level)
    caplog.handler.setLevel(0)  # as in the program, where it is the loggers that have a level
    async with Relay(broker) as relay, running(publishing(relay.options)) as made:
        await made.connected()
        relay.cut()
        await made.disconnected()
    levels = {record.levelno for record in caplog.records if record.name == "app.mqtt.wire"}
    assert levels == ({TRACE} if shown else set())
