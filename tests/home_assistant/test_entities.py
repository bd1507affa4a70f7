"""What Core makes of each meter: devices, entities, values, and no word of complaint."""

from pathlib import Path

import pytest

from tests.home_assistant.client import Client
from tests.home_assistant.core import Core
from tests.home_assistant.expected import (
    announced,
    as_taken,
    device_of,
    readings,
    registered,
    shown,
)
from tests.home_assistant.house import announcement, introduce, new_meter, reading
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
