"""Another language or another name of the meter: what is renamed, and what history hangs on."""

from dataclasses import replace
from pathlib import Path

from app.meters.sensors import SENSORS
from tests.home_assistant.expected import device_of, registered, shown
from tests.home_assistant.house import available, heard, introduce, new_meter, reading, reload
from tests.support.core import RENAMING, Core
from tests.support.core_client import Client
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter


async def test_another_language_renames_and_keeps_the_ids(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    before = core.position
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path, language="en"):
        await introduce(home, meter)
        english = await shown(home, device_of(meter))
    wanted = {
        unique_id: replace(entity, name=row.name_de)
        for unique_id, entity in english.items()
        if (row := SENSORS.get(unique_id.removeprefix(f"{device_of(meter)}_")))
    }
    async with reading(house, adapter, tmp_path, language="de"):
        await heard(home, meter)
        if core.release < RENAMING:
            await reload(home, core)

        async def renamed() -> bool:
            german = await shown(home, device_of(meter))
            return {key: german.get(key) for key in wanted} == wanted

        await home.until(renamed, "German names")
        assert (await shown(home, device_of(meter))).keys() == english.keys()
    assert not core.complaints(before)


async def test_another_name_renames_the_device_and_keeps_the_ids(
    home: Client, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path):
        await introduce(home, meter)
        before = await shown(home, device_of(meter))
    async with reading(house, adapter, tmp_path, name="Zähler Süd"):
        await heard(home, meter)

        async def renamed() -> bool:
            device = await registered(home, device_of(meter))
            return device is not None and device["name"] == "Zähler Süd"

        await home.until(renamed, "the new name")
        await available(home, meter)
        assert await shown(home, device_of(meter)) == before
