"""How often a meter's readings are published."""

from decimal import Decimal

from app.meters.reading import Reading

_POWER = "power"


class Pace:
    """Lets a reading through at most every so many seconds, but never holds back news.

    The first reading passes at once, and so does one in which the power changed its sign: a surplus
    of the solar panels that begins is what automations wait for.

    Args:
        interval: seconds between readings; 0 lets every one through.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next = float("-inf")
        self._exporting = False
        self._held: Reading | None = None

    def offer(self, reading: Reading, now: float) -> Reading | None:
        """Give the reading back if it is to be published now, a moment of a steady clock."""
        power = reading.values.get(_POWER)
        exporting = isinstance(power, (int, Decimal)) and power < 0
        if now < self._next and exporting == self._exporting:
            self._held = reading
            return None
        self._next = now + self._interval
        self._exporting = exporting
        self._held = None
        return reading

    def held(self) -> Reading | None:
        """Give the newest reading that was held back, for the program's end."""
        reading, self._held = self._held, None
        return reading
