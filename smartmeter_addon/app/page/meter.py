"""One meter, as the page shows it."""

from collections.abc import Callable
from typing import Final

from app.language.catalogue import Text
from app.listen import masked
from app.meters.model_names import model_name
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS
from app.meters.values import Layout, Value, Values
from app.page.history import History
from app.page.moments import iso

_MESSAGES: Final = "message"
"""Begins the keys of messages to the customer."""


class MeterView:
    """What a meter said last, and its history.

    Args:
        meter: which one.
        name: what the household calls it; None makes one of manufacturer and model.
        history: keeps its values; None for none.
        hide: takes out what identifies the meter.
    """

    def __init__(
        self,
        meter: Meter,
        name: str | None,
        history: History | None,
        hide: Callable[[Text], str],
    ) -> None:
        self.meter = meter
        self.name = name
        self.history = history
        self._hide = hide
        self._reading: Reading | None = None
        self._layout: Layout | None = None  # of its values
        self._others: dict[str, Value] = {}  # that other lists of the meter said last
        self._at = 0.0
        self.online = False

    def take(self, reading: Reading, at: float) -> None:
        """Take what it says now, in seconds since 1970."""
        values = Values.of(reading.values)
        if values.layout is not self._layout:
            self._others = {k: v for k, v in self._newest().items() if k not in values}
            self._layout = values.layout
        self._reading, self._at = reading, at
        self.online = True
        if self.history:
            self.history.add(values, at)

    @property
    def values(self) -> dict[str, object]:
        """The newest values of all its lists, by key; texts hold nothing that identifies it.

        Messages to the customer are left out: they are not for everybody.
        """
        return {
            key: self._hide(value) if isinstance(value, str) else value
            for key, value in self._newest().items()
            if not key.startswith(_MESSAGES)
        }

    def _newest(self) -> dict[str, Value]:
        """Lay the last telegram over what other lists said before."""
        if self._reading is None:
            return {}
        newest = {**self._others, **self._reading.values}
        return {key: value for key, value in newest.items() if key not in self._reading.unknown}

    @property
    def at(self) -> str | None:
        """When it was heard last."""
        return iso(self._at) if self._at else None

    def facts(self, language: str) -> dict[str, object]:
        """Tell all of it, for JSON.

        Args:
            language: of the values' names.
        """
        meter = self.meter
        named = model_name(meter.model, language)
        model = " ".join(filter(None, (meter.manufacturer, named)))
        return {
            "name": self._hide(self.name or model),
            "model": self._hide(model),
            "number": masked(meter.number) if meter.number else None,
            "online": self.online,
            "at": self.at,
            "kept": self.history.keys if self.history else [],
            "values": self.values,
            "sensors": {key: _described(key, language) for key in self.values},
        }


def _described(key: str, language: str) -> list[object]:
    """Give a value's name, unit, and decimal places."""
    sensor = SENSORS.get(key)
    return [sensor.name(language), sensor.unit, sensor.precision] if sensor else [key, None, None]
