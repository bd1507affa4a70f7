"""Legacy layouts: the messages that entities and automations of three other programs rely on."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.config.layouts import LAYOUT_NAMES
from app.meters.reading import Meter, Reading
from app.meters.sensors import DIAGNOSTICS, SENSORS
from app.mqtt.announcements import Announcement
from app.mqtt.layout import Layout, Message
from app.mqtt.layouts import LAYOUTS
from app.mqtt.topics import Topics
from tests.support.publishing import GAS

METER = Meter("30100007", "30100007", "e450", "Landis+Gyr", "E450", None)
NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
VALUES: dict[str, Decimal | int | str] = {
    "energy_import": Decimal("4408.736"),
    "energy_export": Decimal("12.5"),
    "power_import": 29,
    "power_export": 0,
    "power": 29,
    "voltage_l1": Decimal("236.1"),
    "voltage_l2": 237,
    "voltage_l3": 236,
    "current_l1": 0,
    "current_l2": Decimal("0.04"),
    "current_l3": Decimal("0.26"),
    "phase_angle_l2": 53,
    "power_factor": Decimal("0.97"),
    "frequency": 50,
}
READING = Reading(METER, NOON, VALUES)


def layout(name: str, topics: Topics | None = None) -> Layout:
    return LAYOUTS[name](topics or Topics(), language="en", version="1.2.3")


def said(messages: list[Message]) -> dict[str, Any]:
    return {message.topic: json.loads(message.payload, parse_float=Decimal) for message in messages}


def announced(name: str, meter: Meter = METER, topics: Topics | None = None) -> dict[str, Any]:
    keys = frozenset({*VALUES, "timestamp", *DIAGNOSTICS}) if meter is METER else frozenset({"gas"})
    message, *_ = layout(name, topics).announcement(Announcement(meter, None, keys, {}))
    assert message.retain
    return {"topic": message.topic, **json.loads(message.payload)}


def test_every_layout_can_be_chosen() -> None:
    assert tuple(LAYOUTS) == LAYOUT_NAMES


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_our_own_state_message_is_always_there(name: str) -> None:
    (expected,) = layout("standard").reading(READING)
    assert expected in list(layout(name).reading(READING))


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_a_meter_behind_the_meter_has_our_own_messages_only(name: str) -> None:
    gas = Reading(GAS, NOON, {"gas": Decimal("7.5")})
    assert list(layout(name).reading(gas)) == list(layout("standard").reading(gas))
    described, usual = announced(name, GAS), announced("standard", GAS)
    assert (described["topic"], described["cmps"]) == (usual["topic"], usual["cmps"])
    assert described["dev"]["identifiers"] == ["smartmeter_gas7"]


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_no_message_of_a_reading_is_retained(name: str) -> None:
    assert not any(message.retain for message in layout(name).reading(READING))


# smartmeter_homeassistant_burgenland


def test_burgenland_s_state_has_its_keys_and_energy_in_wh() -> None:
    state = said(list(layout("burgenland").reading(READING)))["smartmeter/state"]
    assert state == {
        "total_con": 4408736,
        "total_prov": 12500,
        "w_con": 29,
        "w_prov": 0,
        "u1": Decimal("236.1"),
        "u2": 237,
        "u3": 236,
        "i1": 0,
        "i2": Decimal("0.04"),
        "i3": Decimal("0.26"),
        "angle2": 53,
        "power_factor": Decimal("0.97"),
    }


def test_burgenland_s_entities_keep_their_unique_ids_and_units() -> None:
    described = announced("burgenland")
    assert described["topic"] == "homeassistant/device/smartmeter/config"
    assert described["dev"]["identifiers"] == ["smartmeter"]
    components = described["cmps"]
    old = {
        component["unique_id"]: component.get("unit_of_measurement")
        for component in components.values()
        if not component["unique_id"].startswith("smartmeter_30100007_")
    }
    assert old == {
        "smartmeter": None,
        "smartmeter_total_energy_consumed": "Wh",
        "smartmeter_total_energy_provided": "Wh",
        "smartmeter_power_consumed": "W",
        "smartmeter_power_provided": "W",
        "smartmeter_voltage_l1": "V",
        "smartmeter_voltage_l2": "V",
        "smartmeter_voltage_l3": "V",
        "smartmeter_current_l1": "A",
        "smartmeter_current_l2": "A",
        "smartmeter_current_l3": "A",
        "smartmeter_angle_l2": "°",
        "smartmeter_power_factor": None,
    }
    assert components["energy_import"]["device_class"] == "energy"
    assert components["phase_angle_l2"]["enabled_by_default"] is False
    # Where that program had it already, Core keeps it enabled.
    assert components["raw_data"]["enabled_by_default"] is False


def test_burgenland_s_powers_read_its_state_and_all_else_comes_at_the_pace_of_details() -> None:
    components = announced("burgenland")["cmps"]
    for key, field in (("power_import", "w_con"), ("power_export", "w_prov")):
        assert components[key]["state_topic"] == "smartmeter/state"
        assert components[key]["value_template"] == f"{{{{ value_json.{field} | default('') }}}}"
    usual = announced("standard")["cmps"]
    for key in ("voltage_l1", "current_l3", "phase_angle_l2", "power_factor"):
        assert components[key]["state_topic"] == "smartmeter/30100007/details"
        assert components[key]["value_template"] == usual[key]["value_template"]
    energy = components["energy_import"]
    assert energy["state_topic"] == "smartmeter/30100007/details"
    assert energy["value_template"] == (
        "{{ (value_json.energy_import * 1000) | round(0)"
        " if value_json.energy_import is number else '' }}"
    )


def test_readings_that_burgenland_does_not_have_join_its_device() -> None:
    described = announced("burgenland")
    components = described["cmps"]
    assert components["frequency"]["unique_id"] == "smartmeter_30100007_frequency"
    assert described["state_topic"] == "smartmeter/30100007/state"
    assert components["problem"]["state_topic"] == "smartmeter/30100007/diagnostics"


def test_burgenland_s_entities_are_taken_over_and_no_others() -> None:
    (message,) = layout("burgenland").takeover()
    assert message.topic == announced("burgenland")["topic"]
    assert (json.loads(message.payload), message.retain) == ({"migrate_discovery": True}, False)
    assert layout("burgenland").successor == message.topic


@pytest.mark.parametrize("name", ["standard", "greenmikeeu", "topics"])
def test_where_nothing_was_announced_nothing_is_taken_over(name: str) -> None:
    assert list(layout(name).takeover()) == []
    assert layout(name).successor == ""


def test_burgenland_s_availability_is_the_last_will_s_topic() -> None:
    assert layout("burgenland").status == "smartmeter/availability"
    described = announced("burgenland")
    assert described["availability"] == [
        {"topic": "smartmeter/availability"},
        {"topic": "smartmeter/30100007/status"},
    ]
    assert described["cmps"]["problem"]["availability"] == [{"topic": "smartmeter/availability"}]


def test_burgenland_s_prefix_and_device_id_are_the_base_topic() -> None:
    topics = Topics(base="keller/zaehler")
    described = announced("burgenland", topics=topics)
    assert described["topic"] == "homeassistant/device/zaehler/config"
    assert described["dev"]["identifiers"] == ["zaehler"]
    assert described["cmps"]["power_import"]["unique_id"] == "zaehler_power_consumed"
    assert "keller/zaehler/state" in said(list(layout("burgenland", topics).reading(READING)))
    assert layout("burgenland", topics).status == "keller/zaehler/availability"


def test_a_replaced_meter_keeps_burgenland_s_device() -> None:
    new = Meter("30100008", "30100008", "e450", "Landis+Gyr", "E450", None)
    (message,) = layout("burgenland").announcement(
        Announcement(new, None, frozenset({"power_import"}), {})
    )
    assert message.topic == "homeassistant/device/smartmeter/config"


# lgraho/smartmeterreader


def test_lgraho_s_state_has_its_keys() -> None:
    state = said(list(layout("lgraho").reading(READING)))["homeassistant/sensor/smartmeter/state"]
    assert state == {
        "energy": Decimal("4408.736"),
        "energyR": Decimal("12.5"),
        "power": 29,
        "powerR": 0,
        "voltageL1": Decimal("236.1"),
        "voltageL2": 237,
        "voltageL3": 236,
        "currentL1": 0,
        "currentL2": Decimal("0.04"),
        "currentL3": Decimal("0.26"),
        "powerfactor": Decimal("0.97"),
    }


def test_lgraho_s_state_topic_can_be_chosen() -> None:
    topics = Topics(legacy_state="keller/strom")
    messages = said(list(layout("lgraho", topics).reading(READING)))
    assert set(messages) == {"keller/strom", "smartmeter/30100007/state"}
    assert eleven(topics=topics)["cmps"]["power"]["state_topic"] == "keller/strom"


def eleven(
    *keys: str, topics: Topics | None = None, gone: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Give the announcement of lgraho's sensors."""
    announcement = Announcement(METER, None, frozenset(keys or VALUES), {}, gone)
    ours, theirs = layout("lgraho", topics).announcement(announcement)
    assert ours.topic == "homeassistant/device/smartmeter_30100007/config"
    assert (theirs.topic, theirs.retain) == (layout("lgraho").successor, True)
    described: dict[str, Any] = json.loads(theirs.payload)
    return described


