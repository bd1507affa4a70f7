"""Errors of the connection to the broker, in plain words: what is wrong, and what to do."""

import socket
import ssl
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from app.config.options import MqttOptions
from app.language.catalogue import Sentence, Text
from app.transport.explain import own_words

# MQTT 3.1.1 has the codes 4 and 5, MQTT 5 has 134 and 135; paho turns the old into the new ones.
_BAD_CREDENTIALS: Final = frozenset({4, 5, 134, 135})


class Cause(StrEnum):
    """Why there is no connection to the broker; the catalogue has a sentence for each."""

    LOGIN_WANTED = "login wanted"
    """It lets nobody in without a user name and a password."""
    LOGIN_WRONG = "login wrong"
    REFUSED = "refused"
    """It refuses the connection for another reason."""
    NO_ANSWER = "no answer"
    NAME_UNKNOWN = "name unknown"
    CERTIFICATE = "certificate"
    """Its certificate is not to be trusted."""
    TLS = "tls"
    """There is no agreement on TLS."""
    NOBODY_LISTENS = "nobody listens"
    HANGS_UP = "hangs up"
    UNREACHABLE = "unreachable"
    LOST = "lost"


def explain(error: Exception, broker: MqttOptions) -> Sentence:
    """Say in one sentence why there is no connection, or none any more, and what to do.

    Args:
        error: what ended the connection, or the attempt to open it.
        broker: where the broker is, and as whom the program logs in.
    """
    cause, words = cause_of(error, broker)
    where = {"host": broker.host, "port": broker.port}
    return Sentence(f"mqtt.{cause.name.lower()}", {**where, "words": words})


def cause_of(error: Exception, broker: MqttOptions) -> tuple[Cause, Text]:
    """Tell why there is no connection, or none any more, and give the error's own words.

    Args:
        error: as in `explain`.
        broker: as there.
    """
    if isinstance(error, aiomqtt.exceptions.MqttConnectError):
        return _refusal(error.rc, anonymous=not broker.username), str(error.rc)
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return Cause.NO_ANSWER, ""
    if isinstance(error, OSError):
        return _cause_of_os_error(error)
    return Cause.LOST, ""


def _cause_of_os_error(error: OSError) -> tuple[Cause, Text]:
    match error:  # errors of TLS last: to ask for their classes loads it
        case socket.gaierror():
            return Cause.NAME_UNKNOWN, own_words(error)
        case ConnectionRefusedError():
            return Cause.NOBODY_LISTENS, own_words(error)
        case ConnectionResetError():
            return Cause.HANGS_UP, own_words(error)
        case ssl.SSLCertVerificationError():
            return Cause.CERTIFICATE, error.verify_message
        case ssl.SSLError():
            return Cause.TLS, own_words(error)
    return Cause.UNREACHABLE, own_words(error)


def explain_unheard(broker: MqttOptions, filter_: str, topic: str) -> Sentence:
    """Say that the broker does not hand on what is published, and what to do.

    Args:
        broker: where it is.
        filter_: of all topics that the account has to have rights for.
        topic: one of them, of which no message came back.
    """
    where = {"host": broker.host, "port": broker.port}
    return Sentence("rights.unheard", {**where, "topic": topic, "filter": filter_})


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


def _refusal(code: ReasonCode | int | None, *, anonymous: bool) -> Cause:
    number = code.value if isinstance(code, ReasonCode) else code
    if number not in _BAD_CREDENTIALS:
        return Cause.REFUSED
    return Cause.LOGIN_WANTED if anonymous else Cause.LOGIN_WRONG
