"""Tells Home Assistant of chosen meters, in the form of the app: a device with its entities.

No message of a NATS client is retained for those of the MQTT port. So a meter is described again
with its first reading after Home Assistant said that it has started, after another reader took
over, and each hour. Nobody says that a meter is offline, but its entities expire.
"""

from collections.abc import Callable, Mapping
from time import monotonic
from types import MappingProxyType
from typing import Final, cast

from app import __version__
from app.fleet import subjects
from app.fleet.events import Description
from app.fleet.message import Message
from app.fleet.options import FleetOptions
from app.jsontext import dumps
from app.meters.reading import Reading
from app.mqtt import discovery
from app.mqtt.announcements import Announcement, announced_keys
from app.mqtt.topics import ONLINE, Topics

AGAIN_EVERY: Final = 3600.0
"""Seconds after which a meter is described again, in case that Home Assistant was not heard."""

_AVAILABILITY: Final = ("availability", "availability_mode")


class _FleetTopics(Topics):
    """Topics where each reading goes to one topic."""

    def details(self, meter_id: str) -> str:
        """The readings of one telegram."""
        return self.state(meter_id)


class HomeAssistant:
    """What Home Assistant is told of meters, and when it has started.

    Args:
        options: of the fleet.
        clock: a steady one, in seconds.
    """

    def __init__(self, options: FleetOptions, clock: Callable[[], float] = monotonic) -> None:
        self._topics = _FleetTopics(options.base_topic, options.discovery_prefix)
        self._language = options.language
        self._expire_after = options.silent_after
        self.clock = clock
        self._started_at = 0.0

    @property
    def subject(self) -> str:
        """At which it says that it has started."""
        return subjects.of_topic(self._topics.home_assistant)

    async def hear(self, message: Message) -> None:
        """Take what it says."""
        if message.data == ONLINE.encode():
            self._started_at = self.clock()

    def is_due(self, described_at: float) -> bool:
        """Tell whether a meter is to be described again.

        Args:
            described_at: when it was, by the steady clock.
        """
        return described_at < self._started_at or described_at <= self.clock() - AGAIN_EVERY

    def describe(self, announcement: Announcement) -> Description:
        """Describe a meter."""
        meter = announcement.meter
        payload = discovery.payload(
            announcement,
            topics=self._topics,
            language=self._language,
            version=__version__,
            via=f"smartmeter_{meter.via}" if meter.via else None,
        )
        for component in cast("dict[str, dict[str, object]]", payload["cmps"]).values():
            component["expire_after"] = self._expire_after
        message = {key: value for key, value in payload.items() if key not in _AVAILABILITY}
        subject = subjects.of_topic(self._topics.discovery(meter.id))
        return Description(subject, dumps(message).encode())


class Described:
    """The meters under one name, as Home Assistant knows them.

    Args:
        home_assistant: makes descriptions.
        device_name: see `Announcement.name`.
    """

    def __init__(self, home_assistant: HomeAssistant, device_name: str | None) -> None:
        self._home_assistant = home_assistant
        self._device_name = device_name
        self._known: dict[str, tuple[Announcement, float]] = {}  # by ids, and when they were said

    def take(self, reading: Reading) -> Description | None:
        """Take what a meter says; describe it where that is due."""
        meter, keys, derived = reading.meter, announced_keys(reading), reading.derived
        type_code = reading.type_code
        before, described_at = self._known.get(meter.id, (None, 0.0))
        if before:
            # Of the lists of a meter each has other readings.
            keys |= before.keys
            derived = _united(before.derived, derived)
            type_code = type_code or before.type_code
        newly = Announcement(meter, self._device_name, keys, derived, type_code=type_code)
        if newly == before and not self._home_assistant.is_due(described_at):
            return None
        self._known[meter.id] = newly, self._home_assistant.clock()
        return self._home_assistant.describe(newly)


def _united(before: Mapping[str, str], derived: Mapping[str, str]) -> Mapping[str, str]:
    return before if derived.items() <= before.items() else MappingProxyType({**before, **derived})
