"""Those who switch from another program: nothing vanishes, nothing doubles, also after a restart.

First the other program's own announcements, as it makes them, or the sensors that its users wrote
by hand; then this program, then a restart of Core.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.home_assistant.expected import UNAVAILABLE, comparable
from tests.home_assistant.house import new_meter, options, reading
from tests.home_assistant.test_layouts import before, introduce_sensor, ours, shows
from tests.support.core import Core
from tests.support.core_client import Client, connected
from tests.support.mosquitto import Mosquitto, Watcher
from tests.support.simulated import Adapter, published

# smartmeterreader's eleven sensors: how the topic of the announcement ends, the key in the state
# message, unit and device class.
ELEVEN = (
    ("P", "power", "W", "power"),
    ("PR", "powerR", "W", "power"),
    ("E", "energy", "kWh", "energy"),
    ("ER", "energyR", "kWh", "energy"),
    ("V1", "voltageL1", "V", "voltage"),
    ("V2", "voltageL2", "V", "voltage"),
    ("V3", "voltageL3", "V", "voltage"),
    ("I1", "currentL1", "A", "current"),
    ("I2", "currentL2", "A", "current"),
    ("I3", "currentL3", "A", "current"),
    ("PF", "powerfactor", None, "power_factor"),
)
OUR_KEYS = {
    "power": "power_import",
    "powerR": "power_export",
    "energy": "energy_import",
    "energyR": "energy_export",
    "powerfactor": "power_factor",
    **{f"voltageL{n}": f"voltage_l{n}" for n in (1, 2, 3)},
    **{f"currentL{n}": f"current_l{n}" for n in (1, 2, 3)},
}


def entity_id(field: str) -> str:
    return f"sensor.smartmeter_{field.lower()}"


async def smartmeterreader(home: Client, watcher: Watcher, state_topic: str) -> None:
    """Let that program start, say something and end; its announcements are not retained."""
    await introduce_sensor(home, watcher, "another", "another/state", "{{ value }}")
    for ending, field, unit, device_class in ELEVEN:
        config = {
            "name": f"Smartmeter {field}",
            "device_class": device_class,
            "state_topic": state_topic,
            "value_template": f"{{{{ value_json.{field} }}}}",
        }
        if unit:
            config |= {"unit_of_measurement": unit}
        topic = f"homeassistant/sensor/smartmeter{ending}/config"
        await watcher.publish(topic, json.dumps(config))

    async def known() -> bool:
        return all(entity_id(field) in home.states for _, field, *_ in ELEVEN)

    await home.until(known, "the other program's sensors")
    await hears(home, watcher)
    state = json.dumps({field: 1 for _, field, *_ in ELEVEN})
    await watcher.publish(state_topic, state)
    await show(home, {entity_id(field): Decimal(1) for _, field, *_ in ELEVEN})


async def hears(home: Client, watcher: Watcher) -> None:
    """Wait until Core has subscribed to the topics of all that it knows so far.

    It subscribes to many topics at once: a sensor that comes last shows what its topic keeps.
    """
    await watcher.publish("fence/state", "here", retain=True)
    await introduce_sensor(home, watcher, "fence", "fence/state", "{{ value }}")

    async def shows_fence() -> bool:
        fence = (await ours(home))["fence"]["entity_id"]
        return bool(home.states.get(fence, {}).get("state") == "here")

    await home.until(shows_fence, "a Core that hears")


async def show(home: Client, wanted: dict[str, Decimal]) -> None:
    """Wait until entities show values."""

    async def there() -> bool:
        found = {one: home.states.get(one, {}).get("state", "") for one in wanted}
        return {one: comparable(text) for one, text in found.items()} == wanted

    try:
        await home.until(there, str(wanted))
    except AssertionError:
        assert {one: home.states.get(one, {}).get("state") for one in wanted} == wanted
        raise


def doubled(home: Client) -> list[str]:
    """Give the entity ids by which Core tells an entity from another of the same name."""
    return [one for one in home.states if one.endswith("_2")]


@pytest.mark.parametrize("state_topic", ["homeassistant/sensor/smartmeter/state", "cellar/meter"])
async def test_smartmeterreader_s_sensors_outlive_a_restart_of_core(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path, state_topic: str
) -> None:
    meter = new_meter(adapter, "kaifa", "netznoe")
    async with house.watch() as watcher, connected(core) as home:
        await smartmeterreader(home, watcher, state_topic)
    position = core.position
    mqtt = {**options(house, adapter)["mqtt"], "layout": "lgraho", "state_topic": state_topic}
    async with reading(house, adapter, tmp_path, mqtt=mqtt):
        for restarts in (False, True):
            if restarts:
                core.restart()
            async with connected(core) as home:
                said = published((await meter.push()).truth)
                await show(home, {entity_id(field): said[key] for field, key in OUR_KEYS.items()})
                said = published((await meter.push()).truth)
                await show(home, {entity_id(field): said[key] for field, key in OUR_KEYS.items()})
                assert not doubled(home)
                registered = await ours(home)
                assert {
                    unique_id: one["entity_id"]
                    for unique_id, one in registered.items()
                    if unique_id.startswith("smartmeterreader_")
                } == {f"smartmeterreader_{field}": entity_id(field) for field in OUR_KEYS}
    assert not core.complaints(position)


async def test_burgenland_s_entities_outlive_a_restart_of_core(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter, "e450", "burgenland")
    async with house.watch() as watcher, connected(core) as home:
        before_ids = await before(home, watcher)
    position = core.position
    mqtt = {**options(house, adapter)["mqtt"], "layout": "burgenland"}
    async with reading(house, adapter, tmp_path, mqtt=mqtt):
        for restarts in (False, True):
            if restarts:
                core.restart()
            async with connected(core) as home:
                said = published((await meter.push()).truth)
                await shows(home, "smartmeter_power_consumed", said["power_import"])
                energy = said["energy_import"] * 1000
                await shows(home, "smartmeter_total_energy_consumed", energy)
                registered = await ours(home)
                found = {one: registered[one]["entity_id"] for one in before_ids}
                assert found == before_ids
                assert not doubled(home)
    assert not core.complaints(position)


HAND_WRITTEN = {
    "greenmikeeu": {
        "Smartmeter/WirkenergieBezug": ("energy_import", 1),
        "Smartmeter/Wirkleistunggesamt": ("power", 1),
        "Smartmeter/WirkenergieP": ("energy_import", 1000),
        "Smartmeter/WirkenergieN": ("energy_export", 1000),
        "Smartmeter/MomentanleistungP": ("power_import", 1),
        "Smartmeter/MomentanleistungN": ("power_export", 1),
        "Smartmeter/Momentanleistung": ("power", 1),
        "Smartmeter/SpannungL2": ("voltage_l2", 1),
    },
    "topics": {
        "keller/strom/bezug": ("energy_import", 1),
        "keller/strom/leistung": ("power", 1),
    },
}


@pytest.mark.parametrize("layout", HAND_WRITTEN)
@pytest.mark.parametrize("discovery", [True, False])
async def test_sensors_that_were_written_by_hand_for_one_topic_a_value_go_on(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path, layout: str, *, discovery: bool
) -> None:
    meter = new_meter(adapter, "kaifa", "netznoe")
    topics = HAND_WRITTEN[layout]
    async with house.watch() as watcher, connected(core) as home:
        for topic in topics:
            await introduce_sensor(home, watcher, by_hand(topic), topic, "{{ value }}")
        await hears(home, watcher)
    position = core.position
    mqtt: dict[str, Any] = {**options(house, adapter)["mqtt"], "layout": layout}
    mqtt["discovery"] = discovery
    if layout == "topics":
        mqtt["topics"] = [{"key": key, "topic": topic} for topic, (key, _) in topics.items()]
    async with reading(house, adapter, tmp_path, mqtt=mqtt):
        for restarts in (False, True):
            if restarts:
                core.restart()
            async with house.watch() as watcher, connected(core) as home:
                await hears(home, watcher)
                said = published((await meter.push()).truth)
                for topic, (key, factor) in topics.items():
                    await shows(home, by_hand(topic), said[key] * factor)
                assert not doubled(home)
                others = (await ours(home)).keys() - {"fence", *map(by_hand, topics)}
                assert bool(others) is discovery
    assert not core.complaints(position)


def by_hand(topic: str) -> str:
    return topic.lower().replace("/", "_")


async def test_without_discovery_the_entities_of_an_earlier_run_go_and_stay_away(
    core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    mqtt = {**options(house, adapter)["mqtt"], "discovery": False}
    async with connected(core) as home:
        async with reading(house, adapter, tmp_path):
            said = published((await meter.push()).truth)
            await shows(home, f"smartmeter_{meter.id}_power", said["power"])
        async with reading(house, adapter, tmp_path, mqtt=mqtt):

            async def gone() -> bool:
                return not await ours(home)

            await home.until(gone, "a Core without any entity of the meter")
    core.restart()
    async with reading(house, adapter, tmp_path, mqtt=mqtt), connected(core) as home:
        async with house.watch() as watcher:
            await meter.push()
            await watcher.wait(f"smartmeter/{meter.id}/state")
        assert not await ours(home)
    # Switched on again, they are back under their entity ids.
    async with reading(house, adapter, tmp_path), connected(core) as home:
        said = published((await meter.push()).truth)
        await shows(home, f"smartmeter_{meter.id}_power", said["power"])
        assert UNAVAILABLE not in [
            home.states[one]["state"] for one in home.states if "power" in one
        ]
        assert not doubled(home)
