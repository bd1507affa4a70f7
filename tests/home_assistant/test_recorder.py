"""What a meter costs in Core's database, and what it says on the page Activity."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.home_assistant.expected import UNAVAILABLE, device_of
from tests.home_assistant.house import new_meter, options, reading
from tests.support.core import Core
from tests.support.core_client import Client
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter, SimulatedMeter

DAY = 86400.0

ROWS_A_DAY = 60_000
"""Of a meter that pushes every five seconds, with the entities that are enabled from the start."""

ELEVEN_MORE = 32_000
"""Of the layout lgraho: its sensors are there beside the meter's own, two of them live."""

PUSH_INTERVAL = 5.0

MINUTES = 10


async def ours(home: Client) -> dict[str, str]:
    """Give the entity ids of the meter and of the program itself, by unique id."""
    listed = await home.call("config/entity_registry/list")
    return {one["unique_id"]: one["entity_id"] for one in listed if one["platform"] == "mqtt"}


async def heard(home: Client, meter: SimulatedMeter) -> None:
    """Let a meter be heard until Core shows its power, in any layout."""
    unique_id = f"{device_of(meter)}_power"
    await meter.push()

    async def listens() -> bool:
        entity_id = (await ours(home)).get(unique_id, "")
        return home.states.get(entity_id, {}).get("state") not in {None, UNAVAILABLE}

    await home.until(listens, unique_id)
    await meter.push()


def rows(core: Core, entities: set[str], since: datetime) -> Counter[str]:
    """Count the rows of states in Core's database, by entity id."""
    counting = (
        "SELECT states_meta.entity_id, COUNT(*) FROM states JOIN states_meta USING (metadata_id)"
        " WHERE last_updated_ts >= ? GROUP BY states_meta.entity_id"
    )
    with closing(sqlite3.connect(f"file:{core.database}?mode=ro", uri=True)) as database:
        found = database.execute(counting, (since.timestamp(),)).fetchall()
    return Counter({entity: count for entity, count in found if entity in entities})


def activity(core: Core, entities: set[str], since: datetime) -> Counter[str]:
    """Count what the page Activity shows, by entity id."""
    found = core.ask(f"/api/logbook/{quote(since.isoformat())}")
    return Counter(one["entity_id"] for one in found if one.get("entity_id") in entities)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("family", "name", "layout", "most_rows"),
    [
        ("kaifa", "netznoe", "standard", ROWS_A_DAY),
        ("e450", "burgenland", "standard", ROWS_A_DAY),
        ("e450", "burgenland", "burgenland", ROWS_A_DAY),
        ("kaifa", "netznoe", "lgraho", ROWS_A_DAY + ELEVEN_MORE),
    ],
)
async def test_ten_minutes_are_few_rows_and_nothing_in_activity(
    home: Client,
    core: Core,
    house: Mosquitto,
    adapter: Adapter,
    tmp_path: Path,
    family: str,
    name: str,
    layout: str,
    most_rows: int,
    figure: Callable[[str], None],
) -> None:
    before = core.position
    meter = new_meter(adapter, family, name)
    mqtt = {**options(house, adapter)["mqtt"], "layout": layout}
    async with reading(house, adapter, tmp_path, detail_interval=60, mqtt=mqtt):
        await heard(home, meter)
        entities = set((await ours(home)).values())
        await asyncio.sleep(2 * PUSH_INTERVAL)
        loop = asyncio.get_running_loop()
        begin, since = loop.time(), datetime.now(UTC)
        pushes = round(MINUTES * 60 / PUSH_INTERVAL)
        for number in range(pushes):
            await asyncio.sleep(begin + number * PUSH_INTERVAL - loop.time())
            await meter.push()
        await asyncio.sleep(PUSH_INTERVAL)
        counted, shown = rows(core, entities, since), activity(core, entities, since)
    a_day = counted.total() * DAY / (MINUTES * 60)
    figure(
        f"Core {core.version}, {family} {name}, layout {layout}: {pushes} telegrams in {MINUTES}"
        f" minutes are {counted.total()} rows ({a_day:.0f} a day), {shown.total()} in Activity;"
        f" most are of {', '.join(f'{one} ({count})' for one, count in counted.most_common(3))}"
    )
    assert a_day <= most_rows
    assert not shown
    assert not core.complaints(before)
