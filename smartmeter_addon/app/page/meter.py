"""One meter, as the page shows it."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from app.language.catalogue import Text
from app.listen import masked
from app.meters.model_names import model_name
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS
from app.meters.values import Layout, Value, Values
from app.page.history import History
from app.page.moments import iso

MOST_LISTS: Final = 16
"""Lists of one meter whose newest values are kept."""

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
        self._lists: dict[Layout, tuple[Mapping[str, Value], float]] = {}
        """What each list of the meter said last and when, the newest at the end."""
        self._at = -math.inf  # of the steady clock
        self._moment = 0.0
        self.online = False

    def take(self, reading: Reading, at: float, moment: float) -> None:
        """Take what it says.

        Args:
            reading: it.
            at: when it came, of the steady clock.
            moment: the same in seconds since 1970.
        """
        if at == self._at:
            moment = self._moment  # lists that came at once have one time
        values = Values.of(reading.values)
        lists = self._lists
        if lists.pop(values.layout, None) is None:
            self._make_room(values)
        lists[values.layout] = values, moment
        if reading.unknown and len(lists) > 1:
            self._forget(reading.unknown)
        self._at, self._moment = at, moment
        self.online = True
        if self.history:
            self.history.add(values, at, moment)

    def _make_room(self, values: Values) -> None:
        """Forget what a list that is new says all of, and more than there can be."""
        covered = [one for one in self._lists if values.keys() >= set(one.keys)]
        for one in covered or list(self._lists)[: 1 - MOST_LISTS]:
            del self._lists[one]

    def _forget(self, unknown: frozenset[str]) -> None:
        """Forget of all lists what is known no more."""
        for layout, (values, at) in self._lists.items():
            if not unknown.isdisjoint(values):
                self._lists[layout] = {k: values[k] for k in values if k not in unknown}, at

    @property
    def values(self) -> dict[str, object]:
        """The newest values of all its lists, by key; texts hold nothing that identifies it."""
        return {
            key: self._hide(value) if isinstance(value, str) else value
            for key, (value, _) in self._newest().items()
        }

    def _newest(self) -> dict[str, tuple[Value, str]]:
        """Give each value that may be shown, and when it was said; in the order of the longest.

        Messages to the customer are left out: they are not for everybody.
        """
        lists = [(one, iso(moment)) for one, moment in self._lists.values()]
        found = {key: (one[key], when) for one, when in lists for key in one}
        if len(lists) > 1:
            longest = sorted((one for one, _ in lists), key=len, reverse=True)
            found = {key: found[key] for one in longest for key in one}
        return {key: value for key, value in found.items() if not key.startswith(_MESSAGES)}

    def said(self) -> dict[str, object]:
        """Tell the values, when the newest came, and of older ones when these did, for JSON."""
        last = iso(self._moment)
        values, older = dict[str, object](), dict[str, list[str]]()
        for key, (value, when) in self._newest().items():
            values[key] = self._hide(value) if isinstance(value, str) else value
            if when != last:
                older.setdefault(when, []).append(key)
        return {"at": last, "values": values, "older": older}

    def facts(self, language: str) -> dict[str, object]:
        """Tell all of it, for JSON.

        Args:
            language: of the values' names.
        """
        meter = self.meter
        model = " ".join(filter(None, (meter.manufacturer, model_name(meter.model, language))))
        return {
            "name": self.called(language),
            "model": self._hide(model),
            "number": masked(meter.number) if meter.number else None,
            "online": self.online,
            "kept": self.history.keys if self.history else [],
            **self.said(),
            "sensors": {key: _described(key, language) for key in self._newest()},
        }

    def called(self, language: str) -> str:
        """Give what the household calls it, or its model."""
        model = model_name(self.meter.model, language)
        return self._hide(self.name or " ".join(filter(None, (self.meter.manufacturer, model))))


def _described(key: str, language: str) -> list[object]:
    """Give a value's name, unit, and decimal places."""
    sensor = SENSORS.get(key)
    return [sensor.name(language), sensor.unit, sensor.precision] if sensor else [key, None, None]
