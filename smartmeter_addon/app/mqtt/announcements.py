"""Which meters Home Assistant was told of, and of which of their readings; kept over restarts.

So a change of language also renames at once what a meter sends but seldom. And what is gone for
good can be taken back: a reading that a meter has not sent on a week of days on which it was heard,
or a meter that was not heard for a week although every line has one that is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

from app.meters.reading import Meter
from app.meters.sensors import DIAGNOSTICS
from app.state import State

SECTION: Final = "announced"
"""The section of the state in which announcements are kept, by the meter's id."""

GONE_AFTER: Final = 7
"""Days without it after which something is gone for good; the program's start is one with it."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a meter's discovery message is made of.

    Args:
        meter: the meter.
        name: the device's; None makes one of manufacturer and model.
        keys: of its readings and diagnostics.
        derived: how those are reckoned that the meter does not send, by key.
        gone: keys that were announced before, and are to be taken back.
    """

    meter: Meter
    name: str | None
    keys: frozenset[str]
    derived: Mapping[str, str]
    gone: frozenset[str] = frozenset()


class Announcements:
    """All announcements.

    Args:
        state: where they are kept.
        today: gives the day.
    """

    def __init__(self, state: State, today: Callable[[], date] = date.today) -> None:
        self._state = state
        self._today = today
        self._known: dict[str, Announcement] = {}
        self._seen: dict[str, dict[str, date]] = {}
        for kept in state.section(SECTION).values():
            try:
                self._recall(kept)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # written by another version: it is announced anew when it is heard

    def known(self) -> Iterable[Announcement]:
        """Give every announcement."""
        return self._known.values()

    def heard(
        self, meter: Meter, name: str | None, keys: Iterable[str], derived: Mapping[str, str]
    ) -> Announcement | None:
        """Take note of what came from a meter.

        Args:
            meter: the meter.
            name: see `Announcement`.
            keys: what came: readings, or diagnostics, which are told also while it is silent.
            derived: see `Announcement`.

        Returns:
            What to tell Home Assistant, None when it knows all that.
        """
        today = self._today()
        keys = frozenset(keys)
        seen = self._seen.setdefault(meter.id, {})
        before = self._known.get(meter.id)
        gone = before.gone if before else frozenset()
        if keys - DIAGNOSTICS.keys():
            gone |= self._gone(seen, today)
        seen.update(dict.fromkeys(keys, today))
        known = frozenset(seen)
        reckoned = {**(before.derived if before else {}), **derived}
        now = Announcement(
            meter,
            name,
            known,
            {key: how for key, how in reckoned.items() if key in known},
            gone - known,
        )
        self._known[meter.id] = now
        if now == before:
            return None
        self._keep(now)
        return now

    def forget_unheard(self) -> list[Meter]:
        """Forget the meters that were not heard for a week, and give them."""
        today = self._today()
        lost = [
            announcement.meter
            for meter_id, announcement in self._known.items()
            if (today - self._heard_last(self._seen[meter_id], today)).days > GONE_AFTER
        ]
        for meter in lost:
            del self._known[meter.id], self._seen[meter.id]
            self._state.forget(SECTION, meter.id)
        return lost

    @staticmethod
    def _heard_last(seen: Mapping[str, date], today: date) -> date:
        """Give the day on which a meter was heard last: it is diagnosed also while it is silent."""
        readings = seen.keys() - DIAGNOSTICS.keys()
        return max((seen[key] for key in readings), default=today)

    @classmethod
    def _gone(cls, seen: dict[str, date], today: date) -> set[str]:
        """Begin a meter's new day: give what it has not sent for a week, and forget that."""
        last = cls._heard_last(seen, today)
        if last == today:
            return set()
        # Days on which the meter was not heard at all say nothing of what it sends.
        unheard = (today - last) - timedelta(days=1)
        for key, day in seen.items():
            seen[key] = min(day + unheard, today)
        gone = {key for key, day in seen.items() if (today - day).days > GONE_AFTER}
        for key in gone:
            del seen[key]
        return gone

    def _keep(self, announcement: Announcement) -> None:
        content: dict[str, Any] = {
            "meter": asdict(announcement.meter),
            "name": announcement.name,
            "keys": sorted(announcement.keys),
            "derived": dict(announcement.derived),
            "gone": sorted(announcement.gone),
        }
        self._state.set(SECTION, announcement.meter.id, content)

    def _recall(self, content: Mapping[str, Any]) -> None:
        meter = Meter.from_state(content["meter"])
        keys = frozenset(content["keys"])
        self._known[meter.id] = Announcement(
            meter, content["name"], keys, dict(content["derived"]), frozenset(content["gone"])
        )
        self._seen[meter.id] = dict.fromkeys(keys, self._today())
