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
_LIST_VERSION: Final = (0, 2, 129)
# In the order in which they are preferred: device ID 1 and 2, the ids of Kamstrup and of P1, the
# logical device name.
NUMBERS: Final = ((96, 1, 0), (96, 1, 1), (0, 0, 5), (0, 0, 1), (0, 0, 0), _DEVICE_NAME)
_DEVICE_IDS: Final = ((96, 1, 0), (96, 1, 1))

# "1KFM0200000052", "LGZ1030600000012", "KFM_001", "Kamstrup_V0001", "AIDON_V0001"
_MAKER: Final = re.compile(r"\d?([A-Za-z]{3})[A-Za-z]*[_\d]")
_UNSAFE: Final = re.compile(r"[^a-z0-9_-]+")
_LONGEST: Final = 64
_SHORTEST_CODED: Final = 16


def maker(system_title: bytes | None, listed: Iterable[Item], known: Container[str]) -> str | None:
    """Find the maker's three letters: in the system title, else in a name that the meter sends.

    Names hold letters of all sorts, so in them only those of makers that are ``known`` count.
    """
    if system_title:
        letters = system_title[:3]
        if letters.isalpha() and letters.isupper():
            return letters.decode("ascii")
    for item in listed:
        named = item.obis is None or item.obis.cde in (_DEVICE_NAME, _LIST_VERSION)
        if named and isinstance(item.value, (bytes, str)) and (found := _MAKER.match(item.text)):
            letters_found = found[1].upper()
            if letters_found in known:
                return letters_found
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
    """Find the meter's own number: by its code, else the bare string that ends a list.

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
        if preference is not None and item.value and (best is None or preference < best[0]):
            best = preference, item
    if best:
        return best[1].text
    last = listed[-1] if listed else None
    if last and last.obis is None and last.tag == axdr.OCTET_STRING and last.value.isalnum():
        return last.text  # characters, and not the bytes of a clock
    return None


def topic_id(meter_number: str | None, system_title: bytes | None, otherwise: str) -> str:
    """Make the name that a meter has in topics and unique ids: of ``a-z 0-9 _ -`` only."""
    return slug(meter_number or "") or (system_title.hex() if system_title else otherwise)


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
