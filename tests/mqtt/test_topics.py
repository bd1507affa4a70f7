"""The topics that other programs rely on."""

import re

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
    assert topics.line("2") == "smartmeter/line/2/diagnostics"
    assert topics.lines == "smartmeter/line/+/diagnostics"
    assert topics.program_device == "smartmeter-reader_smartmeter"
    reader = "homeassistant/device/smartmeter-reader_smartmeter/config"
    assert topics.program_discovery == reader


def test_base_and_prefix_can_be_chosen() -> None:
    topics = Topics("house/meters", "ha")
    assert topics.state("m1") == "house/meters/m1/state"
    assert topics.discovery("m1") == "ha/device/smartmeter_m1/config"
    assert topics.home_assistant == "ha/status"


def test_programs_with_different_base_topics_have_different_devices() -> None:
    bases = ["a", "A", "a/b", "a_b", "a-b", "a b", "a_2f_b", "ä", "_", "/", "smartmeter"]
    names = [Topics(base).program_device for base in bases]
    assert len(set(names)) == len(bases)
    # homeassistant/components/mqtt/discovery.py: TOPIC_MATCHER
    assert all(re.fullmatch("[a-zA-Z0-9_-]+", name) for name in names)


@pytest.mark.parametrize("topic", ["smartmeter/status", "a b", "Zähler", "$SYS/x", "x" * 1000])
def test_a_topic_without_wildcards_and_control_characters_is_publishable(topic: str) -> None:
    assert publishable(topic)


@pytest.mark.parametrize("topic", ["", "a/+/b", "#", "a\0b", "a\nb", "x" * 1001, "a\ud800"])
def test_what_no_broker_accepts_is_not_publishable(topic: str) -> None:
    assert not publishable(topic)
