"""The text of a P1 telegram as items (DSMR P1 companion standard; IEC 62056-21 data lines).

A line is a code and values in brackets: ``1-0:1.8.1(000004.426*kWh)``. Meters behind the meter have
lines of their own with the time of their last report first: ``0-1:24.2.1(170102161005W)
(00000.107*m3)``; DSMR 2 and 3 write the value on the line that follows. Telegrams read out by
IEC 62056-21 shorten codes to ``1.8.0`` or ``32.7``.
"""

import re
from decimal import Decimal
from typing import Final

from app.cosem.items import Item
from app.cosem.obis import UNSAID, Obis
from app.cosem.unit import Number
from app.dlms import axdr

_LINE: Final = re.compile(
    r"^(?:(\d{1,3})-(\d{1,3}):)?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?(?:\*(\d{1,3}))?"
    r"((?:\([^()\r\n]*\))+)(?:\r?\n(\([^()\r\n]*\)))?",
    re.MULTILINE,
)
_VALUE: Final = re.compile(r"\(([^()]*)\)")
_NUMBER: Final = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,20})?")
_TIME: Final = re.compile(r"\d{12}[SWsw]?")
_BARE_UNIT: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,4}")


def identification(text: str) -> str:
    """Give the first line without its slash: maker, and what the maker calls the meter."""
    return text.split("\n", 1)[0].strip().removeprefix("/") if text.startswith("/") else ""


def read(text: str) -> list[Item]:
    """Read the lines of a telegram; what is no such line is passed over."""
    items = []
    for found in _LINE.finditer(text):
        a, b, c, d, e, f, values, following = found.groups()
        obis = Obis(_group(a), _group(b), int(c), int(d), _group(e), int(f or 255))
        fields = _VALUE.findall(values)
        if following and not _NUMBER.fullmatch(fields[-1].partition("*")[0]):
            # DSMR 2 and 3: ...(m3) ends the line, the number stands on the next one.
            items.append(_reported(obis, fields[0], f"{following[1:-1]}*{fields[-1]}"))
        elif len(fields) == 2 and _TIME.fullmatch(fields[0]):  # noqa: PLR2004 - time and value
            items.append(_reported(obis, fields[0], fields[1]))
        elif len(fields) == 1:
            items.append(_item(obis, fields[0]))
        else:
            items.append(Item(obis, axdr.VISIBLE_STRING, values, ""))
    return items


def _group(digits: str | None) -> int:
    return UNSAID if digits is None else int(digits)


def _reported(obis: Obis, time: str, field: str) -> Item:
    return _item(obis, field)._replace(at=time)


def _item(obis: Obis, field: str) -> Item:
    value, star, unit = field.partition("*")
    if _NUMBER.fullmatch(value) and (star or "." in value):
        number: Number = Decimal(value) if "." in value else int(value)
        return Item(obis, axdr.FLOAT64, number, unit if _BARE_UNIT.fullmatch(unit) else "")
    return Item(obis, axdr.VISIBLE_STRING, field, "")
