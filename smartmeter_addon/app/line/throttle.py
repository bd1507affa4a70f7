"""How often a meter's readings are published: the option ``update_interval``."""

from decimal import Decimal

from app.meters.reading import Reading

_POWER = "power"


class Throttle:
    """Lets a reading through at most every so many seconds, but never delays a change of direction.

    The first reading passes at once, and so does one in which the power changed its sign: a surplus
    of the solar panels that begins is what automations wait for.

    Args:
        interval: seconds between readings; 0 lets every one through.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next = float("-inf")
        self._exporting = False
        self._newest: Reading | None = None  # that did not pass

    def offer(self, reading: Reading, now: float) -> Reading | None:
        """Give the reading back if it is to be published now, a moment of a steady clock."""
        power = reading.values.get(_POWER)
        exporting = isinstance(power, (int, Decimal)) and power < 0
        if now < self._next and exporting == self._exporting:
            self._newest = reading
            return None
        self._next = now + self._interval
        self._exporting = exporting
        self._newest = None
        return reading

    def flush(self) -> Reading | None:
        """Give the newest reading that did not pass, once, for the program's end."""
        reading, self._newest = self._newest, None
        return reading
