"""Dates and times as meters write them, and the time zone they live in.

The COSEM date-time is twelve bytes: year (2), month, day, weekday, hour, minute, second,
hundredths, deviation (2), status. The deviation is what has to be *added* to local time to get
UTC, so Austria sends -60 in winter and -120 in summer (DLMS Blue Book, 4.1.6.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

NOT_SPECIFIED = 0xFF
"""Value of a one-byte field that the meter leaves open."""
INVALID = 0x01
DOUBTFUL = 0x02
SUMMER_TIME = 0x80
"""Bits of the clock status."""

_DEVIATION_NOT_SPECIFIED = b"\x80\x00"
_UNKNOWN = bytes((NOT_SPECIFIED,)) * 9 + _DEVIATION_NOT_SPECIFIED + bytes((NOT_SPECIFIED,))
_HOUR = timedelta(hours=1)


class _CentralEurope(tzinfo):
    """Central European time by the rule in force since 1996.

    Written out here because a bare machine has no time zone database, and because a second
    implementation of the rule is worth having in tests.
    """

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return _HOUR + self.dst(dt)

    def dst(self, dt: datetime | None) -> timedelta:
        if dt is None:
            return timedelta(0)
        wall = dt.replace(tzinfo=None, fold=0)
        begin = _last_sunday(wall.year, 3) + 2 * _HOUR
        end = _last_sunday(wall.year, 10) + 3 * _HOUR
        if begin <= wall < begin + _HOUR:
            summer = bool(dt.fold)  # the hour that does not exist, as PEP 495 wants it
        elif end - _HOUR <= wall < end:
            summer = not dt.fold  # the hour that comes twice
        else:
            summer = begin <= wall < end
        return _HOUR if summer else timedelta(0)

    def fromutc(self, dt: datetime) -> datetime:
        utc = dt.replace(tzinfo=None)
        begin = _last_sunday(utc.year, 3) + _HOUR
        end = _last_sunday(utc.year, 10) + _HOUR
        local = utc + (2 * _HOUR if begin <= utc < end else _HOUR)
        return local.replace(tzinfo=self, fold=int(end <= utc < end + _HOUR))

    def tzname(self, dt: datetime | None) -> str:
        return "CEST" if self.dst(dt) else "CET"

    def __repr__(self) -> str:
        return "VIENNA"


def _last_sunday(year: int, month: int) -> datetime:
    """Return midnight of the last Sunday of a month of 31 days."""
    end = datetime(year, month, 31)  # noqa: DTZ001 -- a wall clock reading, the zone is made of it
    return end - timedelta(days=end.isoweekday() % 7)


VIENNA = _CentralEurope()
"""Local time of Austrian meters."""


@dataclass(frozen=True, slots=True)
class Style:
    """What a meter fills into its date-time, and what it leaves open.

    Args:
        deviation: Whether the offset to UTC is sent; else the bytes 80 00.
        status: Bits of the status byte that are always set.
        summer: Whether summer time sets its bit in the status byte.
        hundredths: Hundredths of a second, or `NOT_SPECIFIED`.
        unknown: Whether the meter does not know the time and leaves all of it open.
    """

    deviation: bool = True
    status: int = 0
    summer: bool = True
    hundredths: int = 0
    unknown: bool = False


COMPLETE = Style()
"""Deviation and summer time bit, as Kaifa and Sagemcom meters send them."""


def date(moment: datetime) -> bytes:
    """Return the five bytes of a COSEM date."""
    return moment.year.to_bytes(2, "big") + bytes((moment.month, moment.day, moment.isoweekday()))


def time(moment: datetime, hundredths: int = 0) -> bytes:
    """Return the four bytes of a COSEM time."""
    return bytes((moment.hour, moment.minute, moment.second, hundredths))


def date_time(moment: datetime, style: Style = COMPLETE) -> bytes:
    """Return the twelve bytes of a COSEM date-time.

    Args:
        moment: An aware time, already in the meter's zone.
        style: What the meter fills in.

    Raises:
        ValueError: When the time has no zone.
    """
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a meter's time needs a time zone")
    if style.unknown:
        return _UNKNOWN
    deviation = _DEVIATION_NOT_SPECIFIED
    if style.deviation:
        deviation = (-offset // timedelta(minutes=1)).to_bytes(2, "big", signed=True)
    status = style.status | (SUMMER_TIME if style.summer and moment.dst() else 0)
    return date(moment) + time(moment, style.hundredths) + deviation + bytes((status,))


def fixed(moment: datetime) -> datetime:
    """Return the same time to the second with a fixed offset.

    Python compares times across zones as unequal in the hour that comes twice; with a fixed
    offset they compare as the instants that they are.
    """
    offset = moment.utcoffset() or timedelta(0)
    return moment.replace(tzinfo=timezone(offset), microsecond=0, fold=0)
