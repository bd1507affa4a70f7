"""The topics that other programs rely on, made here and nowhere else."""

from dataclasses import dataclass
from typing import Final

ONLINE: Final = "online"
"""What a status topic says when all is well; also how Home Assistant announces itself."""
OFFLINE: Final = "offline"


_LONGEST: Final = 1000  # characters; MQTT ends at 65535 bytes


def publishable(topic: str) -> bool:
    """Tell whether a topic is one that a broker takes messages for."""
    return topic.isprintable() and 0 < len(topic) <= _LONGEST and not set(topic) & set("+#")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one program.

    Args:
        base: what ours begin with; two programs on one broker need different ones.
        discovery_prefix: what Home Assistant's begin with.
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

    def state(self, meter_id: str) -> str:
        """What a telegram said, as one JSON object."""
        return f"{self.base}/{meter_id}/state"

    def diagnostics(self, meter_id: str) -> str:
        """How the line to a meter is doing, as one JSON object."""
        return f"{self.base}/{meter_id}/diagnostics"

    def discovery(self, meter_id: str) -> str:
        """What Home Assistant is to make of a meter; retained."""
        return f"{self.discovery_prefix}/device/smartmeter_{meter_id}/config"

    @property
    def home_assistant(self) -> str:
        """Where Home Assistant says ``online`` when it has started."""
        return f"{self.discovery_prefix}/status"
