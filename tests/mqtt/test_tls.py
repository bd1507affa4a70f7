"""TLS to a real Mosquitto, with certificates and keys as files and as text."""

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.config.options import MqttOptions
from app.meters.sensors import SENSORS
from app.mqtt.publisher import Connected
from tests.support.certificates import Certificates, text
from tests.support.mosquitto import Mosquitto
from tests.support.publishing import E450, attempt, publishing, running, stop

pytestmark = pytest.mark.usefixtures("nothing_goes_wrong_unseen")


@contextmanager
def encrypting(
    directory: Path, certificates: Certificates, *settings: str
) -> Iterator[tuple[Mosquitto, MqttOptions]]:
    """Run a broker that speaks TLS only; gives it and what the program must know to get in."""
    broker = Mosquitto(
        directory,
        f"cafile {certificates.ca}",
        f"certfile {certificates.server[0]}",
        f"keyfile {certificates.server[1]}",
        *settings,
    ).start()
    try:
        yield broker, replace(broker.options, tls=True, ca=certificates.ca)
    finally:
        broker.stop()


async def test_tls_with_a_private_authority(tmp_path: Path, certificates: Certificates) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        assert await attempt(options) is None


async def test_messages_of_any_size_go_through_tls(
    tmp_path: Path, certificates: Certificates
) -> None:
    every_key = dict.fromkeys(SENSORS, "1")
    with encrypting(tmp_path, certificates) as (broker, options):
        made = publishing(options)
        for number in range(20):
            made.publish(replace(E450, id=f"m{number}"), **every_key)
        async with running(made):
            await broker.logs("'smartmeter/m19/state'")
            assert isinstance(made.states.get_nowait(), Connected)
            assert made.states.empty()


async def test_an_unknown_certificate_is_told_in_plain_words(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        reason = await attempt(replace(options, ca=None))
    assert reason is not None
    assert "is not to be trusted" in reason
    assert "option mqtt.ca" in reason


async def test_a_certificate_for_another_name_is_told_in_plain_words(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        reason = await attempt(replace(options, host="localhost"))
    assert reason is not None
    assert "is not to be trusted (Hostname mismatch" in reason


async def test_tls_insecure_accepts_any_certificate(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        insecure = replace(options, host="localhost", ca=None, tls_insecure=True)
        assert await attempt(insecure) is None


async def test_a_client_certificate_is_shown_where_the_broker_wants_one(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates, "require_certificate true") as (_, options):
        assert await attempt(options) is not None
        cert, key = certificates.client
        assert await attempt(replace(options, client_cert=cert, client_key=key)) is None


async def test_authority_certificate_and_key_can_be_text_instead_of_files(
    tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    (tmp_path / "broker").mkdir()
    with encrypting(tmp_path / "broker", certificates, "require_certificate true") as (_, options):
        ca, cert, key = map(text, (certificates.ca, *certificates.client))
        given = replace(options, ca=ca, client_cert=cert, client_key=key)
        assert await attempt(given) is None
        assert list(folder.iterdir()) == []  # the key was there for a moment only
        assert await attempt(replace(given, ca=cert)) is not None
        wrong = await attempt(replace(given, client_key=text(certificates.server[1])))
    assert wrong == (
        "the text entered cannot be used (it holds no PEM text that fits); check the option"
        " mqtt.client_cert and mqtt.client_key"
    )


async def test_speaking_plainly_to_a_broker_that_wants_tls_is_told_at_once(
    tmp_path: Path, certificates: Certificates
) -> None:
    with encrypting(tmp_path, certificates) as (_, options):
        reason = await attempt(replace(options, tls=False, ca=None))
    assert reason is not None
    assert "check the options mqtt.port and mqtt.tls" in reason


async def test_speaking_tls_to_a_broker_that_does_not_is_told_at_once(
    broker: Mosquitto, certificates: Certificates
) -> None:
    reason = await attempt(replace(broker.options, tls=True, ca=certificates.ca))
    assert reason is not None
    assert "mqtt.tls" in reason


async def test_a_stalled_broker_with_tls_neither_hangs_nor_delays_the_end(
    broker: Mosquitto,
) -> None:
    options = replace(broker.options, tls=True)
    with broker.stalled():
        async with running(publishing(options, timeout=0.1, delays=(60.0,))) as made:
            assert "does not answer" in str((await made.disconnected()).reason)
        made = publishing(options)
        task = asyncio.create_task(made.publisher.run())
        await made.looks_for_broker.wait()
        assert await stop(task) < 1


async def test_files_that_cannot_be_used_are_named_with_their_option(
    tmp_path: Path, certificates: Certificates
) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    missing = tmp_path / "missing.pem"
    options = MqttOptions(host="127.0.0.1", port=1, tls=True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        options = replace(options, port=server.getsockname()[1])
        for ca, why in (
            (missing, "no such file or directory"),
            (nonsense, "it holds no PEM text that fits"),
        ):
            reason = await attempt(replace(options, ca=str(ca)))
            assert reason == f"{ca} cannot be used ({why}); check the option mqtt.ca"
        key = certificates.server[1]
        cert = certificates.client[0]
        assert await attempt(replace(options, client_cert=cert, client_key=key)) == (
            f"{cert} and {key} cannot be used (it holds no PEM text that fits); check the option"
            " mqtt.client_cert and mqtt.client_key"
        )


async def test_a_key_with_a_pass_phrase_is_named_with_its_option(
    tmp_path: Path, certificates: Certificates
) -> None:
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"phrase"),
        )
    )
    options = MqttOptions(
        host="127.0.0.1",
        port=1,
        tls=True,
        client_cert=certificates.client[0],
        client_key=str(locked),
    )
    reason = await attempt(options)
    assert reason is not None
    assert str(locked) in reason
