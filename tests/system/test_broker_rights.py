"""The program at a real Mosquitto that lets its account write nothing."""

from contextlib import suppress
from datetime import UTC
from pathlib import Path
from time import monotonic

import pytest

from tests.support.mosquitto import Mosquitto
from tests.support.program import options, running
from tests.support.pushing import TOPICS
from tests.support.simulated import Adapter, SimulatedMeter

pytestmark = pytest.mark.slow

PROMISED = 60.0


@pytest.mark.parametrize("right", ["read", "write"])
async def test_a_right_that_is_missing_is_told_within_a_minute(
    adapter: Adapter, tmp_path: Path, right: str
) -> None:
    (tmp_path / "access").write_text(f"user {Mosquitto.username}\ntopic {right} #\n")
    broker = Mosquitto(tmp_path, f"acl_file {tmp_path / 'access'}")
    try:
        broker.start()
        async with running(options(broker, adapter.path), tmp_path) as program:
            await program.ready()
            begin = monotonic()
            await SimulatedMeter(adapter, "kaifa", zone=UTC).push()
            line = None
            while not line and monotonic() - begin < PROMISED:
                with suppress(AssertionError):
                    # What is announced may be told first, or after.
                    line = await program.logs(f"what is published at {TOPICS.status}, but does not")
            assert line
    finally:
        broker.kill()
