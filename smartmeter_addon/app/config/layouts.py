"""The layout of what is published by MQTT, and the options that go with some layouts only."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import voluptuous as vol

from app.config import checks, hints

STANDARD: Final = "standard"
LGRAHO: Final = "lgraho"
TOPICS: Final = "topics"
ONE_METER_LAYOUTS: Final = ("burgenland", LGRAHO, "greenmikeeu")
"""Layouts of programs that knew one meter only."""
LAYOUT_NAMES: Final = (STANDARD, *ONE_METER_LAYOUTS, TOPICS)
"""Our own layout of topics and messages, the legacy layouts, and that with topics of one's own."""

METER_ID: Final = "{id}"
"""Stands in a topic of one's own where the meter's id is to be."""

_EXAMPLE: Final = '{"key": "power", "topic": "house/power"}'

_OF_A_METER: Final = ("status", "state", "details", "diagnostics")
"""What the program's own topics of a meter end with."""

_OF_A_LINE: Final = re.compile("line/[^/]+/diagnostics")
"""The program's own topics of a line, behind the base topic."""


class ValueTopic(NamedTuple):
    """A topic of one's own for one value.

    Args:
        key: of a reading.
        topic: where its values go; it may hold METER_ID.
    """

    key: str
    topic: str


def value_topics(keys: Collection[str]) -> checks.Validator:
    """Make a validator of the list of topics of one's own.

    Args:
        keys: those of all readings; empty where any is taken.
    """
    fields: checks.Fields = {"key": _key(keys), "topic": _topic}
    every = checks.list_of(checks.group(fields, _incomplete, lambda _: f", like {_EXAMPLE}"))

    def validate(value: object) -> tuple[ValueTopic, ...]:
        groups = every(value)
        if repeated := list(_repeated(groups)):
            raise vol.MultipleInvalid(repeated)
        return tuple(ValueTopic(**group) for group in groups if group)

    return validate


def _key(keys: Collection[str]) -> checks.TextValidator:
    wanted = "the key of a value, like power or energy_import"
    plain = checks.text(wanted)

    def validate(value: object) -> str:
        given = plain(value)
        if given in keys or not keys:
            return given
        near = hints.nearest(given.lower(), keys)
        hint = f"; did you mean {near}?" if near else ""
        raise checks.Refused(value, f"is given; wanted is {wanted}{hint}")

    return validate


def _topic(value: object) -> str:
    topic = checks.topic(value)
    rest = topic.replace(METER_ID, "")
    if "{" in rest or "}" in rest:
        sentence = f"is given; in braces can stand {METER_ID} only, for the meter's number"
        raise checks.Refused(value, sentence)
    return topic


def _incomplete(given: Mapping[str, object]) -> checks.Problems:
    """Name what a group lacks that is more than a line left empty in the form."""
    if not given:
        return
    for name, wanted in (("key", "of the value"), ("topic", "that the value goes to")):
        if name not in given:
            yield name, vol.Invalid(f"nothing is given; wanted is the {name} {wanted}")


def _repeated(groups: Iterable[Mapping[str, str]]) -> Iterator[vol.Invalid]:
    first: dict[str, int] = {}
    for position, group in enumerate(groups):
        topic = group.get("topic")
        if topic and first.setdefault(topic, position) != position:
            sentence = (
                f"is given, and mqtt.topics[{first[topic]}].topic is the same; wanted is a topic of"
                " its own for each value"
            )
            yield checks.Refused(topic, sentence).at(position, "topic")


def problems(given: Mapping[str, object]) -> checks.Problems:
    """Find what is wrong between the layout and other options, right or wrong.

    Args:
        given: all options, as they were entered.
    """
    mqtt = given.get("mqtt")
    if not isinstance(mqtt, dict):
        return
    layout = str(mqtt.get("layout")).strip().lower()
    others = given.get("additional_meters")
    if layout in ONE_METER_LAYOUTS and others:
        sentence = (
            f"meters are given, but mqtt.layout is {layout}, whose program knew one meter only;"
            " wanted is no further meter, or mqtt.layout: standard"
        )
        yield "additional_meters", vol.Invalid(sentence)
    if layout == TOPICS and not _is_filled(mqtt.get("topics")):
        sentence = (
            "nothing is given, but mqtt.layout is topics; wanted is a list of values and their"
            f" topics, like [{_EXAMPLE}]"
        )
        yield "mqtt", vol.Invalid(sentence, ["topics"])
    for path, topic in _topics_of(mqtt):
        if _is_own(topic, mqtt):
            sentence = "is given, which is a topic of this program; wanted is another one"
            yield "mqtt", checks.Refused(topic, sentence).at(*path)
        elif others and METER_ID not in topic and path[0] == "topics":
            sentence = (
                "is given, but additional_meters are given, too, and would all write there; wanted"
                f" is {METER_ID} where the meter's number is to stand, like house/{METER_ID}/power"
            )
            yield "mqtt", checks.Refused(topic, sentence).at(*path)


def _topics_of(mqtt: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Give the paths and texts of the topics that a user has chosen."""
    listed = mqtt.get("topics")
    if isinstance(state_topic := mqtt.get("state_topic"), str):
        yield ("state_topic",), state_topic.strip()
    for position, one in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(one, dict) and isinstance(topic := one.get("topic"), str) and topic.strip():
            yield ("topics", position, "topic"), topic.strip()


def _is_filled(value: object) -> bool:
    """Tell whether anything was entered, right or wrong, in a list of groups."""
    if isinstance(value, list):
        return any(map(_is_filled, value))
    if isinstance(value, dict):
        return any(map(_is_filled, value.values()))
    return bool(str(value or "").strip())


def _is_own(topic: str, mqtt: Mapping[str, Any]) -> bool:
    """Tell whether a topic is, or may be, one at which the program publishes something else."""
    base = str(mqtt.get("base_topic") or "").strip() or "smartmeter"
    discovery = str(mqtt.get("discovery_prefix") or "").strip() or "homeassistant"
    if topic in (f"{base}/status", f"{discovery}/status"):
        return True
    if topic.startswith(f"{discovery}/") and topic.endswith("/config"):
        return True
    if not topic.startswith(f"{base}/"):
        return False
    own = topic.removeprefix(f"{base}/")
    meter_id, _, last = own.partition("/")
    return bool(meter_id and last in _OF_A_METER) or bool(_OF_A_LINE.fullmatch(own))


def unused(layout: str, state_topic: str | None, topics: Collection[ValueTopic]) -> Iterator[str]:
    """Say which options were given that another layout has a use for."""
    if state_topic is not None and layout != LGRAHO:
        yield (
            f"mqtt.state_topic is given, but mqtt.layout is {layout}, and only {LGRAHO} has such a"
            " topic; it is not used"
        )
    if topics and layout != TOPICS:
        yield (
            f"mqtt.topics are given, but mqtt.layout is {layout}; they are used with"
            f" mqtt.layout: {TOPICS} only"
        )
