"""What several test modules of the database use."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.database import Database, database
from tests.support.influxdb import InfluxDB


@pytest_asyncio.fixture
async def recording() -> AsyncIterator[Database]:
    """Give a database that records what is written."""
    async with database() as made:
        yield made


@pytest.fixture
def influxdb(tmp_path: Path) -> Iterator[InfluxDB]:
    """Give a real InfluxDB that runs, with the database smartmeter."""
    directory = tmp_path / "influxdb"
    directory.mkdir()
    made = InfluxDB(directory)
    try:
        made.start()
        made.create()
        yield made
    finally:
        made.stop()
