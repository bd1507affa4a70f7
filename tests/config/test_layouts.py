"""Layouts, and the options that go with some of them only."""

from typing import Any

import pytest

from app.config.layouts import ValueTopic
from app.config.options import MqttOptions, Options, OptionsError, parse
from app.meters.sensors import SENSORS
from tests.support.options import METER_TYPES

POWER = {"key": "power", "topic": "house/power"}


def parsed(mqtt: dict[str, Any], **more: object) -> Options:
    return parse({"mqtt": mqtt, **more}, METER_TYPES, SENSORS.keys())


def problems(mqtt: dict[str, Any], **more: object) -> tuple[str, ...]:
    with pytest.raises(OptionsError) as caught:
        parsed(mqtt, **more)
    return caught.value.problems


def test_topics_of_one_s_own_are_a_list_in_its_order() -> None:
    listed = [POWER, {"key": " energy_import ", "topic": "house/{id}/kWh"}]
    assert parsed({"layout": "topics", "topics": listed}).mqtt == MqttOptions(
        layout="topics",
        topics=(ValueTopic("power", "house/power"), ValueTopic("energy_import", "house/{id}/kWh")),
    )


@pytest.mark.parametrize("key", SENSORS)
def test_every_reading_can_have_a_topic(key: str) -> None:
    listed = [{"key": key, "topic": "a"}]
    assert parsed({"layout": "topics", "topics": listed}).mqtt.topics == (ValueTopic(key, "a"),)


def test_what_is_called_key_here_is_no_secret() -> None:
    options = parsed({"layout": "topics", "topics": [POWER], "password": "geheim"})
    assert options.secrets() == {"geheim"}


@pytest.mark.parametrize("topic", ["house/+", "#", "/house", "$SYS/x", "a//b", "x" * 501, 7])
def test_a_topic_that_cannot_be_published_to_is_named_by_its_place(topic: object) -> None:
    listed = [POWER, {"key": "energy_import", "topic": topic}]
    (told,) = problems({"layout": "topics", "topics": listed})
    assert told.startswith("mqtt.topics[1].topic: ")


@pytest.mark.parametrize(
    "topic",
    [
        *("smartmeter/status", "smartmeter/{id}/state", "smartmeter/1/diagnostics"),
        *("smartmeter/{id}/details", "smartmeter/1/status", "smartmeter/line/1/diagnostics"),
        *("homeassistant/status", "homeassistant/sensor/x/config"),
    ],
)
def test_a_topic_of_the_program_is_refused(topic: str) -> None:
    (told,) = problems({"layout": "topics", "topics": [{"key": "power", "topic": topic}]})
    assert told.startswith(f'mqtt.topics[0].topic: "{topic}" is given, which is a topic of this')
    (told,) = problems({"layout": "lgraho", "state_topic": topic})
    assert told.startswith("mqtt.state_topic: ")
    elsewhere = {"base_topic": "a", "discovery_prefix": "b"}
    options = parsed({"layout": "lgraho", "state_topic": topic, **elsewhere})
    assert options.mqtt.state_topic == topic


@pytest.mark.parametrize(
    "topic", ["smartmeter/power", "smartmeter/1/power", "smartmeter/a/b/state"]
)
def test_a_topic_beside_those_of_the_program_is_taken(topic: str) -> None:
    listed = [{"key": "power", "topic": topic}]
    assert parsed({"layout": "topics", "topics": listed}).mqtt.topics[0].topic == topic


def test_several_meters_need_the_place_of_the_number() -> None:
    others = [{"url": "tcp://h:1"}]
    (told,) = problems({"layout": "topics", "topics": [POWER]}, additional_meters=others)
    assert told.startswith('mqtt.topics[0].topic: "house/power" is given, but additional_meters')
    placed = {"key": "power", "topic": "house/{id}/power"}
    options = parsed({"layout": "topics", "topics": [placed]}, additional_meters=others)
    assert len(options.meters) == 2


def test_several_mistakes_are_told_at_once() -> None:
    listed = [{"key": "powr", "topic": "a/#"}, {"topic": "b"}, {"key": "gas"}, "c", {}, 1]
    told = problems({"layout": "topics", "topics": listed})
    assert [sentence.partition(":")[0] for sentence in told] == [
        *("mqtt.topics[0].key", "mqtt.topics[0].topic", "mqtt.topics[1].key"),
        *("mqtt.topics[2].topic", "mqtt.topics[3]", "mqtt.topics[5]"),
    ]


def test_a_line_that_was_left_empty_in_the_form_is_none() -> None:
    empty = {"key": "", "topic": None}
    assert parsed({"layout": "topics", "topics": [{}, POWER, empty]}).mqtt.topics == (
        ValueTopic("power", "house/power"),
    )
    (told,) = problems({"layout": "topics", "topics": [empty]})
    assert told.startswith("mqtt.topics: nothing is given, but mqtt.layout is topics; wanted is")


def test_options_that_the_layout_does_not_use_are_told_and_do_no_harm() -> None:
    options = parsed({"state_topic": "a/b", "topics": [POWER]})
    state_topic, topics = options.doubts()
    assert state_topic == (
        "mqtt.state_topic is given, but mqtt.layout is standard, and only lgraho has such a topic;"
        " it is not used"
    )
    assert topics == (
        "mqtt.topics are given, but mqtt.layout is standard; they are used with mqtt.layout: topics"
        " only"
    )
    assert not list(parsed({"layout": "lgraho", "state_topic": "a/b"}).doubts())
    assert not list(parsed({"layout": "topics", "topics": [POWER]}).doubts())


def test_nothing_is_announced_only_if_that_is_said() -> None:
    assert parsed({}).mqtt.discovery
    assert not parsed({"discovery": False}).mqtt.discovery
    (told,) = problems({"discovery": "false"})
    assert told == 'mqtt.discovery: "false" is given; wanted is true or false, without quotes'
