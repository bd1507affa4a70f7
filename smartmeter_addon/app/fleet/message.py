"""What the engine says: messages, statuses in their place, and why it does not do what is asked."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

WRONG_LAST_SEQUENCE: Final = frozenset({10071, 10164})
"""Errors of a server that did not store a message: another one was stored since."""

_UNAVAILABLE: Final = 10008
"""The error of a server while there is no leader of all."""

NOBODY: Final = "503"
"""The status in place of an answer where nobody listens."""

_MOST_RUN: Final = "do most of its servers run, and reach each other?"
_NO_ANSWER: Final = f"it does not answer; {_MOST_RUN}"
_NO_STREAM: Final = (
    "there is no such stream, or it has no leader; was fleet setup run, and do most of the servers"
    " run?"
)


class Message(NamedTuple):
    """A message, or a status in its place.

    Args:
        subject: of the message.
        reply: where an answer is wanted; an ack subject of a raw message.
        data: of the message.
        headers: of the message.
    """

    subject: str
    reply: str
    data: bytes
    headers: Mapping[str, str]

    @property
    def status(self) -> str:
        """The status in place of a message; empty for a message."""
        return self.headers.get("Status", "")


def described(error: Mapping[str, Any]) -> str:
    """Say what an error of the JetStream API is."""
    description = str(error.get("description", "it gives no reason"))
    if error.get("err_code") == _UNAVAILABLE:
        return f"{description}; {_MOST_RUN}"
    return description


def refusal(answer: Message | None) -> str:
    """Tell why the engine does not work, by an answer; empty where it does.

    Args:
        answer: to anything; None where none came in time.
    """
    if answer is None:
        return _NO_ANSWER
    if answer.status == NOBODY:
        return _NO_STREAM
    if answer.headers or b'"error"' not in answer.data:  # what is stored comes with headers
        return ""
    try:
        error = json.loads(answer.data)["error"]
        return "" if error["err_code"] in WRONG_LAST_SEQUENCE else described(error)
    except (AttributeError, KeyError, TypeError, ValueError):
        return "what it answers is not understood"
