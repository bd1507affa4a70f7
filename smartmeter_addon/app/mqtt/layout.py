"""The layout of what is published: which message goes to which topic, with which payload."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from app.jsontext import dumps, member, whole
from app.language.catalogue import in_language
from app.line.line_ids import NO_LINES, Lines
from app.meters.reading import Meter, Reading
from app.meters.values import Values
from app.mqtt import discovery, program_device
from app.mqtt.announcements import Announcement
from app.mqtt.topics import OFFLINE, ONLINE, Topics

Diagnosed = Mapping[str, object]

MAX_STATE_LENGTH: Final = 255
"""Characters of a state in Home Assistant."""


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
        lines: those that the program's own device shows; without any there is no such device.
        configuration_url: where the program is set up; None when that is not known.
        announces: whether anything is announced to Home Assistant.
    """

    def __init__(
        self,
        topics: Topics,
        *,
        language: str,
        version: str,
        lines: Lines = NO_LINES,
        configuration_url: str | None = None,
        announces: bool = True,
    ) -> None:
        self.announces = announces
        self._topics = topics
        self._language = language
        self._version = version
        self._lines = lines
        self._configuration_url = configuration_url
        self._written: tuple[Reading, str] | None = None  # the last one, and its text

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

    @property
    def lines(self) -> str:
        """The filter of what is said of the lines."""
        return self._topics.lines

    def line(self, line_id: str) -> str:
        """The topic on which is said how a line is doing."""
        return self._topics.line(line_id)

    @property
    def program_topic(self) -> str:
        """The topic of the program's own description."""
        return self._topics.program_discovery

    def program(self) -> Iterable[Message]:
        """Describe the program itself to Home Assistant."""
        if not self._lines.current:
            return
        payload = program_device.payload(
            self._lines,
            topics=self._topics,
            language=self._language,
            version=self._version,
            status=self.status,
            configuration_url=self._configuration_url,
        )
        yield Message(self.program_topic, dumps(payload), retain=True)

    def line_values(
        self, values: Diagnosed, meters: Iterable[Meter], name: str | None
    ) -> dict[str, object]:
        """Give what is said of a line, with the devices of the meters that it leads to."""
        names = ", ".join(discovery.device_name(meter, name, self._language) for meter in meters)
        said = {key: in_language(value, self._language) for key, value in values.items()}
        return said | {"meter": names[:MAX_STATE_LENGTH] or None}

    def device_id(self, announcement: Announcement) -> str:
        """Identify a meter's device to Home Assistant."""
        return discovery.device_id(announcement.meter)

    def announcement(
        self, announcement: Announcement, via: Announcement | None = None
    ) -> Iterable[Message]:
        """Describe a meter to Home Assistant.

        Args:
            announcement: the meter.
            via: the meter that it is read through; None for the program itself.
        """
        payload = self._described(announcement, via)
        yield Message(self._topics.discovery(announcement.meter.id), dumps(payload), retain=True)

    def _described(self, announcement: Announcement, via: Announcement | None) -> dict[str, object]:
        return discovery.payload(
            announcement,
            topics=self._topics,
            language=self._language,
            version=self._version,
            configuration_url=self._configuration_url,
            program_status=self.status,
            via=self._via(via),
        )

    def _via(self, via: Announcement | None) -> str | None:
        if via:
            return self.device_id(via)
        return self._topics.program_device if self._lines.current else None

    def reading(self, reading: Reading) -> Iterable[Message]:
        """Publish a reading, every digit as the meter sent it."""
        return (Message(self._topics.state(reading.meter.id), self._text(reading), retain=False),)

    def details(self, reading: Reading) -> Message:
        """Publish the newest values of all lists of a meter, for entities that are not live."""
        topic = self.details_topic(reading.meter.id)
        return Message(topic, self._text(reading), retain=False)

    def details_topic(self, meter_id: str) -> str:
        """The topic of `details`."""
        return self._topics.details(meter_id)

    def _text(self, reading: Reading) -> str:
        """Write a reading; where one is published on two topics, once."""
        if self._written and self._written[0] is reading:
            return self._written[1]
        text = whole(state_members(reading))
        self._written = reading, text
        return text

    def diagnostics(self, meter_id: str, values: Diagnosed) -> Iterable[Message]:
        """Publish how the line to a meter is doing."""
        payload = dumps(in_language(values, self._language))
        yield Message(self._topics.diagnostics(meter_id), payload, retain=False)

    def meter_status(self, meter_id: str, *, online: bool) -> Iterable[Message]:
        """Publish whether a meter is heard."""
        payload = ONLINE if online else OFFLINE
        yield Message(self._topics.meter_status(meter_id), payload, retain=True)


def state_members(reading: Reading) -> list[str]:
    """Write what a reading says as the members of a JSON object, every digit as it was sent."""
    values, unknown = Values.of(reading.values), reading.unknown
    members = [values.members()]
    if unknown:
        members += [member(key, None) for key in unknown if key not in values]
    for key, details in reading.details.items():
        if key in values or key in unknown:
            members.append(member(f"{key}_details", details))
    if reading.timestamp is not None:
        members.append(f'"timestamp": "{reading.timestamp.isoformat()}"')
    return members
