"""Which meters are announced in Home Assistant, with which of their readings; kept over restarts.

So a change of the language renames at once also what a meter sends seldom. And what does not come
any more can be taken back: a reading that was missing for a week, days without any reading of its
meter not counted, or a meter that was not heard for a week although every line hears one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from app.meters.reading import Meter, Reading
from app.meters.sensors import DIAGNOSTICS, SENSORS
from app.meters.values import Layout, Values
from app.state import State

SECTION: Final = "announced"
"""The section of the state in which announcements are kept, by the meter's id."""

GONE_AFTER_DAYS: Final = 7
"""Days after which a reading or a meter that does not come any more is taken back. The day on which
the program started counts as one on which all came."""


_MOST_NOTED: Final = 16
"""Of the keys of one meter, which come with its lists and with its diagnostics."""

_Days = Mapping[str, date]

_SENT_AFTER: Final = timedelta(days=1)
"""For so long a reading has to come without being calculated to count as sent by the meter."""


class Announcement(NamedTuple):
    """What a meter's discovery message is made of.

    Args:
        meter: the meter.
        name: the device's; None makes one of manufacturer and model.
        keys: of its readings and diagnostics.
        derived: how readings are calculated that the meter does not send, by key.
        gone: keys that were announced before, and are to be taken back.
        type_code: the maker's code of the meter's type, as the meter said it last.
    """

    meter: Meter
    name: str | None
    keys: frozenset[str]
    derived: Mapping[str, str]
    gone: frozenset[str] = frozenset()
    type_code: str | None = None


class Announcements:
    """All announcements, by meter.

    Args:
        state: where they are kept.
        today: gives the day.
    """

    def __init__(self, state: State, today: Callable[[], date] = date.today) -> None:
        self._state = state
        self._today = today
        self._known: dict[str, Announcement] = {}  # by the meter's id
        # Ids of meters by that of the one they are read through; sets that keep their order.
        self._behind: defaultdict[str | None, dict[str, None]] = defaultdict(dict)
        self._last_days: dict[str, _Days] = {}  # on which a key came, by the meter's id
        self._derived_days: dict[str, _Days] = {}  # on which it was calculated
        # What came since its last change or midnight, by the meter's id, the last first.
        self._noted: dict[str, list[object]] = {}
        self._noted_on = date.min
        for kept in state.section(SECTION).values():
            try:
                self._recall(kept)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # written by another version: it is announced anew when it is heard

    def known(self) -> Iterable[Announcement]:
        """Give every announcement."""
        return self._known.values()

    def behind(self, meter_id: str) -> Iterator[Announcement]:
        """Give the announcements of the meters that are read through one."""
        return filter(None, map(self.of, self._behind.get(meter_id, ())))

    def of(self, meter_id: str | None) -> Announcement | None:
        """Give the announcement of a meter; None where nothing of it is announced."""
        found = self._known.get(meter_id or "")
        return found if found and found.keys else None

    def update(
        self,
        meter: Meter,
        name: str | None,
        keys: Iterable[str],
        derived: Mapping[str, str],
        type_code: str | None = None,
    ) -> Announcement | None:
        """Take note of what is published of a meter.

        Args:
            meter: the meter.
            name: see `Announcement`.
            keys: what is published: readings, or diagnostics, which come also while it is silent.
            derived: see `Announcement`.
            type_code: see `Announcement`; None where a telegram does not say it.

        Returns:
            What to announce to Home Assistant, None when there is nothing new.
        """
        today = self._today()
        keys = frozenset(keys)
        if today != self._noted_on:
            self._noted.clear()
            self._noted_on = today
        if (meter, name, keys, derived, type_code) in self._noted.get(meter.id, ()):
            return None  # as of nearly every telegram
        keys = _keys(keys)
        announcement = self._update(meter, name, keys, derived, type_code=type_code, today=today)
        if announcement is not None:
            self._noted.pop(meter.id, None)
        came = meter, name, keys, derived, type_code
        self._noted[meter.id] = [came, *self._noted.get(meter.id, ())][:_MOST_NOTED]
        return announcement

    def _update(
        self,
        meter: Meter,
        name: str | None,
        keys: frozenset[str],
        derived: Mapping[str, str],
        *,
        type_code: str | None,
        today: date,
    ) -> Announcement | None:
        """Take note of what may be new; as `update`."""
        last_days = dict(self._last_days.get(meter.id, {}))
        before = self._known.get(meter.id)
        gone = before.gone if before else frozenset()
        if keys - DIAGNOSTICS.keys():
            gone |= _drop_gone(last_days, today)
        last_days.update(dict.fromkeys(keys, today))
        self._last_days[meter.id] = _mapping(tuple(last_days.items()))
        known = _keys(frozenset(last_days))
        derived_days = {**self._derived_days.get(meter.id, {}), **dict.fromkeys(derived, today)}
        self._derived_days[meter.id] = _mapping(tuple(derived_days.items()))
        # One list of a meter may hold what has to be calculated from another one.
        sent = {key for key in keys if today - derived_days.get(key, today) > _SENT_AFTER}
        formulas = {**(before.derived if before else {}), **derived}
        announcement = Announcement(
            meter,
            name,
            known,
            _mapping(tuple((key, one) for key, one in formulas.items() if key in known - sent)),
            gone - known,
            type_code or (before.type_code if before else None),
        )
        if announcement == before:
            return None
        self._set(announcement)
        self._keep(announcement)
        return announcement

    def forget_unheard(self) -> list[Meter]:
        """Forget the meters that were not heard for a week, and give them."""
        today = self._today()
        unheard = [
            announcement.meter
            for meter_id, announcement in self._known.items()
            if (today - _last_heard(self._last_days[meter_id], today)).days > GONE_AFTER_DAYS
        ]
        self._noted.clear()
        for meter in unheard:
            del self._known[meter.id], self._last_days[meter.id], self._derived_days[meter.id]
            del self._behind[meter.via][meter.id]
            self._state.forget(SECTION, meter.id)
        return unheard

    def _set(self, announcement: Announcement) -> None:
        meter = announcement.meter
        if before := self._known.get(meter.id):
            del self._behind[before.meter.via][meter.id]
        self._known[meter.id] = announcement
        self._behind[meter.via][meter.id] = None

    def _keep(self, announcement: Announcement) -> None:
        content: dict[str, Any] = {
            "meter": asdict(announcement.meter),
            "name": announcement.name,
            "keys": _listed(announcement.keys),
            "derived": dict(announcement.derived),
            "gone": sorted(announcement.gone),
            "type_code": announcement.type_code,
        }
        self._state.set(SECTION, announcement.meter.id, content)

    def _recall(self, content: Mapping[str, Any]) -> None:
        meter = Meter.from_state(content["meter"])
        keys = _keys(frozenset(content["keys"]))
        self._set(
            Announcement(
                meter,
                content["name"],
                keys,
                _mapping(tuple(content["derived"].items())),
                frozenset(content["gone"]),
                content.get("type_code"),
            )
        )
        today = self._today()
        self._last_days[meter.id] = _mapping(tuple((key, today) for key in keys))
        self._derived_days[meter.id] = _mapping(tuple((key, today) for key in content["derived"]))


