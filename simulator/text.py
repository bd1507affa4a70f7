"""Telegrams of text (DSMR P1 companion standard): the items of a list to lines."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from simulator import clock, links
from simulator.household import Report
from simulator.lists import Behind, Clock, Field, Item, Layout, Line, Moment, Part, Said, Text


class Other(NamedTuple):
    """What a meter behind the meter says.

    Args:
        kind: What it counts: gas, water or heat.
        number: Its number.
        time: When it reported, with a fixed offset.
        value: Its counter.
        unit: The counter's unit.
    """

    kind: str
    number: str
    time: datetime
    value: Decimal
    unit: str


class Page(NamedTuple):
    """A telegram of text.

    Args:
        data: Its bytes, from the slash to the last line's end.
        registers: What a reader has to show, by code.
        others: What the meters behind the meter say.
    """

    data: bytes
    registers: dict[str, Said]
    others: tuple[Other, ...]


def write(layout: Layout, moment: Moment) -> Page:
    """Write a telegram.

    Raises:
        KeyError: When the household does not have a value.
        OverflowError: When a value has more digits than its line has room for.
        TypeError: When an item stands in lists of DLMS only.
    """
    lines: list[str] = []
    registers: dict[str, Said] = {}
    others: list[Other] = []
    for item in layout.items:
        if isinstance(item, Behind):
            lines += _behind(item, moment, registers, others)
        else:
            code, fields, said = _line(layout, item, moment)
            lines.append(code + fields)
            if not isinstance(item, Line) or item.shown:
                registers[_bare(code)] = said
    data = links.p1_with(layout.identification, lines, layout.checksum)
    return Page(data, registers, tuple(others))


def _bare(code: str) -> str:
    """Return a code without the group F that says "now"."""
    return code.removesuffix("*255")


def _line(layout: Layout, item: Item, moment: Moment) -> tuple[str, str, Said]:
    """Return an item's code, its brackets, and what a reader has to show."""
    match item:
        case Field():
            digits, value = _digits(item, moment.measured(item.obis))
            star = f"*{item.unit}" if item.unit else ""
            return item.obis, f"({digits}{star})", (value, item.unit)
        case Clock(obis=str(code)):
            written, shown = _clock(layout, item.part, moment.local)
            return code, f"({written})", (shown, "")
        case Text(obis=str(code)):
            text = moment.identity.says(item.content)
            written = _coded(text) if item.coded else text
            return code, f"({written})", (written, "")
        case Line():
            said = item.fields[1:-1] if item.said is None else item.said
            return item.obis, item.fields, (said, item.unit)
        case _:
            raise TypeError(f"{item} has no place in a telegram of text")


def _digits(field: Field, value: Decimal | None) -> tuple[str, Decimal]:
    if value is None:
        raise KeyError(f"{field.obis} has no value and the meter no way to say so")
    scaled = abs(value.scaleb(-3) if field.unit.startswith("k") else value)
    rounded = scaled.quantize(Decimal(1).scaleb(-field.places), ROUND_HALF_EVEN)
    width = field.whole + (field.places + 1 if field.places else 0)
    digits = f"{rounded:0{width}f}"
    if len(digits) > width:
        raise OverflowError(f"{field.obis} cannot be {rounded} {field.unit}")
    return digits, rounded


def _clock(layout: Layout, part: Part, local: datetime) -> tuple[str, str]:
    """Return a clock as it is written, and as a reader has to show it."""
    match part:
        case Part.DATE:
            written = f"{local:%y%m%d}"
            return written, written
        case Part.TIME:
            written = f"{local:%H%M%S}"
            return written, written
        case Part.WHOLE:
            shown = clock.fixed(local)
            if not layout.flagged:
                return f"{local:%Y%m%d %H:%M:%S}", shown.replace(tzinfo=None).isoformat()
            return _flagged(local), shown.isoformat()


def _flagged(local: datetime) -> str:
    return f"{local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'}"


def _coded(text: str) -> str:
    return text.encode("ascii").hex().upper()


def _behind(
    item: Behind, moment: Moment, registers: dict[str, Said], others: list[Other]
) -> list[str]:
    """Write the lines of a meter behind the meter."""
    device, channel = item.device, f"0-{item.channel}:"
    serial = moment.identity.number[-7:].rjust(7, "0")
    own = f"{device.name[0].upper()}00993{item.channel}{serial}19"
    report = moment.snapshot.reports.get(item.obis)
    report = report or moment.snapshot.reports.get(device.name) or _hourly_report(item, moment)
    number = own if report.number is None else report.number
    reported = report.time
    field = Field(item.obis, device.unit, 5, 3)
    digits, value = _digits(field, report.value)
    if isinstance(reported, datetime):
        reported = reported.astimezone(moment.local.tzinfo)
        others.append(Other(device.name, number, clock.fixed(reported), value, device.unit))
        time = f"{reported:%y%m%d%H%M%S}" if item.own_line else _flagged(reported)
    else:
        time = reported
    kind = device.type[1:] if item.own_line else device.type
    registers[f"{channel}24.1.0"] = kind, ""
    registers[f"{channel}{item.number}"] = _coded(number), ""
    registers[item.obis] = value, device.unit
    if item.own_line:
        fields = f"({time})(00)(60)(1)({channel}24.2.1)({device.unit})\r\n({digits})"
    else:
        fields = f"({time})({digits}*{device.unit})"
    return [
        f"{channel}24.1.0({kind})",
        f"{channel}{item.number}({_coded(number)})",
        f"{item.obis}{fields}",
    ]


def _hourly_report(item: Behind, moment: Moment) -> Report:
    """Return what a meter reported that reports every full hour."""
    # Hours of UTC are hours of the wall clock here, the one that comes twice included.
    now = moment.snapshot.time
    since = timedelta(minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
    value = moment.snapshot.values[item.device.name]
    if value is None:
        raise KeyError(f"{item.device.name} has no value")
    return Report(now - since, value)