def test_lgraho_s_sensors_are_a_device_of_their_own_whichever_meter_is_read() -> None:
    described = eleven()
    assert described["dev"]["identifiers"] == ["smartmeterreader"]
    assert layout("lgraho").successor == "homeassistant/device/smartmeterreader/config"
    units = {
        component["default_entity_id"]: component.get("unit_of_measurement")
        for component in described["cmps"].values()
    }
    assert units == {
        "sensor.smartmeter_energy": "kWh",
        "sensor.smartmeter_energyr": "kWh",
        "sensor.smartmeter_power": "W",
        "sensor.smartmeter_powerr": "W",
        "sensor.smartmeter_voltagel1": "V",
        "sensor.smartmeter_voltagel2": "V",
        "sensor.smartmeter_voltagel3": "V",
        "sensor.smartmeter_currentl1": "A",
        "sensor.smartmeter_currentl2": "A",
        "sensor.smartmeter_currentl3": "A",
        "sensor.smartmeter_powerfactor": None,
    }
    assert described["cmps"]["powerR"]["unique_id"] == "smartmeterreader_powerR"
    assert not any("30100007" in one["unique_id"] for one in described["cmps"].values())


def test_lgraho_s_powers_read_its_state_and_all_else_comes_at_the_pace_of_details() -> None:
    components, usual = eleven()["cmps"], announced("standard")["cmps"]
    for field in ("power", "powerR"):
        assert components[field]["state_topic"] == "homeassistant/sensor/smartmeter/state"
        assert components[field]["value_template"] == f"{{{{ value_json.{field} | default('') }}}}"
    for field, key in (("energy", "energy_import"), ("voltageL2", "voltage_l2")):
        assert components[field]["state_topic"] == "smartmeter/30100007/details"
        assert components[field]["value_template"] == usual[key]["value_template"]


