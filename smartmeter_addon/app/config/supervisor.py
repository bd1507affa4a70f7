"""The Supervisor: the MQTT broker of its services API."""

import contextlib
import json
import re
import socket
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import Final

from app.language.catalogue import Sentence, Text
from app.transport.explain import own_words
from app.transport.http_address import Server, parse_server
from app.transport.http_request import Answer, HeaderError, Request, send

_MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class MqttService:
    """The broker that the Supervisor names.

    Args:
        host: name or address.
        port: TCP port.
        username: None when the broker wants none.
        password: None when the broker wants none.
        ssl: whether the connection is encrypted.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ssl: bool = False


class SupervisorError(Exception):
    """The Supervisor names no broker.

    Args:
        case: which of the catalogue's sentences says why, and what to do.
        parameters: what it takes, by name.
    """

    def __init__(self, case: str, **parameters: object) -> None:
        self.reason = Sentence(f"supervisor.{case}", parameters)
        super().__init__(self.reason)


async def mqtt_service(
    base_url: str,
    token: str | None,
    timeout: float = 5.0,  # noqa: ASYNC109 - it also bounds the thread's socket
) -> MqttService:
    """Ask the Supervisor for the MQTT broker.

    Args:
        base_url: where the Supervisor answers, ``http://supervisor`` in an app's container.
        token: SUPERVISOR_TOKEN, which the Supervisor gives the app anew at every start.
        timeout: seconds for the whole request.

    Raises:
        SupervisorError: there is no broker, or the Supervisor cannot be asked.
    """
    if not token:
        raise SupervisorError("none")
    try:
        answer = await _get(base_url, "/services/mqtt", token, timeout)
    except TimeoutError:
        raise SupervisorError("no_answer", url=base_url, seconds=f"{timeout:g}") from None
    except (OSError, HTTPException) as error:
        raise SupervisorError("unreachable", url=base_url, words=_words(error)) from None
    return _service(answer)


async def _get(base_url: str, path: str, token: str, timeout: float) -> Answer:  # noqa: ASYNC109 - see above
    request = Request("GET", path, {"Authorization": f"Bearer {token}"})
    try:
        return await send(_server(base_url), request, timeout=timeout, name="supervisor")
    except HeaderError:
        raise SupervisorError("token_impossible") from None


def _server(base_url: str) -> Server:
    """Take the Supervisor's URL apart."""
    with contextlib.suppress(ValueError):
        server = parse_server(base_url)
        if not server.tls:
            return server
    raise SupervisorError("url_wrong", url=base_url)


def _service(answer: Answer) -> MqttService:
    """Read the Supervisor's answer."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        content = {}
    if answer.status != HTTPStatus.OK:
        raise _refusal(answer.status, content.get("message"))
    data = content.get("data")
    if content.get("result") != "ok" or not isinstance(data, dict):
        raise _malformed("no_data")
    return MqttService(
        host=_text(data, "host") or "",
        port=_port(data.get("port")),
        username=_text(data, "username"),
        password=_text(data, "password"),
        ssl=data.get("ssl") is True,
    )


def _refusal(status: int, message: object) -> SupervisorError:
    said = message if isinstance(message, str) else ""
    if status == HTTPStatus.BAD_REQUEST and "not enabled" in said.lower():
        return SupervisorError("no_broker")
    if status == HTTPStatus.UNAUTHORIZED:
        return SupervisorError("token_refused")
    if status == HTTPStatus.FORBIDDEN:
        return SupervisorError("forbidden")
    shown = f" ({said[:200]})" if said else ""
    return SupervisorError("fails", status=int(status), said=shown)


def _malformed(what: str, **parameters: object) -> SupervisorError:
    return SupervisorError("malformed", what=Sentence(f"supervisor.{what}", parameters))


def _text(data: dict[str, object], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise _malformed("no_text", name=name)
    if name == "host" and not value:
        raise _malformed("no_host")
    return value or None


def _port(value: object) -> int:
    # A number in practice, a text in the documentation.
    if isinstance(value, str) and re.fullmatch("[0-9]{1,5}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_PORT:
        raise _malformed("no_port")
    return value


def _words(error: Exception) -> Text:
    if isinstance(error, socket.gaierror):
        return Sentence("supervisor.name_unknown")
    if isinstance(error, OSError) and error.strerror:
        return own_words(error)
    return Sentence("supervisor.no_http")
