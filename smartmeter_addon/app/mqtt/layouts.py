"""The layouts that there are, by the value of the option ``mqtt.layout``."""

from collections.abc import Iterable, Mapping
from typing import Final

from app.config import layouts
from app.jsontext import dumps
from app.meters.reading import Reading
from app.mqtt.layout import Layout, Message
from app.mqtt.legacy_layouts import Burgenland, GreenMikeEU, LGraho


class ValueTopics(Layout):
    """Our own layout, and beside it single values at topics of the user's own.

    As all values, they are not retained: an old power is none, and who listens has a new one with
    the next telegram.
    """

    def reading(self, reading: Reading) -> Iterable[Message]:
        """Publish a reading in our own layout, and the values that have a topic as plain text."""
        for key, topic in self._topics.of_values(reading.meter.id):
            text = _text(reading, key)
            if text:
                yield Message(topic, text, retain=False)
        yield from super().reading(reading)


def _text(reading: Reading, key: str) -> str:
    """Give a value as it stands in the state message, a text without its quotes.

    Returns:
        A blank text where the reading does not have it.
    """
    if key == "timestamp":
        return reading.timestamp.isoformat() if reading.timestamp else ""
    value = reading.values.get(key, "")
    return value if isinstance(value, str) else dumps(value)


LAYOUTS: Final[Mapping[str, type[Layout]]] = {
    layouts.STANDARD: Layout,
    "burgenland": Burgenland,
    layouts.LGRAHO: LGraho,
    "greenmikeeu": GreenMikeEU,
    layouts.TOPICS: ValueTopics,
}
