"""The topics that other programs rely on, made here and nowhere else."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, Self

from app.config.layouts import METER_ID, ValueTopic
from app.config.options import MqttOptions

ONLINE: Final = "online"
"""The payload of a status topic when all is well; Home Assistant's, too, when it has started."""

OFFLINE: Final = "offline"

_MAX_LENGTH: Final = 1000  # characters; MQTT allows 65535 bytes


def publishable(topic: str) -> bool:
    """Tell whether a broker accepts messages for a topic."""
    return topic.isprintable() and 0 < len(topic) <= _MAX_LENGTH and not set(topic) & set("+#")


class Topics(NamedTuple):
    """The topics of one program.

    Args:
        base: the beginning of our own topics; two programs on one broker that read different meters
            need different ones.
        discovery_prefix: the beginning of Home Assistant's topics.
        legacy_state: the state topic that the user had with another program, where it could be
            chosen; None for that which the program had at first.
        values: topics of the user's own for single values, by key; METER_ID stands in them for the
            meter's id.
    """

    base: str = "smartmeter"
    discovery_prefix: str = "homeassistant"
    legacy_state: str | None = None
    values: tuple[ValueTopic, ...] = ()

    @classmethod
    def of(cls, options: MqttOptions) -> Self:
        """Make the topics that the options ask for."""
        return cls(
            options.base_topic, options.discovery_prefix, options.state_topic, options.topics
        )

    @property
    def status(self) -> str:
        """Whether the program runs; retained, and the last will."""
        return f"{self.base}/status"

    def meter_status(self, meter_id: str) -> str:
        """Whether a meter is heard; retained."""
        return f"{self.base}/{meter_id}/status"

    @property
    def meter_statuses(self) -> str:
        """The filter of the statuses of all meters."""
        return self.meter_status("+")

    def state(self, meter_id: str) -> str:
        """The readings of one telegram, as a JSON object."""
        return f"{self.base}/{meter_id}/state"

    def details(self, meter_id: str) -> str:
        """The newest readings of all lists, as a JSON object, at the pace of details."""
        return f"{self.base}/{meter_id}/details"

    def diagnostics(self, meter_id: str) -> str:
        """How the line to a meter is doing, as a JSON object."""
        return f"{self.base}/{meter_id}/diagnostics"

    def line(self, line_id: str) -> str:
        """How a line is doing, as a JSON object."""
        return f"{self.base}/line/{line_id}/diagnostics"

    @property
    def lines(self) -> str:
        """The filter of what is said of all lines."""
        return self.line("+")

    def discovery(self, meter_id: str) -> str:
        """The description of a meter for Home Assistant; retained."""
        return f"{self.discovery_prefix}/device/smartmeter_{meter_id}/config"

    def of_values(self, meter_id: str) -> Iterator[ValueTopic]:
        """The topics of the user's own for single values of a meter."""
        for one in self.values:
            yield ValueTopic(one.key, one.topic.replace(METER_ID, meter_id))

    @property
    def program_device(self) -> str:
        """The name by which Home Assistant knows the program's own device.

        Programs with different base topics have different names. No meter has such a name: after
        ``smartmeter`` follows another character.
        """
        own = re.sub("[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}_", self.base)
        return f"smartmeter-reader_{own}"

    @property
    def program_discovery(self) -> str:
        """The description of the program for Home Assistant; retained."""
        return f"{self.discovery_prefix}/device/{self.program_device}/config"

    @property
    def home_assistant(self) -> str:
        """Where Home Assistant publishes ``online`` when it has started."""
        return f"{self.discovery_prefix}/status"
