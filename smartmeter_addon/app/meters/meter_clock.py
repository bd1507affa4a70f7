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
from app.meters.limits import has_room

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


class _Heard:
    """What is known of one sender's clock."""

    __slots__ = ("begin", "end", "hour", "last")

    def __init__(self) -> None:
        self.last: datetime | None = None
        """The time that it sent last, if it sent one."""
        self.hour: datetime | None = None
        """When the hour begins of the time that was read last; see `_hour_of`."""
        self.begin = b""
        """What the times of that hour begin with, up to the minute."""
        self.end = b""
        """What they end with, behind the second."""


@lru_cache(maxsize=64)
def _hour_of(zone: tzinfo, begin: bytes, end: bytes) -> tuple[bytes, bytes, datetime | None]:
    """Return what times begin and end with, and when the hour that they show begins.

    These are the same objects for all meters that show it. The hour is None where the time before
    decides: where it occurs twice, or not at all, as clocks are changed.
    """
    form = b"%c%c" if len(begin) == len(b"yymdwh") else b"%02d%02d"
    times = [_value_of(begin + form % (n, n) + end) for n in (0, 59)]
    first, last = (MeterClock(zone, None).moment(time) for time in times)
    again = [MeterClock(zone, _LATEST).moment(time) for time in times]
    if first is None or last is None or last - first != _TO_ITS_END or again != [first, last]:
        first = None
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
        self._heard: dict[str, _Heard] = {}  # by sender

    def of(self, sender: str) -> MeterClock:
        """Give the clock of a sender's next telegram."""
        return MeterClock(self.zone, self.before(sender))

    def before(self, sender: str) -> datetime | None:
        """Give the time before a sender's next telegram; see `MeterClock`."""
        heard = self._heard.get(sender)
        return (heard and heard.last) or (self._now() if self._now else None)

    def moment(self, sender: str, parts: TimeParts) -> datetime | None:
        """Read a time of a sender's next telegram, as `MeterClock.moment` does.

        What was found of one time holds for others of the same hour.

        Args:
            sender: of the telegram.
            parts: of a date-time of 12 bytes, or of the 13 characters of a time in text with its
                season; see `time_in`.
        """
        heard = self._heard.get(sender)
        begin, minute, second, end = parts
        if (
            heard is not None
            and begin == heard.begin
            and end == heard.end
            and heard.hour is not None
        ):
            try:
                return heard.hour + (_MINUTES[minute] + _SECONDS[second])
            except KeyError:  # it is no time
                return None
        found = self.of(sender).moment(_value_of(b"".join(parts)))
        if found and (heard := heard or self._new(sender)):
            heard.begin, heard.end, heard.hour = _hour_of(self.zone, begin, end)
        return found

    def remember(self, sender: str, moment: datetime | None) -> None:
        """Take the time that a telegram gives, if it gives one."""
        if moment and (heard := self._heard.get(sender) or self._new(sender)):
            heard.last = moment

    def _new(self, sender: str) -> _Heard | None:
        """Remember a sender that was not heard before, unless there are too many."""
        if not has_room(self._heard, sender):
            return None
        heard = self._heard[sender] = _Heard()
        return heard
