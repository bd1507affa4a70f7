"""What the checks see of a telegram."""

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
from app.plausibility.repeated import Fields
from app.plausibility.structure import Structure

_WEEKDAYS: Final = range(1, 8)
"""Values of a date-time's day of week that say one."""

_DATE: Final = slice(0, 4)
_TIME: Final = slice(5, 8)
"""Bytes of a date-time: year, month, day; hours, minutes, seconds."""


@dataclass(slots=True)
class Observation:
    """What the checks see of a telegram.

    Args:
        meters: whose readings it holds: the meter's, where it says any, and its submeters'.
        structure: see `app.plausibility.structure`.
        fields: those that may repeat, see `app.plausibility.repeated`.
        invocation_counter: None without ciphering.
        meter_time: by the meter's clock, in seconds since 1970; None when it says no time.
        wall_time: by this computer's clock, in seconds since 1970.
        now: by the monotonic clock, in seconds.
        counters: what never falls, exact, by key; those of submeters by `submeter_key`.
        values: all numbers of the meter's reading, by key.
        findings: what the invariants say of the values.
        strong_checksum: whether its link has one (HDLC), and the bytes are read to the last one.
    """

    meters: tuple[Meter, ...]
    structure: Structure
    fields: Fields
    invocation_counter: int | None
    meter_time: float | None
    wall_time: float
    now: float
    counters: Mapping[str, Number]
    values: Mapping[str, float]
    findings: Findings
    strong_checksum: bool


def observe(
    telegram: Telegram, now: float, wall_time: float, connection_watts: float
) -> Observation:
    """Reduce a telegram that says something to what the checks see of it.

    Args:
        telegram: with a reading of its meter or of submeters.
        now: by the monotonic clock, in seconds.
        wall_time: by this computer's clock, in seconds since 1970.
        connection_watts: the most that the connection carries.
    """
    security = telegram.push.security
    meters: list[Meter] = []
    counters: dict[str, Number] = {}
    values: dict[str, float] = {}
    infinite: list[str] = []
    if telegram.reading:
        meters.append(telegram.reading.meter)
        for key, value in telegram.reading.values.items():
            if isinstance(value, str):
                continue
            number = float(value)
            if not math.isfinite(number):
                infinite.append(key)
                continue
            values[key] = number
            if "energy" in key:
                counters[key] = value
    for other in telegram.others:
        meters.append(other.meter)
        if other.timestamp:
            counters[submeter_key(other.meter, "time")] = int(other.timestamp.timestamp())
        for key, value in other.values.items():
            if isinstance(value, (int, Decimal)):
                counters[submeter_key(other.meter, key)] = value
    shape, strings = structure.of(telegram)
    findings = invariants.check(values, connection_watts)
    findings.out_of_bounds.update((key, f"{key} is without end") for key in infinite)
    _check_clocks(telegram, strings, findings)
    return Observation(
        meters=tuple(meters),
        structure=shape,
        fields=repeated.of(telegram, strings),
        invocation_counter=security.invocation_counter if security else None,
        meter_time=telegram.timestamp.timestamp() if telegram.timestamp else None,
        wall_time=wall_time,
        now=now,
        counters=counters,
        values=values,
        findings=findings,
        strong_checksum=telegram.push.frame.link == Hdlc.name,
    )


def sender_of(telegram: Telegram) -> str:
    """Return the name that tells the senders of a line apart.

    With a wrong system title deciphering fails. Without ciphering only the meter's number tells.
    """
    if telegram.push.security is None and telegram.reading:
        return f"{telegram.sender} {telegram.reading.meter.id}"
    return telegram.sender


def submeter_key(meter: Meter, key: str) -> str:
    """Return the key of a submeter's counter. No key of the meter itself has a slash."""
    return f"{meter.id}/{key}"


def _check_clocks(telegram: Telegram, strings: list[bytes], findings: Findings) -> None:
    """Compare the clocks of a telegram with each other, and a date with its day of week.

    The results are added to the invariants that are kept and broken: ``reports``, ``weekday`` and
    ``clocks``.
    """
    for other in telegram.others:
        if other.timestamp:
            reported, now = other.timestamp, telegram.timestamp
            # DSMR 2 says no time of the meter itself; its submeters report on the hour.
            right = reported <= now if now else not (reported.minute or reported.second)
            (findings.kept if right else findings.broken).append("reports")
    content = telegram.push.content
    if content is None or isinstance(content, bytes):
        return
    clocks = [raw for raw in (content.date_time, *strings) if raw and structure.is_clock(raw)]
    for raw in clocks:
        if raw[4] in _WEEKDAYS and telegram.timestamp:
            right = raw[4] == telegram.timestamp.isoweekday()
            (findings.kept if right else findings.broken).append("weekday")
            break
    if len(clocks) > 1:
        first = clocks[0]
        same = all(raw[_DATE] == first[_DATE] and raw[_TIME] == first[_TIME] for raw in clocks[1:])
        (findings.kept if same else findings.broken).append("clocks")
