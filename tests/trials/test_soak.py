"""The soak: two hours of telegrams with faults, half a day if slow, a month with `-m soak`."""

import asyncio
import gc
import random
from collections import Counter
from pathlib import Path

import pytest

from app.config.options import MeterOptions, MqttOptions
from app.dlms.ciphering import Keys
from app.meters import profile_files
from app.mqtt.layout import Layout
from app.mqtt.publisher import Publisher
from app.mqtt.topics import Topics
from app.run import line_reader
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA
from simulator.wires import TcpServer
from tests.support.memory import Memory
from tests.support.mosquitto import Mosquitto
from tests.support.simulated import SimulatedMeter, reset
from trials import compressed
from trials.ledger import Ledger
from trials.soak import FAULTS, MONTH, Outcome, soak

HOUR = 3600.0
TOPICS = Topics()


CONNECTED = 9
"""Tasks of the program and the trial while there is a broker."""


def lives_through(outcome: Outcome) -> None:
    """Check what holds after any time."""
    assert not outcome.ledger.wrong, outcome.ledger.told
    assert outcome.mistakes == []
    assert outcome.faults.keys() == FAULTS.keys()
    assert outcome.whole > outcome.telegrams / 2
    assert outcome.missed <= outcome.whole / 10_000
    assert outcome.tasks_left == 0
    first, *later = outcome.marks
    for mark in later:
        assert mark.tasks <= max(first.tasks, CONNECTED)  # fewer while the broker is away
        assert mark.descriptors == first.descriptors
        assert mark.state < 10_000


def test_two_hours_leave_nothing_wrong_and_nothing_behind(tmp_path: Path) -> None:
    outcome = soak(2 * HOUR, tmp_path)
    lives_through(outcome)
    assert outcome.telegrams == 1440
    assert outcome.writes <= 20
    _, middle, end = outcome.marks
    assert end.blocks < 1.05 * middle.blocks


@pytest.mark.slow
@pytest.mark.parametrize("meter", ["e450", "kamstrup"])
def test_half_a_day_leaves_nothing_wrong_and_nothing_behind(tmp_path: Path, meter: str) -> None:
    lives_through(soak(12 * HOUR, tmp_path, meter=meter))


@pytest.mark.soak
def test_a_month_leaves_nothing_wrong_and_nothing_behind(tmp_path: Path) -> None:
    outcome = soak(MONTH, tmp_path)
    lives_through(outcome)
    assert outcome.telegrams == 518_400
    assert outcome.writes <= 30 * 100
    _, middle, end = outcome.marks
    assert end.blocks < 1.01 * middle.blocks
    assert end.resident < 1.05 * middle.resident


def test_a_wrong_value_would_be_noticed() -> None:
    meter = SimulatedMeter(None, "e450")
    ledger = Ledger("smartmeter/1/state")
    truth = meter.telegram().truth
    at = ledger.said(truth)
    ledger.take("smartmeter/1/state", f'{{"timestamp": "{at}", "power_import": -1}}')
    assert ledger.wrong["power"] > 0
    ledger.take("smartmeter/1/state", '{"timestamp": "2026-01-01T00:00:00+01:00"}')
    assert ledger.wrong["time"] == 1
    assert ledger.published == 2


def test_an_energy_that_falls_would_be_noticed() -> None:
    meter = SimulatedMeter(None, "e450")
    ledger = Ledger("smartmeter/1/state")
    for _ in range(2):
        at = ledger.said(meter.telegram().truth)
    for energy in ("2", "1.9"):
        ledger.take("smartmeter/1/state", f'{{"timestamp": "{at}", "energy_import": {energy}}}')
    assert ledger.wrong["falling"] == 1


def test_a_loop_in_which_nothing_is_ever_due_says_so() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(compressed.StuckError):
        compressed.run(wait())


@pytest.mark.slow
async def test_half_an_hour_over_a_real_gateway_to_a_real_broker(broker: Mosquitto) -> None:
    """As fast as it goes: 360 telegrams, with noise, a gateway that resets, a broker that ends."""
    descriptors, tasks = _descriptors(), len(asyncio.all_tasks())
    chance = random.Random(1)  # noqa: S311 - noise is no cryptography
    gateway = await TcpServer.listen(0)
    meter = SimulatedMeter(gateway, "e450")
    ledger = Ledger(TOPICS.state(meter.id))
    running = _run(broker, gateway)
    for turn in range(6):
        async with broker.watch(TOPICS.status, TOPICS.state(meter.id)) as home:
            await home.wait(TOPICS.status, "online")
            await gateway.clients(1)
            for _ in range(60):
                if not chance.randrange(5):
                    gateway.write(chance.randbytes(chance.randrange(1, 300)))
                at = ledger.said((await meter.push()).truth)
                while ledger.newest != at:  # a broker that is back is told the newest once more
                    seen = await home.wait(TOPICS.state(meter.id))
                    ledger.take(seen.topic, seen.payload)
        if turn % 2:
            reset(gateway)
            await gateway.clients(0)
        broker.restart()
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    gateway.close()
    await gateway.clients(0)
    for _ in range(10):  # what was closed is let go of in the loop's next turns
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == tasks
    assert _descriptors() == descriptors
    assert ledger.wrong == Counter()


def _descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def _run(broker: Mosquitto, gateway: TcpServer) -> list[asyncio.Task[None]]:
    async def find_broker() -> MqttOptions:
        return broker.options

    state = Memory()
    publisher = Publisher(
        find_broker=find_broker,
        layout=Layout(TOPICS, language="en", version="0"),
        state=state,
        on_state=lambda _: None,
        delays=(0.01,),
    )
    url = f"tcp://127.0.0.1:{gateway.port}"
    options = MeterOptions(keys=Keys(KEY, AUTH_KEY), url=url)
    reader = line_reader(
        options, publisher, profiles=profile_files.load(), zone=VIENNA, state=state, delays=(0.01,)
    )
    return [asyncio.create_task(publisher.run()), asyncio.create_task(reader.run())]
