"""What keeps the program from the broker, in plain words."""

import asyncio
import errno
import re
import socket
import ssl
from dataclasses import replace

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from app.config.options import MqttOptions
from app.mqtt.explain import explain
from app.transport.explain import own_words
from tests.support.mosquitto import Mosquitto
from tests.support.publishing import publishing, running

pytestmark = pytest.mark.usefixtures("nothing_goes_wrong_unseen")


# A real broker, or none


async def test_a_wrong_password_is_told_in_plain_words(broker: Mosquitto) -> None:
    async with running(publishing(replace(broker.options, password="wrong"))) as made:
        told = await made.disconnected()
    assert str(told.reason) == (
        f"the MQTT broker at 127.0.0.1:{broker.port} refuses the user name or the password; check"
        " the options mqtt.username and mqtt.password, or restart the broker if both came from"
        " Home Assistant"
    )


async def test_a_missing_user_name_is_told_in_plain_words(broker: Mosquitto) -> None:
    options = replace(broker.options, username=None, password=None)
    async with running(publishing(options)) as made:
        told = await made.disconnected()
    assert "wants a user name and a password; fill in the options mqtt.username" in str(told.reason)


async def test_an_absent_broker_is_told_in_plain_words(broker: Mosquitto) -> None:
    broker.stop()
    async with running(publishing(broker.options)) as made:
        told = await made.disconnected()
    assert str(told.reason) == (
        f"nothing answers at 127.0.0.1:{broker.port}, where the MQTT broker should be; start the"
        " broker, or check the options mqtt.host and mqtt.port"
    )
    assert told.retry_in == 0.01


@pytest.mark.parametrize("host", ["broker..invalid", "x" * 64])
async def test_an_impossible_host_name_is_told_in_plain_words(host: str) -> None:
    async with running(publishing(MqttOptions(host=host))) as made:
        told = await made.disconnected()
    assert f"the MQTT broker's name {host} is not known in the network" in str(told.reason)


async def test_an_unknown_host_name_is_told_in_plain_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with running(publishing(MqttOptions(host="brocker"))) as made:
        told = await made.disconnected()
    assert "the MQTT broker's name brocker is not known in the network" in str(told.reason)


async def test_something_that_is_no_broker_and_hangs_up_is_told_at_once() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with running(publishing(MqttOptions(host="127.0.0.1", port=port))) as made:
            told = await made.disconnected()
    assert "hangs up instead of answering; check the options mqtt.port and mqtt.tls" in str(
        told.reason
    )


# Each error

BROKER = MqttOptions(host="broker", port=1883, username="addons")


def refused(code: int | str) -> aiomqtt.MqttError:
    reason = code if isinstance(code, int) else ReasonCode(PacketTypes.CONNACK, code)
    return aiomqtt.exceptions.MqttConnectError(reason)


def no_tls() -> ssl.SSLError:
    """Give what OpenSSL says of a server that answers without TLS."""
    incoming = ssl.MemoryBIO()
    incoming.write(b"HTTP/1.1 400 Bad Request")
    wrapped = ssl.create_default_context().wrap_bio(
        incoming, ssl.MemoryBIO(), server_hostname="broker"
    )
    with pytest.raises(ssl.SSLError) as caught:
        wrapped.do_handshake()
    return caught.value


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refused(5), "the MQTT broker at broker:1883 refuses the user name or the password; check"),
        (refused("Bad user name or password"), "refuses the user name or the password; check"),
        (refused("Not authorized"), "refuses the user name or the password; check"),
        (
            refused("Server unavailable"),
            "the MQTT broker at broker:1883 refuses the connection (Server unavailable); look into",
        ),
        (TimeoutError(), "the MQTT broker at broker:1883 does not answer; see whether it runs"),
        (socket.gaierror(), "the MQTT broker's name broker is not known in the network; check"),
        (no_tls(), "the MQTT broker at broker:1883 does not get along with TLS ("),
        (ConnectionRefusedError(), "nothing answers at broker:1883, where the MQTT broker should"),
        (ConnectionResetError(), "the MQTT broker at broker:1883 hangs up instead of answering"),
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            "the MQTT broker at broker:1883 cannot be reached (network is unreachable); check the",
        ),
        (
            aiomqtt.MqttError("Disconnected during message iteration"),
            "the connection to the MQTT broker at broker:1883 was lost; see whether it still runs",
        ),
    ],
    ids=str,
)
def test_each_error_is_told_with_what_to_do(error: Exception, words: str) -> None:
    assert words in str(explain(error, BROKER))


def test_what_openssl_says_is_told_without_its_numbers_and_places() -> None:
    assert re.fullmatch("[a-z0-9 ]+", str(own_words(no_tls())))


def test_a_broker_that_stops_answering_is_told_as_one_that_does_not_answer() -> None:
    lost = aiomqtt.MqttError("Operation timed out")
    lost.__context__ = TimeoutError()
    assert "does not answer" in str(explain(lost, BROKER))


@pytest.mark.parametrize("code", [4, 5, "Bad user name or password", "Not authorized"])
def test_who_gave_no_user_name_is_asked_for_one(code: int | str) -> None:
    anonymous = MqttOptions(host="broker", port=1883)
    assert "wants a user name and a password" in str(explain(refused(code), anonymous))
