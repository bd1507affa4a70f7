"""No key and no password in anything that is written, whatever goes wrong.

The real program runs at the log level that says the most, with secrets that are known here; all
that it writes is searched for every form in which one of them could turn up.
"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from app.mqtt.topics import Topics
from simulator.ciphering import AUTH_KEY
from tests.support.certificates import Certificates, text
from tests.support.mosquitto import Mosquitto, Seen
from tests.support.program import running
from tests.support.simulated import Adapter, SimulatedMeter
from tests.support.supervised import TOKEN, service, supervised

PASSWORD = "p\\w: \"ö€'%7B{}$(x)\tÄ "  # what people and generators come up with
GUEK = bytes.fromhex("c0ffee0123456789abcdef00fedcba98")
OTHER_GUEK = bytes.fromhex("5eed5eed5eed5eed5eed5eed5eed5eed")
PLAIN_KEY = b"VKW-Zaehler 2026"
TOPICS = Topics()


class Guarded(Mosquitto):
    """A Mosquitto with a password that is hard to hide."""

    password = PASSWORD


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    broker = Guarded(directory)
    broker.start()
    yield broker
    broker.stop()


def forms_of_text(secret: str) -> set[str]:
    """Give the forms in which code might write a text."""
    raw = secret.encode()
    return {
        secret,
        secret.strip(),
        repr(secret)[1:-1],
        repr(raw)[2:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }


def forms_of_key(key: bytes) -> set[str]:
    """Give the forms in which code might write a key."""
    forms = {
        key.hex(),
        repr(key)[2:-1],
        key.decode("latin-1"),
        base64.b64encode(key).decode().rstrip("="),
        ",".join(map(str, key)),
        str(int.from_bytes(key, "big")),
    }
    return forms | (forms_of_text(key.decode()) if key.isascii() else set())


def found(text: str, secrets: set[str]) -> set[str]:
    """Give the secrets that are in a text, whatever stands between their parts and in any case."""
    text, secrets = text.casefold(), {secret.casefold() for secret in secrets}
    bare = re.sub(r"[\s:,_|-]+|0x|\\x", "", text)
    return {
        secret
        for secret in secrets
        if secret in text or re.sub(r"[\s:,_|-]+|0x|\\x", "", secret) in bare
    }


def written(output: str, messages: list[Seen]) -> str:
    """Join all that the program has given away."""
    return "\n".join([output, *(f"{seen.topic}\n{seen.payload}" for seen in messages)])


def options(broker: Mosquitto, adapter: Adapter, **more: object) -> dict[str, Any]:
    """Give options full of secrets, at the log level that says the most."""
    return {
        "log_level": "trace",
        "url": str(adapter.path),
        "key": "0x" + GUEK.hex(":").upper(),
        "auth_key": AUTH_KEY.hex(" ", 2),
        "mqtt": {
            "host": broker.host,
            "port": broker.port,
            "username": broker.username,
            "password": PASSWORD,
        },
        **more,
    }


SECRETS = {
    *forms_of_text(PASSWORD),
    *forms_of_key(GUEK),
    *forms_of_key(AUTH_KEY),
    *forms_of_key(OTHER_GUEK),
    *forms_of_key(PLAIN_KEY),
    *forms_of_text(TOKEN),
}


@pytest.mark.parametrize(
    "leak",
    [
        f"password={PASSWORD!r}",
        f"{{'password': {json.dumps(PASSWORD)}}}",
        f"mqtt://addons:{quote(PASSWORD)}@h",
        f"Authorization: Basic {base64.b64encode(PASSWORD.encode()).decode()}",
        f"key {GUEK.hex()}",
        f"key {GUEK.hex(' ').upper()}",
        f"key {GUEK.hex(':')}",
        "key " + ", ".join(f"0x{byte:02x}" for byte in GUEK),
        f"AESGCM({GUEK!r})",
        f"{list(GUEK)}",
        f"key {PLAIN_KEY.decode()}",
        f"key {PLAIN_KEY.hex('-')}",
        f"Bearer {TOKEN}",
    ],
)
def test_the_search_finds_secrets(leak: str) -> None:
    assert found(f"2026-11-21 15:22:00 DEBUG {leak} and so on", SECRETS)


def test_the_search_finds_nothing_in_harmless_text() -> None:
    assert not found("2026-11-21 15:22:00 INFO    connected to the MQTT broker h:1", SECRETS)


async def test_nothing_leaks_while_a_meter_is_read(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "e450", key=GUEK)
    async with (
        broker.watch() as home,
        running(options(broker, adapter), tmp_path) as program,
    ):
        await program.ready()
        for _ in range(2):
            await meter.push()
            await home.wait(TOPICS.state(meter.id))
        await program.logs("TRACE   received ")
        await program.stop()
        await home.wait(TOPICS.meter_status(meter.id), "offline")
        text = written(program.output, home.messages)
    assert "Sending CONNECT" in text
    assert not found(text, SECRETS)


async def test_nothing_leaks_with_keys_of_plain_characters(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", "tinetz", key=PLAIN_KEY)
    given = options(broker, adapter, key=f" {PLAIN_KEY.decode()} ")
    async with broker.watch() as home, running(given, tmp_path) as program:
        await program.ready()
        await meter.push()
        await home.wait(TOPICS.state(meter.id))
        await program.stop()
        text = written(program.output, home.messages)
    assert not found(text, SECRETS)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("key", "the encryption key is not this meter's"),
        ("auth_key", "the authentication key does not fit"),
    ],
)
async def test_nothing_leaks_with_a_wrong_key(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, wrong: str, sentence: str
) -> None:
    meter = SimulatedMeter(adapter, "e450", key=GUEK)
    given = options(broker, adapter, **{wrong: OTHER_GUEK.hex("-")})
    async with broker.watch() as home, running(given, tmp_path) as program:
        await program.ready()
        await meter.push()
        assert sentence in await program.logs("WARNING ")
        await program.stop()
        text = written(program.output, home.messages)
    assert not found(text, SECRETS)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": PASSWORD[:-1] + "!"}, "refuses the user name or the password"),
        ({"username": None}, "wants a user name and a password"),
        ({"tls": True}, "with TLS"),
        ({"tls": True, "ca": GUEK.hex(":")}, "cannot be used"),
        ({"port": 1}, "nothing answers at 127.0.0.1:1"),
    ],
    ids=["password", "user", "no tls", "ca", "port"],
)
async def test_nothing_leaks_when_the_broker_is_not_reached(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    given = options(broker, adapter)
    given["mqtt"] |= changes
    async with running(given, tmp_path) as program:
        assert sentence in await program.logs("WARNING ")
        await program.stop()
    assert not found(program.output, SECRETS | forms_of_text(given["mqtt"]["password"]))


async def test_nothing_leaks_when_the_broker_is_not_trusted(
    adapter: Adapter, tmp_path: Path, certificates: Certificates
) -> None:
    cert, key = certificates.server
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    broker = Guarded(directory, f"certfile {cert}", f"keyfile {key}").start()
    given = options(broker, adapter)
    given["mqtt"]["tls"] = True
    async with running(given, tmp_path) as program:
        assert "is not to be trusted" in await program.logs("WARNING ")
        await program.stop()
    broker.stop()
    assert not found(program.output, SECRETS)


async def test_nothing_leaks_of_a_private_key_that_was_entered_as_text(
    adapter: Adapter, tmp_path: Path, certificates: Certificates
) -> None:
    """The key of another certificate, so that OpenSSL has something to complain of."""
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    cert, key = map(text, certificates.server)
    broker = Guarded(
        directory, f"certfile {certificates.server[0]}", f"keyfile {certificates.server[1]}"
    ).start()
    lines = [line for line in key.splitlines() if not line.startswith("-")]
    given = options(broker, adapter)
    given["mqtt"] |= {
        "tls": True,
        "client_cert": text(certificates.client[0]).replace("\n", " "),
        "client_key": key.replace("\n", " "),
    }
    async with running(given, tmp_path) as program:
        assert "the text entered cannot be used" in await program.logs("WARNING ")
        await program.stop()
    given["mqtt"] |= {"client_cert": cert, "base_topic": f"#{key}", "host": key}
    async with running(given, tmp_path) as program:
        assert await program.ends() == 1
        output = program.output
    broker.stop()
    assert "mqtt.base_topic" in output
    assert not found(output, {*SECRETS, *lines, "".join(lines)})


async def test_nothing_leaks_of_the_supervisor_s_answer(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "e450", key=GUEK)
    given = options(broker, adapter, mqtt={})
    async with supervised() as (supervisor, environment), broker.watch() as home:
        supervisor.replies({"message": f"what is {TOKEN}?"}, 500)
        async with running(given, tmp_path, environment) as program:
            assert "HTTP status 500 (what is ***?)" in await program.logs("WARNING ")
            supervisor.replies({"result": "ok", "data": service(broker)})
            await program.ready()
            await meter.push()
            await home.wait(TOPICS.state(meter.id))
            broker.stop()
            await program.logs("the MQTT broker at")
            await program.stop()
            text = written(program.output, home.messages)
    assert not found(text, SECRETS)


async def test_nothing_leaks_from_options_that_cannot_be_used(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    given = options(
        broker,
        adapter,
        key=GUEK.hex(":") + ":00",
        auth_key=int.from_bytes(OTHER_GUEK, "big"),
        name=["x", AUTH_KEY.hex()],
        url=f"tcp://addons:{quote(PASSWORD)}@host:1",
        device=PLAIN_KEY.hex(),
        pasword=PASSWORD,
        additional_meters=[{"key": AUTH_KEY.hex()[:-1], "serial_mode": GUEK.hex()}],
    )
    given["mqtt"]["username"] = {"password": PASSWORD}
    async with running(given, tmp_path) as program:
        assert await program.ends() == 1
    assert len(program.lines) == 10
    assert not found(program.output, SECRETS)


# Passwords that are words


@pytest.mark.parametrize("password", ["p", "meter", "homeassistant", "Smart meter"])
async def test_a_password_that_is_a_word_tears_no_line_and_is_not_shown(
    adapter: Adapter, tmp_path: Path, password: str
) -> None:
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    broker = Guarded(directory)
    broker.lets_in(password)
    broker.start()
    meter = SimulatedMeter(adapter, "e450", key=GUEK)
    given = options(broker, adapter)
    given["mqtt"]["password"] = password
    async with broker.watch() as home, running(given, tmp_path) as program:
        await program.ready()
        await meter.push()
        await home.wait(TOPICS.state(meter.id))
        await program.stop()
    async with running(given, tmp_path, before=WITH_THE_PASSWORD, may_fail=True) as program:
        told = await program.logs("publishing failed through a mistake")
        await program.stop()
    broker.stop()
    assert "smart meter reader" in program.output
    assert told.count("***") == 3
    assert program.output.replace(told, "").count("***") == 0


# Exceptions that hold secrets

WITH_THE_PASSWORD = """
import app.mqtt.conversation
async def mistaken(self):
    password = self._connection._broker.password
    raise ValueError(password, [password], f"with {password}")
