"""The Supervisor: the MQTT broker of its services API."""

import contextlib
import json
import re
import socket
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import Final

from app.transport.http_address import Server, parse_server
from app.transport.http_request import Answer, HeaderError, Request, send

_MAX_PORT: Final = 65535

_SET_HOST: Final = "or set the option mqtt.host to a broker of your own"


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
    """The Supervisor names no broker; the text is a plain sentence that says what to do."""


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
        raise SupervisorError(
            "no MQTT broker is configured, and this program does not run under Home Assistant's"
            " Supervisor, which could name one; set the option mqtt.host"
        )
    try:
        answer = await _get(base_url, "/services/mqtt", token, timeout)
    except TimeoutError:
        raise SupervisorError(
            f"the Supervisor at {base_url} does not answer within {timeout:g} s; if this lasts,"
            f" restart Home Assistant's host, {_SET_HOST}"
        ) from None
    except (OSError, HTTPException) as error:
        raise SupervisorError(
            f"the Supervisor at {base_url} cannot be reached ({_reason(error)}); if this lasts,"
            f" restart Home Assistant's host, {_SET_HOST}"
        ) from None
    return _service(answer)


async def _get(base_url: str, path: str, token: str, timeout: float) -> Answer:  # noqa: ASYNC109 - see above
    request = Request("GET", path, {"Authorization": f"Bearer {token}"})
    try:
        return await send(_server(base_url), request, timeout=timeout, name="supervisor")
    except HeaderError:
        raise SupervisorError(
            "SUPERVISOR_TOKEN holds characters that no token has; restart the app"
        ) from None


def _server(base_url: str) -> Server:
    """Take the Supervisor's URL apart."""
    with contextlib.suppress(ValueError):
        server = parse_server(base_url)
        if not server.tls:
            return server
    raise SupervisorError(
        f"SUPERVISOR_URL is {base_url}, which is not of the form http://host:port; leave it"
        f" unset, {_SET_HOST}"
    )


def _service(answer: Answer) -> MqttService:
    """Read the Supervisor's answer."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        content = {}
    if answer.status != HTTPStatus.OK:
        raise SupervisorError(_refusal(answer.status, content.get("message")))
    data = content.get("data")
    if content.get("result") != "ok" or not isinstance(data, dict):
        raise _malformed("no data")
    return MqttService(
        host=_text(data, "host") or "",
        port=_port(data.get("port")),
        username=_text(data, "username"),
        password=_text(data, "password"),
        ssl=data.get("ssl") is True,
    )


def _refusal(status: int, message: object) -> str:
    said = message if isinstance(message, str) else ""
    if status == HTTPStatus.BAD_REQUEST and "not enabled" in said.lower():
        return (
            "Home Assistant has no MQTT broker yet; install and start the app (add-on)"
            f" Mosquitto broker, {_SET_HOST}"
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return f"the Supervisor does not accept this app's token; restart the app, {_SET_HOST}"
    if status == HTTPStatus.FORBIDDEN:
        return (
            "the Supervisor does not let this app ask for the MQTT broker; install the app"
            f" (add-on) anew, {_SET_HOST}"
        )
    shown = f" ({said[:200]})" if said else ""
    return (
        f"the Supervisor answers with the HTTP status {status}{shown}; if this lasts, look into"
        f" the Supervisor's log, {_SET_HOST}"
    )


def _malformed(what: str) -> SupervisorError:
    return SupervisorError(
        f"the Supervisor's answer about the MQTT broker makes no sense: {what}; look into the"
        f" Supervisor's log, {_SET_HOST}"
    )


def _text(data: dict[str, object], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise _malformed(f"{name} is no text")
    if name == "host" and not value:
        raise _malformed("no host")
    return value or None


def _port(value: object) -> int:
    # A number in practice, a text in the documentation.
    if isinstance(value, str) and re.fullmatch("[0-9]{1,5}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_PORT:
        raise _malformed("no port number")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "no HTTP answer"
