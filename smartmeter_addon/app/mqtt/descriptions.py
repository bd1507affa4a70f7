"""The descriptions of the program and its meters at the broker, for Home Assistant.

Each device comes after the one that it is read through: the program, a meter, and a gas meter
behind that one. Of a device that Core does not know yet it would make one without a name.
"""

from collections.abc import Iterable, Iterator, Mapping

from app.meters.reading import Meter
from app.mqtt.announcements import Announcement, Announcements
from app.mqtt.layout import Layout, Message
from app.mqtt.outbox import Outbox


class Descriptions:
    """Describes devices when there is something new to say of them.

    Args:
        announcements: of the meters.
        layout: makes the messages.
        outbox: takes them.
    """

    def __init__(self, announcements: Announcements, layout: Layout, outbox: Outbox) -> None:
        self._announcements = announcements
        self._layout = layout
        self._outbox = outbox

    def restore(self) -> Iterator[Meter]:
        """Describe the program, and the meters of before the restart; give each of these."""
        if self._layout.announces:
            self._outbox.describe(self._layout.program())
        for announcement in sorted(self._announcements.known(), key=_is_behind_another):
            if self._layout.announces:
                self._outbox.describe(self._messages(announcement))
            yield announcement.meter

    def update(
        self,
        meter: Meter,
        name: str | None,
        keys: Iterable[str],
        derived: Mapping[str, str],
        type_code: str | None = None,
    ) -> None:
        """Describe a meter; arguments as of `Announcements.update`."""
        announcement = self._announcements.update(meter, name, keys, derived, type_code)
        if announcement is None or not announcement.keys or not self._layout.announces:
            return
        messages = list(self._messages(announcement))
        is_new = not any(self._outbox.newest(message.topic) for message in messages)
        self._outbox.announce(messages, last=_is_behind_another(announcement))
        if is_new:
            self._outbox.announce(self._behind(meter), last=True)

    def forget_unheard(self) -> list[Meter]:
        """Take back the meters that have not been heard for a week, and give them."""
        unheard = self._announcements.forget_unheard()
        for meter in unheard:
            messages = [*self._layout.meter_status(meter.id, online=False)]
            if self._layout.announces:
                empty = Announcement(meter, None, frozenset(), {})
                messages = [*self._layout.announcement(empty), *messages]
            self._outbox.clear(message.topic for message in messages)
            if self._layout.announces:
                self._outbox.announce(self._behind(meter), last=True)
        return unheard

    def _messages(self, announcement: Announcement) -> Iterable[Message]:
        via = self._announcements.of(announcement.meter.via)
        return self._layout.announcement(announcement, via)

    def _behind(self, meter: Meter) -> Iterator[Message]:
        """Describe the meters that are read through one, which has just come or gone."""
        for announcement in self._announcements.behind(meter.id):
            yield from self._messages(announcement)


def _is_behind_another(announcement: Announcement) -> bool:
    return announcement.meter.via is not None
