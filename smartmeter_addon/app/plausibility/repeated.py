"""What a meter repeats word for word in each telegram though no reading is made of it.

Two flipped bits that make up for each other fool an eight-bit sum, and where both hit the low bits
of values nobody can know. Mostly one of the two hits something that never changes: a link address,
the zone and state of a clock, a version, the count of pushes. What that is differs from meter to
meter, so it is learned: what was the same ten times in a row is expected to stay.
"""

from functools import lru_cache
from typing import Final, TypeAlias

from app.meters.telegram import Telegram
from app.plausibility import structure

Words: TypeAlias = tuple[object, ...]
"""What may repeat, in the order in which the telegrams of one list hold it."""

LEARNED: Final = 10
_FORGOTTEN: Final = 100
_LONGER: Final = 10
_NEVER: Final = 1 << 62
_USUAL: Final = 4
_MOST_ODD: Final = 64
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
            is_clock = raw and structure.is_clock(raw)
            words.append(_clock(raw[4], raw[8:], weekday) if raw and is_clock else raw)
    return tuple(words)


@lru_cache(maxsize=64)
def _clock(day: int, behind: bytes, weekday: int) -> object:
    """Give what stays of a clock, over the change of the hour, too.

    Args:
        day: of the week, as the clock says it.
        behind: what follows the seconds.
        weekday: the right one.
    """
    ahead = (day - weekday) % 7 if day in _WEEKDAYS else day
    deviation = int.from_bytes(behind[1:3], "big", signed=True)
    return ahead, behind[0], deviation % _HOUR, behind[3] & ~_SUMMER


class Repeated:
    """What one list of one meter repeated so far."""

    __slots__ = ("_compared", "_count", "_differ", "_odd", "_pauses", "_since", "_words")

    def __init__(self, words: Words) -> None:
        self._words = self._compared = words
        self._differ: list[int] = []  # places in which those compared last differ
        self._count = 0  # of telegrams
        self._since = [0] * len(words)  # by place, from which telegram on it was the same
        self._odd: dict[tuple[int, Words], int] = {}  # how often a place was another
        self._pauses: dict[int, int] = {}  # by place, for how many telegrams it was not relied on

    def missed(self, words: Words) -> list[int]:
        """Give the places of what is relied on and differs."""
        return [n for n in self._differing(words) if self._is_relied_on(n)]

    def take(self, words: Words) -> None:
        """Learn from a telegram that is believed."""
        for n in self._differing(words):
            since = self._count
            if self._is_relied_on(n):
                pause = self._pauses[n] = _LONGER * self._pauses.get(n, _FORGOTTEN // _LONGER)
                since += pause
            self._since[n] = max(self._since[n], since)
        if len(words) == len(self._words):
            self._words = self._compared = words
            self._differ = []
        self._count += 1

    def go_on(self, later: "Repeated") -> None:
        """Take what was repeated elsewhere meanwhile, without its experience."""
        self.take(later._words)  # noqa: SLF001 - of this class

    def endure(self, words: Words) -> None:
        """Stop to rely on a word that is now and then the same other one, which no noise is."""
        for n in self.missed(words):
            odd = n, words[n : n + 1]
            count = self._odd[odd] = self._odd.pop(odd, 0) + 1
            if count >= _USUAL:
                self._since[n] = _NEVER
        for odd in list(self._odd)[:-_MOST_ODD]:
            del self._odd[odd]

    def _is_relied_on(self, n: int) -> bool:
        return self._count - self._since[n] >= LEARNED

    def _differing(self, words: Words) -> list[int]:
        if words is not self._compared:
            known = self._words
            self._compared = words
            if len(words) == len(known):
                self._differ = [n for n, word in enumerate(words) if word != known[n]]
            else:
                self._differ = list(range(len(known)))
        return self._differ
