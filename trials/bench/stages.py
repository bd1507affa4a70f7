"""Where the time of a telegram goes in the whole running program, stage by stage.

The program runs as it does for `program`, at 20 telegrams a second, with a clock around the
functions by which a telegram passes from one stage to the next. It shows the processor's time; of a
stage that is the median of all telegrams, and holds some µs of the clock itself. What the kernel
counts for the process beside that is the event loop's, and its own for waking the program up.
"""

import argparse
import asyncio
import inspect
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from tests.support.program import running
from trials.bench import machine, stage_clock
from trials.bench.arguments import PROGRAM_LISTS
from trials.bench.image import variables
from trials.bench.program import PACE, side_of
from trials.bench.workers import table

STAGES: Final = {
    "app.transport.serial_port:_read": "transport: reading the port",
    "app.line.reader:LineReader._take": "line and decoder",
    "app.link.scanner:Scanner.feed": "link",
    "app.dlms.receiver:Receiver.feed": "dlms, with OpenSSL",
    "app.meters.templates:Templates.read": "meters: templates",
    "app.meters.template:Templates.read": "meters: templates",  # up to dc46469
    "app.meters.derived:completed": "meters: derived values",
    "app.plausibility.guard:Guard.judge": "plausibility",
    "app.mqtt.publisher:Publisher.publish": "mqtt: what is to be said, and when",
    "app.mqtt.layout:state_members": "mqtt: JSON text",
    "app.mqtt.aiomqtt_internals:SocketClient.publish_at_once": "mqtt: to the socket, with TCP",
}
"""Functions with which stages begin; each ends where another one begins.

Where an earlier commit has the function elsewhere, the stage is here twice.
"""

_CLOCK: Final = inspect.getsource(stage_clock)

_MOST: Final = 0.7
"""Share of the telegrams that a function has to be called for to be one of all of them."""


def run(given: argparse.Namespace, tree: Path) -> None:
    """Measure and print.

    Args:
        given: the options.
        tree: the add-on's folder of the program.
    """
    sys.stdout.write(machine.described() + "\n\n")
    names = given.list or PROGRAM_LISTS
    columns = [asyncio.run(_measure(name, tree, given)) for name in names]
    rows = [(row, *(column.get(row, "-") for column in columns)) for row in columns[0]]
    sys.stdout.write(table(("µs a telegram", *names), rows))


async def _measure(name: str, tree: Path, given: argparse.Namespace) -> dict[str, str]:
    """Measure one list; return the figures by what they tell."""
    async with side_of(name, tree) as side:
        file = side.folder / "stages.json"
        before = f"{_CLOCK}\nmeasure({STAGES!r}, {str(file)!r})"
        environment = variables(tree)
        async with running(
            side.options, side.folder, environment, before=before, addon=tree
        ) as side.program:
            await side.program.ready()
            await side.push(given.warm_up, PACE)
            os.kill(side.program.pid, signal.SIGUSR1)
            busy = await side.push(given.telegrams, PACE)
            os.kill(side.program.pid, signal.SIGUSR2)
            await side.push(given.telegrams, PACE)
            os.kill(side.program.pid, signal.SIGUSR2)
            await side.program.stop()
        return _told(json.loads(file.read_text("utf-8")), busy, given.telegrams)


def _told(content: dict[str, Any], busy: float, telegrams: int) -> dict[str, str]:
    # A telegram can hold readings of several meters; a stage that comes seldom is left out.
    told = {
        stage: round(calls / telegrams) * nanoseconds / 1000
        for stage, calls, nanoseconds in content["stages"]
    }
    told["the event loop, and the kernel"] = busy - sum(told.values())
    functions = [(is_c, n) for is_c, n in content["functions"] if n >= _MOST * telegrams]
    told["functions of Python, different ones"] = sum(not is_c for is_c, _ in functions)
    told["functions called, those in C too"] = sum(n for _, n in functions) / telegrams
    return {what: f"{figure:.0f}" for what, figure in told.items()}
