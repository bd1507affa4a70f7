"""Legacy layouts: entities of other programs go on, with their ids, units and history."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.home_assistant.expected import UNAVAILABLE, comparable
from tests.home_assistant.house import new_meter, options, reading
from tests.support.core import Core
from tests.support.core_client import Client
from tests.support.mosquitto import Mosquitto, Watcher
from tests.support.simulated import Adapter, published

# What smartmeter_homeassistant_burgenland announces: its unique ids, units and JSON keys.
BEFORE = {
    "": ("Raw Data", "{{ value }}", None, None),
    "_total_energy_consumed": ("Energy consumed", "{{ value_json.total_con }}", "Wh", "energy"),
    "_total_energy_provided": ("Energy provided", "{{ value_json.total_prov }}", "Wh", "energy"),
    "_power_consumed": ("Power consumed", "{{ value_json.w_con }}", "W", "power"),
    "_power_provided": ("Power provided", "{{ value_json.w_prov }}", "W", "power"),
    "_voltage_l1": ("Voltage L1", "{{ value_json.u1 }}", "V", "voltage"),
    "_current_l1": ("Current L1", "{{ value_json.i1 }}", "A", "current"),
}

LGRAHO = "homeassistant/sensor/smartmeter/state"


def burgenland() -> dict[str, Any]:
    components = {}
    for suffix, (name, template, unit, device_class) in BEFORE.items():
        component: dict[str, Any] = {
            "p": "sensor",
            "unique_id": f"smartmeter{suffix}",
            "name": f"Smart Meter {name}",
            "value_template": template,
        }
        if unit:
            component |= {"unit_of_measurement": unit, "device_class": device_class}
            component["state_class"] = "total_increasing" if unit == "Wh" else "measurement"
        components[f"smartmeter{suffix}"] = component
    return {
        "dev": {"identifiers": ["smartmeter"], "name": "Smart Meter", "mf": "Landis+Gyr"},
        "o": {"name": "smartmeter_homeassistant_burgenland", "sw": "0.7.2"},
        "cmps": components,
        "state_topic": "smartmeter/state",
        "availability_topic": "smartmeter/availability",
    }


async def ours(home: Client) -> dict[str, dict[str, Any]]:
    """Give what Core has registered of MQTT, by unique id."""
    listed = await home.call("config/entity_registry/list")
    return {one["unique_id"]: one for one in listed if one["platform"] == "mqtt"}


async def shows(home: Client, unique_id: str, value: Decimal) -> dict[str, Any]:
    """Wait until an entity shows a value, and give its attributes."""

    async def there() -> dict[str, Any]:
        entry = (await ours(home)).get(unique_id)
        now = home.states.get(entry["entity_id"]) if entry else None
        return now if now and comparable(now["state"]) == value else {}

    attributes: dict[str, Any] = (await home.until(there, f"{unique_id} {value}"))["attributes"]
    return attributes


async def introduce_sensor(
    home: Client, watcher: Watcher, unique_id: str, topic: str, template: str
) -> None:
    """Have Core know a sensor of somebody else's; from then on it hears what is announced."""
    sensor = {"p": "sensor", "unique_id": unique_id, "name": unique_id, "value_template": template}
    device = {"identifiers": [unique_id], "name": unique_id}
    config = {"dev": device, "o": {"name": "x"}, "cmps": {"x": sensor}, "state_topic": topic}
    await watcher.publish(
        f"homeassistant/device/{unique_id}/config", json.dumps(config), retain=True
    )

    async def known() -> bool:
        return unique_id in await ours(home)

    await home.until(known, f"the sensor {unique_id}")


async def before(home: Client, watcher: Watcher) -> dict[str, str]:
    """Let the Burgenland program be there, and end; give its entity ids by unique id."""
    await introduce_sensor(home, watcher, "another", "another/state", "{{ value }}")
    await watcher.publish("homeassistant/device/smartmeter/config", json.dumps(burgenland()))
    await watcher.publish("smartmeter/availability", "online", retain=True)

    async def listens() -> bool:
        known = await ours(home)
        states = [
            home.states.get(known[name]["entity_id"], {}).get("state")
            for suffix in BEFORE
            if (name := f"smartmeter{suffix}") in known
        ]
        return len(states) == len(BEFORE) and not {None, UNAVAILABLE} & set(states)

    await home.until(listens, "the other program's entities")
    state = json.dumps(
        {"total_con": 1, "total_prov": 0, "w_con": 7, "w_prov": 0, "u1": 230, "i1": 1}
    )
    await watcher.publish("smartmeter/state", state)
    await shows(home, "smartmeter_power_consumed", Decimal(7))
    await watcher.publish("smartmeter/availability", "offline", retain=True)
    return {
        unique_id: one["entity_id"]
        for unique_id, one in (await ours(home)).items()
        if unique_id != "another"
    }


async def test_burgenland_s_entities_keep_their_ids_and_units_and_go_on(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    position = core.position
    meter = new_meter(adapter, "e450", "burgenland")
    async with house.watch() as watcher:
        ids = await before(home, watcher)
    mqtt = {**options(house, adapter)["mqtt"], "layout": "burgenland"}
    async with reading(house, adapter, tmp_path, mqtt=mqtt):
        said = published((await meter.push()).truth)
        energy = await shows(home, "smartmeter_total_energy_consumed", said["energy_import"] * 1000)
        assert energy["unit_of_measurement"] == "Wh"
        await shows(home, "smartmeter_power_consumed", said["power_import"])
        await shows(home, "smartmeter_voltage_l1", said["voltage_l1"])
        listed = await ours(home)
        del listed["another"]
        assert {unique_id: listed[unique_id]["entity_id"] for unique_id in ids} == ids
        assert len({listed[unique_id]["device_id"] for unique_id in ids}) == 1
        assert not [one["entity_id"] for one in listed.values() if one["entity_id"].endswith("_2")]
        # What it did not have is there as well, on the same device.
        assert f"smartmeter_{meter.id}_problem" in listed
    assert not core.complaints(position)


@pytest.mark.parametrize(
    ("layout", "topic", "template", "reading_key"),
    [
        (
            "lgraho",
            "homeassistant/sensor/smartmeter/state",
            "{{ value_json.power }}",
            "power_import",
        ),
        (
            "lgraho",
            "homeassistant/sensor/smartmeter/state",
            "{{ value_json.energyR }}",
            "energy_export",
        ),
        ("greenmikeeu", "Smartmeter/WirkenergieBezug", "{{ value }}", "energy_import"),
        ("greenmikeeu", "Smartmeter/Wirkleistunggesamt", "{{ value }}", "power"),
    ],
)
async def test_sensors_that_hang_on_another_program_s_topics_go_on(
    home: Client,
    house: Mosquitto,
    adapter: Adapter,
    tmp_path: Path,
    layout: str,
    topic: str,
    template: str,
    reading_key: str,
) -> None:
    meter = new_meter(adapter, "kaifa", "netznoe")
    async with house.watch() as watcher:
        await introduce_sensor(home, watcher, "old", topic, template)
    mqtt = {**options(house, adapter)["mqtt"], "layout": layout}
    async with reading(house, adapter, tmp_path, mqtt=mqtt):
        for _ in range(2):
            said = published((await meter.push()).truth)
        await shows(home, "old", said[reading_key])
