"""What a value is, by its code: a number that identifies, a text, or neither."""

from enum import Enum, auto
from typing import Final

from app.cosem.obis import Obis
from app.meters import identity

_DEVICE_IDS: Final = (96, 1)
_METER_IDS: Final = (0, 0)
_VERSIONS: Final = ((0, 2), (96, 4))  # of software, of the list
_OF_A_VERSION: Final = ((96, 1, 4), (96, 1, 7))  # of the telegram; the meter's model
_POWER_FAILURES: Final = (96, 7)
_MESSAGES: Final = (96, 13)
_COUNTERS_BEHIND: Final = ((24, 2), (24, 3))  # of the meter behind
_CLOCKS: Final = ((1, 0, 0), (0, 9, 1), (0, 9, 2))  # whole, time, date
_HARMLESS: Final = frozenset(
    (
        (17, 0, 0),  # limit of power or current
        (24, 1, 0),  # kind of the meter behind
        (24, 4, 0),  # its valve or switch
        (25, 9, 0),  # push setup
        (96, 3, 10),  # switch
        (96, 5, 5),  # status
        (96, 14, 0),  # tariff in use
        (96, 50, 68),  # Sanxing's switch
        (97, 97, 0),  # error register
        (98, 1, 0),  # monthly history
        (99, 97, 0),  # log of power failures
    )
)


class Content(Enum):
    """What a text may hold."""

    NUMBER = auto()
    """A meter's number, whatever it looks like."""
    VERSION = auto()
    """A model or a version; else it is a text."""
    CLOCK = auto()
    """The meter's own time."""
    HARMLESS = auto()
    """A status or the like: it says nothing of whose meter it is."""
    MESSAGE = auto()
    """To the customer; hidden, whatever it looks like."""
    TEXT = auto()
    """Anything."""


def content(code: Obis) -> Content:
    """Tell what a register holds where it holds no measured value."""
    cde = code.cde
    if cde in _OF_A_VERSION or cde[:2] in _VERSIONS:
        return Content.VERSION
    if cde[:2] in {_DEVICE_IDS, _METER_IDS} or cde in identity.NUMBERS:
        return Content.NUMBER
    if cde in _CLOCKS:
        return Content.CLOCK
    if cde[:2] == _MESSAGES:
        return Content.MESSAGE
    harmless = cde in _HARMLESS or cde[:2] in {_POWER_FAILURES, *_COUNTERS_BEHIND}
    return Content.HARMLESS if harmless else Content.TEXT
