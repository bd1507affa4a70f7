"""The connection where it would end for good, or tell a password to anybody."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fleet.client import EngineClient
from app.fleet.engine import Engine, EngineError
from app.fleet.engine_options import EngineOptions
from tests.support.certificates import Certificates, certificates
from tests.support.fleets import until
from tests.support.nats import TIMEOUT, Node, connect, engine, unclaimed_port

__all__ = ["certificates"]

USERS = 'authorization {{users: [{{user: reader, password: "{}"}}, {{user: u, password: p}}]}}'


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with engine(tmp_path, USERS.format("first")) as one:
        yield one


async def test_a_changed_password_ends_the_connection_only_until_it_is_good_again(
    node: Node, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await (await connect(node, user="u", password="p")).close()
    options = EngineOptions((node.url,), "reader", "first")
    one = await Engine.connect(options, "test")
    config = tmp_path / "n1" / "nats.conf"
    text = config.read_text()
    config.write_text(text.replace("first", "other"))
    node.signal(signal.SIGHUP)
    await until(lambda: not one.is_connected)
    await until(lambda: "it does not let this program in" in caplog.text)
    config.write_text(text)
    node.signal(signal.SIGHUP)
    await until(lambda: one.is_connected)
    await one.close()


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ("nats://nowhere.invalid:4222", "the name of a server is not known in the network"),
        ("nats://127.0.0.1:{unclaimed}", "a server refuses the connection"),
        ("nats://127.0.0.1:{strange}", "what answers is no NATS server, or it hangs up"),
    ],
)
async def test_why_there_is_no_connection_is_a_sentence_that_names_the_option(
    server: str, sentence: str
) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as strange:
        port = strange.sockets[0].getsockname()[1]
        address = server.format(unclaimed=unclaimed_port(), strange=port)
        with pytest.raises(EngineError) as caught:
            await Engine.connect(EngineOptions((address,)), "test")
    assert sentence in str(caught.value)
    assert str(caught.value).endswith("servers")


async def test_what_a_user_may_not_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    may = 'permissions: {publish: ["raw.m1"], subscribe: ["_INBOX_g.>"]}'
    users = f"authorization {{users: [{{user: g, password: p, {may}}}]}}"
    with engine(tmp_path, users) as node:
        await (await connect(node, user="g", password="p")).close()
        one = await Engine.connect(EngineOptions((node.url,), "g", "p"), "test", own_inboxes=True)
        await one.publish("raw.m2", b"x")
        await until(lambda: 'this user may not publish to "raw.m2" (in' in caplog.text)
        await one.listen("raw.*", _ignore)
        await until(lambda: 'this user may not listen at "raw.*" (in' in caplog.text)
        await one.close()


async def _ignore(_: object) -> None:
    pass


async def test_a_mistake_in_what_takes_a_message_is_told_with_its_place(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    await (await connect(node, user="u", password="p")).close()
    one = await Engine.connect(EngineOptions((node.url,), "u", "p"), "test")

    async def take(_: object) -> None:
        raise KeyError

    inbox = await one.inbox(take)
    await one.publish(inbox.subject, b"x")
    await until(lambda: "please report this" in caplog.text)
    assert "in take" in caplog.text
    await one.close()


async def test_no_password_is_sent_to_a_server_without_tls() -> None:
    came = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id": "x", "auth_required": true, "headers": true}\r\n')
        came.extend(await reader.read(1000))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = EngineOptions((f"tls://127.0.0.1:{port}",), "reader", "a password")
        with pytest.raises(EngineError, match="it does not ask for TLS"):
            await Engine.connect(options, "test")
    assert not came


async def test_a_connection_with_tls_ends_without_a_word_of_asyncio(
    tmp_path: Path, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    cert, key = certificates.server
    with engine(tmp_path, f'tls {{cert_file: "{cert}", key_file: "{key}"}}') as node:
        options = EngineOptions((node.url,), ca=certificates.ca)
        async with asyncio.timeout(TIMEOUT):
            one = await Engine.connect(options, "test", patient=True)
        await one.close()
        one = await Engine.connect(options, "test")
        node.kill()
        await until(lambda: not one.is_connected)
        await one.close()
    assert not [record for record in caplog.records if record.name == "asyncio"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "ca", "why"),
    [
        (
            "localhost",
            "ca",
            r"certificate is one of another address \(.*localhost.*\); see servers",
        ),
        ("127.0.0.1", "none", r"certificate is not trusted \(.*\); see ca"),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_told(
    tmp_path: Path, certificates: Certificates, host: str, ca: str, why: str
) -> None:
    cert, key = certificates.server
    with engine(tmp_path, f'tls {{cert_file: "{cert}", key_file: "{key}"}}') as node:
        url = f"tls://{host}:{node.port}"
        options = EngineOptions((url,), ca=getattr(certificates, ca, None))
        with pytest.raises(EngineError, match=why):
            await Engine.connect(options, "test")


@given(headers=st.binary(max_size=60))
async def test_any_bytes_are_headers_or_none(headers: bytes) -> None:
    found = await EngineClient()._process_headers(headers)
    assert found is None or isinstance(found, dict)


@given(subject=st.binary(max_size=20), reply=st.binary(max_size=20))
def test_any_bytes_are_a_subject(subject: bytes, reply: bytes) -> None:
    message = EngineClient()._build_message(1, subject, reply, b"", None)
    if subject.isascii():
        assert message.subject == subject.decode()
