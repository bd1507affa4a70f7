"""What Core makes of each meter: devices, entities, values, and no word of complaint."""

from pathlib import Path
from typing import Any

import pytest

from app.jsontext import dumps
from app.meters.reading import Meter
from app.mqtt import discovery
from app.mqtt.announcements import Announcement
from tests.home_assistant.expected import (
    announced,
    as_taken,
    device_of,
    entries,
    readings,
    registered,
    shown,
)
from tests.home_assistant.house import TOPICS, announcement, introduce, new_meter, reading
from tests.support.core import Core
from tests.support.core_client import Client
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import LISTS, Adapter


@pytest.mark.parametrize(("family", "name"), [*LISTS, ("kaifa-nordic", "norway-13")])
async def test_every_meters_readings_are_entities_as_the_table_says(
    home: Client,
    core: Core,
    house: Mosquitto,
    adapter: Adapter,
    tmp_path: Path,
    family: str,
    name: str,
) -> None:
    before = core.position
    meter = new_meter(adapter, family, name)
    async with reading(house, adapter, tmp_path):
        truth = await introduce(home, meter)
        said = await announcement(house, meter)
        device = await registered(home, device_of(meter))
        found = await shown(home, device_of(meter))
        assert device is not None
        table = as_taken(core, readings(meter, truth, device_name=said["dev"]["name"]))
        found = as_taken(core, found)
        assert {key: found.get(key) for key in table} == table
        assert found == as_taken(core, announced(said))
    assert device["name"] == said["dev"]["name"]
    for field in ("manufacturer", "model", "model_id", "serial_number", "configuration_url"):
        assert device[field] == said["dev"].get(field), field
    assert not device["sw_version"]  # no meter says its firmware
    assert not core.complaints(before)


async def test_what_0_1_0_announced_stays_enabled_under_the_same_ids(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    """It announced these enabled, and all of a meter's values on the topic of its state."""
    before = core.position
    meter = new_meter(adapter)
    keys = {"energy_import", "power", "voltage_l1", "apparent_power", "timestamp", "last_telegram"}
    known = Meter(meter.id, meter.id.upper(), "kaifa", "Kaifa", "MA309M", None)
    old = Announcement(known, None, frozenset(keys), {})
    said: dict[str, Any] = discovery.payload(old, topics=TOPICS, language="en", version="0.1.0")
    for component in said["cmps"].values():
        component.pop("enabled_by_default", None)
        if component.get("state_topic") == TOPICS.details(meter.id):
            del component["state_topic"]
    async with house.watch() as other:
        await other.publish(TOPICS.discovery(meter.id), dumps(said), retain=True)

        async def taken() -> dict[str, dict[str, Any]]:
            found = await entries(home, device_of(meter))
            return found if len(found) == len(keys) else {}

        first = await home.until(taken, "the entities of 0.1.0")
    assert not any(entry["disabled_by"] for entry in first.values())
    async with reading(house, adapter, tmp_path, detail_interval=60):
        await meter.push()
        await home.until(
            lambda: has_state(home, first[f"{device_of(meter)}_apparent_power"]), "a value"
        )
        now = await entries(home, device_of(meter))
    assert now.keys() > first.keys()
    for unique_id, entry in first.items():
        assert now[unique_id]["entity_id"] == entry["entity_id"]
        assert now[unique_id]["disabled_by"] is None
    assert not core.complaints(before)


async def has_state(home: Client, entry: dict[str, Any]) -> bool:
    """Tell whether an entity shows a number."""
    return str(home.states[entry["entity_id"]]["state"]).replace(".", "").isdigit()
