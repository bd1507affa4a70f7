"""A telegram reduced to what its plausibility is judged by."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.cosem.unit import Number
from app.link.hdlc import Hdlc
from app.meters.reading import Meter
from app.meters.telegram import Telegram
from app.plausibility import invariants, repeated, structure
from app.plausibility.invariants import Findings
from app.plausibility.structure import Structure

_WEEKDAYS: Final = range(1, 8)
_DATE: Final = slice(0, 4)
_TIME: Final = slice(5, 8)


@dataclass(slots=True)
class Observation:
    """One telegram.

    Args:
        meters: who is read: the meter itself, where it says something, and those behind it.
        outline: see `structure`.
        words: see `repeated`.
        counter: the invocation counter; None without ciphering.
        time: the meter's, in seconds since 1970; None when it gives none.
        wall: this computer's, in seconds since 1970.
        now: of the steady clock.
        counters: what never falls, exact, by key.
        values: everything as floats, by key.
        found: what the laws say.
        checked: whether its link has a strong checksum, and bytes that are read to the last one.
    """

    meters: tuple[Meter, ...]
    outline: Structure
    words: repeated.Words
    counter: int | None
    time: float | None
    wall: float
    now: float
    counters: Mapping[str, Number]
    values: Mapping[str, float]
    found: Findings
    checked: bool


def reduce(telegram: Telegram, now: float, wall: float, watts: float) -> Observation:
    """Reduce a telegram that holds something that would be published."""
    security = telegram.push.security
    meters: list[Meter] = []
    counters: dict[str, Number] = {}
    values: dict[str, float] = {}
    endless: list[str] = []
    if telegram.reading:
        meters.append(telegram.reading.meter)
        for key, value in telegram.reading.values.items():
            if isinstance(value, str):
                continue
            number = float(value)
            if not math.isfinite(number):
                endless.append(key)
                continue
            values[key] = number
            if "energy" in key:
                counters[key] = value
    for other in telegram.others:
        meters.append(other.meter)
        if other.timestamp:
            counters[other_key(other.meter, "time")] = int(other.timestamp.timestamp())
        for key, value in other.values.items():
            if isinstance(value, (int, Decimal)):
                counters[other_key(other.meter, key)] = value
    shape, strings = structure.of(telegram)
    found = invariants.findings(values, watts)
    found.absurd.update((key, f"{key} is without end") for key in endless)
    _clocks(telegram, strings, found)
    return Observation(
        meters=tuple(meters),
        outline=shape,
        words=repeated.of(telegram, strings),
        counter=security.invocation_counter if security else None,
        time=telegram.timestamp.timestamp() if telegram.timestamp else None,
        wall=wall,
        now=now,
        counters=counters,
        values=values,
        found=found,
        checked=telegram.push.frame.link == Hdlc.name,
    )


def sender(telegram: Telegram) -> str:
    """Tell the senders of a line apart.

    A wrong system title makes deciphering fail; without one the meter's number is all there is.
    """
    if telegram.push.security is None and telegram.reading:
        return f"{telegram.sender} {telegram.reading.meter.id}"
    return telegram.sender


def other_key(meter: Meter, key: str) -> str:
    """Give the key of a value of a meter behind the meter."""
    return f"{meter.id}/{key}"


def _clocks(telegram: Telegram, strings: list[bytes], found: Findings) -> None:
    """Compare the telegram's clocks with each other, and a date with its weekday."""
    for other in telegram.others:
        if other.timestamp:
            reported, now = other.timestamp, telegram.timestamp
            # Meters that show no clock themselves hear of those behind them on the hour: DSMR 2.
            right = reported <= now if now else not (reported.minute or reported.second)
            (found.kept if right else found.broken).append("reports")
    content = telegram.push.content
    if content is None or isinstance(content, bytes):
        return
    given = [raw for raw in (content.date_time, *strings) if raw and structure.is_clock(raw)]
    for raw in given:
        if raw[4] in _WEEKDAYS and telegram.timestamp:
            right = raw[4] == telegram.timestamp.isoweekday()
            (found.kept if right else found.broken).append("weekday")
            break
    if len(given) > 1:
        one = given[0]
        same = all(raw[_DATE] == one[_DATE] and raw[_TIME] == one[_TIME] for raw in given[1:])
        (found.kept if same else found.broken).append("clocks")