app.mqtt.conversation.Conversation._receive = mistaken
"""

IN_THE_DECODER = """
import app.decoder
def mistaken(self, chunk):
    keys = self._keys
    try:
        raise KeyError(keys.encryption)
    except KeyError as error:
        raise ValueError(f"{keys} {keys.encryption.hex()} {keys.authentication!r}") from error
app.decoder.Decoder.feed = mistaken
"""
AT_THE_BROKER = """
import app.mqtt.conversation
async def mistaken(self):
    broker = self._connection._broker
    try:
        raise KeyError(broker.password)
    except KeyError as error:
        pem = str(broker.client_key)
        texts = (broker, broker.password, [broker.password], pem, repr(pem), pem.encode())
        raise ValueError(*texts, pem.split()) from error
app.mqtt.conversation.Conversation._receive = mistaken
"""
OUTSIDE_ALL = """
import app.run, app.commands.run
def wrapped(*arguments, load=app.commands.run.load, **more):
    options = load(*arguments, **more)
    async def mistaken(*_, **__):
        raise ValueError(options.mqtt.password, options.meters[0].keys.encryption)
    app.run.serve = mistaken
    return options
app.commands.run.load = wrapped
"""


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (IN_THE_DECODER, "a telegram could not be decoded through a mistake"),
        (AT_THE_BROKER, "publishing failed through a mistake"),
        (OUTSIDE_ALL, "the program failed"),
    ],
    ids=["decoder", "broker", "outside"],
)
async def test_nothing_leaks_from_exceptions_that_hold_secrets(
    adapter: Adapter, tmp_path: Path, certificates: Certificates, mistake: str, told: str
) -> None:
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    cert, key = certificates.server
    broker = Guarded(
        directory, f"cafile {certificates.ca}", f"certfile {cert}", f"keyfile {key}"
    ).start()
    client = text(certificates.client[1])
    given = options(broker, adapter)
    given["mqtt"] |= {
        "tls": True,
        "ca": str(certificates.ca),
        "client_cert": text(certificates.client[0]),
        "client_key": client,
    }
    meter = SimulatedMeter(adapter, "e450", key=GUEK)
    async with running(given, tmp_path, before=mistake, may_fail=True) as program:
        if mistake is not OUTSIDE_ALL:
            await program.ready()
            await meter.push()
        assert "ValueError" in await program.logs(told)
        if mistake is OUTSIDE_ALL:
            assert await program.ends() == 1
        else:
            await program.stop()
    broker.stop()
    lines = {line for line in client.splitlines() if line and not line.startswith("-")}
    assert lines
    assert not found(program.output, {*SECRETS, *lines, "".join(lines)})
