"""What stands beside a reading: the time of a peak, those of past months, the log of failures.

A P1 telegram writes a list of past values as one line: how many, their codes, then for each the
fields that a line of its own would have. Belgium's peaks have the end of their month before that::

    0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(260801000000S)(260731120000S)(01.747*kW)
    1-0:99.97.0(1)(0-0:96.7.19)(261007152415S)(0000000240*s)

Hungary's 0-0:98.1.0 is another list, of registers without codes in an order that differs by
operator; nothing is read from it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

from app.cosem import p1
from app.cosem.items import Item
from app.cosem.obis import Obis
from app.cosem.unit import scale
from app.meters import catalogue, quantities, states
from app.meters.meter_clock import MeterClock
from app.meters.telegram import Register

_HISTORY: Final = (98, 1, 0)
_FAILURES: Final = (99, 97, 0)

_FIELD: Final = re.compile(r"\(([^()]*)\)")
_CODE: Final = re.compile(r"\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}")

_MOST_ROWS: Final = 36
"""Rows of a list; Belgium's has 13, and Home Assistant stores no attributes over 16 kB."""

_LATEST: Final = timedelta(days=31)
"""By how much a time may be ahead of the meter's clock, which may be wrong; more is no time."""

_NO_DURATION: Final = 2**31 - 1
"""Seconds of an entry that stands for none (DSMR P1 companion standard, ``2147483647*s``)."""

_UNIT: Final = "kW"
"""The unit of past peaks, that of the bill."""

Details = dict[str, dict[str, Any]]


def read(
    registers: Mapping[Obis, Register], clock: MeterClock, sent: datetime | None, *, is_p1: bool
) -> Details:
    """Find what stands beside the readings of a telegram.

    Args:
        registers: of the telegram.
        clock: reads its times; one that cannot be is left out.
        sent: when it was sent; None when it says no time.
        is_p1: whether it is a P1 telegram.

    Returns:
        Names and JSON values, by reading key.
    """
    found: Details = {}
    times = _Times(clock, sent)
    for obis in _among(tuple(registers)):
        register = registers[obis]
        if obis.cde == _HISTORY:
            for key, row in _past_peaks(register, times):
                found.setdefault(key, {}).setdefault("history", []).append(row)
        elif obis.cde == _FAILURES:
            found["long_power_failures"] = {"log": list(_failures(register, times))}
        elif message := states.MESSAGES.get(obis.cde):
            text = states.message(register, is_p1=is_p1) or ""
            if len(text) > states.LONGEST:
                found[message] = {"text": text}
        elif (named := catalogue.conversion_of(obis, register.unit)) and times.can_be(register.at):
            found[named.key] = {"time": register.at.isoformat(), **found.get(named.key, {})}
    return found


class _Times(NamedTuple):
    """Tells which times in a telegram can be; see `read` for the arguments."""

    clock: MeterClock
    sent: datetime | None

    def can_be(self, moment: datetime | None) -> TypeGuard[datetime]:
        """Tell whether something of the past can have this time.

        With 700101010000 or 632525252525, a meter says that there is none.
        """
        return moment is not None and (self.sent is None or moment <= self.sent + _LATEST)

    def read(self, text: str | None) -> datetime | None:
        """Read a time; None for one that cannot be."""
        moment = self.clock.moment(text)
        return moment if self.can_be(moment) else None


@lru_cache(maxsize=256)
def _among(codes: tuple[Obis, ...]) -> tuple[Obis, ...]:
    """Find the codes of a list beside which something may stand, or that say it."""
    return tuple(
        obis
        for obis in codes
        if obis.cde in {_HISTORY, _FAILURES, *states.MESSAGES} or catalogue.is_peak(obis)
    )


def _past_peaks(register: Register, times: _Times) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the key and the row of each past month with a peak."""
    for (end, *_), item in _rows(register, fields=3):
        ended = times.read(end)
        named = catalogue.conversion_of(item.obis, item.unit or "") if item.obis else None
        exponent = quantities.exponent(item.unit or "", _UNIT)
        if ended is None or item.number is None or named is None or exponent is None:
            continue
        row: dict[str, Any] = {"month": f"{ended - timedelta(seconds=1):%Y-%m}"}
        if moment := times.read(item.at):
            row["time"] = moment.isoformat()
        yield named.key, row | {_UNIT: scale(item.number, exponent)}


def _failures(register: Register, times: _Times) -> Iterator[dict[str, Any]]:
    """Give when each long failure ended, and how many seconds it took."""
    for _, item in _rows(register, fields=2):
        ended = times.read(item.at)
        if ended and item.number is not None and item.number < _NO_DURATION:
            yield {"end": ended.isoformat(), "seconds": item.number}


def _rows(register: Register, *, fields: int) -> Iterator[tuple[list[str], Item]]:
    """Give the fields of each row of a list, and what the last two of them say as a line."""
    _, *rest = _FIELD.findall(str(register.value)) or [""]
    codes = [field for field in rest if _CODE.fullmatch(field)]
    rest = rest[len(codes) :]
    if not codes:
        return
    for at in range(0, min(len(rest), fields * _MOST_ROWS) - fields + 1, fields):
        row = rest[at : at + fields]
        for item in p1.read(f"{codes[-1]}({row[-2]})({row[-1]})"):
            yield row, item
