"""How Core shows that a line is well, or what is wrong with it."""

from pathlib import Path
from typing import Any

from app.line.health import SILENT_AFTER
from app.meters.sensors import DIAGNOSTICS
from tests.home_assistant.expected import UNAVAILABLE, device_of, entries
from tests.home_assistant.house import introduce, new_meter, reading
from tests.support.core import Core
from tests.support.core_client import Client
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter, SimulatedMeter


class Page:
    """A meter's page in Core."""

    def __init__(self, home: Client, meter: SimulatedMeter) -> None:
        self._home = home
        self._identifier = device_of(meter)

    async def shows(self, key: str) -> dict[str, Any]:
        """Give state and attributes of an entity, empty when it has none."""
        listed = await entries(self._home, self._identifier)
        entity_id = listed[f"{self._identifier}_{key}"]["entity_id"]
        return self._home.states.get(entity_id, {"state": None, "attributes": {}})

    async def comes_to(self, key: str, state: str, patience: float = 40.0) -> dict[str, Any]:
        """Wait until an entity shows something, and give its attributes."""

        async def there() -> dict[str, Any]:
            found = await self.shows(key)
            return found if found["state"] == state else {}

        found = await self._home.until(there, f"{key} {state}", patience)
        attributes: dict[str, Any] = found["attributes"]
        return attributes


async def test_a_line_that_is_well_shows_its_diagnostics(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    before = core.position
    meter = new_meter(adapter, "kaifa", "netznoe")
    async with reading(house, adapter, tmp_path):
        truth = await introduce(home, meter)
        page = Page(home, meter)
        await page.comes_to("problem", "off")
        listed = await entries(home, device_of(meter))
        for key, row in DIAGNOSTICS.items():
            entry = listed[f"{device_of(meter)}_{key}"]
            assert entry["entity_category"] == "diagnostic"
            assert entry["original_name"] == row.name_en
            assert entry["original_device_class"] == row.device_class
            assert (entry["disabled_by"] is None) is row.enabled
            assert entry["entity_id"].startswith(f"{row.platform}.")
        assert (await page.shows("serial_mode"))["state"] == "2400 8E1"
        assert (await page.shows("telegrams"))["state"] == "1"
        assert (await page.shows("errors"))["state"] == "0"
        assert (await page.shows("silence"))["state"] == "0"
        assert (await page.shows("clock_drift"))["attributes"]["unit_of_measurement"] == "s"
        power = await page.shows("power")
        assert power["attributes"]["calculated_from"] == "power_import - power_export"
        assert truth.registers
    assert not core.complaints(before)


async def test_a_line_that_is_lost_is_a_problem_that_explains_itself_while_the_readings_are_gone(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    before = core.position
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path) as program:
        await program.logs(f"reading {adapter.path}")
        await introduce(home, meter)
        page = Page(home, meter)
        adapter.close()
        told = await page.comes_to("problem", "on")
        assert told["kind"] == "not open"
        assert str(adapter.path) in told["message"]
        assert told["since"]
        await page.comes_to("energy_import", UNAVAILABLE, patience=SILENT_AFTER + 30)
        # Not at once, should Core itself have lost the broker for a moment.
        await page.comes_to("problem", "on")
        assert (await page.shows("energy_import"))["state"] == UNAVAILABLE
        adapter.plug_in()
        await program.logs(f"reading {adapter.path}")
        await introduce(home, meter)
        told = await page.comes_to("problem", "off")
        assert not {"kind", "message", "since"} & told.keys()
    assert not core.complaints(before)


async def test_a_key_that_does_not_fit_any_more_is_named(
    home: Client, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter)
    async with reading(house, adapter, tmp_path):
        await introduce(home, meter)
    async with reading(house, adapter, tmp_path, key="00" * 16):
        await meter.push()
        told = await Page(home, meter).comes_to("problem", "on")
        assert told["kind"] == "encryption key wrong"
