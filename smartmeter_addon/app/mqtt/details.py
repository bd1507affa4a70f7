"""The values of meters that are not live, and when they are due: ``detail_interval``.

Home Assistant writes a row into its database whenever a state changes. What nobody watches by the
second is published at a pace of its own, on a topic of its own. Its message has the newest values
of all lists of the meter: repeated when Home Assistant has started, it also brings back what comes
once an hour.
"""

from typing import Final, NamedTuple

from app.line.pace import Pace, PerList
from app.meters.reading import Reading
from app.meters.sensors import SENSORS
from app.meters.values import Value

_CHANGE_OFTEN: Final = frozenset(
    (
        *("apparent_power", "current", "energy", "frequency", "power", "power_factor"),
        *("reactive_energy", "reactive_power", "timestamp", "voltage"),
    )
)
"""Device classes of which nearly every telegram has another value."""

_SELDOM: Final = frozenset(
    key
    for key, sensor in SENSORS.items()
    if sensor.device_class not in _CHANGE_OFTEN and sensor.state_class != "measurement_angle"
)
"""Readings that change seldom, such as the tariff in use: a change is due at once."""


class _List(NamedTuple):
    """One list of a meter.

    Args:
        pace: says when its values are due.
        seldom: those of its keys whose values change seldom.
    """

    pace: Pace
    seldom: tuple[str, ...]


class Details:
    """The details of all meters.

    Args:
        interval: seconds between those of one list, see `Pace`; 0 for every telegram.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._meters: dict[str, _Meter] = {}  # by id

    def take(self, reading: Reading, now: float) -> tuple[Reading, bool]:
        """Take a reading, at a moment of a steady clock.

        Returns:
            The newest values of all lists of its meter, which is the reading itself where it has
            them all, and whether they are due.
        """
        meter = self._meters.get(reading.meter.id)
        if meter is None:
            meter = self._meters[reading.meter.id] = _Meter(self._interval)
        return meter.take(reading, now)

    def fell_silent(self, meter_id: str) -> Reading | None:
        """Take that a meter is not heard any more: the next reading is due.

        Returns:
            Its newest values; None where it is silent already.
        """
        meter = self._meters.get(meter_id)
        return meter.fell_silent() if meter else None

    def forget(self, meter_id: str) -> None:
        """Forget a meter that is gone."""
        self._meters.pop(meter_id, None)


class _Meter:
    """The details of one meter; see `Details`."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._lists = PerList(self._new_list)
        self._newest: Reading | None = None
        self._seldom: dict[str, Value] = {}  # the last of each
        self._silent = False

    def take(self, reading: Reading, now: float) -> tuple[Reading, bool]:
        listed = self._lists.of(reading)
        due = listed.pace.is_due(now) or self._silent
        self._silent = False
        for key in listed.seldom:
            value = reading.values[key]
            if self._seldom.get(key) != value:
                self._seldom[key] = value
                due = True
        before, newest = self._newest, reading
        if before is not None and len(self._lists) > 1:
            newest = _over(before, reading)
            due |= newest.unknown != before.unknown
        self._newest = newest
        return newest, due

    def fell_silent(self) -> Reading | None:
        if self._silent:
            return None
        self._silent = True
        return self._newest

    def _new_list(self, reading: Reading) -> _List:
        return _List(Pace(self._interval), tuple(key for key in reading.values if key in _SELDOM))


def _over(before: Reading, reading: Reading) -> Reading:
    """Lay a reading over what the other lists of its meter said last."""
    values, unknown = reading.values, reading.unknown
    left = [key for key in before.values if key not in values and key not in unknown]
    unknown_left = before.unknown - values.keys() - unknown
    timestamp = reading.timestamp or before.timestamp
    if not left and not unknown_left and timestamp is reading.timestamp:
        return reading
    details = {key: before.details[key] for key in left if key in before.details}
    return reading._replace(
        timestamp=timestamp,
        values={**{key: before.values[key] for key in left}, **values},
        unknown=unknown | unknown_left,
        details={**details, **reading.details},
    )