def test_lgraho_s_sensors_are_all_enabled_under_its_entity_ids() -> None:
    for component in eleven()["cmps"].values():
        assert "enabled_by_default" not in component
        # The older name of the key, for Core before 2025.10, says the same.
        assert component["default_entity_id"] == f"sensor.{component['object_id']}"


def test_a_sensor_of_lgraho_is_there_only_if_the_meter_sends_it_and_is_taken_back() -> None:
    described = eleven("power_import", "frequency", gone=frozenset({"voltage_l1"}))
    assert described["cmps"].keys() == {"power", "voltageL1"}
    assert described["cmps"]["voltageL1"] == {"p": "sensor"}


def test_lgraho_s_own_announcements_make_way() -> None:
    topics = Topics(discovery_prefix="ha")
    messages = list(layout("lgraho", topics).takeover())
    assert {message.payload for message in messages} == {""}
    assert [message.topic for message in messages][::4] == [
        "ha/sensor/smartmeterP/config",
        "ha/sensor/smartmeterV1/config",
        "ha/sensor/smartmeterI2/config",
    ]
    assert len(messages) == 11


# greenMikeEU/SmartMeterEVN


def test_greenmikeeu_has_one_topic_a_value() -> None:
    messages = said(list(layout("greenmikeeu").reading(READING)))
    del messages["smartmeter/30100007/state"]
    assert messages == {
        "Smartmeter/WirkenergieBezug": Decimal("4408.736"),
        "Smartmeter/WirkenergieLieferung": Decimal("12.5"),
        "Smartmeter/WirkleistungBezug": 29,
        "Smartmeter/WirkleistungLieferung": 0,
        "Smartmeter/Wirkleistunggesamt": 29,
        "Smartmeter/SpannungL1": Decimal("236.1"),
        "Smartmeter/SpannungL2": 237,
        "Smartmeter/SpannungL3": 236,
        "Smartmeter/StromL1": 0,
        "Smartmeter/StromL2": Decimal("0.04"),
        "Smartmeter/StromL3": Decimal("0.26"),
        "Smartmeter/Leistungsfaktor": Decimal("0.97"),
        # Of its first programs:
        "Smartmeter/WirkenergieP": 4408736,
        "Smartmeter/WirkenergieN": 12500,
        "Smartmeter/MomentanleistungP": 29,
        "Smartmeter/MomentanleistungN": 0,
        "Smartmeter/Momentanleistung": 29,
    }


def test_greenmikeeu_s_energies_in_wh_are_whole_numbers_where_they_are() -> None:
    payloads = {one.topic: one.payload for one in layout("greenmikeeu").reading(READING)}
    assert payloads["Smartmeter/WirkenergieP"] == "4408736"
    finer = READING._replace(values={"energy_import": Decimal("0.0015")})
    payloads = {one.topic: one.payload for one in layout("greenmikeeu").reading(finer)}
    assert payloads["Smartmeter/WirkenergieP"] == "1.5"


@pytest.mark.parametrize("name", ["lgraho", "greenmikeeu", "topics"])
def test_the_device_is_our_own_where_the_other_program_had_none(name: str) -> None:
    assert announced(name) == announced("standard")
    assert layout(name).status == "smartmeter/status"


def test_the_readings_of_this_test_are_real_ones() -> None:
    assert VALUES.keys() <= SENSORS.keys()
