"""Secrets among the options: where they are entered, and how a wrong value is shown without them.

A sentence that refuses a value shows it, so that the user finds it. A secret can be typed into any
option, though; whatever looks like one is named by kind and size only.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Final

from app.config import pem
from app.language.counting import counted

_MAX_SHOWN: Final = 60
"""Characters of a value that are shown."""

_SHORTEST_PART: Final = 4
"""Characters of a secret that is looked for within values; a shorter one is in many."""

_NAMES_SECRET: Final = re.compile("key|pass|pw|token|secret|guek|gak", re.IGNORECASE)
"""Names of options that hold a secret, in whatever group they are, also when they are misspelt."""

_MAX_PATH: Final = 150
"""Characters of the longest path: fewer than any certificate or key has."""


class Secret(str):
    """A text that no message, exception or list shows.

    It equals the text and is sent as such. Formatting it gives ``***``; `plain` gives the text.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return "***"


def plain(text: str) -> str:
    """Give the text that a `Secret` holds; any other text is given as it is."""
    return str.__str__(text)


def entered_secrets(raw: object) -> Iterator[str]:
    """Find the keys, passwords, tokens and private keys in options, as they were typed.

    Args:
        raw: what JSON gave, right or wrong.
    """
    if isinstance(raw, dict):
        for name, value in raw.items():
            if isinstance(value, bool):
                continue
            if isinstance(value, int | float) and _NAMES_SECRET.search(name):
                yield str(value)  # without quotes, digits are a number
            elif isinstance(value, str) and name != "client_key" and _NAMES_SECRET.search(name):
                if value.strip():
                    yield value
            elif name == "client_key" and isinstance(value, str) and pem.is_pem(value):
                yield value
                yield from pem.lines(value)
            else:
                yield from entered_secrets(_without_keys(value) if name == "topics" else value)
    elif isinstance(raw, list):
        for item in raw:
            yield from entered_secrets(item)


def _without_keys(topics: object) -> object:
    """Leave out what is called key in the list ``mqtt.topics``: it names a value."""
    if not isinstance(topics, list):
        return topics
    groups = [one for one in topics if isinstance(one, dict)]
    return [{name: value for name, value in one.items() if name != "key"} for one in groups]


def shown(value: object, secrets: Collection[str] = ()) -> str:
    """Show the value of an option that is no secret, unless it looks like one all the same.

    Args:
        value: what JSON gave.
        secrets: as they were entered into other options; a value with one in it is not shown.
    """
    if any(_holds(str(value), secret) for secret in secrets):
        return f"{kind(value)} (not shown)"
    if isinstance(value, (dict, list)):
        return kind(value)  # there may be a password inside
    if isinstance(value, str):
        if pem.is_pem(value):
            return "PEM text (not shown)"
        if re.search(r"([0-9a-fA-F][\s:-]*){32}", value):
            return "a text that looks like a key (not shown)"
        value = re.sub("^(.*//)?.*@", r"\1***@", value, flags=re.DOTALL)  # user:password@host
    if isinstance(value, str) and len(value) > _MAX_SHOWN:
        return json.dumps(value[:_MAX_SHOWN]) + "..."
    return json.dumps(value, ensure_ascii=not is_encodable(str(value)))


def _holds(text: str, secret: str) -> bool:
    text, secret = text.strip().casefold(), secret.strip().casefold()
    return text == secret or (len(secret) >= _SHORTEST_PART and secret in text)


def kind(value: object) -> str:
    """Name the kind and size of a value without showing it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int():
            return f"a number of {counted(len(str(abs(value))), 'digit')}"
        case float():
            return "a number with a decimal point or an exponent"
        case str():
            return f"a text of {counted(len(value), 'character')}"
        case list():
            return f"a list of {len(value)}"
    return "a group of options"


def may_be_private_key(text: str) -> bool:
    """Tell whether a text can be a private key that lost its first line, and must not be shown."""
    base64_only = re.fullmatch(r"[A-Za-z0-9+][A-Za-z0-9+/=\s]{50,}", text.strip())
    return base64_only is not None or "-----" in text or len(text) > _MAX_PATH


def is_encodable(text: str) -> bool:
    """Tell whether a text can be written in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, possible in JSON
        return False
    return True
