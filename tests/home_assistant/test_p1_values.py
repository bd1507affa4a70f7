"""What Core makes of the values of a Belgian P1 meter: demand, tariff, limits, texts, a valve."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulator import links
from tests.home_assistant.expected import entries, shown
from tests.home_assistant.house import reading, reload
from tests.support.core import Core
from tests.support.core_client import Client
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter

METER = "smartmeter_1sag1100000071"
GAS = "smartmeter_g0039001000000071"
TARIFF = "0-0:96.14.0(0002)"
PEAK = "1-0:1.6.0(02.485*kW)(260701090000)"
HISTORY = (
    "0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(260601000000)(260531120000)(01.747*kW)"
    "(260701000000)(260609164500)(03.260*kW)"
)


class Line:
    """A line with a Belgian meter; each telegram is ten seconds later than the one before."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._now = datetime.now(UTC).replace(microsecond=0)
        self._wh = 116_372

    def push(self, *more: str) -> None:
        """Let the meter push a telegram."""
        self._now += timedelta(seconds=10)
        self._wh += 1
        time = f"{self._now:%y%m%d%H%M%S}"
        lines = [
            "0-0:96.1.4(50217)",
            f"0-0:96.1.1({b'1SAG1100000071'.hex()})",
            f"0-0:1.0.0({time})",
            f"1-0:1.8.1({self._wh / 1000:010.3f}*kWh)",
            "1-0:1.8.2(000062.193*kWh)",
            "1-0:1.4.0(00.027*kW)",
            PEAK,
            HISTORY,
            "1-0:1.7.0(00.132*kW)",
            "1-0:2.7.0(00.000*kW)",
            "0-0:96.3.10(1)",
            "0-0:17.0.0(999.9*kW)",
            "1-0:31.4.0(025*A)",
            "0-0:96.7.21(00013)",
            "0-0:96.13.0()",
            *more,
            "0-1:24.1.0(003)",
            f"0-1:96.1.1({b'G0039001000000071'.hex()})",
            f"0-1:24.2.3({time})(00112.384*m3)",
            "0-1:24.4.0(1)",
        ]
        self._adapter.write(links.p1(r"FLU5\253769484_A", lines))


async def state(home: Client, device: str, key: str) -> dict[str, Any]:
    """Give the state of an entity, empty for none."""
    entry = (await entries(home, device)).get(f"{device}_{key}")
    return home.states.get(entry["entity_id"], {}) if entry else {}


async def comes_to(
    home: Client, line: Line, key: str, value: str, *more: str, device: str = METER
) -> dict[str, Any]:
    """Push telegrams until an entity has a value; give its attributes."""

    async def there() -> bool:
        line.push(*more)
        return (await state(home, device, key)).get("state") == value

    await home.until(there, f"{key} of {value}")
    attributes: dict[str, Any] = (await state(home, device, key))["attributes"]
    return attributes


async def enable(home: Client, core: Core, device: str) -> None:
    """Enable all entities of a device, as a user can do it."""
    for entry in (await entries(home, device)).values():
        if entry["disabled_by"]:
            await home.call(
                "config/entity_registry/update", entity_id=entry["entity_id"], disabled_by=None
            )
    await reload(home, core)


async def test_demand_tariff_limits_and_texts_are_entities_as_the_table_says(
    home: Client, core: Core, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    before = core.position
    line = Line(adapter)
    async with reading(house, adapter, tmp_path, key="", auth_key=""):
        tariff = await comes_to(home, line, "active_tariff", "2", TARIFF)
        assert tariff["options"] == ["1", "2", "3", "4"]
        peak = await comes_to(home, line, "power_import_peak", "2.485", TARIFF)
        assert peak["unit_of_measurement"] == "kW"
        assert peak["time"].startswith("2026-07-01T09:00:00")
        assert [(row["month"], row["kW"]) for row in peak["history"]] == [
            ("2026-05", 1.747),
            ("2026-06", 3.26),
        ]
        total = await state(home, METER, "energy_import")
        tariffs = "energy_import_tariff_1 + energy_import_tariff_2"
        assert total["attributes"]["calculated_from"] == tariffs
        assert total["attributes"]["state_class"] == "total_increasing"
        average = await state(home, METER, "power_import_average")
        assert (average["state"], average["attributes"]["unit_of_measurement"]) == ("27", "W")

        found = await shown(home, METER)
        disabled = {
            "breaker": "enum",
            "power_limit": "power",
            "current_limit_l1": "current",
            "power_failures": None,
            "message": None,
            "p1_version": None,
        }
        for key, device_class in disabled.items():
            entity = found[f"{METER}_{key}"]
            assert not entity.enabled
            assert entity.category == "diagnostic"
            assert entity.device_class == device_class
        valve = (await shown(home, GAS))[f"{GAS}_valve"]
        assert (valve.enabled, valve.device_class) == (False, "opening")

        await enable(home, core, METER)
        await enable(home, core, GAS)
        await comes_to(home, line, "breaker", "connected", TARIFF)
        await comes_to(home, line, "power_failures", "13", TARIFF)
        await comes_to(home, line, "current_limit_l1", "25", TARIFF)
        await comes_to(home, line, "power_limit", "unknown", TARIFF)
        await comes_to(home, line, "message", "unknown", TARIFF)
        await comes_to(home, line, "p1_version", "50217", TARIFF)
        await comes_to(home, line, "valve", "on", TARIFF, device=GAS)
        # A telegram that lacks it leaves it as it is, one that says none makes it unknown.
        last = float((await state(home, METER, "energy_import"))["state"])

        async def counted() -> bool:
            line.push()
            return float((await state(home, METER, "energy_import"))["state"]) > last + 0.005

        await home.until(counted, "telegrams without a tariff")
        assert (await state(home, METER, "active_tariff"))["state"] == "2"
        await comes_to(home, line, "active_tariff", "unknown", "0-0:96.14.0(0000)")
        await comes_to(home, line, "active_tariff", "1", "0-0:96.14.0(0001)")
        long = ("so viele Worte " * 30).strip()
        said = f"0-0:96.13.2({long.encode().hex()})"

        async def announced() -> bool:
            line.push(TARIFF, said)
            return f"{METER}_message_2" in await entries(home, METER)

        await home.until(announced, "a message")
        await enable(home, core, METER)
        text = await comes_to(home, line, "message_2", long[:255].rstrip(), TARIFF, said)
        assert text["text"] == long
    assert not core.complaints(before)
