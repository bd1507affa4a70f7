"""The states that a meter's lists said last, such as the tariff in use."""

from decimal import Decimal
from functools import lru_cache
from typing import Final

from app.meters.reading import Reading
from app.meters.sensors import SENSORS
from app.meters.values import Layout, Values

_STATES: Final = frozenset(key for key, sensor in SENSORS.items() if sensor.options)


class LastStates:
    """Adds to each reading the states that another list of its meter said.

    A number that a message lacks keeps its last value in Core; one of a few values would become
    unknown until the list comes that has it.
    """

    def __init__(self) -> None:
        self._meters: dict[str, dict[str, Decimal | int | str]] = {}  # by id, then by key

    def added(self, reading: Reading) -> Reading:
        """Add the last states to a reading; give it back where it has them all."""
        values = Values.of(reading.values)
        last = self._meters.setdefault(reading.meter.id, {})
        for key in _states_of(values.layout):
            last[key] = values[key]
        if not last:
            return reading
        for key in reading.unknown.intersection(last):
            del last[key]
        if all(key in values for key in last):
            return reading
        return reading._replace(values=Values.of({**values, **last}))

    def forget(self, meter_id: str) -> None:
        """Forget a meter that is gone."""
        self._meters.pop(meter_id, None)


@lru_cache(maxsize=256)
def _states_of(layout: Layout) -> tuple[str, ...]:
    """Return the keys of the states among some values."""
    return tuple(key for key in layout.keys if key in _STATES)
