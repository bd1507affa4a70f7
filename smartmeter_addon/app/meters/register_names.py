"""What OBIS codes are called, for people who look at a line."""

from functools import lru_cache
from typing import Final

from app.cosem.obis import Obis
from app.meters import naming, quantity
from app.meters.sensors import SENSORS

_ABSTRACT: Final = {
    (0, 0, 0): "meter number",
    (0, 0, 1): "meter number",
    (0, 0, 5): "meter number",
    (0, 2, 8): "version of the P1 standard",
    (0, 2, 129): "version of the list",
    (0, 9, 1): "time",
    (0, 9, 2): "date",
    (1, 0, 0): "clock",
    (17, 0, 0): "limit of power or current",
    (24, 1, 0): "kind of the meter behind",
    (24, 2, 1): "counter of the meter behind",
    (24, 2, 3): "counter of the meter behind",
    (24, 4, 0): "valve or switch of the meter behind",
    (25, 9, 0): "push setup",
    (42, 0, 0): "logical device name",
    (96, 1, 0): "device number",
    (96, 1, 1): "device number 2",
    (96, 1, 4): "version of the telegram",
    (96, 1, 7): "device model",
    (96, 3, 10): "switch",
    (96, 5, 5): "status",
    (96, 7, 9): "long power failures",
    (96, 7, 21): "power failures",
    (96, 13, 0): "message",
    (96, 13, 1): "message code",
    (96, 14, 0): "tariff in use",
    (97, 97, 0): "error register",
    (98, 1, 0): "monthly history",
    (99, 97, 0): "log of power failures",
}
_EVENTS: Final = {32: "voltage sags", 36: "voltage swells"}
_DIRECTIONS: Final = {
    1: "import",
    2: "export",
    3: "import",
    4: "export",
    5: "quadrant 1",
    6: "quadrant 2",
    7: "quadrant 3",
    8: "quadrant 4",
    9: "import",
    10: "export",
    15: "import and export",
    16: "import less export",
}
_PHASES: Final = range(21, 81)
_MAXIMUM: Final = 6


@lru_cache(maxsize=1024)
def name_of(obis: Obis, unit: str) -> str | None:
    """Name a register in English; None if nobody knows what it is."""
    reading = naming.of(obis, unit)
    if reading:
        name = SENSORS[reading.key].name_en
        return name[0].lower() + name[1:]
    if obis.cde in _ABSTRACT:
        return _ABSTRACT[obis.cde]
    if not obis.electrical:
        return None
    phase = f" L{(obis.c - 1) // 20}" if obis.c in _PHASES else ""
    if obis.d in _EVENTS:
        return _EVENTS[obis.d] + phase
    measured = quantity.of(obis)
    if measured is None:
        return None
    group = (obis.c - 1) % 20 + 1 if phase else obis.c
    parts = [measured.value.replace("_", " "), _DIRECTIONS.get(group, "")]
    if obis.d == _MAXIMUM:
        parts.insert(0, "maximum")
    if obis.e > 0:
        parts.append(f"tariff {obis.e}")
    return " ".join(part for part in parts if part) + phase
