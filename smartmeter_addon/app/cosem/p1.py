"""The text of a P1 telegram as items (DSMR P1 companion standard; IEC 62056-21 data lines).

A line is a code and values in brackets: ``1-0:1.8.1(000004.426*kWh)``. Meters behind the meter have
lines of their own with the time of their last report first: ``0-1:24.2.1(170102161005W)
(00000.107*m3)``; Iskraemeco in Wallonia writes the time of a peak behind it. DSMR 2 and 3 write the
value on the line that follows. Telegrams read out by IEC 62056-21 shorten codes to ``1.8.0`` or
``32.7``.

A list of several values, such as that of past months (0-0:98.1.0), is one item with all of it as
text. Hungarian meters break theirs over several lines and repeat in it the codes of current values
(esphome/issues#3042), which are no current values there.

Blanks around values and units, a blank in place of the star, and a decimal comma are read; a letter
that is no ASCII only in ``m³``. Any other line is passed over.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from app.cosem.items import Item
from app.cosem.obis import CURRENT, UNSAID, Obis
from app.cosem.unit import Number, of_text
from app.dlms import axdr

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_CODE: Final = re.compile(
    r"(?:([0-9]{1,3})-([0-9]{1,3}):)?([0-9]{1,3})\.([0-9]{1,3})(?:\.([0-9]{1,3}))?"
    r"(?:\*([0-9]{1,3}))?[ \t]*(?=\(|$)"
)
_BLANKS: Final = " \t"
_GROUP: Final = re.compile(r"\(([^()]*)\)[ \t]*")
_NUMBER: Final = re.compile(r"([+-]?[0-9]{1,20}(?:([.,])[0-9]{1,20})?)[ \t]*(\*?)[ \t]*(.*)")
_TIME: Final = re.compile(r"[0-9]{12}[STWstw]?")
_NO_TIME: Final = re.compile(r"[0-9]{0,14}[STWstw]?|[0-9]{8} [0-9:]{8}")
_UNIT: Final = re.compile(r"[A-Za-z][A-Za-z0-9³]{0,4}")
_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,20}(?:[.,][0-9]{1,20})?")
_TEXT: Final = re.compile(r"[ -~]*")
_BYTES_OF_LINE: Final = re.compile(rb"[^\r\n]+|[\r\n]+")

_PROFILES: Final = (98, 99)
"""Group C of lists of past values."""

_FIRST_ABSTRACT: Final = 94
"""Group C from which on codes are no quantities, of whatever medium (IEC 62056-6-1)."""

_MOST_LINES: Final = 3
"""Lines of one value of a meter behind the meter, after which one more of it may come."""

_LIMITER: Final = (17, 0, 0)
"""Code of a limit that is measured though its medium is abstract."""

_SUBMETER: Final = 24
_SUBMETER_COUNTERS: Final = (2, 3)
"""Groups C and D of the counters of meters behind the meter."""


class Parsed(NamedTuple):
    """What the text of a telegram says.

    Args:
        items: its values.
        passed_over: its lines that make no sense.
    """

    items: list[Item]
    passed_over: list[str]


def decode(content: bytes) -> str:
    """Give the bytes of a telegram as text.

    What is no ASCII is UTF-8 or Latin-1, line by line: meters write ``m³`` with the one byte B3
    (ndokter/dsmr_parser#191), and one odd line says nothing of the others.
    """
    if content.isascii():
        return content.decode("ascii")
    return "".join(map(_decoded, _BYTES_OF_LINE.findall(content)))


def identification(text: str) -> str:
    """Give the first line without its slash: maker, and what the maker calls the meter."""
    first = _LINE_END.split(text, maxsplit=1)[0]
    return first.strip().removeprefix("/") if text.startswith("/") else ""


def read(text: str) -> list[Item]:
    """Read the lines of a telegram; what is no such line is passed over."""
    return parse(text).items


def parse(text: str) -> Parsed:
    """Read the lines of a telegram, and tell which make no sense."""
    parsed = Parsed([], [])
    for line in lines(text):
        item = line.item()
        if item is None:
            parsed.passed_over.extend(line.lines)
        else:
            parsed.items.append(item)
    return parsed


def lines(text: str) -> Iterator["Line"]:
    """Give the lines of a telegram between the first and the last, joined where they go on."""
    bare = (line.strip(_BLANKS) for line in _LINE_END.split(text))
    current: Line | None = None
    for line in bare:
        if not line or line[0] in "/!":
            continue
        if current is None or not current.takes(line):
            if current:
                yield current
            current = Line(line)
    if current:
        yield current


class Line:
    """A code and what stands behind it, on its own line and on those that go on from it.

    ``lines`` are all of them, ``obis`` is the code, None for a line without one, ``code`` how it is
    written.

    Args:
        line: the first of them.
    """

    def __init__(self, line: str) -> None:
        self.lines = [line]
        found = _CODE.match(line)
        self.obis = _obis(found) if found else None
        self.code = found[0] if found else ""
        self._rest = line[len(self.code) :] if found else ""
        # A bracket that is damaged does not open a list.
        self._is_text = _TEXT.fullmatch(line) is not None

    def takes(self, line: str) -> bool:
        """Go on with a line that belongs to this one; tell whether it does."""
        if not (self._is_open() or (line.startswith("(") and self._lacks_values())):
            return False
        self.lines.append(line)
        self._rest += line
        return True

    def item(self) -> Item | None:
        """Give the value; None for a line that makes no sense."""
        if self.obis is None:
            return None
        fields, left = _fields(self._rest)
        if self.obis.c in _PROFILES and left.startswith("("):
            return _text(self.obis, self._rest)  # brackets within brackets
        return _item(self.obis, fields)

    def _is_open(self) -> bool:
        """Tell whether this is a list of past values that goes on until its bracket is closed."""
        is_profile = self.obis is not None and self.obis.c in _PROFILES
        opened = is_profile and self._is_text
        return opened and self._rest.count("(") > self._rest.count(")")

    def _lacks_values(self) -> bool:
        """Tell whether values may stand on the next line."""
        if self.obis is None:
            return False
        if not self._rest or self.obis.c in _PROFILES:
            return True
        if not _is_submeter(self.obis) or len(self.lines) > _MOST_LINES:
            return False
        *_, last = ("", *_fields(self._rest)[0])
        return bool(_UNIT.fullmatch(last) or _TIME.fullmatch(last))


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _fields(rest: str) -> tuple[list[str], str]:
    """Give the values in brackets, and what is left from the first that is none on."""
    fields = []
    pos = 0
    while found := _GROUP.match(rest, pos):
        fields.append(found[1].strip(_BLANKS))
        pos = found.end()
    return fields, rest[pos:]


def _obis(found: re.Match[str]) -> Obis:
    a, b, c, d, e, f = found.groups()
    return Obis(_group(a), _group(b), int(c), int(d), _group(e), int(f or CURRENT))


def _group(digits: str | None) -> int:
    return UNSAID if digits is None else int(digits)


def _item(obis: Obis, fields: list[str]) -> Item | None:
    """Read the values of a code; None if there is none, or it holds what is no text."""
    match fields:
        case []:
            return None
        case [field]:
            return _value(obis, field)
        case [time, field] if _TIME.fullmatch(time):
            return _dated(obis, field, time)
        case [field, time] if _TIME.fullmatch(time) and (number := _number(obis, field)):
            return number._replace(at=time)
        case [time, *_, unit, field] if _TIME.fullmatch(time) and _UNIT.fullmatch(unit):
            # DSMR 2 and 3: ...(m3), and the number on the next line.
            return _dated(obis, f"{field}*{unit}" if _DIGITS.fullmatch(field) else field, time)
    return _peak(obis, fields) or _text(obis, "".join(f"({field})" for field in fields))


def _peak(obis: Obis, fields: list[str]) -> Item | None:
    """Read a measured value beside which stands a time that is none, such as of a peak."""
    if not obis.electrical or len(fields) != 2:  # noqa: PLR2004 - value and time
        return None
    for field, time in (fields, reversed(fields)):
        number = _number(obis, field)
        if number and number.unit and _NO_TIME.fullmatch(time):
            return number
    return None


def _dated(obis: Obis, field: str, time: str) -> Item | None:
    item = _value(obis, field)
    return item and item._replace(at=time)


def _value(obis: Obis, field: str) -> Item | None:
    return _number(obis, field) or _text(obis, field)


def _text(obis: Obis, text: str) -> Item | None:
    return Item(obis, axdr.VISIBLE_STRING, text, "") if _TEXT.fullmatch(text) else None


def _number(obis: Obis, field: str) -> Item | None:
    """Read a number with or without a unit; None if it may be something else."""
    found = _NUMBER.fullmatch(field)
    if found is None or _TIME.fullmatch(field):
        return None
    digits, point, star, unit = found.groups()
    if unit and not _UNIT.fullmatch(unit):
        return None
    # Without a star or a point, it is a number where a code of something measured says so.
    is_said = star or (point == "." and not unit)
    if not is_said and not (_is_measured(obis) and (unit or point)):
        return None
    number: Number = Decimal(digits.replace(",", ".")) if point else int(digits)
    return Item(obis, axdr.FLOAT64, number, of_text(unit.replace("³", "3")))


def _is_measured(obis: Obis) -> bool:
    """Tell whether a code is of something measured, not of a name, a time or a switch."""
    if obis.electrical:
        return 0 < obis.c < _FIRST_ABSTRACT
    return _is_submeter(obis) or obis.cde == _LIMITER


def _is_submeter(obis: Obis) -> bool:
    return obis.c == _SUBMETER and obis.d in _SUBMETER_COUNTERS
