"""How often a meter's readings are published: the option ``update_interval``."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.meters.reading import Reading

_POWER = "power"

_MOST_LISTS: Final = 16
"""Lists of one meter; a telegram that leaves out a value counts as another list."""


@dataclass(slots=True)
class _List:
    """What came of one list.

    Args:
        next: when its next reading passes, by a steady clock.
        exporting: whether the power of the last one that passed was negative.
        newest: the newest one that did not pass.
    """

    next: float = float("-inf")
    exporting: bool = False
    newest: Reading | None = None


class Throttle:
    """Lets a reading through at most every so many seconds, but never delays a change of direction.

    The first reading passes at once, and so does one in which the power changed its sign: a surplus
    of the solar panels that begins is what automations wait for. Each list of a meter counts by
    itself: what comes once in a quarter of an hour would else hardly ever be what passes.

    Args:
        interval: seconds between readings; 0 lets every one through.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._lists: dict[AbstractSet[str], _List] = {}  # by their keys, the latest at the end

    def offer(self, reading: Reading, now: float) -> Reading | None:
        """Give the reading back if it is to be published now, a moment of a steady clock."""
        if not self._interval:
            return reading
        keys = frozenset(reading.values)
        listed = self._lists.pop(keys) if keys in self._lists else _List()
        self._lists[keys] = listed
        if len(self._lists) > _MOST_LISTS:
            del self._lists[next(iter(self._lists))]
        power = reading.values.get(_POWER)
        exporting = isinstance(power, (int, Decimal)) and power < 0
        if now < listed.next and exporting == listed.exporting:
            listed.newest = reading
            return None
        listed.next = now + self._interval
        listed.exporting = exporting
        listed.newest = None
        return reading

    def flush(self) -> list[Reading]:
        """Give the newest readings that did not pass, once, for the program's end."""
        left = [listed.newest for listed in self._lists.values() if listed.newest]
        for listed in self._lists.values():
            listed.newest = None
        return left