def announced_keys(reading: Reading) -> frozenset[str]:
    """Give the keys of a reading that are announced."""
    is_timed = reading.timestamp is not None
    layout = Values.of(reading.values).layout
    return _announced_keys(layout, reading.unknown, is_timed=is_timed)


# Meters of one type say the same, so all of them share what follows.


@lru_cache(maxsize=256)
def _announced_keys(layout: Layout, unknown: frozenset[str], *, is_timed: bool) -> frozenset[str]:
    """Return the keys of readings that are announced.

    Args:
        layout: of the values.
        unknown: the keys of those that have no value for now.
        is_timed: whether the readings say when they were sent.
    """
    # What has no value for now may have one later, and waits to be enabled until then.
    waiting = {key for key in unknown if not SENSORS[key].enabled}
    time = ("timestamp",) if is_timed else ()
    return frozenset((SENSORS.keys() & {*layout.keys, *waiting}).union(time))


@lru_cache(maxsize=256)
def _keys(keys: frozenset[str]) -> frozenset[str]:
    """Return the one set of all that are equal."""
    return keys


@lru_cache(maxsize=256)
def _listed(keys: frozenset[str]) -> list[str]:
    """Return keys in order, for the state."""
    return sorted(keys)


@lru_cache(maxsize=1024)
def _mapping(items: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    """Return the mapping of some items."""
    return MappingProxyType(dict(items))


def _drop_gone(last_days: dict[str, date], today: date) -> set[str]:
    """Drop the keys that a meter has not sent for a week, at its first reading of a day.

    Returns:
        The keys that were dropped.
    """
    last_heard = _last_heard(last_days, today)
    if last_heard == today:
        return set()
    # Days on which the meter was not heard at all say nothing about what it sends.
    silent = (today - last_heard) - timedelta(days=1)
    for key, day in last_days.items():
        last_days[key] = min(day + silent, today)
    gone = {key for key, day in last_days.items() if (today - day).days > GONE_AFTER_DAYS}
    for key in gone:
        del last_days[key]
    return gone


def _last_heard(last_days: Mapping[str, date], today: date) -> date:
    """Give the day of a meter's last reading: diagnostics come also while it is not heard."""
    readings = last_days.keys() - DIAGNOSTICS.keys()
    return max((last_days[key] for key in readings), default=today)
