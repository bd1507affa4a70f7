"""The lines of a scenario, each with its simulated meter."""

import asyncio
import itertools
import re
import termios
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from simulator import meters
from simulator.ciphering import AUTH_KEY, KEY
from simulator.meters import Telegram
from simulator.wires import TcpServer, Wire
from tests.support.mosquitto import TIMEOUT, Mosquitto
from tests.support.program import options
from tests.support.simulated import Adapter, SimulatedMeter, state
from trials.upgrade.scenarios import Line, Scenario

Values = dict[str, Decimal | str]
"""What a state message says, its numbers as decimals."""

PUSH_INTERVAL: Final = 1
"""Seconds between telegrams by the meter's clock: the trial takes little longer."""

LONG_AGO: Final = timedelta(minutes=1)
"""Before the other telegrams: so much is a replay even where only the clock shows it."""

_NOISE: Final = 0xA5
_SPEED: Final = 4  # of the list that tcgetattr gives
_LONGEST: Final = 64
_NOT_IN_A_TOPIC: Final = re.compile("[^a-z0-9_-]+")


class MeterOnLine(SimulatedMeter):
    """A simulated meter whose telegrams are made first and written later.

    Args:
        line: describes it.
        wire: where it writes.
        url: the option with which the program finds it.
        label: by which the program tells it from others; empty for the only one.
        base_topic: of the program.
    """

    wire: Wire

    def __init__(self, line: Line, wire: Wire, url: str, label: str, base_topic: str) -> None:
        super().__init__(wire, line.family, line.lists[-1] if line.lists else None, zone=UTC)
        self.line = line
        self.url = url
        self.meter.interval = PUSH_INTERVAL
        variants = meters.FAMILIES[line.family]
        self._layouts = [variants[name].layout for name in line.lists] or [self.meter.layout]
        if label and self.id == line.family:  # its telegrams say neither number nor title
            self.id = f"{line.family}_{_slug(label)}"
        self._base_topic = base_topic
        self._long_ago = self.telegrams(1)
        self._now += LONG_AGO

    @property
    def ciphered(self) -> bool:
        """Whether its telegrams have an invocation counter."""
        return self.meter.ciphering is not None

    def telegrams(self, count: int) -> list[Telegram]:
        """Make the next telegrams; the first one is of the first of its lists."""
        made = []
        for layout in itertools.islice(itertools.cycle(self._layouts), count):
            self.meter.layout = layout
            made.append(self.telegram())
        return made

    def old_telegrams(self, published: Telegram) -> list[Telegram]:
        """Give what the program has to reject; nothing where the telegrams do not show their age.

        Args:
            published: a telegram that it has read, and has to reject where an invocation counter
                tells. A clock tells only what is older.
        """
        if self.ciphered:
            return [published]
        return self._long_ago if self._long_ago[0].truth.says_time else []

    def says(self, telegram: Telegram) -> dict[str, Values]:
        """Give what the state messages have to say of a telegram, by topic."""
        found = {self.id: state(telegram.truth)}
        for other in telegram.truth.others:
            found[_slug(other.number)] = {
                other.kind: other.value,
                "timestamp": other.time.isoformat(),
            }
        return {f"{self._base_topic}/{name}/state": values for name, values in found.items()}

    async def read_by(self, programs: int) -> None:
        """Wait until so many programs are connected, where a gateway can tell."""
        if isinstance(self.wire, TcpServer):
            try:
                async with asyncio.timeout(TIMEOUT):
                    await self.wire.clients(programs)
            except TimeoutError:
                raise AssertionError(f"{self.url} is not read by {programs} programs") from None


class _OneBaudRate(Adapter):
    """A serial adapter that gives noise in any but the meter's own baud rate.

    A pseudo terminal keeps the baud rate that its reader has set, but no parity.

    Args:
        path: see `Adapter`.
        serial_mode: the meter's.
    """

    def __init__(self, path: Path, serial_mode: str) -> None:
        super().__init__(path)
        baudrate, _ = serial_mode.split()
        self._speed: int = getattr(termios, f"B{baudrate}")

    def write(self, data: bytes) -> None:
        """Write bytes to whoever has it open."""
        if self._pty and termios.tcgetattr(self._pty._controller)[_SPEED] != self._speed:
            data = bytes(byte ^ _NOISE for byte in data[::2])
        super().write(data)


@asynccontextmanager
async def connected(scenario: Scenario, directory: Path) -> AsyncGenerator[list[MeterOnLine]]:
    """Give a scenario's meters, each on its line."""
    found: list[MeterOnLine] = []
    labels: list[str] = []
    base_topic = str(scenario.mqtt.get("base_topic", "smartmeter"))
    async with AsyncExitStack() as stack:
        for number, line in enumerate(scenario.lines):
            wire: Wire
            if line.gateway:
                wire = stack.enter_context(closing(await TcpServer.listen(0)))
                url = f"tcp://127.0.0.1:{wire.port}"
            else:
                wire = adapter = _adapter(line, directory / f"ttyMeter{number}")
                stack.enter_context(closing(adapter))
                url = str(adapter.path)
            given = line.options if number else {**scenario.options, **line.options}
            label = str(given.get("name", url))
            labels.append(label if label not in labels else f"{label} ({number + 1})")
            shown = labels[-1] if len(scenario.lines) > 1 else ""
            found.append(MeterOnLine(line, wire, url, shown, base_topic))
        yield found


def _adapter(line: Line, path: Path) -> Adapter:
    if not line.searched:
        return Adapter(path)
    meter = meters.build(line.family, line.lists[-1] if line.lists else None)
    return _OneBaudRate(path, meter.serial_mode)


def options_of(
    scenario: Scenario, on_lines: Sequence[MeterOnLine], broker: Mosquitto
) -> dict[str, Any]:
    """Give the options of a scenario."""
    first, *others = on_lines
    given = options(broker, first.url, **{**scenario.options, **first.line.options})
    given["mqtt"] |= scenario.mqtt
    if others:
        keys = {"key": KEY.hex(), "auth_key": AUTH_KEY.hex()}
        given["additional_meters"] = [
            {"url": meter.url, **keys, **meter.line.options} for meter in others
        ]
    return given


def _slug(text: str) -> str:
    """Give a text in the characters of a topic's level."""
    return _NOT_IN_A_TOPIC.sub("_", text.lower()).strip("_")[:_LONGEST]
