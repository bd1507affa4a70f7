"""The start of the program: what comes of a line before all is loaded."""

from datetime import UTC
from pathlib import Path

from app.mqtt.topics import Topics
from tests.support.mosquitto import Mosquitto
from tests.support.program import options, running
from tests.support.simulated import Adapter, SimulatedMeter

SLOWLY = """
import logging, pathlib, sys, time
class Slowly:
    def find_spec(self, name, *_):
        if name == "app.run":
            logging.getLogger("app").info("now the rest is loaded")
            while not pathlib.Path({go!r}).exists():
                time.sleep(0.01)
sys.meta_path.insert(0, Slowly())
"""


async def test_a_telegram_that_comes_while_the_rest_is_loaded_is_published(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    meter = SimulatedMeter(adapter, "kaifa", zone=UTC)
    go = tmp_path / "go"
    given = options(broker, adapter.path)
    slowly = SLOWLY.format(go=str(go))
    async with broker.watch() as home, running(given, tmp_path, before=slowly) as program:
        await program.logs("now the rest is loaded")
        await meter.push()
        go.touch()
        await home.wait(Topics().state(meter.id))
        assert (await program.stop()).status == 0
