"""The energy dashboard and long-term statistics: what Core keeps of a meter, and takes for good."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.meters.sensors import SENSORS
from tests.home_assistant.expected import device_of, entries
from tests.home_assistant.house import heard, introduce, new_meter, reading
from tests.support.core import Core
from tests.support.core_client import Client
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter, SimulatedMeter, state

KINDS = {"energy": "energy", "power": "power"}
"""How the recorder calls the units that it can turn into each other, by device class."""


async def statistic_ids(home: Client) -> dict[str, dict[str, Any]]:
    """Give what Core keeps long-term statistics of, by entity id."""
    listed = await home.call("recorder/list_statistic_ids")
    return {one["statistic_id"]: one for one in listed}


async def compile_statistics(home: Client) -> None:
    """Have Core make statistics now, and not when the next five minutes are over."""
    await home.call("call_service", domain="statistics_now", service="compile")


async def ids(home: Client, meter: SimulatedMeter) -> dict[str, str]:
    """Give entity ids by reading key."""
    prefix = f"{device_of(meter)}_"
    found = await entries(home, device_of(meter))
    return {unique_id.removeprefix(prefix): one["entity_id"] for unique_id, one in found.items()}


@pytest.mark.parametrize(
    ("family", "name"), [("kaifa", "netznoe"), ("sagemcom", "netznoe"), ("e450", "steiermark")]
)
async def test_the_energy_dashboard_takes_a_meter_without_a_complaint(
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
        await introduce(home, meter)
        await heard(home, meter)
        await compile_statistics(home)
        entity = await ids(home, meter)
        await home.call("energy/save_prefs", energy_sources=[grid(core, entity)])
        found = await home.call("energy/validate")
        wrong = await home.call("recorder/validate_statistics")
    assert found == {"energy_sources": [[]], "device_consumption": []} | {
        extra: [] for extra in found.keys() - {"energy_sources", "device_consumption"}
    }
    assert not wrong.keys() & set(entity.values())
    assert not core.complaints(before)


def grid(core: Core, entity: dict[str, str]) -> dict[str, Any]:
    """Give the preferences of somebody with one meter, in the shape of this Core."""
    prices = {"entity_energy_price": None, "number_energy_price": None}
    if core.release < UNIFIED_GRID:
        source = {"stat_energy_from": entity["energy_import"], "stat_cost": None, **prices}
        sink = {"stat_energy_to": entity["energy_export"], "stat_compensation": None, **prices}
        flows: dict[str, Any] = {"flow_from": [source], "flow_to": [sink]}
    else:
        flows = {
            "stat_energy_from": entity["energy_import"],
            "stat_energy_to": entity["energy_export"],
            "stat_rate": entity["power"],
            "stat_cost": None,
            "stat_compensation": None,
            **prices,
            **{f"{key}_export": value for key, value in prices.items()},
        }
    return {"type": "grid", "cost_adjustment_day": 0.0, **flows}


UNIFIED_GRID = (2026, 3)
"""The Core since which a grid is one connection with import, export and power."""


async def test_long_term_statistics_have_our_units_and_sums(
    home: Client, house: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = new_meter(adapter, "e450", "steiermark")
    async with reading(house, adapter, tmp_path):
        first = await introduce(home, meter)
        await compile_statistics(home)
        last = await heard(home, meter)
        entity = await ids(home, meter)
        listed = await statistic_ids(home)
        wanted = {key for key in state(last) if SENSORS[key].state_class and SENSORS[key].enabled}
        assert {entity[key] for key in wanted} <= listed.keys()
        for key in wanted:
            row, one = SENSORS[key], listed[entity[key]]
            assert one["statistics_unit_of_measurement"] == row.unit
            assert one["has_sum"] is (row.state_class == "total_increasing")
            if row.device_class in KINDS:
                assert one["unit_class"] == KINDS[row.device_class]
        await compile_statistics(home)
        found = await home.call(
            "recorder/statistics_during_period",
            start_time="2020-01-01T00:00:00Z",
            statistic_ids=[entity["energy_import"]],
            period="5minute",
        )
    # The ones before are an earlier meter's, of the same entity id.
    newest = found[entity["energy_import"]][-2:]
    kept = [Decimal(str(one["state"])) for one in newest]
    sums = [Decimal(str(one["sum"])) for one in newest]
    read = [state(truth)["energy_import"] for truth in (first, last)]
    assert kept == read
    assert round(sums[1] - sums[0], 6) == kept[1] - kept[0]
