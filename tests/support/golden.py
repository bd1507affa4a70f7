"""What OBIS codes mean, as golden data, and what the program says of them.

The tables in tests/meters/golden/ are text with a column a fact:

- registers.txt: every code and unit that occurs in the shipped captures and the simulated lists.
- codes.txt: a sweep of the codes of electricity (A = 1, B = 0). A row stands for several codes;
  ``#`` is the number in group E. A code without a row has neither quantity nor reading nor name.
  Averages of currents are those of meters that do not send the thresholds of fuses in their place.
- readings.txt: every reading, its first code, the units that it may come in, each with the power of
  ten to its own, and by what its values are judged at the usual connection.

Users see what these tables say, so a change of them is a change for users. To write them anew:

    PYTHONPATH=smartmeter_addon:. python -m tests.support.golden
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from app.cosem.obis import CURRENT, UNSAID, Obis
from app.cosem.unit import UNITS
from app.meters.catalogue import (
    bounds_of_reading,
    conversion_of,
    name_of,
    quantity_of,
    quantity_of_reading,
)
from app.meters.quantities import MOST_PER_HOUR
from app.meters.sensors import SENSORS
from tests.support.captures import SHIPPED, events_of
from tests.support.simulated import EVERY_LIST
from tests.support.telegrams import registers, telegram, telegrams

DIRECTORY: Final = Path(__file__).parents[1] / "meters" / "golden"

REGISTERS: Final = ("code", "unit", "reading", "exponent", "quantity", "name")
CODES: Final = ("C", "D", "E", "F", "quantity", "reading", "name as reading", "name otherwise")
READINGS: Final = (
    *("reading", "code", "units", "quantity"),
    *("least", "most", "range", "jump", "most per hour"),
)
_FILES: Final = {REGISTERS: "registers.txt", CODES: "codes.txt", READINGS: "readings.txt"}

_CODE: Final = re.compile(r"(?:(\d+)-(\d+):)?(\d+)\.(\d+)(?:\.(\d+))?(?:\*(\d+))?")

_SPELLINGS: Final = ("°", "Deg", "kVAr", "kVArh", "VAr", "VArh", "m³", "GJ", "MJ")
EVERY_UNIT: Final = tuple(
    dict.fromkeys(
        (*(p + unit for unit in UNITS.values() for p in ("", "k", "M", "G")), *_SPELLINGS)
    )
)
"""Units that registers may come in, also those that no reading takes."""

UNITS_SWEPT: Final = (
    *("", "W", "kW", "MW", "Wh", "kWh", "MWh", "var", "kvar", "kVAr", "varh", "kvarh", "kVArh"),
    *("VA", "kVA", "VAh", "kVAh", "V", "A", "Hz", "deg", "°", "m3"),
)
"""The units of the sweep."""

_GROUPS_C: Final = range(1, 100)
_GROUPS_D: Final = (4, 5, 6, 7, 8, 9, 24, 32, 36)
_GROUPS_E: Final = range(6)
_GROUPS_F: Final = (CURRENT, 101)

Row = tuple[str, ...]


class Meaning(NamedTuple):
    """What a code of the sweep means; texts are empty for what it has not.

    Args:
        quantity: the name that profiles use.
        reading: the key.
        named: the name in the units that fit the reading.
        otherwise: the name in other units.
    """

    quantity: str
    reading: str
    named: str
    otherwise: str


NOTHING: Final = Meaning("", "", "", "")


def table(columns: Row) -> list[Row]:
    """Read the table that has these columns."""
    head, _, *lines = (DIRECTORY / _FILES[columns]).read_text("utf-8").splitlines()
    assert _cells(head) == columns
    return [_cells(line) for line in lines]


def parse(text: str) -> Obis:
    """Read a code as the program writes it, also one that is cut short."""
    match = _CODE.fullmatch(text)
    assert match, text
    a, b, c, d, e, f = (UNSAID if group is None else int(group) for group in match.groups())
    return Obis(a, b, c, d, e, CURRENT if f == UNSAID else f)


def register_row(code: str, unit: str) -> Row:
    """Tell what a register means."""
    obis = parse(code)
    reading = conversion_of(obis, unit)
    key, exponent = (reading.key, str(reading.exponent)) if reading else ("", "")
    return code, unit, key, exponent, quantity_of(obis) or "", name_of(obis, unit) or ""


def swept() -> Iterator[Obis]:
    """Give the codes that codes.txt is about."""
    for groups in product(_GROUPS_C, _GROUPS_D, _GROUPS_E, _GROUPS_F):
        yield Obis(1, 0, *groups)


def meaning(obis: Obis) -> Meaning:
    """Tell what a code means, whatever the unit of its register."""
    found = {
        unit: reading.key
        for unit in UNITS_SWEPT
        if (reading := conversion_of(obis, unit, has_fuses=False))
    }
    names = {unit: name_of(obis, unit, has_fuses=False) or "" for unit in UNITS_SWEPT}
    (key,) = set(found.values()) or {""}
    (named,) = {names[unit] for unit in found} or {""}
    (otherwise,) = {names[unit] for unit in UNITS_SWEPT if unit not in found}
    return Meaning(quantity_of(obis) or "", key, named, otherwise)


def meanings(rows: Iterable[Row]) -> dict[Obis, Meaning]:
    """Spread the rows of codes.txt over the codes that they stand for."""
    found = {}
    for row in rows:
        for groups in product(*map(_numbers, row[:4])):
            texts = (text.replace("#", str(groups[2])) for text in row[4:])
            found[Obis(1, 0, *groups)] = Meaning(*texts)
    return found


def exponents(obis: Obis, units: Iterable[str]) -> dict[str, int]:
    """Give the units, of some, in which a code is a reading, each with the power of ten to it."""
    return {
        unit: reading.exponent
        for unit in units
        if (reading := conversion_of(obis, unit, has_fuses=False))
    }


def reading_row(key: str, code: str) -> Row:
    """Tell in which units a reading may come, and by what its values are judged.

    Args:
        key: of the reading.
        code: one of its registers; empty for a reading of a meter behind the meter.
    """
    found = exponents(parse(code), EVERY_UNIT) if code else {}
    units = ", ".join(f"{unit or '-'} {exponent}" for unit, exponent in found.items())
    bounds = bounds_of_reading(key)
    numbers = (bounds.least, bounds.most, bounds.range, bounds.jump, MOST_PER_HOUR.get(key))
    return key, code, units, quantity_of_reading(key) or "", *map(_shown, numbers)


def _shown(number: float | None) -> str:
    return "" if number is None else f"{number:.10g}"


def _cells(line: str) -> Row:
    return tuple(cell.strip() for cell in line.split("|"))


def _numbers(cell: str) -> list[int]:
    """Give the numbers that spans like ``1-3 7`` stand for."""
    found: list[int] = []
    for span in cell.split():
        first, _, last = span.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _spans(numbers: Iterable[int]) -> str:
    """Write numbers as spans."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(f"{first}-{last}" if first < last else str(first) for first, last in found)


