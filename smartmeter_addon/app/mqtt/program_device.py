"""The discovery message of the program itself: a device that is there before any meter is heard.

It shows for each line what is wrong, whether it is open, what came over it, and the meter that it
leads to, whose own device tells more.
"""

from collections.abc import Iterator
from typing import Final

from app.language.languages import ENGLISH
from app.line.line_ids import Line, Lines
from app.meters.sensors import LINE_DIAGNOSTICS
from app.mqtt import discovery
from app.mqtt.topics import Topics

_NAMES: Final = {ENGLISH: "Smart meter reader", "de": "Smart-Meter-Leser"}


def payload(
    lines: Lines,
    *,
    topics: Topics,
    language: str,
    version: str,
    status: str,
    configuration_url: str | None = None,
) -> dict[str, object]:
    """Describe the program to Home Assistant.

    Args:
        lines: those in the options, and those whose entities are to be taken back.
        topics: the topics of its messages.
        language: ``de`` or ``en``, of the entities' names.
        version: the program's.
        status: the topic that says whether the program runs.
        configuration_url: where the program is set up; None when that is not known.

    Returns:
        The message for ``topics.program_discovery``, of values that JSON has.
    """
    device: dict[str, object] = {
        "identifiers": [topics.program_device],
        "name": _named(_NAMES.get(language, _NAMES[ENGLISH]), topics),
        "sw_version": version,
    }
    if configuration_url:
        device["configuration_url"] = configuration_url
    components: dict[str, object] = {}
    for line in lines.current:
        components.update(_components(line, topics, language))
    for gone in lines.gone:
        for key, sensor in LINE_DIAGNOSTICS.items():
            components[f"{gone}_{key}"] = {"p": sensor.platform}
    return {
        "dev": device,
        "o": {"name": discovery.ORIGIN, "sw_version": version},
        "cmps": components,
        "availability": [{"topic": status}],
    }


def _named(name: str, topics: Topics) -> str:
    """Tell programs apart that publish below different base topics."""
    return name if topics.base == Topics().base else f"{name} ({topics.base})"


def _components(line: Line, topics: Topics, language: str) -> Iterator[tuple[str, object]]:
    topic = topics.line(line.id)
    prefix = discovery.slug(_named(_NAMES[ENGLISH], topics))
    if line.label:
        prefix = f"{prefix}_{discovery.slug(line.label) or line.id}"
    for key, sensor in LINE_DIAGNOSTICS.items():
        device = f"{topics.program_device}_{line.id}"
        component = discovery.entity(sensor, device, prefix, language)
        if line.label:
            component["name"] = f"{line.label}: {component['name']}"
        component["state_topic"] = topic
        if sensor.details:
            component |= discovery.attributes(sensor, topic)
        yield f"{line.id}_{key}", component
