"""Who may see the page."""

import socket
from dataclasses import replace

import pytest

from app.page.access import of_address, of_supervisor
from tests.support.asking import ask, raw
from tests.support.serving import GET, serving


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8099", 200),
        ("localhost.", 200),
        ("127.0.0.1:8099", 200),
        ("[::1]:8099", 200),
        ("192.168.1.5", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost:evil", 421),
        ("a b", 421),
        ("", 421),
    ],
)
async def test_a_foreign_name_is_refused(host: str, status: int) -> None:
    async with serving() as server:
        said = await ask(server.port, "/", host=host)
        assert said.status == status
        assert (b"address in numbers" in said.body) is (status == 421)


async def test_a_request_without_a_host_is_refused() -> None:
    async with serving() as server:
        assert (await raw(server.port, b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        assert (await raw(server.port, b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 421 ")


async def test_under_the_supervisor_only_the_supervisor_may_ask() -> None:
    access = replace(of_supervisor(), host="127.0.0.1", port=0)
    async with serving(access=access) as server:
        assert await raw(server.port, GET) == b""
    async with serving(access=replace(access, only="127.0.0.1")) as server:
        said = await ask(server.port, "/", host="whatever Core says")
        assert said.status == 200


def test_the_supervisor_s_address_is_the_documented_one() -> None:
    access = of_supervisor()
    assert access.lets_in("172.30.32.2")
    assert access.lets_in("::ffff:172.30.32.2")
    others = ("172.30.32.1", "172.30.32.3", "172.30.33.2", "127.0.0.1", "::1", "192.168.1.2")
    assert not any(map(access.lets_in, others))
    assert not access.is_open


def test_without_the_supervisor_loopback_may_ask_unless_another_address_is_wanted() -> None:
    access = of_address("127.0.0.1", 8099)
    assert [access.lets_in(a) for a in ("127.0.0.1", "::1", "::ffff:127.0.0.1")] == [True] * 3
    assert not access.lets_in("192.168.1.2")
    assert not access.is_open
    wide = of_address("0.0.0.0", 8099)  # noqa: S104
    assert wide.is_open
    assert wide.lets_in("192.168.1.2")
    assert wide.takes_host(b"192.168.1.5:8099")
    assert wide.takes_host(socket.gethostname().encode())
    assert not wide.takes_host(b"evil.example")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8099"),
        ("nas.local", "http://nas.local:8099"),
        ("::1", "http://[::1]:8099"),
        ("0.0.0.0", f"http://{socket.gethostname()}:8099"),  # noqa: S104
        ("::", f"http://{socket.gethostname()}:8099"),
    ],
)
def test_its_address_is_one_that_a_browser_takes(host: str, url: str) -> None:
    assert of_address(host, 8099).url == url


def test_a_container_says_how_to_open_what_it_cannot_name(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = of_address("0.0.0.0", 8099)  # noqa: S104
    for name, place in {
        "nas": "http://nas:8099",
        "3f2a9c1b7d20": "port 8099 of this container: open it by the address of the computer that",
    }.items():
        monkeypatch.setattr("socket.gethostname", lambda name=name: name)
        assert everywhere.place.startswith(place)
    assert of_address("192.168.1.5", 80).place == "http://192.168.1.5:80"
    assert of_address("::1", 80).address == "[::1]:80"
