"""The topics that other programs rely on."""

import pytest

from app.mqtt.topics import Topics, publishable


def test_topics_are_the_ones_that_other_programs_rely_on() -> None:
    topics = Topics("smartmeter", "homeassistant")
    assert topics.status == "smartmeter/status"
    assert topics.meter_status("m1") == "smartmeter/m1/status"
    assert topics.meter_statuses == "smartmeter/+/status"
    assert topics.state("m1") == "smartmeter/m1/state"
    assert topics.discovery("m1") == "homeassistant/device/smartmeter_m1/config"
    assert topics.home_assistant == "homeassistant/status"


def test_base_and_prefix_can_be_chosen() -> None:
    topics = Topics("house/meters", "ha")
    assert topics.state("m1") == "house/meters/m1/state"
    assert topics.discovery("m1") == "ha/device/smartmeter_m1/config"
    assert topics.home_assistant == "ha/status"


@pytest.mark.parametrize("topic", ["smartmeter/status", "a b", "Zähler", "$SYS/x", "x" * 1000])
def test_a_topic_without_wildcards_and_control_characters_is_publishable(topic: str) -> None:
    assert publishable(topic)


@pytest.mark.parametrize("topic", ["", "a/+/b", "#", "a\0b", "a\nb", "x" * 1001, "a\ud800"])
def test_what_no_broker_accepts_is_not_publishable(topic: str) -> None:
    assert not publishable(topic)
