"""Errors of the connection to the broker, in plain words: what is wrong, and what to do."""

import socket
import ssl
from collections.abc import Iterable
from typing import Final

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from app.config.options import MqttOptions

# MQTT 3.1.1 has the codes 4 and 5, MQTT 5 has 134 and 135; paho turns the old into the new ones.
_BAD_CREDENTIALS: Final = frozenset({4, 5, 134, 135})


def explain(error: Exception, broker: MqttOptions) -> str:
    """Say in one sentence why there is no connection, or none any more, and what to do.

    Args:
        error: what ended the connection, or the attempt to open it.
        broker: where the broker is, and as whom the program logs in.
    """
    where = f"the MQTT broker at {broker.host}:{broker.port}"
    if isinstance(error, aiomqtt.exceptions.MqttConnectError):
        return _refusal(where, error.rc, anonymous=not broker.username)
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return (
            f"{where} does not answer; see whether it runs, whether mqtt.host and mqtt.port are"
            " right, and whether a firewall is in between"
        )
    if isinstance(error, socket.gaierror):
        return (
            f"the MQTT broker's name {broker.host} is not known in the network; check the option"
            " mqtt.host, or give the broker's IP address there"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {where} is not to be trusted ({error.verify_message}); give its"
            " authority's certificate in the option mqtt.ca, and in mqtt.host the name that the"
            " certificate has"
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"{where} does not get along with TLS ({own_words(error)}); check the options"
            " mqtt.port, mqtt.tls and, if it wants one, mqtt.client_cert"
        )
    if isinstance(error, ConnectionRefusedError):
        return (
            f"nothing answers at {broker.host}:{broker.port}, where the MQTT broker should be;"
            " start the broker, or check the options mqtt.host and mqtt.port"
        )
    if isinstance(error, ConnectionResetError):
        return (
            f"{where} hangs up instead of answering; check the options mqtt.port and mqtt.tls:"
            " with TLS, a broker mostly has the port 8883, without it 1883"
        )
    if isinstance(error, OSError):
        return (
            f"{where} cannot be reached ({own_words(error)}); check the option mqtt.host and the"
            " network"
        )
    return f"the connection to {where} was lost; see whether it still runs"


def explain_unheard(broker: MqttOptions, filter_: str, topic: str) -> str:
    """Say that the broker does not hand on what is published, and what to do.

    Args:
        broker: where it is.
        filter_: of all topics that the account has to have rights for.
        topic: one of them, of which no message came back.
    """
    return (
        f"the MQTT broker at {broker.host}:{broker.port} acknowledges what is published at"
        f" {topic}, but does not hand it on: the account may have no right to write there, or none"
        f" to read, which looks the same; allow it both for {filter_} in the broker's access list"
    )


def explain_refused(broker: MqttOptions, filters: Iterable[str]) -> str:
    """Say that the broker refuses subscriptions, and what to do.

    Args:
        broker: where it is.
        filters: of all topics that the account has to have rights for.
    """
    return (
        f"the MQTT broker at {broker.host}:{broker.port} refuses subscriptions to topics of"
        f" {' and '.join(filters)}, so it cannot be seen whether what is published arrives, nor"
        " what Home Assistant or another copy of this program says there; allow the account to read"
        " them in the broker's access list"
    )


def own_words(error: OSError) -> str:
    """Give the error's own words, without its number."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return (error.strerror or type(error).__name__).lower()


def _refusal(where: str, code: ReasonCode | int | None, *, anonymous: bool) -> str:
    number = code.value if isinstance(code, ReasonCode) else code
    if number not in _BAD_CREDENTIALS:
        return f"{where} refuses the connection ({code}); look into the broker's log"
    if anonymous:
        return (
            f"{where} wants a user name and a password; fill in the options mqtt.username and"
            " mqtt.password"
        )
    return (
        f"{where} refuses the user name or the password; check the options mqtt.username and"
        " mqtt.password, or restart the broker if both came from Home Assistant"
    )
