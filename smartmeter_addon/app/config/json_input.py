"""Reads JSON that people write: a name that stands twice in a group is a mistake.

By itself, `json.loads` takes the last one and says nothing, and a meter or a key is lost.
"""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import voluptuous as vol

from app.config import checks, redaction
from app.log import Redactor

_SENTENCE: Final = "this name stands in its group more than once; wanted is each name once"


class RepeatedNameError(ValueError):
    """A name that stands in a group more than once.

    Args:
        problems: a sentence for each such name, without secrets.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class _Group(NamedTuple):
    """A group with names that stand in it more than once."""

    members: dict[str, Any]
    repeated: list[str]


def loads(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON.

    Raises:
        RepeatedNameError: a name stands in a group more than once.
        RecursionError, ValueError: it is no JSON.
    """
    groups: list[_Group] = []

    def group(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            groups.append(_Group(members, [name for name, count in counts.items() if count > 1]))
        return members

    try:
        value = json.loads(text, object_pairs_hook=group)
    except json.JSONDecodeError as error:
        raise _at_the_comma(error) from None
    if groups:
        errors = [vol.Invalid(_SENTENCE, path) for path in _paths(value, [], groups)]
        secrets = frozenset(redaction.entered_secrets(value))
        invalid = vol.MultipleInvalid(errors)
        raise RepeatedNameError(checks.sentences(invalid, secrets, Redactor(secrets)))
    return value


def _at_the_comma(error: json.JSONDecodeError) -> json.JSONDecodeError:
    """Name a comma behind the last of a group, as Python 3.13 does, and not what follows it."""
    before, follows = error.doc[: error.pos].rstrip(), error.doc[error.pos : error.pos + 1]
    group = {"}": "object", "]": "array"}.get(follows)
    if group is None or not before.endswith(","):
        return error
    sentence = f"Illegal trailing comma before end of {group}"
    return json.JSONDecodeError(sentence, error.doc, len(before) - 1)


def _paths(value: object, path: list[Hashable], groups: list[_Group]) -> Iterator[list[Hashable]]:
    """Give the paths of repeated names; what another one of the same name hides is left out."""
    if isinstance(value, dict):
        for group in groups:
            if group.members is value:
                yield from ([*path, name] for name in group.repeated)
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in inner:
            yield from _paths(item, [*path, key], groups)
