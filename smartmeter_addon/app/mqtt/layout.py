"""The layout of what is published: which message goes to which topic, with which payload."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.jsontext import dumps, member, whole
from app.language.catalogue import in_language
from app.meters.reading import Reading
from app.meters.values import Values
from app.mqtt import discovery
from app.mqtt.announcements import Announcement
from app.mqtt.topics import OFFLINE, ONLINE, Topics

Diagnosed = Mapping[str, object]


class Message(NamedTuple):
    """A message for the broker; one that is retained and has an empty payload clears its topic."""

    topic: str
    payload: str
    retain: bool


class Layout:
    """Our own layout: one device a meter, one JSON object a telegram.

    Args:
        topics: the topics of the messages.
        language: ``de`` or ``en``, of the entities' names and of what is said of problems.
        version: the program's.
        configuration_url: where the program is set up; None when that is not known.
        announces: whether anything is announced to Home Assistant.
    """

    def __init__(
        self,
        topics: Topics,
        *,
        language: str,
        version: str,
        configuration_url: str | None = None,
        announces: bool = True,
    ) -> None:
        self.announces = announces
        self._topics = topics
        self._language = language
        self._version = version
        self._configuration_url = configuration_url

    @property
    def status(self) -> str:
        """The topic that says whether the program runs; that of the last will."""
        return self._topics.status

    @property
    def statuses(self) -> tuple[str, ...]:
        """The filters of the statuses of the program and of its meters."""
        return self.status, self._topics.meter_statuses

    @property
    def home_assistant(self) -> str:
        """The topic on which Home Assistant says that it has started."""
        return self._topics.home_assistant

    @property
    def own(self) -> str:
        """The filter of the program's own topics, as an access list of the broker has it."""
        return f"{self._topics.base}/#"

    @property
    def announced(self) -> str:
        """The filter of Home Assistant's topics, in the same manner."""
        return f"{self._topics.discovery_prefix}/#"

    @property
    def successor(self) -> str:
        """The topic of the announcement that comes after `takeover`; blank where there is none."""
        return ""

    def takeover(self) -> Iterable[Message]:
        """Make the messages that are sent once, before the first announcement.

        They take over the entities of the program that a legacy layout is of; our own layout has
        none.
        """
        return ()

    def announcement(self, announcement: Announcement) -> Iterable[Message]:
        """Describe a meter to Home Assistant."""
        payload = discovery.payload(
            announcement,
            topics=self._topics,
            language=self._language,
            version=self._version,
            configuration_url=self._configuration_url,
        )
        yield Message(self._topics.discovery(announcement.meter.id), dumps(payload), retain=True)

    def reading(self, reading: Reading) -> Iterable[Message]:
        """Publish a reading, every digit as the meter sent it."""
        values = Values.of(reading.values)
        more: dict[str, object] = {key: None for key in reading.unknown if key not in values}
        for key, details in reading.details.items():
            if key in values or key in more:
                more[f"{key}_details"] = details
        if reading.timestamp is not None:
            more["timestamp"] = reading.timestamp.isoformat()
        members = values.members()
        members += [member(key, value) for key, value in more.items()]
        yield Message(self._topics.state(reading.meter.id), whole(members), retain=False)

    def diagnostics(self, meter_id: str, values: Diagnosed) -> Iterable[Message]:
        """Publish how the line to a meter is doing."""
        payload = dumps(in_language(values, self._language))
        yield Message(self._topics.diagnostics(meter_id), payload, retain=False)

    def meter_status(self, meter_id: str, *, online: bool) -> Iterable[Message]:
        """Publish whether a meter is heard."""
        payload = ONLINE if online else OFFLINE
        yield Message(self._topics.meter_status(meter_id), payload, retain=True)
