"""The discovery message: what Home Assistant accepts, and what stays when names change."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from app.jsontext import dumps
from app.meters.reading import Meter
from app.meters.sensors import DIAGNOSTICS, SENSORS
from app.mqtt.announcements import Announcement
from app.mqtt.discovery import payload, slug
from app.mqtt.topics import Topics
from tests.support.publishing import GAS

METER = Meter(
    id="1kfm0200000011",
    number="1KFM0200000011",
    type="kaifa",
    manufacturer="Kaifa",
    model="MA309M",
    system_title="4b464d1020000011",
)

# Home Assistant Core drops the whole device when there is any other key.
TOP_LEVEL = {
    *("dev", "o", "cmps"),
    *("availability", "availability_mode", "availability_topic", "availability_template"),
    *("payload_available", "payload_not_available"),
    *("state_topic", "command_topic", "qos", "encoding", "message_expiry_interval"),
}
DEVICE = {"identifiers", "name", "manufacturer", "model", "serial_number", "sw_version"}
COMPONENT = {
    *("p", "unique_id", "default_entity_id", "name", "value_template"),
    *("unit_of_measurement", "device_class", "state_class", "suggested_display_precision"),
    *("entity_category", "enabled_by_default", "options", "state_topic"),
}
DETAILS = {"json_attributes_topic", "json_attributes_template"}
# Unit, device class and state class, as Core accepts them together.
CLASSES = {
    ("kWh", "energy", "total_increasing"),
    ("kWh", "energy", "total"),
    ("kW", "power", "measurement"),
    (None, None, "total_increasing"),
    (None, "enum", None),
    (None, "opening", None),
    (None, None, None),
    ("kvarh", "reactive_energy", "total_increasing"),
    ("W", "power", "measurement"),
    ("var", "reactive_power", "measurement"),
    ("VA", "apparent_power", "measurement"),
    ("V", "voltage", "measurement"),
    ("A", "current", "measurement"),
    ("Hz", "frequency", "measurement"),
    (None, "power_factor", "measurement"),
    ("°", None, "measurement_angle"),
    ("m³", "gas", "total_increasing"),
    ("m³", "water", "total_increasing"),
    ("GJ", "energy", "total_increasing"),
    (None, "timestamp", None),
}
# homeassistant/core.py
VALID_ENTITY_ID = re.compile(r"(?!.+__)(?!_)[\da-z_]+(?<!_)\.(?!_)[\da-z_]+(?<!_)")


def describe(
    keys: Collection[str] = tuple(SENSORS),
    meter: Meter = METER,
    language: str = "en",
    name: str | None = None,
    *,
    derived: Mapping[str, str] | None = None,
    gone: Collection[str] = (),
) -> dict[str, Any]:
    announced = Announcement(meter, name, frozenset(keys), derived or {}, frozenset(gone))
    return payload(announced, topics=Topics(), language=language, version="1.2.3")


def test_the_top_level_has_only_keys_that_home_assistant_allows() -> None:
    assert set(describe()) <= TOP_LEVEL


def test_device_origin_and_components_are_there() -> None:
    described = describe()
    assert set(described["dev"]) == DEVICE
    assert described["dev"]["identifiers"] == ["smartmeter_1kfm0200000011"]
    assert described["dev"]["manufacturer"] == "Kaifa"
    assert described["dev"]["model"] == "MA309M"
    assert described["dev"]["serial_number"] == "1KFM0200000011"
    assert described["dev"]["sw_version"] == ""  # is the meter's firmware, which it does not say
    assert described["o"]["sw_version"] == "1.2.3"
    assert described["o"]["name"]
    assert set(described["cmps"]) == set(SENSORS)


def test_every_component_is_a_sensor_of_known_keys_only() -> None:
    for key, component in describe()["cmps"].items():
        assert component["p"] == SENSORS[key].platform
        assert set(component) <= COMPONENT | (DETAILS if SENSORS[key].details else set())
        assert None not in component.values()


def test_unit_device_class_and_state_class_go_together() -> None:
    for component in describe()["cmps"].values():
        unit, device_class, state_class = map(
            component.get, ("unit_of_measurement", "device_class", "state_class")
        )
        assert (unit, device_class, state_class) in CLASSES


def test_energy_is_fit_for_the_energy_dashboard() -> None:
    assert describe(["energy_import"])["cmps"]["energy_import"] == {
        "p": "sensor",
        "unique_id": "smartmeter_1kfm0200000011_energy_import",
        "default_entity_id": "sensor.kaifa_ma309m_energy_import",
        "name": "Energy import",
        "value_template": "{{ value_json.energy_import | default('') }}",
        "state_topic": "smartmeter/1kfm0200000011/details",
        "unit_of_measurement": "kWh",
        "device_class": "energy",
        "state_class": "total_increasing",
        "suggested_display_precision": 3,
    }


def test_the_meters_clock_is_a_diagnostic_and_unknown_when_missing() -> None:
    assert describe(["timestamp"])["cmps"]["timestamp"] == {
        "p": "sensor",
        "unique_id": "smartmeter_1kfm0200000011_timestamp",
        "default_entity_id": "sensor.kaifa_ma309m_timestamp",
        "name": "Meter time",
        "value_template": "{{ value_json.timestamp | default('None') }}",
        "device_class": "timestamp",
        "entity_category": "diagnostic",
        "enabled_by_default": False,
        "state_topic": "smartmeter/1kfm0200000011/details",
    }


def test_one_of_a_few_values_is_unknown_when_missing() -> None:
    """With an empty text Core would complain at every telegram that lacks it."""
    assert describe(["active_tariff"])["cmps"]["active_tariff"] == {
        "p": "sensor",
        "unique_id": "smartmeter_1kfm0200000011_active_tariff",
        "default_entity_id": "sensor.kaifa_ma309m_active_tariff",
        "name": "Active tariff",
        "value_template": "{{ value_json.active_tariff | default('None') }}",
        "device_class": "enum",
        "options": ["1", "2", "3", "4"],
        "state_topic": "smartmeter/1kfm0200000011/details",
    }


def test_only_the_power_of_the_house_follows_every_telegram() -> None:
    described = describe()
    assert described["state_topic"] == "smartmeter/1kfm0200000011/state"
    topics = {key: one.get("state_topic") for key, one in described["cmps"].items()}
    assert {key for key, topic in topics.items() if topic is None} == {
        *("power", "power_import", "power_export")
    }
    assert set(topics.values()) == {None, "smartmeter/1kfm0200000011/details"}


def test_nothing_that_is_enabled_from_the_start_floods_the_page_activity() -> None:
    """As Core leaves out what has a unit or a state class, in components/logbook/helpers.py."""
    keys = SENSORS.keys() | DIAGNOSTICS.keys()
    shown = {
        key
        for key, one in describe(keys)["cmps"].items()
        if one.get("enabled_by_default", True)
        and not {"unit_of_measurement", "state_class"} & one.keys()
    }
    assert shown == {"active_tariff", "problem", "serial_mode"}


def test_a_peak_is_published_in_watts_and_shown_in_kilowatts() -> None:
    """MQTT discovery knows no suggested unit. Null is unknown; what is missing changes nothing."""
    peak = describe(["power_import_peak"])["cmps"]["power_import_peak"]
    assert peak["unit_of_measurement"] == "kW"
    assert peak["suggested_display_precision"] == 3
    value = "value_json.power_import_peak"
    watts = f"{value} if {value} is none else {value} / 1000 if {value} is defined else ''"
    assert peak["value_template"] == f"{{{{ {watts} }}}}"


def test_what_stands_beside_a_reading_is_its_attributes() -> None:
    peak = describe(["power_import_peak"])["cmps"]["power_import_peak"]
    assert peak["json_attributes_topic"] == "smartmeter/1kfm0200000011/details"
    details = "value_json.power_import_peak_details"
    assert peak["json_attributes_template"] == f"{{{{ {details} | default({{}}) | tojson }}}}"


def test_rarely_used_sensors_are_disabled_and_no_others() -> None:
    for key, component in describe()["cmps"].items():
        assert component.get("enabled_by_default", True) is SENSORS[key].enabled


def test_a_calculated_reading_has_its_formula_as_attribute() -> None:
    described = describe(derived={"power": "power_import - power_export"})["cmps"]
    assert described["power"]["json_attributes_topic"] == "smartmeter/1kfm0200000011/state"
    attributes = described["power"]["json_attributes_template"]
    assert attributes == '{"calculated_from": "power_import - power_export"}'
    assert set(described["power_import"]) <= COMPONENT


def test_what_is_gone_is_taken_back() -> None:
    described = describe(["power"], gone=["frequency", "problem", "of_a_later_version"])["cmps"]
    assert described["frequency"] == {"p": "sensor"}
    assert described["problem"] == {"p": "binary_sensor"}
    assert described.keys() == {"power", "frequency", "problem"}


# Diagnostics


def test_diagnostics_have_a_topic_of_their_own_and_need_no_meter_that_is_heard() -> None:
    for key, component in describe(DIAGNOSTICS)["cmps"].items():
        assert component["state_topic"] == "smartmeter/1kfm0200000011/diagnostics"
        assert component["availability"] == [{"topic": "smartmeter/status"}]
        assert component["entity_category"] == "diagnostic"
        assert component["unique_id"] == f"smartmeter_1kfm0200000011_{key}"


def test_the_problem_is_on_or_off_and_explains_itself() -> None:
    assert describe(["problem"])["cmps"]["problem"] == {
        "p": "binary_sensor",
        "unique_id": "smartmeter_1kfm0200000011_problem",
        "default_entity_id": "binary_sensor.kaifa_ma309m_problem",
        "name": "Problem",
        "value_template": "{{ value_json.problem | default('') }}",
        "device_class": "problem",
        "entity_category": "diagnostic",
        "state_topic": "smartmeter/1kfm0200000011/diagnostics",
        "availability": [{"topic": "smartmeter/status"}],
        "json_attributes_topic": "smartmeter/1kfm0200000011/diagnostics",
        "json_attributes_template": "{{ value_json.problem_details | default({}) | tojson }}",
    }


def test_the_time_of_the_last_telegram_is_unknown_when_missing() -> None:
    component = describe(["last_telegram"])["cmps"]["last_telegram"]
    assert component["value_template"] == "{{ value_json.last_telegram | default('None') }}"
    assert component["device_class"] == "timestamp"


def test_the_configuration_url_is_given_when_it_is_known() -> None:
    announced = Announcement(METER, None, frozenset(["power"]), {})
    made = payload(
        announced,
        topics=Topics(),
        language="en",
        version="1",
        configuration_url="homeassistant://x",
    )
    assert made["dev"]["configuration_url"] == "homeassistant://x"  # type: ignore[index]


def test_only_what_the_meter_sends_is_announced_in_the_tables_order() -> None:
    described = describe(["voltage_l1", "no_such_reading", "energy_import"])
    assert list(described["cmps"]) == ["energy_import", "voltage_l1"]


def test_entities_are_available_only_while_program_and_meter_are() -> None:
    described = describe()
    assert described["availability"] == [
        {"topic": "smartmeter/status"},
        {"topic": "smartmeter/1kfm0200000011/status"},
    ]
    assert described["availability_mode"] == "all"
    assert described["state_topic"] == "smartmeter/1kfm0200000011/state"


def test_language_changes_names_and_no_ids() -> None:
    english, german = describe(language="en")["cmps"], describe(language="de")["cmps"]
    assert german["energy_import"].pop("name") == "Bezug"
    assert english["energy_import"].pop("name") == "Energy import"
    assert german["energy_import"] == english["energy_import"]


def test_no_entitys_name_repeats_the_device() -> None:
    described = describe(name="Smart meter")
    assert described["dev"]["name"] == "Smart meter"
    for component in described["cmps"].values():
        assert "meter" not in component["name"].lower().removesuffix("meter time")
        assert not component["name"].startswith(described["dev"]["name"])


def test_unique_ids_come_from_the_meter_and_not_from_its_name() -> None:
    unnamed, named = describe()["cmps"], describe(name="Keller")["cmps"]
    for key, component in named.items():
        assert component["unique_id"] == unnamed[key]["unique_id"]
        assert component["default_entity_id"] == f"{SENSORS[key].platform}.keller_{key}"


@pytest.mark.parametrize("name", [None, "Zähler Süd", "  #1 -- Straße!", "電気", "_", "Haus_2"])
def test_entity_ids_are_valid_whatever_the_name_is(name: str | None) -> None:
    for component in describe(name=name)["cmps"].values():
        assert VALID_ENTITY_ID.fullmatch(component["default_entity_id"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zähler Süd", "zaehler_sued"),
        ("Straße 7", "strasse_7"),
        ("Kaifa MA309M", "kaifa_ma309m"),
        ("1kfm-02__00", "1kfm_02_00"),
        ("  Café -- Übersee ", "cafe_uebersee"),
        ("電気", ""),
    ],
)
def test_a_slug_is_plain_letters(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_a_name_without_plain_letters_leaves_the_meters_number() -> None:
    component = describe(name="電気")["cmps"]["power"]
    assert component["default_entity_id"] == "sensor.smartmeter_1kfm0200000011_power"


def test_a_meter_that_does_not_send_its_number_has_no_serial_number() -> None:
    meter = Meter("lgz-1", None, "e450", "Landis+Gyr", "E450", None)
    assert "serial_number" not in describe(meter=meter)["dev"]


def test_the_message_is_json() -> None:
    assert dumps(describe()).startswith('{"dev": {"identifiers": ["smartmeter_1kfm0200000011"]')


def test_a_meter_that_names_no_model_is_named_in_the_language_of_the_sensors() -> None:
    english, german = (describe(["gas"], GAS, language) for language in ("en", "de"))
    assert (english["dev"]["name"], german["dev"]["name"]) == ("Gas meter", "Gaszähler")
    assert german["dev"]["model"] == "Gaszähler"
    assert describe(["gas"], GAS, "de", "Keller")["dev"]["name"] == "Keller"
    ids = {described["cmps"]["gas"]["default_entity_id"] for described in (english, german)}
    assert ids == {"sensor.gas_meter_gas"}


def test_an_unknown_maker_is_left_out() -> None:
    assert "manufacturer" not in describe(["gas"], GAS)["dev"]


def test_a_meter_is_linked_to_what_it_is_read_through() -> None:
    announced = Announcement(METER, None, frozenset(["power"]), {})
    made = payload(announced, topics=Topics(), language="en", version="1", via="reader")
    assert made["dev"]["via_device"] == "reader"  # type: ignore[index]
    assert "via_device" not in describe()["dev"]


def test_the_type_code_is_the_models_id_unless_it_is_the_model() -> None:
    def model_id(code: str | None) -> object:
        announced = Announcement(METER, None, frozenset(["power"]), {}, type_code=code)
        made = payload(announced, topics=Topics(), language="en", version="1")
        return made["dev"].get("model_id")  # type: ignore[attr-defined]

    assert model_id("MA309MH4SE") == "MA309MH4SE"
    assert model_id("MA309M") is None
    assert model_id(None) is None
