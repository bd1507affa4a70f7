"""How often a meter's readings are published: the option ``update_interval``."""

from dataclasses import dataclass
from decimal import Decimal

from app.line.pace import Pace, PerList
from app.meters.reading import Reading

_POWER = "power"


@dataclass(slots=True)
class _List:
    """What came of one list.

    Args:
        pace: says which of its readings pass.
        exporting: whether the power of the last one that passed was negative.
        newest: the newest one that did not pass.
    """

    pace: Pace
    exporting: bool = False
    newest: Reading | None = None


class Throttle:
    """Lets a reading through at most every so many seconds, but never delays a change of direction.

    The first reading passes at once, also after a silence, and so does one in which the power
    changed its sign: a surplus of the solar panels that begins is what automations wait for. Each
    list of a meter counts by itself: what comes once in a quarter of an hour would else hardly ever
    be what passes.

    Args:
        interval: seconds between readings, see `Pace`; 0 lets every one through.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._lists = PerList(lambda _: _List(Pace(interval)))
        self._silent = False

    def offer(self, reading: Reading, now: float) -> Reading | None:
        """Give the reading back if it is to be published now, a moment of a steady clock."""
        if not self._interval:
            return reading
        listed = self._lists.of(reading)
        power = reading.values.get(_POWER)
        exporting = isinstance(power, (int, Decimal)) and power < 0
        due = listed.pace.is_due(now)
        if not due and not self._silent and exporting == listed.exporting:
            listed.newest = reading
            return None
        if not due:
            listed.pace.restart(now)
        listed.exporting = exporting
        listed.newest = None
        self._silent = False
        return reading

    def fell_silent(self) -> None:
        """Take that the meter is not heard any more: what did not pass is old."""
        self._silent = True
        self.flush()

    def flush(self) -> list[Reading]:
        """Give the newest readings that did not pass, once, for the program's end."""
        left = [listed.newest for listed in self._lists if listed.newest]
        for listed in self._lists:
            listed.newest = None
        return left
