"""What several test modules of the database use."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.database import Database, database


@pytest_asyncio.fixture
async def recording() -> AsyncIterator[Database]:
    """Give a database that records what is written."""
    async with database() as made:
        yield made
