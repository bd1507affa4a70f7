"""When telegrams were sent, by the clocks of their meters."""

import re
import struct
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from app.cosem import clock, items
from app.cosem.items import Item
from app.cosem.obis import Obis
from app.meters.limits import MOST_SENDERS

_CLOCK: Final = (1, 0, 0)
_TIME: Final = (0, 9, 1)
_DATE: Final = (0, 9, 2)
_TEXT_SIZE: Final = 13
_NO_DIGITS: Final = re.compile(r"\D")

_FORMS: Final = (b"%c", b"%02d")
_MINUTES: Final = {form % n: timedelta(minutes=n) for form in _FORMS for n in range(60)}
_SECONDS: Final = {form % n: timedelta(seconds=n) for form in _FORMS for n in range(60)}
"""By the byte or the two digits that stand for them."""

TimeParts: TypeAlias = tuple[bytes, bytes, bytes, bytes]
"""A time as it is sent: what stands before the minute, the minute, the second, and what stands
behind them."""

_PARTS: Final = {clock.SIZE: "6s 1s 1s 4s", _TEXT_SIZE: "8s 2s 2s 1s"}
"""How a time is taken apart, by its size."""

_TO_ITS_END: Final = timedelta(minutes=59, seconds=59)
"""From an hour's first second to its last."""

_LATEST: Final = datetime.max.replace(tzinfo=UTC)
_NO_HOUR: Final = b"", b"", _LATEST
"""In the place of an hour; no time begins so."""


def is_clock(obis: Obis) -> bool:
    """Tell whether a register is the meter's clock."""
    return obis.a == 0 and obis.cde == _CLOCK


@lru_cache(maxsize=64)
def time_in(content_size: int, begin: int, end: int) -> Callable[[bytes], tuple[Any, ...]]:
    """Return what takes a time out of a content, as `TimeParts`.

    Args:
        content_size: of the content.
        begin: where the time begins in it.
        end: where it ends.
    """
    form = f"{begin}x {_PARTS[end - begin]} {content_size - end}x"
    return struct.Struct(form).unpack


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


class SenderClock:
    """The clock of one sender.

    Args:
        sender: whose it is.
        zone: where the meter stands.
        now: the computer's clock, before the sender has sent a time.
    """

    __slots__ = ("_begin", "_end", "_hour", "_now", "_zone", "last", "sender")

    def __init__(self, sender: str, zone: tzinfo, now: Callable[[], datetime] | None) -> None:
        self.sender = sender
        self._zone = zone
        self._now = now
        self.last: datetime | None = None
        """The time that it sent last, if it sent one."""
        # The hour of the time that was read last, see `_hour_of`.
        self._begin, self._end, self._hour = _NO_HOUR

    @property
    def before(self) -> datetime | None:
        """The time before the sender's next telegram; see `MeterClock`."""
        return self.last or (self._now() if self._now else None)

    @property
    def next(self) -> MeterClock:
        """What reads the times of the sender's next telegram."""
        return MeterClock(self._zone, self.before)

    def moment(self, parts: TimeParts) -> datetime | None:
        """Read a time of the sender's next telegram, as `MeterClock.moment` does.

        What was found of one time holds for others of the same hour.

        Args:
            parts: of a date-time of 12 bytes, or of the 13 characters of a time in text with its
                season; see `time_in`.
        """
        begin, minute, second, end = parts
        if begin == self._begin and end == self._end:
            try:
                return self._hour + (_MINUTES[minute] + _SECONDS[second])
            except KeyError:  # it is no time
                return None
        found = self.next.moment(_value_of(b"".join(parts)))
        if found:
            self._begin, self._end, self._hour = _hour_of(self._zone, begin, end)
        return found


@lru_cache(maxsize=64)
def _hour_of(zone: tzinfo, begin: bytes, end: bytes) -> tuple[bytes, bytes, datetime]:
    """Return what the times of an hour begin and end with, and when it begins.

    These are the same objects for all meters that show it. It is no hour where the time before
    decides: where it occurs twice, or not at all, as clocks are changed.

    Args:
        zone: where the meter stands.
        begin: what stands before the minute of a time.
        end: what stands behind its second.
    """
    form = b"%c%c" if len(begin) == len(b"yymdwh") else b"%02d%02d"
    times = [_value_of(begin + form % (n, n) + end) for n in (0, 59)]
    first, last = (MeterClock(zone, None).moment(time) for time in times)
    again = [MeterClock(zone, _LATEST).moment(time) for time in times]
    if first is None or last is None or last - first != _TO_ITS_END or again != [first, last]:
        return _NO_HOUR
    return begin, end, first


def _value_of(raw: bytes) -> bytes | str:
    """Return a time as `MeterClock.moment` takes it."""
    return raw if len(raw) == clock.SIZE else raw.decode("ascii", "replace")


class MeterClocks:
    """The clocks of one line's senders.

    Args:
        zone: where the meters stand.
        now: the computer's clock, for a sender that has not been heard before.
    """

    __slots__ = ("_heard", "_now", "zone")

    def __init__(self, zone: tzinfo, now: Callable[[], datetime] | None = None) -> None:
        self.zone = zone
        self._now = now
        self._heard: tuple[SenderClock, ...] = ()  # a dict of one takes 184 bytes

    def of(self, sender: str) -> SenderClock:
        """Give the clock of a sender, a new one where it is not remembered."""
        for one in self._heard:
            if one.sender == sender:
                return one
        return SenderClock(sender, self.zone, self._now)

    def kept(self, sender: str) -> SenderClock | None:
        """Give the clock of a sender and remember it; None for a new one where there are many."""
        clock = self.of(sender)
        if clock not in self._heard:
            if len(self._heard) >= MOST_SENDERS:
                return None
            self._heard = (*self._heard, clock)
        return clock

    def remember(self, sender: str, moment: datetime | None) -> None:
        """Take the time that a telegram gives, if it gives one."""
        if moment and (clock := self.kept(sender)):
            clock.last = moment
