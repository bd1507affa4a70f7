"""Which messages say what: the topics and payloads of one way to publish."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.jsontext import dumps
from app.meters.reading import Reading
from app.mqtt import discovery
from app.mqtt.announcements import Announcement
from app.mqtt.topics import OFFLINE, ONLINE, Topics

Values = Mapping[str, object]


class Message(NamedTuple):
    """What is to stand under a topic; an empty payload that is retained clears it."""

    topic: str
    payload: str
    retain: bool


class Layout:
    """Our own layout: one device a meter, one JSON object a telegram.

    Args:
        topics: where to.
        language: ``de`` or ``en``, of the entities' names.
        version: the program's.
        configuration_url: where the program is set up; None when that is not known.
    """

    def __init__(
        self,
        topics: Topics,
        *,
        language: str,
        version: str,
        configuration_url: str | None = None,
    ) -> None:
        self._topics = topics
        self._language = language
        self._version = version
        self._configuration_url = configuration_url

    @property
    def status(self) -> str:
        """The topic that says whether the program runs: the last will's."""
        return self._topics.status

    @property
    def home_assistant(self) -> str:
        """The topic on which Home Assistant says that it has started."""
        return self._topics.home_assistant

    def takeover(self) -> Iterable[Message]:
        """Say what has to be said once, before the first announcement, to take over from others."""
        return ()

    def announcement(self, announced: Announcement) -> Iterable[Message]:
        """Describe a meter."""
        payload = discovery.payload(
            announced,
            topics=self._topics,
            language=self._language,
            version=self._version,
            configuration_url=self._configuration_url,
        )
        yield Message(self._topics.discovery(announced.meter.id), dumps(payload), retain=True)

    def reading(self, reading: Reading) -> Iterable[Message]:
        """Say what a telegram said, every digit as the meter sent it."""
        values: dict[str, object] = {**reading.values, **dict.fromkeys(reading.unknown)}
        if reading.timestamp is not None:
            values["timestamp"] = reading.timestamp.isoformat()
        yield Message(self._topics.state(reading.meter.id), dumps(values), retain=False)

    def diagnostics(self, meter_id: str, values: Values) -> Iterable[Message]:
        """Say how the line to a meter is doing."""
        yield Message(self._topics.diagnostics(meter_id), dumps(values), retain=False)

    def meter_status(self, meter_id: str, *, online: bool) -> Iterable[Message]:
        """Say whether a meter is heard."""
        payload = ONLINE if online else OFFLINE
        yield Message(self._topics.meter_status(meter_id), payload, retain=True)
