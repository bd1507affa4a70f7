"""The fields that a meter repeats in each telegram of a list although no reading is made of them.

Two flipped bits can cancel out in an eight-bit sum. Mostly one of them hits a field that never
changes: a link address, the deviation or status of a clock, a version, the step of the invoke id.
Which fields never change differs from meter to meter, so it is learned: a field that was the same
in ten telegrams in a row is expected to stay the same.
"""

from functools import lru_cache
from typing import Final, TypeAlias

from app.meters.telegram import Telegram
from app.plausibility import structure

Fields: TypeAlias = tuple[object, ...]
"""Fields that may repeat, in the order in which each telegram of a list holds them."""

_LEARNED: Final = 10
"""Telegrams in a row in which a field has to be the same before it is relied on."""

_PAUSE: Final = 100
"""Telegrams for which a field is not relied on after it changed in an accepted telegram."""

_LONGER: Final = 10
"""Factor by which this pause grows each time: a field that changes again will do so once more."""

_NEVER: Final = 1 << 62
"""Number of a telegram that never comes: the field is not relied on any more."""

_USUAL: Final = 4
"""Times that a field has to have the same other value: noise does not make one so often."""

_MOST_OTHERS: Final = 64
"""Other values that are counted, so that noise does not fill the memory."""

_COUNT_MASK: Final = 0xFFFFFF
"""Bits of long-invoke-id-and-priority that count the pushes."""

_WEEKDAYS: Final = range(1, 8)
"""Values of a date-time's day of week that say one."""

_DEVIATION_STEP: Final = 60
"""Minutes by which a clock's deviation changes with daylight saving time."""

_REPORT_SECONDS: Final = 3600
"""Seconds from one report of a submeter to the next: it reports at the same minute of each hour."""

_DAYLIGHT_SAVING: Final = 0x80
"""Bit of a clock's status."""


def of(telegram: Telegram, strings: list[bytes]) -> Fields:
    """Return the fields of a telegram that may repeat.

    Args:
        telegram: one that says something.
        strings: the octet strings of its list that are no codes, clocks among them.
    """
    push = telegram.push
    content, security = push.content, push.security
    fields: list[object] = [push.frame.address, security and security.security_control]
    if isinstance(content, bytes):
        fields.append(content[: content.find(b"\n")])
        registers = (telegram.registers or {}).values()
        fields += [one.value for one in registers if isinstance(one.value, str)]
        for other in telegram.others:
            fields.append(other.timestamp and other.timestamp.timestamp() % _REPORT_SECONDS)
    elif content is not None:
        counter = security.invocation_counter if security else 0
        invoke_id = content.invoke_id
        fields += invoke_id & ~_COUNT_MASK, invoke_id, (invoke_id - counter) & _COUNT_MASK
        weekday = telegram.timestamp.isoweekday() if telegram.timestamp else 0
        for raw in (content.date_time, *strings):
            is_clock = raw and structure.is_clock(raw)
            fields.append(_clock(raw[4], raw[8:], weekday) if raw and is_clock else raw)
    return tuple(fields)


@lru_cache(maxsize=64)
def _clock(day: int, rest: bytes, weekday: int) -> object:
    """Return what stays the same in a date-time, also when daylight saving time changes.

    Args:
        day: the day of week that the date-time says.
        rest: the bytes after the seconds: hundredths, deviation, status.
        weekday: the day of week of its date.
    """
    ahead = (day - weekday) % 7 if day in _WEEKDAYS else day
    deviation = int.from_bytes(rest[1:3], "big", signed=True)
    return ahead, rest[0], deviation % _DEVIATION_STEP, rest[3] & ~_DAYLIGHT_SAVING


class Repeated:
    """The fields that one list of one meter repeated so far.

    Args:
        fields: of its first telegram.
    """

    __slots__ = ("_compared", "_count", "_different", "_fields", "_others", "_pauses", "_since")

    def __init__(self, fields: Fields) -> None:
        self._fields = self._compared = fields
        self._different: list[int] = []  # indices in which `_compared` differs from `_fields`
        self._count = 0  # of telegrams
        self._since = [0] * len(fields)  # by index, the telegram from which on it was the same
        self._others: dict[tuple[int, Fields], int] = {}  # how often a field had another value
        self._pauses: dict[int, int] = {}  # by index, telegrams for which it is not relied on

    def missing(self, fields: Fields) -> list[int]:
        """Return the indices of the fields that are relied on and differ."""
        return [n for n in self._differences(fields) if self._is_relied_on(n)]

    def add(self, fields: Fields) -> None:
        """Learn from an accepted telegram."""
        for n in self._differences(fields):
            since = self._count
            if self._is_relied_on(n):
                pause = self._pauses[n] = _LONGER * self._pauses.get(n, _PAUSE // _LONGER)
                since += pause
            self._since[n] = max(self._since[n], since)
        if len(fields) == len(self._fields):
            self._fields = self._compared = fields
            self._different = []
        self._count += 1

    def continue_with(self, later: "Repeated") -> None:
        """Take the fields of a pending history that was confirmed, not what it learned."""
        self.add(later._fields)

    def relax(self, fields: Fields) -> None:
        """Stop relying on a field that now and then has the same other value."""
        for n in self.missing(fields):
            other = n, fields[n : n + 1]
            count = self._others[other] = self._others.pop(other, 0) + 1
            if count >= _USUAL:
                self._since[n] = _NEVER
        for other in list(self._others)[:-_MOST_OTHERS]:
            del self._others[other]

    def _is_relied_on(self, n: int) -> bool:
        return self._count - self._since[n] >= _LEARNED

    def _differences(self, fields: Fields) -> list[int]:
        if fields is not self._compared:
            known = self._fields
            self._compared = fields
            if len(fields) == len(known):
                self._different = [n for n, field in enumerate(fields) if field != known[n]]
            else:
                self._different = list(range(len(known)))
        return self._different
