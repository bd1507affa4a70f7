"""What a meter costs in Core's database, and what it says on the page Activity."""

import asyncio
import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.home_assistant.client import Client
from tests.home_assistant.core import Core
from tests.home_assistant.expected import device_of, entries
from tests.home_assistant.house import introduce, new_meter, reading
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import Adapter, SimulatedMeter

DAY = 86400.0

ROWS_A_DAY = 60_000
"""Of a meter that pushes every five seconds, with the entities that are enabled from the start."""

PUSH_INTERVAL = 5.0

MINUTES = 10


async def ours(home: Client, meter: SimulatedMeter) -> set[str]:
    """Give the entity ids of a meter."""
    found = await entries(home, device_of(meter))
    return {entry["entity_id"] for entry in found.values()}


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
@pytest.mark.parametrize(("family", "name"), [("kaifa", "netznoe"), ("e450", "burgenland")])
async def test_ten_minutes_are_few_rows_and_nothing_in_activity(
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
    async with reading(house, adapter, tmp_path, detail_interval=60):
        await introduce(home, meter)
        entities = await ours(home, meter)
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
    report = {
        "core": core.version,
        "meter": f"{family} {name}",
        "entities enabled": len([one for one in entities if one in home.states]),
        "telegrams": pushes,
        "rows": counted.total(),
        "rows a day": round(a_day),
        "activity": shown.total(),
        "activity of": dict(shown),
        "rows of": dict(counted.most_common()),
        "complaints": core.complaints(before),
    }
    print(json.dumps(report, indent=1))  # noqa: T201 - the measurement, for who runs it
    assert a_day <= ROWS_A_DAY
    assert not shown
    assert not core.complaints(before)