def _register_rows() -> Iterator[Row]:
    found = set()
    for capture in SHIPPED:
        expected = capture["expected"]
        for said in expected.get("all") or [expected]:
            found |= {(code, register["unit"]) for code, register in said["obis"].items()}
        for one in telegrams(events_of(capture)):
            found |= {(code, unit) for code, (_, unit) in registers(one).items()}
    for family, variant in EVERY_LIST:
        truth = telegram(family, variant).truth
        found |= {(code, unit) for code, (_, unit) in truth.registers.items()}
    return (register_row(*one) for one in sorted(found, key=lambda one: (parse(one[0]), one)))


def _code_rows() -> list[Row]:
    """Make one row of codes that differ in one group, and mean the same but for the tariff."""
    rows: list[Row] = []
    for obis in swept():
        if (found := meaning(obis)) != NOTHING:
            tariff = re.compile(rf"(?<=tariff[ _]){obis.e}\b")
            rows.append((*map(str, obis[2:]), *(tariff.sub("#", text) for text in found)))
    for group in (2, 3, 1, 0):
        places: dict[Row, list[int]] = defaultdict(list)
        for row in rows:
            places[*row[:group], *row[group + 1 :]].append(int(row[group]))
        rows = [(*row[:group], _spans(some), *row[group:]) for row, some in places.items()]
    return sorted(rows, key=lambda row: [_numbers(cell) for cell in row[:4]])


def _reading_rows() -> Iterator[Row]:
    codes: dict[str, str] = {}
    for c, d, e, unit in product(_GROUPS_C, (4, 6, 7, 8), range(100), UNITS_SWEPT):
        obis = Obis(1, 0, c, d, e)
        if reading := conversion_of(obis, unit, has_fuses=False):
            codes.setdefault(reading.key, str(obis))
    return (reading_row(key, codes.get(key, "")) for key in SENSORS)


def _write(columns: Row, rows: Iterable[Row]) -> None:
    lines = [columns, *rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    text = [
        " | ".join(map(str.ljust, cells, widths)).rstrip()
        for cells in (lines[0], tuple("-" * width for width in widths), *lines[1:])
    ]
    (DIRECTORY / _FILES[columns]).write_text("\n".join(text) + "\n", "utf-8")


if __name__ == "__main__":
    _write(REGISTERS, _register_rows())
    _write(CODES, _code_rows())
    _write(READINGS, _reading_rows())
