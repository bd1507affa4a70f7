"""The program's own device: what Home Assistant accepts of it, and what stays."""

from typing import Any

import pytest

from app.config.layouts import LAYOUT_NAMES
from app.jsontext import dumps
from app.line.line_ids import Line, Lines
from app.meters.sensors import LINE_DIAGNOSTICS
from app.mqtt.layouts import LAYOUTS
from app.mqtt.program_device import payload
from app.mqtt.topics import Topics

ONE = Lines((Line("1", ""),))
TWO = Lines((Line("1", "Haus"), Line("3", "/dev/ttyUSB1")), ("2",))


def describe(lines: Lines = ONE, language: str = "en", base: str = "smartmeter") -> dict[str, Any]:
    topics = Topics(base)
    return payload(lines, topics=topics, language=language, version="1.2.3", status=topics.status)


def test_the_device_shows_the_program_and_its_version() -> None:
    described = describe()
    assert described["dev"] == {
        "identifiers": ["smartmeter-reader_smartmeter"],
        "name": "Smart meter reader",
        "sw_version": "1.2.3",
    }
    assert described["o"] == {"name": "Smart meter", "sw_version": "1.2.3"}
    assert described["availability"] == [{"topic": "smartmeter/status"}]
    # Home Assistant Core drops the whole device when there is any other key.
    assert described.keys() == {"dev", "o", "cmps", "availability"}


def test_a_lone_line_has_every_diagnostic_under_plain_names() -> None:
    components = describe()["cmps"]
    assert list(components) == [f"1_{key}" for key in LINE_DIAGNOSTICS]
    assert components["1_problem"] == {
        "p": "binary_sensor",
        "unique_id": "smartmeter-reader_smartmeter_1_problem",
        "default_entity_id": "binary_sensor.smart_meter_reader_problem",
        "name": "Problem",
        "value_template": "{{ value_json.problem | default('') }}",
        "device_class": "problem",
        "entity_category": "diagnostic",
        "state_topic": "smartmeter/line/1/diagnostics",
        "json_attributes_topic": "smartmeter/line/1/diagnostics",
        "json_attributes_template": "{{ value_json.problem_details | default({}) | tojson }}",
    }
    assert components["1_line"]["device_class"] == "connectivity"
    assert "json_attributes_topic" in components["1_line"]
    for component in components.values():
        assert component["entity_category"] == "diagnostic"
        assert component["state_topic"] == "smartmeter/line/1/diagnostics"


def test_several_lines_carry_their_labels_and_one_that_is_gone_is_taken_back() -> None:
    components = describe(TWO)["cmps"]
    assert components["1_problem"]["name"] == "Haus: Problem"
    assert components["3_problem"]["name"] == "/dev/ttyUSB1: Problem"
    prefix = "binary_sensor.smart_meter_reader"
    assert components["1_problem"]["default_entity_id"] == f"{prefix}_haus_problem"
    assert components["3_problem"]["default_entity_id"] == f"{prefix}_dev_ttyusb1_problem"
    assert components["3_problem"]["state_topic"] == "smartmeter/line/3/diagnostics"
    for key, row in LINE_DIAGNOSTICS.items():
        assert components[f"2_{key}"] == {"p": row.platform}


def test_labels_change_no_unique_id() -> None:
    alone = describe()["cmps"]
    beside = describe(TWO)["cmps"]
    for name, component in alone.items():
        assert beside[name]["unique_id"] == component["unique_id"]


def test_a_label_without_plain_letters_leaves_the_lines_number() -> None:
    components = describe(Lines((Line("1", "電気"), Line("2", "ガス"))))["cmps"]
    prefix = "binary_sensor.smart_meter_reader"
    assert components["2_problem"]["default_entity_id"] == f"{prefix}_2_problem"


def test_language_changes_names_and_no_ids() -> None:
    english, german = describe(TWO), describe(TWO, "de")
    assert german["dev"].pop("name") == "Smart-Meter-Leser"
    assert english["dev"].pop("name") == "Smart meter reader"
    names = [one["cmps"]["1_bytes"].get("name") for one in (english, german)]
    assert names == ["Haus: Bytes received", "Haus: Empfangene Bytes"]
    for one in (english, german):
        for component in one["cmps"].values():
            component.pop("name", None)
    assert english == german


def test_programs_with_different_base_topics_are_two_devices() -> None:
    described = describe(base="house/meters")
    assert described["dev"]["identifiers"] == ["smartmeter-reader_house_2f_meters"]
    assert described["dev"]["name"] == "Smart meter reader (house/meters)"
    problem = described["cmps"]["1_problem"]
    assert problem["unique_id"] == "smartmeter-reader_house_2f_meters_1_problem"
    expected = "binary_sensor.smart_meter_reader_house_meters_problem"
    assert problem["default_entity_id"] == expected
    assert problem["state_topic"] == "house/meters/line/1/diagnostics"


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_every_layout_has_the_device_and_follows_its_own_status(name: str) -> None:
    layout = LAYOUTS[name](Topics(), language="en", version="1.2.3", lines=ONE)
    (message,) = layout.program()
    assert message.topic == "homeassistant/device/smartmeter-reader_smartmeter/config"
    assert message.retain
    status = "smartmeter/availability" if name == "burgenland" else "smartmeter/status"
    assert f'"availability": [{{"topic": "{status}"}}]' in message.payload


def test_a_program_without_lines_has_no_device() -> None:
    assert [*LAYOUTS["standard"](Topics(), language="en", version="1").program()] == []


def test_the_message_is_json_with_the_place_where_the_program_is_set_up() -> None:
    described = payload(
        ONE,
        topics=Topics(),
        language="en",
        version="1",
        status="s",
        configuration_url="homeassistant://x",
    )
    assert '"configuration_url": "homeassistant://x"' in dumps(described)
