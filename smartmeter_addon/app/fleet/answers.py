"""Reads what the engine answers to a partition's requests."""

import json
from typing import Any, Final

from app.fleet import subjects
from app.fleet.events import (
    Delivered,
    Ended,
    Event,
    LastReading,
    LookBack,
    LookedBack,
    Position,
    Publish,
    Published,
)
from app.fleet.message import WRONG_LAST_SEQUENCE, Message

_MOST_DIGITS: Final = 20
"""Of nanoseconds since 1970."""

KNOWN: Final = frozenset(("", "404"))
"""The status of a message, and that of none being there."""


def event_of(message: Message, inbox: int) -> Event:
    """Read what came at an inbox.

    A status cannot be acknowledged; a header that says Status can be a pusher's.
    """
    place = subjects.place_of(message.reply)
    if place is None:
        return Ended(inbox, message.status)
    name = subjects.name_of(message.subject)
    pin = message.headers.get("Nats-Pin-Id", "")
    received = message.headers.get(subjects.RECEIVED, "")
    at = int(received) if received.isdecimal() and len(received) <= _MOST_DIGITS else 0
    return Delivered(inbox, name, message.data, message.reply, place, pin, at)


def is_done(message: Message) -> bool:
    """Tell whether an answer of the JetStream API is none of an error."""
    try:
        return not message.status and "error" not in json.loads(message.data)
    except ValueError:
        return False


def published(request: Publish, message: Message | None) -> Published:
    """Read what came of a reading."""
    failed = Published(request.inbox, request.name)
    if message is None or message.status:
        return failed
    try:
        answer = json.loads(message.data)
        if error := answer.get("error"):
            overtaken = error.get("err_code") in WRONG_LAST_SEQUENCE
            return failed._replace(overtaken=overtaken)
        return failed._replace(sequence=int(answer["seq"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return failed


def looked_back(request: LookBack, last: Message | None, state: Message | None) -> LookedBack:
    """Read the last reading of a name, and its state where that was asked for.

    Args:
        request: what was asked for.
        last: the answer on the reading; None for none.
        state: that on the state.
    """
    found = LookedBack(request.inbox, request.name)
    if last is None or last.status not in KNOWN:
        return found._replace(failed=True)
    if not request.kept:
        return found._replace(last=_last_reading(last))
    if state is None or state.status not in KNOWN:
        return found._replace(failed=True)
    return found._replace(last=_last_reading(last), kept=_state(state))


def _last_reading(message: Message) -> LastReading | None:
    """Read where the last reading comes from; of a foreign one only its place is known."""
    if message.status:
        return None
    headers = message.headers
    sequence = int(headers["Nats-Sequence"])
    try:
        position = Position.parse(headers[subjects.MESSAGE_ID])
        return LastReading(sequence, position, int(headers[subjects.ARRIVAL]))
    except (KeyError, ValueError):
        return LastReading(sequence, Position(0), 0)


def _state(message: Message) -> Any:  # noqa: ANN401 - any JSON value
    """Read what was kept; None for nothing, or for something damaged."""
    if message.status:
        return None
    try:
        return json.loads(message.data)
    except (RecursionError, ValueError):
        return None
