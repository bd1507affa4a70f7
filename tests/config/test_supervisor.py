"""The broker as the Supervisor names it, asked of a small real one on the loopback."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.config.supervisor import MqttService, SupervisorError, mqtt_service
from tests.support.supervised import BROKER, TOKEN, FakeSupervisor

ADDON = Path(__file__).parents[2] / "smartmeter_addon"


@pytest_asyncio.fixture
async def supervisor() -> AsyncIterator[FakeSupervisor]:
    fake = FakeSupervisor()
    async with await asyncio.start_server(fake.serve, "127.0.0.1") as server:
        host, port = server.sockets[0].getsockname()
        fake.url = f"http://{host}:{port}"
        yield fake
        fake.hang_up()


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """A port that lets nobody in: its queue of callers is full."""
    with contextlib.ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            caller = sockets.enter_context(socket.socket())
            caller.setblocking(False)  # noqa: FBT003 - socket's own signature
            caller.connect_ex(server.getsockname())
        yield "http://{}:{}".format(*server.getsockname())


async def refusal(url: str, token: str | None = TOKEN, timeout: float = 5.0) -> str:  # noqa: ASYNC109 - handed on
    with pytest.raises(SupervisorError) as caught:
        await mqtt_service(url, token, timeout)
    assert caught.value.__cause__ is None
    assert TOKEN not in str(caught.value)
    return str(caught.value)


async def threads_gone() -> bool:
    waiting = [thread for thread in threading.enumerate() if thread.name == "supervisor"]
    for thread in waiting:
        await asyncio.to_thread(thread.join, 5)
    return not any(thread.is_alive() for thread in waiting)


async def test_the_services_api_names_the_broker(supervisor: FakeSupervisor) -> None:
    supervisor.replies({"result": "ok", "data": BROKER})
    service = await mqtt_service(supervisor.url, TOKEN)
    assert service == MqttService("core-mosquitto", 1883, "addons", "pw", ssl=False)
    assert "pw" not in repr(service)
    head = supervisor.requests[0].split("\r\n")
    assert head[0] == "GET /services/mqtt HTTP/1.1"
    assert f"Authorization: Bearer {TOKEN}" in head
    assert await threads_gone()


async def test_a_path_in_the_url_is_kept(supervisor: FakeSupervisor) -> None:
    supervisor.replies({"result": "ok", "data": BROKER})
    await mqtt_service(supervisor.url + "/api/", TOKEN)
    assert supervisor.requests[0].startswith("GET /api/services/mqtt ")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"port": "8883", "ssl": True}, MqttService("h", 8883, "u", "p", ssl=True)),
        ({"username": None, "password": ""}, MqttService("h", 1883)),
    ],
)
async def test_a_port_as_text_and_missing_credentials_are_accepted(
    supervisor: FakeSupervisor, changes: dict[str, object], expected: MqttService
) -> None:
    data = {"host": "h", "port": 1883, "username": "u", "password": "p"} | changes
    supervisor.replies({"result": "ok", "data": data})
    assert await mqtt_service(supervisor.url, TOKEN) == expected


@pytest.mark.parametrize("token", [None, ""])
async def test_without_a_supervisor_the_host_is_to_be_set(token: str | None) -> None:
    sentence = await refusal("http://supervisor", token)
    assert "does not run under" in sentence
    assert "set the option mqtt.host" in sentence


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, {"result": "error", "message": "Service not enabled"}, "install and start the app"),
        (400, {"result": "error", "message": "Strange"}, "HTTP status 400 (Strange)"),
        (401, b"401: Unauthorized", "does not accept this app's token; restart the app"),
        (403, b"403: Forbidden", "does not let this app ask"),
        (302, {"message": 7}, "HTTP status 302;"),
        (502, b"<html>", "HTTP status 502;"),
    ],
)
async def test_each_error_status_has_a_sentence_of_its_own(
    supervisor: FakeSupervisor, status: int, body: object, words: str
) -> None:
    supervisor.replies(body, status)
    sentence = await refusal(supervisor.url)
    assert words in sentence
    assert sentence.endswith("or set the option mqtt.host to a broker of your own")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no data"),
        (b"\xff\xfe{", "no data"),
        (b"[" * 60000, "no data"),
        ([], "no data"),
        ({"result": "error", "data": BROKER}, "no data"),
        ({"result": "ok", "data": None}, "no data"),
        ({"result": "ok", "data": BROKER | {"host": ""}}, "no host"),
        ({"result": "ok", "data": BROKER | {"host": 5}}, "host is no text"),
        ({"result": "ok", "data": {"host": "h"}}, "no port number"),
        ({"result": "ok", "data": BROKER | {"port": 0}}, "no port number"),
        ({"result": "ok", "data": BROKER | {"port": 65536}}, "no port number"),
        ({"result": "ok", "data": BROKER | {"port": True}}, "no port number"),
        ({"result": "ok", "data": BROKER | {"port": "mqtt"}}, "no port number"),
        ({"result": "ok", "data": BROKER | {"password": 7}}, "password is no text"),
    ],
)
async def test_a_malformed_answer_is_reported(
    supervisor: FakeSupervisor, body: object, words: str
) -> None:
    supervisor.replies(body)
    assert f"makes no sense: {words};" in await refusal(supervisor.url)


async def test_an_answer_that_is_no_http_is_reported(supervisor: FakeSupervisor) -> None:
    supervisor.answer = b"SSH-2.0-OpenSSH\r\n"
    assert "cannot be reached (no HTTP answer)" in await refusal(supervisor.url)


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
    ],
)
async def test_a_supervisor_that_does_not_answer_in_time_is_reported(
    supervisor: FakeSupervisor, beginning: bytes
) -> None:
    supervisor.answer, supervisor.stalls = beginning, True
    assert "does not answer within 0.1 s" in await refusal(supervisor.url, timeout=0.1)
    assert await threads_gone()


async def test_cancelling_leaves_no_thread_behind(supervisor: FakeSupervisor) -> None:
    supervisor.stalls = True
    asking = asyncio.create_task(mqtt_service(supervisor.url, TOKEN, 60))
    async with asyncio.timeout(5):
        await supervisor.asked.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await threads_gone()


async def test_an_absent_supervisor_is_reported() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sentence = await refusal("http://{}:{}".format(*unused.getsockname()))
    assert "cannot be reached (connection refused)" in sentence


async def test_an_unknown_host_name_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "its name is not known" in await refusal("http://supervisor")


@pytest.mark.parametrize(
    "url", ["", "supervisor", "https://supervisor", "http://", "http://h:port", "http://h/ x"]
)
async def test_an_invalid_url_is_reported(url: str) -> None:
    assert f"SUPERVISOR_URL is {url}, which is not" in await refusal(url)


async def test_an_invalid_token_is_reported_and_not_shown(supervisor: FakeSupervisor) -> None:
    sentence = await refusal(supervisor.url, f"{TOKEN}\nX: y")
    assert sentence == "SUPERVISOR_TOKEN holds characters that no token has; restart the app"


async def test_a_supervisor_that_never_answers_does_not_delay_the_program_s_end(
    deaf_url: str,
) -> None:
    program = """
import asyncio, sys
from app.config.supervisor import mqtt_service

async def main():
    asking = asyncio.create_task(mqtt_service(sys.argv[1], "token", 600))
    await asyncio.sleep(0.1)
    asking.cancel()

asyncio.run(main())
"""
    subprocess.run(  # noqa: ASYNC221 - nothing else runs in this loop
        [sys.executable, "-c", program, deaf_url],
        env=os.environ | {"PYTHONPATH": str(ADDON)},
        check=True,
        timeout=30,
    )
