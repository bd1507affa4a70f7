"""What a request is answered with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol, TypeAlias

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
EVENTS: Final = "text/event-stream"
"""Of all streams, only this type goes live through the Supervisor's ingress."""

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer. Home Assistant shows the page in a frame of its own origin."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Args:
        body: uncompressed, as the Supervisor's proxy drops Content-Encoding.
        content_type: of the body.
        status: of HTTP.
        headers: beside HEADERS.
    """

    body: bytes
    content_type: str = TEXT
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


class Sink(Protocol):
    """Takes what is sent to one listener."""

    def send(self, data: bytes) -> None:
        """Send bytes, unless the listener is too slow to take them."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer without an end, of server-sent events.

    Args:
        begin: is called with where the events go to.
        end: is called when nobody listens any more.
    """

    begin: Callable[[Sink], None]
    end: Callable[[Sink], None]


Answered: TypeAlias = Answer | Stream | Awaitable[Answer]
"""What a request is answered with; an awaitable for what takes its time."""

Respond: TypeAlias = Callable[[str, Mapping[str, str]], Answered]
"""Takes a path without its leading slash and the parameters of the query."""


_ADVICE: Final = {
    HTTPStatus.MISDIRECTED_REQUEST: "open this page by the computer's address in numbers",
    HTTPStatus.SERVICE_UNAVAILABLE: "try again in a minute",
}


def refusal(status: HTTPStatus) -> Answer:
    """Give the answer to a request that is not answered, with what people can do about it."""
    said = ": ".join(filter(None, (f"{status.value} {status.phrase}", _ADVICE.get(status))))
    return Answer(f"{said}\n".encode(), TEXT, status)
