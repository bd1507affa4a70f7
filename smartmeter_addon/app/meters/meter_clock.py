"""When telegrams were sent, by the clocks of their meters."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from app.cosem import clock, items
from app.cosem.items import Item
from app.cosem.obis import Obis
from app.meters.limits import has_room

_CLOCK: Final = (1, 0, 0)
_TIME: Final = (0, 9, 1)
_DATE: Final = (0, 9, 2)
_NO_DIGITS: Final = re.compile(r"\D")

_FORMS: Final = (b"%c", b"%02d")
_MINUTES: Final = {form % n: timedelta(minutes=n) for form in _FORMS for n in range(60)}
_SECONDS: Final = {form % n: timedelta(seconds=n) for form in _FORMS for n in range(60)}
"""By the byte or the two digits that stand for them."""


def is_clock(obis: Obis) -> bool:
    """Tell whether a register is the meter's clock."""
    return obis.a == 0 and obis.cde == _CLOCK


class MeterClock(NamedTuple):
    """Reads the times of one sender's telegram.

    Args:
        zone: where the meter stands, for clocks that do not say their offset.
        before: the time that it sent before, for the hour that occurs twice in autumn.
    """

    zone: tzinfo
    before: datetime | None

    def sent(self, header: bytes | None, listed: Iterable[Item]) -> datetime | None:
        """Tell when a telegram was sent: by its header, else by the clock among its values.

        None when it gives no time or no valid one.
        """
        moment = clock.parse(header, self.zone, self.before) if header else None
        return self._among(listed) if moment is None else moment

    def moment(self, value: object, *, even_invalid: bool = False) -> datetime | None:
        """Read a register's date-time or a time in text; see `clock.parse` for the argument."""
        if isinstance(value, bytes):
            return clock.parse(value, self.zone, self.before, even_invalid=even_invalid)
        if isinstance(value, str):
            return clock.parse_text(value, self.zone, self.before)
        return None

    def shown(self, value: object) -> str:
        """Return how a register shows the clock, also one that calls itself invalid.

        Inside its lists an E450 calls a clock invalid that is right to the second. The register
        shows what it says; the telegram's time is not taken from it.
        """
        moment = self.moment(value, even_invalid=True)
        return moment.isoformat() if moment else items.text(value)

    def _among(self, listed: Iterable[Item]) -> datetime | None:
        """Find the clock by its code, or the first bare date-time, or time and date in text."""
        texts = {}
        for item in listed:
            if item.obis is None or is_clock(item.obis):
                moment = self.moment(item.value)
                if moment:
                    return moment
            elif item.obis.cde in (_TIME, _DATE):
                texts[item.obis.cde] = _NO_DIGITS.sub("", item.text)
        if len(texts) == len((_TIME, _DATE)):
            return clock.parse_text(texts[_DATE] + texts[_TIME], self.zone, self.before)
        return None


class _Hour(NamedTuple):
    """An hour of which a time was read.

    Args:
        begin: what its times begin with, up to the minute.
        minute: where the minute stands.
        second: where the second stands.
        end: what its times end with.
        moment: when it begins.
    """

    begin: bytes
    minute: slice
    second: slice
    end: bytes
    moment: datetime


_BINARY: Final = (slice(6, 7), slice(7, 8))
_TEXT: Final = (slice(8, 10), slice(10, 12))
"""Where minute and second stand."""


def _hour_of(raw: bytes, moment: datetime) -> _Hour:
    """Return the hour of a time that was read; see `MeterClocks.moment`."""
    minute, second = _BINARY if len(raw) == clock.SIZE else _TEXT
    begin = moment.replace(minute=0, second=0)
    return _shared(raw[: minute.start], raw[second.stop :], begin, begin.tzinfo, begin.fold)


@lru_cache(maxsize=64)
def _shared(
    begin: bytes,
    end: bytes,
    moment: datetime,
    zone: tzinfo | None,  # noqa: ARG001 - moments of two zones may be equal
    fold: int,  # noqa: ARG001 - so may those of the hour that occurs twice
) -> _Hour:
    """Return an hour, the same one for all meters that show it."""
    minute, second = _BINARY if len(begin) == _BINARY[0].start else _TEXT
    return _Hour(begin, minute, second, end, moment)


class MeterClocks:
    """The clocks of one line's senders.

    Args:
        zone: where the meters stand.
        now: the computer's clock, for a sender that has not been heard before.
    """

    __slots__ = ("_hours", "_last", "_now", "zone")

    def __init__(self, zone: tzinfo, now: Callable[[], datetime] | None = None) -> None:
        self.zone = zone
        self._now = now
        self._last: dict[str, datetime] = {}
        self._hours: dict[str, _Hour] = {}

    def of(self, sender: str) -> MeterClock:
        """Give the clock of a sender's next telegram."""
        return MeterClock(self.zone, self.before(sender))

    def before(self, sender: str) -> datetime | None:
        """Give the time before a sender's next telegram; see `MeterClock`."""
        return self._last.get(sender) or (self._now() if self._now else None)

    def moment(self, sender: str, raw: bytes) -> datetime | None:
        """Read a time of a sender's next telegram, as `MeterClock.moment` does.

        What was found of one time holds for later ones of the same hour.

        Args:
            sender: of the telegram.
            raw: a date-time of 12 bytes, or the 13 characters of a time in text with its season.
        """
        hour, last = self._hours.get(sender), self._last.get(sender)
        if hour and last:
            begin, minute, second, end, moment = hour
            if raw.startswith(begin) and raw.endswith(end):
                try:
                    moment += _MINUTES[raw[minute]] + _SECONDS[raw[second]]
                except KeyError:  # it is no time
                    return None
                if moment >= last:  # else it may be the second of two hours
                    return moment
        value = raw if len(raw) == clock.SIZE else raw.decode("ascii", "replace")
        found = self.of(sender).moment(value)
        if found and has_room(self._hours, sender):
            self._hours[sender] = _hour_of(raw, found)
        return found

    def remember(self, sender: str, moment: datetime | None) -> None:
        """Take the time that a telegram gives, if it gives one."""
        if moment and has_room(self._last, sender):
            self._last[sender] = moment
