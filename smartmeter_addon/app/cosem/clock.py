"""The meter's clock: date-time of 12 bytes (Blue Book, date and time notation).

``year 2 | month | day | weekday | hour | minute | second | hundredths | deviation 2 | status``.
The deviation is minutes to add to local time for UTC, so -120 in Austrian summer; 8000 says that
it is not given, as every Landis+Gyr E450 does, with a status of 00 all year round.
"""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

SIZE: Final = 12

_TEXT: Final = re.compile(r"(\d{2}|\d{4})(\d{2})(\d{2}) ?(\d{2}):?(\d{2}):?(\d{2})([STWstw]?)")

_SUMMER_TIME: Final = ("S", "s")
_SEASONS: Final = (*_SUMMER_TIME, "W", "w")

_LARGEST_CORRECTION: Final = timedelta(minutes=5)
_NOT_GIVEN: Final = -0x8000
_LARGEST_DEVIATION: Final = 840  # minutes, UTC+14
_YEARS: Final = range(1990, 2100)
_YEARS_OF_TEXT: Final = range(2007, 2070)
"""Years of P1 telegrams, which began with DSMR 2 in 2007. 000101000000 is a clock that was never
set (dsmrreader/dsmr-reader#1922), 700101010000 and 632525252525 are no report of a meter."""

_INVALID: Final = 0x01
_SUMMER: Final = 0x80
_STATUS_NOT_GIVEN: Final = 0xFF


def parse(
    raw: bytes, zone: tzinfo, after: datetime | None = None, *, even_invalid: bool = False
) -> datetime | None:
    """Read a date-time; hundredths are left out.

    Args:
        raw: the 12 bytes.
        zone: where the meter stands, for clocks that give no deviation.
        after: the time that the meter sent before, which decides the hour that occurs twice in
            autumn when the clock does not say whether it is summer.
        even_invalid: read the time of a clock that says of itself that it is invalid, too.

    Returns:
        The time with its offset, or None when it is not given in full, says of itself that it is
        invalid, or is no date that a meter could have.
    """
    if len(raw) != SIZE:
        return None
    year = raw[0] << 8 | raw[1]
    status = raw[11]
    invalid = status != _STATUS_NOT_GIVEN and bool(status & _INVALID)
    if year not in _YEARS or (invalid and not even_invalid):
        return None
    try:
        local = datetime(year, raw[2], raw[3], raw[5], raw[6], raw[7])  # noqa: DTZ001 - see below
    except ValueError:
        return None
    deviation = int.from_bytes(raw[9:11], "big", signed=True)
    if deviation == _NOT_GIVEN:
        summer = status != _STATUS_NOT_GIVEN and bool(status & _SUMMER)
        return place(local, zone, after, summer=summer)
    if abs(deviation) > _LARGEST_DEVIATION:
        return None
    return local.replace(tzinfo=timezone(timedelta(minutes=-deviation)))


def parse_text(text: str, zone: tzinfo, after: datetime | None = None) -> datetime | None:
    """Read a time as P1 telegrams write it; see `parse` for the arguments.

    ``YYMMDDhhmmss`` and S for summer or W for winter time, or none; NES writes
    ``YYYYMMDD hh:mm:ss``, and some meters in Hungary T, which says neither (esphome/issues#3042).
    A flag that contradicts the calendar is believed: it tells how the meter's clock is set.
    """
    found = _TEXT.fullmatch(text)
    if not found:
        return None
    if found[7] in _SEASONS:
        return _in_season(text, zone)
    local = _local(found)
    return local and place(local, zone, after)


@lru_cache(maxsize=64)
def _in_season(text: str, zone: tzinfo) -> datetime | None:
    """Read a time that says its season; those of submeters are said again for an hour or so."""
    found = _TEXT.fullmatch(text)
    local = found and _local(found)
    if not found or not local:
        return None
    offsets = [local.replace(month=month, day=1, tzinfo=zone).utcoffset() for month in (1, 7)]
    known = sorted(offset for offset in offsets if offset is not None)
    offset = known[-1] if found[7] in _SUMMER_TIME else known[0]
    return local.replace(tzinfo=timezone(offset))


def _local(found: re.Match[str]) -> datetime | None:
    """Read the wall clock's time of `_TEXT`; None for one that a meter could not have."""
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    if year < 100:  # noqa: PLR2004 - written with two digits
        year += 2000
    if year not in _YEARS_OF_TEXT:
        return None
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - see `place`
    except ValueError:
        return None


def place(
    local: datetime, zone: tzinfo, after: datetime | None = None, *, summer: bool = False
) -> datetime:
    """Give a wall clock's time its offset in a zone; for ``after`` and ``summer`` see `parse`."""
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    ambiguous = first.utcoffset() != second.utcoffset()
    # Clocks are set back by seconds now and then; only the switch sets them back by more.
    if (
        ambiguous
        and not summer
        and after is not None
        and after - _fixed(first) > _LARGEST_CORRECTION
    ):
        return _fixed(second)
    return _fixed(first)


def _fixed(moment: datetime) -> datetime:
    """Replace a zone by the offset that it has at that moment."""
    return moment.replace(tzinfo=timezone(moment.utcoffset() or timedelta()), fold=0)
