"""The topics that other programs rely on, made here and nowhere else."""

from dataclasses import dataclass
from typing import Final

ONLINE: Final = "online"
"""The payload of a status topic when all is well; Home Assistant's, too, when it has started."""

OFFLINE: Final = "offline"

_MAX_LENGTH: Final = 1000  # characters; MQTT allows 65535 bytes


def publishable(topic: str) -> bool:
    """Tell whether a broker accepts messages for a topic."""
    return topic.isprintable() and 0 < len(topic) <= _MAX_LENGTH and not set(topic) & set("+#")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one program.

    Args:
        base: the beginning of our own topics; two programs on one broker that read different meters
            need different ones.
        discovery_prefix: the beginning of Home Assistant's topics.
    """

    base: str = "smartmeter"
    discovery_prefix: str = "homeassistant"

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

    def diagnostics(self, meter_id: str) -> str:
        """How the line to a meter is doing, as a JSON object."""
        return f"{self.base}/{meter_id}/diagnostics"

    def discovery(self, meter_id: str) -> str:
        """The description of a meter for Home Assistant; retained."""
        return f"{self.discovery_prefix}/device/smartmeter_{meter_id}/config"

    @property
    def home_assistant(self) -> str:
        """Where Home Assistant publishes ``online`` when it has started."""
        return f"{self.discovery_prefix}/status"
