"""Who sent a telegram: the maker, the meter's own number, and the name it has in topics."""

import re
from collections.abc import Container, Iterable
from functools import lru_cache
from typing import Final

from app.cosem.items import Item
from app.cosem.obis import Obis
from app.dlms import axdr

MAKER_NAMES: Final = {
    "ADN": "Aidon",
    "AID": "Aidon",
    "AUX": "Sanxing",
    "EGM": "Elgama",
    "ELS": "Honeywell",
    "EMR": "Energomera",
    "ESY": "EasyMeter",
    "ISK": "Iskraemeco",
    "KAM": "Kamstrup",
    "KFM": "Kaifa",
    "KMP": "Kamstrup",
    "LGF": "Landis+Gyr",
    "LGZ": "Landis+Gyr",
    "NES": "Networked Energy Services",
    "SAG": "Sagemcom",
    "SMS": "Siemens",
}
"""By the three letters that the DLMS User Association gave them (FLAG)."""

_DEVICE_NAME: Final = (42, 0, 0)
_DEVICE_ID: Final = (96, 1, 0)
_LIST_VERSION: Final = (0, 2, 129)

# "1KFM0200000052", "LGZ1030600000012", "KFM_001", "Kamstrup_V0001", "AIDON_V0001"
_MAKER: Final = re.compile(r"\d?([A-Za-z]{3})[A-Za-z]*[_\d]")
_MAKER_IN_NUMBER: Final = re.compile(r"\d?([A-Z]{3})\d{6}")
_MAKERS: Final = {_DEVICE_NAME: _MAKER, _LIST_VERSION: _MAKER, _DEVICE_ID: _MAKER_IN_NUMBER}

# In the order in which they are preferred: device ID 1 and 2, the ids of Kamstrup and of P1, the
# logical device name.
NUMBERS: Final = ((96, 1, 0), (96, 1, 1), (0, 0, 5), (0, 0, 1), (0, 0, 0), _DEVICE_NAME)
TYPE_CODE: Final = Obis(0, 0, 96, 1, 7)
"""Meter type, as the lists of Aidon and Kaifa in Norway and Sweden have it."""

_DEVICE_IDS: Final = ((96, 1, 0), (96, 1, 1))

_UNSAFE: Final = re.compile(r"[^a-z0-9_-]+")
_LONGEST: Final = 64
_SHORTEST_CODED: Final = 16
_STRINGS: Final = (axdr.OCTET_STRING, axdr.VISIBLE_STRING, axdr.UTF8_STRING)
_FILLING: Final = b"\0 \xff"
_VOWELS: Final = frozenset("AEIO")  # a U mostly sounds like "you"


def maker(system_title: bytes | None, listed: Iterable[Item], known: Container[str]) -> str | None:
    """Find the maker's three letters: in the system title, else in a name that the meter sends.

    Names hold letters of all sorts, so in them only those of makers that are ``known`` count.
    """
    if system_title:
        letters = system_title[:3]
        if letters.isalpha() and letters.isupper():
            return letters.decode("ascii")
    for item in listed:
        code = item.obis.cde if item.obis else _DEVICE_NAME
        form = _MAKERS.get(code)
        if form and isinstance(item.value, (bytes, str)) and (found := form.match(item.text)):
            letters_found = found[1].upper()
            if letters_found in known:
                return letters_found
    return None


def maker_in_number(listed: Iterable[Item]) -> str | None:
    """Find a known maker's three letters in the numbers by which a P1 meter names itself.

    As in ``1SAG3101021605``, which is also behind an operator's own letters (Fluvius in Belgium).
    """
    for item in listed:
        if item.obis and not item.obis.b and item.obis.cde in (*_DEVICE_IDS, _DEVICE_NAME):
            found = _MAKER_IN_NUMBER.match(readable(item.text))
            if found and found[1] in MAKER_NAMES:
                return found[1]
    return None


@lru_cache(maxsize=1024)
def _preference(obis: Obis) -> int | None:
    """Tell how good a meter's number a register is, the least being the best."""
    if obis.cde not in NUMBERS:
        return None
    preference = NUMBERS.index(obis.cde)
    if obis.cde in _DEVICE_IDS and (obis.a or obis.b):
        # Another channel's: of a meter behind this one, or a maker's own way (Kamstrup's 1-1).
        preference += len(NUMBERS) * (1 + obis.b)
    return preference


def number(listed: list[Item], *, own_channel: bool = False) -> str | None:
    """Find the meter's own number: by its code, else the bare word that ends a list.

    A bare word at another place is the number when it is the only one.

    Args:
        listed: the values.
        own_channel: do not take the number of a device on another channel, which behind a P1 port
            is a gas meter or the like.
    """
    best: tuple[int, Item] | None = None
    for item in listed:
        if item.obis is None or (own_channel and item.obis.a == 0 and item.obis.b):
            continue
        preference = _preference(item.obis)
        if preference is not None and (best is None or preference < best[0]) and _said(item):
            best = preference, item
    if best:
        return _text(best[1])
    bare = [item for item in listed if item.obis is None and _is_word(item)]
    if bare and (bare[-1] is listed[-1] or len(bare) == 1):
        return _text(bare[-1])
    return None


def _text(item: Item) -> str:
    """Give a number as text, cut to a length that no real one has."""
    if isinstance(item.value, (bytes, str)) and (word := _filled(item.value)).isalnum():
        return word[:_LONGEST].decode("ascii")
    return item.text.strip()[:_LONGEST].strip()


def _said(item: Item) -> bool:
    """Tell whether there is anything but filling in a number's place."""
    return bool(_filled(item.value)) if isinstance(item.value, (bytes, str)) else bool(item.value)


def _is_word(item: Item) -> bool:
    """Tell whether a bare value is made of characters, unlike the bytes of a clock."""
    return item.tag in _STRINGS and bool(item.value) and _filled(item.value).isalnum()


def _filled(value: bytes | str) -> bytes:
    raw = value if isinstance(value, bytes) else value.encode("utf-8")
    return raw.strip(_FILLING)


def type_code(said: object) -> str | None:
    """Give the maker's code of a meter's type, of the register `TYPE_CODE`; None for none."""
    if not isinstance(said, str) or not said.isprintable():
        return None
    return said.strip()[:_LONGEST] or None


def topic_id(meter_number: str | None, system_title: bytes | None, otherwise: str) -> str:
    """Make the name that a meter has in topics and unique ids: of ``a-z 0-9 _ -`` only."""
    return slug(meter_number or "") or (system_title.hex() if system_title else otherwise)


def article(name: str) -> str:
    """Give the English article that stands before a maker's name: "a" or "an"."""
    return "an" if name[:1] in _VOWELS else "a"


def slug(text: str) -> str:
    """Give a text in the characters of a topic's level and of a unique id: ``a-z 0-9 _ -``."""
    return _UNSAFE.sub("_", text.lower()).strip("_")[:_LONGEST]


def readable(number: str) -> str:
    """Give a number of a P1 telegram, which writes the characters' codes in hex, as text."""
    if len(number) >= _SHORTEST_CODED and not len(number) % 2:
        try:
            text = bytes.fromhex(number).decode("ascii")
        except ValueError:
            return number
        if text.isalnum():
            return text
    return number
