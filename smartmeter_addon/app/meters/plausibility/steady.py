"""What a meter repeats word for word in each telegram though no reading is made of it.

Two flipped bits that make up for each other fool an eight-bit sum, and where both hit the low bits
of values nobody can know. Mostly one of the two hits something that never changes: a link address,
the zone and state of a clock, a version, the count of pushes. What that is differs from meter to
meter, so it is learned: what was the same ten times in a row is expected to stay.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from app.meters.interpreter import Telegram
from app.meters.plausibility import outline

Words: TypeAlias = tuple[object, ...]
"""What may repeat, in the order in which the telegrams of one list hold it."""

LEARNED: Final = 10
_FORGOTTEN: Final = 100
_LONGER: Final = 10
_NEVER: Final = -(10**9)
_COUNTED: Final = 0xFFFFFF  # of long-invoke-id-and-priority, the part that counts
_WEEKDAYS: Final = range(1, 8)
_HOUR: Final = 60
_REPORTED: Final = 3600
_SUMMER: Final = 0x80


def of(telegram: Telegram, strings: list[bytes]) -> Words:
    """Give what may repeat.

    Args:
        telegram: that holds something.
        strings: the octet strings of its list that are no codes, clocks among them.
    """
    push = telegram.push
    content, security = push.content, push.security
    words: list[object] = [push.frame.address, security and security.security_control]
    if isinstance(content, bytes):
        words.append(content[: content.find(b"\n")])
        registers = (telegram.registers or {}).values()
        words += [one.value for one in registers if isinstance(one.value, str)]
        for other in telegram.others:  # which report at the same minute of each hour
            words.append(other.timestamp and other.timestamp.timestamp() % _REPORTED)
    elif content is not None:
        counter = security.invocation_counter if security else 0
        invoke_id = content.invoke_id
        words += invoke_id & ~_COUNTED, invoke_id, (invoke_id - counter) & _COUNTED
        weekday = telegram.timestamp.isoweekday() if telegram.timestamp else 0
        for raw in (content.date_time, *strings):
            words.append(_clock(raw, weekday) if raw and outline.is_clock(raw) else raw)
    return tuple(words)


def _clock(raw: bytes, weekday: int) -> object:
    """Give what stays of a clock, over the change of the hour, too."""
    day = (raw[4] - weekday) % 7 if raw[4] in _WEEKDAYS else raw[4]
    deviation = int.from_bytes(raw[9:11], "big", signed=True)
    return day, raw[8], deviation % _HOUR, raw[11] & ~_SUMMER


class Steady:
    """What one list of one meter repeated so far."""

    __slots__ = ("_pauses", "_streaks", "_words")

    def __init__(self, words: Words) -> None:
        self._words = words
        self._streaks = [0] * len(words)
        self._pauses: dict[int, int] = {}  # by place, for how many telegrams it was not relied on

    def missed(self, words: Words) -> list[int]:
        """Give the places of what is relied on and differs."""
        if words == self._words:
            return []
        return [n for n in self._differing(words) if self._streaks[n] >= LEARNED]

    def take(self, words: Words) -> None:
        """Learn from a telegram that is believed."""
        if words != self._words:
            for n in self._differing(words):
                if self._streaks[n] >= LEARNED:
                    pause = self._pauses[n] = _LONGER * self._pauses.get(n, _FORGOTTEN // _LONGER)
                    self._streaks[n] = -pause
                else:
                    self._streaks[n] = min(self._streaks[n], 0)
            if len(words) == len(self._words):
                self._words = words
        self._streaks = [streak + 1 for streak in self._streaks]

    def distrust(self, places: Iterable[int]) -> None:
        """Never rely on some places again."""
        for n in places:
            self._streaks[n] = _NEVER

    def _differing(self, words: Words) -> list[int]:
        if len(words) != len(self._words):
            return list(range(len(self._words)))
        return [n for n, word in enumerate(words) if word != self._words[n]]
