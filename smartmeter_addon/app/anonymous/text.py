"""P1 texts with made-up numbers: line by line, what is no known line is hidden."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from app.anonymous.codes import Content, content
from app.anonymous.names import Names, characters, is_model
from app.anonymous.refused import RefusedError
from app.cosem import p1
from app.cosem.items import Item
from app.cosem.obis import Obis

_BYTES: Final = "latin-1"
"""Gives each byte a character, whatever the meter means by it."""

_LINE_END: Final = re.compile(r"(\r\n|\r|\n)")
_BLANKS: Final = " \t"
_FIELD: Final = re.compile(r"[^() \t](?:[^()]*[^() \t])?")
_MEASURED: Final = re.compile(
    r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[ \t]*(\*)?[ \t]*[A-Za-z][A-Za-z0-9]{0,4}(?:\u00c2?\u00b3)?)?"
)
_COUNT: Final = re.compile(r"[0-9]{1,6}")
_TIME: Final = re.compile(r"[0-9]{12}[STWstw]?")
_NO_TIME: Final = re.compile(r"[0-9]{0,14}[STWstw]|[0-9]{8} [0-9:]{8}")
_LONG_NUMBER: Final = re.compile(r"[0-9]{6,}")
_KEPT_OF_A_LONG_NUMBER: Final = 3  # Sagemcom's are known by 253
_HARMLESS: Final = re.compile(r"[0-9A-Za-z.,:*+ \u00c2\u00b3-]*")
_END: Final = "!"


class _Part(NamedTuple):
    """What one line holds of a value; ``code`` is written at its beginning."""

    code: str
    obis: Obis | None


def disguise(telegram: bytes, names: Names) -> bytes:
    """Replace what identifies in a P1 text, up to and with its exclamation mark.

    Raises:
        RefusedError: its values would change.
    """
    parts = _parts(telegram)
    changed = []
    for place, piece in enumerate(_LINE_END.split(telegram.decode(_BYTES))):
        line = piece.strip(_BLANKS)
        if place % 2 or not line or line == _END:
            new = line
        elif line.startswith("/") and not place:
            new = _identification(line, names)
        elif line[0] in "/!":
            new = names.text(line)
        else:
            new = _line(line, next(parts), names)
        changed.append(piece.replace(line, new) if line else piece)
    result = "".join(changed).encode(_BYTES)
    if len(result) != len(telegram) or _measured(telegram) != _measured(result):
        raise RefusedError("its values cannot be told from what identifies the meter")
    return result


def _parts(telegram: bytes) -> Iterator[_Part]:
    """Tell of each line of values whose it is."""
    for line in p1.lines(p1.decode(telegram)):
        code = line.code
        for _ in line.lines:
            yield _Part(code, line.obis)
            code = ""


def _identification(line: str, names: Names) -> str:
    """Replace the serial number that some makers write into the first line."""

    def made_up(found: re.Match[str]) -> str:
        kept = found[0][:_KEPT_OF_A_LONG_NUMBER]
        # What stays is no longer part of the number.
        return kept + names.number(found[0])[len(kept) :]

    return _LONG_NUMBER.sub(made_up, line)


def _line(line: str, part: _Part, names: Names) -> str:
    """Replace what identifies in one line."""
    obis = part.obis
    if obis is None:
        return names.text(line)
    values = _FIELD.sub(lambda found: _field(found[0], obis, names), line[len(part.code) :])
    return part.code + values


def _field(field: str, obis: Obis, names: Names) -> str:
    """Replace what stands in brackets, unless it is known to say nothing of whose meter it is."""
    kind = content(obis)
    if kind is Content.NUMBER:
        return names.number(field)
    kept = _is_value(field) if obis.electrical else False
    match kind:
        case Content.MESSAGE:
            kept = False
        case Content.CLOCK | Content.HARMLESS:
            kept = kept or bool(_HARMLESS.fullmatch(field))
        case Content.VERSION:
            kept = kept or bool(_COUNT.fullmatch(field)) or is_model(characters(field) or field)
        case Content.TEXT:
            measured = _MEASURED.fullmatch(field)
            kept = kept or bool(measured and measured[1])
    return field if kept else names.text(field)


def _is_value(field: str) -> bool:
    """Tell whether a field of an electrical code is a value, a count, or a time."""
    if field.isdecimal():
        return bool(_COUNT.fullmatch(field) or _TIME.fullmatch(field))
    return any(form.fullmatch(field) for form in (_MEASURED, _TIME, _NO_TIME))


def _measured(telegram: bytes) -> list[tuple[object, ...]]:
    """Give what must not change: numbers, their codes, units and times."""
    return [_known(item) for item in p1.read(p1.decode(telegram))]


def _known(item: Item) -> tuple[object, ...]:
    kind = item.obis and content(item.obis)
    if kind in {Content.NUMBER, Content.MESSAGE}:
        return (item.obis,)
    if kind is Content.TEXT and not item.unit and item.obis and not item.obis.electrical:
        return (item.obis,)
    return item.obis, item.tag, item.number, item.unit, item.at
