"""Measures how long a telegram takes from its last byte to the state message.

The real program runs in a process of its own, between a simulated meter on a pty and a real
Mosquitto:

    PYTHONPATH=smartmeter_addon:. python3 -m trials.latency
    PYTHONPATH=smartmeter_addon:. python3 -m trials.latency --meter e450 --baud 2400

The time runs from writing the last byte to receiving the message as another client of the broker.
So it contains the kernel's pty, the program, the broker, and the event loop of this process.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC
from pathlib import Path
from time import perf_counter

from app.mqtt.topics import Topics
from simulator import meters
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.mosquitto import Mosquitto
from tests.support.program import running
from tests.support.simulated import Adapter, SimulatedMeter

_FEWEST = 2  # telegrams that have quantiles


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measures from the last byte to the message.")
    parser.add_argument("--meter", choices=meters.FAMILIES, default="kaifa")
    parser.add_argument("--list", metavar="NAME", help="which list it sends (default: the first)")
    parser.add_argument("--telegrams", type=int, default=1000, metavar="N")
    parser.add_argument(
        "--baud",
        type=int,
        default=0,
        help="of the line (default: 0, whole segments at once); 2400 takes 1.5 s a telegram",
    )
    given = parser.parse_args(arguments)
    if given.telegrams < _FEWEST or given.baud < 0:
        parser.error(f"at least {_FEWEST} telegrams, and no negative baud rate")
    try:
        meters.build(given.meter, given.list)
    except ValueError as error:
        parser.error(str(error))
    seconds = asyncio.run(_measure(given.meter, given.list, given.telegrams, given.baud))
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    pace = f"{given.baud} baud" if given.baud else "whole segments at once"
    sys.stdout.write(
        f"{given.meter}, {pace}, {len(seconds)} telegrams: last byte to state message"
        f" p50 {1000 * hundredths[49]:.2f} ms, p99 {1000 * hundredths[98]:.2f} ms,"
        f" longest {1000 * max(seconds):.2f} ms\n"
    )
    return 0


async def _measure(family: str, name: str | None, count: int, baud: int) -> list[float]:
    """Return the seconds that each telegram took."""
    with tempfile.TemporaryDirectory(prefix="smartmeter-trial-") as folder:
        directory = Path(folder)
        broker = Mosquitto(directory).start()
        try:
            with closing(Adapter(directory / "ttyMeter")) as adapter:
                meter = SimulatedMeter(adapter, family, name, zone=UTC)
                return await _push(broker, adapter, meter, directory, count=count, baud=baud)
        finally:
            broker.stop()


async def _push(
    broker: Mosquitto,
    adapter: Adapter,
    meter: SimulatedMeter,
    directory: Path,
    *,
    count: int,
    baud: int,
) -> list[float]:
    """Push telegrams one after the other. The first, with discovery, is not measured."""
    options = {
        "url": str(adapter.path),
        "key": KEY.hex(),
        "auth_key": AUTH_KEY.hex(),
        "mqtt": {
            "host": broker.host,
            "port": broker.port,
            "username": broker.username,
            "password": broker.password,
        },
    }
    topic = Topics().state(meter.id)
    seconds = []
    async with broker.watch(topic) as home, running(options, directory) as program:
        await program.ready()
        for _ in range(1 + count):
            await meter.push(baud=baud)
            begin = perf_counter()
            await home.wait(topic)
            seconds.append(perf_counter() - begin)
    return seconds[1:]


if __name__ == "__main__":
    sys.exit(main())
