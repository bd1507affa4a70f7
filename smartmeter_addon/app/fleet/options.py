"""The options of the command ``fleet``, checked before anything starts."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from app.config import checks, redaction
from app.config.options import LANGUAGES, OptionsError, read_json
from app.fleet import engine_options, subjects
from app.fleet.engine_options import EngineOptions
from app.log import LEVELS, Redactor

MOST_PARTITIONS: Final = 256
_HOURS: Final = 24 * 366
_LIKE: Final = '{"servers": ["nats://192.168.1.10:4222"]}'


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """All options.

    Args:
        engine: how it is reached.
        meters: the file of meters.
        partitions: among which the names are divided; a set-up decides it.
        replicas: servers that each stream is on.
        raw_hours: for which raw telegrams are kept.
        raw_megabytes: of them at most, on each server that has them; then the oldest go.
        reading_hours: for which readings are kept.
        base_topic: of the MQTT topics at which readings are published again.
        discovery_prefix: what Home Assistant's discovery topics begin with.
        language: of the names in Home Assistant, one of LANGUAGES.
        silent_after: seconds after which a meter that is not heard is silent.
        log_level: a name of ``log.LEVELS``.
        entered: the passwords as they were typed.
    """

    engine: EngineOptions
    meters: Path
    partitions: int = 8
    replicas: int = 3
    raw_hours: int = 24
    raw_megabytes: int = 5000
    reading_hours: int = 168
    base_topic: str = "smartmeter"
    discovery_prefix: str = "homeassistant"
    language: str = "en"
    silent_after: int = 900
    log_level: str = "info"
    entered: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def secrets(self) -> frozenset[str]:
        """Give every text that must never be written."""
        return self.engine.secrets(self.entered)


def load(path: Path) -> FleetOptions:
    """Read and check a file of options in JSON.

    Raises:
        OptionsError: it cannot be used; with all problems.
    """
    return parse(read_json(path, like=_LIKE), path.parent)


def parse(raw: object, folder: Path) -> FleetOptions:
    """Check options and give them their types; null and a blank text mean: not given.

    Args:
        raw: what JSON gave.
        folder: that of the file; the file of meters is named relative to it.

    Raises:
        OptionsError: with all problems.
    """
    entered = frozenset(redaction.entered_secrets(raw))
    try:
        values = vol.Schema(_GROUP)(raw)
    except vol.MultipleInvalid as invalid:
        raise OptionsError(checks.sentences(invalid, entered, Redactor(entered))) from None
    engine = EngineOptions.taken_from(values)
    meters = folder / values.pop("meters", "meters.json")
    return FleetOptions(engine, meters, entered=entered, **values)


def _topic(value: object) -> str:
    """Take the beginning of MQTT topics that are NATS subjects as well."""
    topic = checks.topic(value)
    if not re.fullmatch(r"[^\s.*>]+", topic):
        sentence = (
            "is given; wanted is an MQTT topic without blanks, dots, * and >, like smartmeter"
        )
        raise checks.Refused(value, sentence)
    return topic


def _base_topic(value: object) -> str:
    """Take a topic that is none of the engine's own subjects.

    The server refuses to publish readings again at a subject of the stream that they come from.
    """
    topic = _topic(value)
    if topic == subjects.OF_READINGS:
        sentence = "is given; wanted is another topic, as the engine keeps readings under this one"
        raise checks.Refused(value, sentence)
    return topic


def _problems(given: Any) -> checks.Problems:  # noqa: ANN401 - a mapping of what JSON gave
    yield from engine_options.problems(given)
    raw, kept = given.get("raw_hours", 24), given.get("reading_hours", 168)
    if isinstance(raw, int) and isinstance(kept, int) and kept < raw:
        sentence = (
            "is given; wanted are at least as many as raw_hours, as a reader finds by the last"
            " reading of a meter what was read already"
        )
        yield "reading_hours", checks.Refused(kept, sentence)


_GROUP: Final = checks.group(
    {
        **engine_options.FIELDS,
        "meters": checks.text("the path of the file of meters, like meters.json"),
        "partitions": checks.whole_number(1, MOST_PARTITIONS),
        "replicas": checks.whole_number(1, 5, "servers that keep each stream"),
        "raw_hours": checks.whole_number(1, _HOURS),
        "raw_megabytes": checks.whole_number(1, 100_000_000),
        "reading_hours": checks.whole_number(1, _HOURS),
        "base_topic": _base_topic,
        "discovery_prefix": _topic,
        "language": checks.one_of(LANGUAGES),
        "silent_after": checks.whole_number(1, 31 * 86400, "seconds"),
        "log_level": checks.one_of(LEVELS),
    },
    _problems,
    example=lambda _: f", like {_LIKE}",
)
