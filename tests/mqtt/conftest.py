"""What several test modules of MQTT use."""

import gc
from collections.abc import Iterator
from logging import ERROR

import pytest


@pytest.fixture
def nothing_goes_wrong_unseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test after which asyncio finds an exception that nobody took, or a lost task."""
    yield
    gc.collect()
    records = [*caplog.get_records("setup"), *caplog.get_records("call"), *caplog.records]
    assert [r.getMessage() for r in records if r.name == "asyncio" and r.levelno >= ERROR] == []
