"""A stage on which programs are started one after the other: broker, meters, options, state."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

from simulator.meters import Telegram
from tests.support.mosquitto import Mosquitto, Watcher
from tests.support.program import Program, running
from trials.upgrade import judge
from trials.upgrade.judge import Said, Start
from trials.upgrade.lines import PUSH_INTERVAL, MeterOnLine, connected, options_of
from trials.upgrade.scenarios import Scenario

FIRST: Final = 12
"""Telegrams of the first start, of which the program learns what is usual."""

NEXT: Final = 4
"""Telegrams of each later start."""

RECALL: Final = 8.0
"""Seconds within which a program says what it knows of before, which takes it one, or four where it
takes over the sensors of another program."""

_MARK: Final = "trial/mark"
_NOT_ACCEPTED: Final = ("a telegram is pending", "a telegram was ")
"""How this program and earlier ones say so; 0.1.0 said that it was held back, or refused."""


@dataclass
class Script:
    """What one meter sends in one start, in this order.

    Args:
        unread: while no program reads; the end of the last one is the first that it does read.
        old: what is replayed.
        unpublished: telegrams that are read, and give no reading yet.
        published: each as soon as the one before it is published.
        stopping: when the program has been told to stop.
    """

    unread: list[Telegram] = field(default_factory=list)
    old: list[Telegram] = field(default_factory=list)
    unpublished: list[Telegram] = field(default_factory=list)
    published: list[Telegram] = field(default_factory=list)
    stopping: list[Telegram] = field(default_factory=list)


class Stage:
    """Where a scenario is played.

    Args:
        broker: keeps what is retained from start to start.
        client: sees all that is published.
        meters: each on its line.
        options: of each program that is started.
        directory: of options and state file.
    """

    def __init__(
        self,
        broker: Mosquitto,
        client: Watcher,
        meters: Sequence[MeterOnLine],
        options: dict[str, Any],
        directory: Path,
    ) -> None:
        self._broker = broker
        self._client = client
        self._meters = meters
        self._options = options
        self._directory = directory
        self._marks = 0
        self._known: set[str] = set()  # topics of what is said before the first telegram

    @property
    def state_file(self) -> Path:
        """Where the programs keep their state."""
        return self._directory / "state.json"

    def first_scripts(self) -> list[Script]:
        """Make what each meter sends in the first start."""
        scripts = []
        for meter in self._meters:
            telegrams = meter.telegrams(meter.line.unpublished + FIRST)
            scripts.append(
                Script(
                    unpublished=telegrams[:-FIRST],
                    published=telegrams[-FIRST:],
                    stopping=meter.telegrams(1),
                )
            )
        return scripts

    def next_scripts(self, before: Sequence[Script], replayed: int) -> list[Script]:
        """Make what each meter sends in the next start.

        Args:
            before: what it sent in the start before.
            replayed: which of the telegrams that were published then; an index.
        """
        return [
            Script(
                unread=meter.telegrams(2),
                old=meter.old_telegrams(script.published[replayed]),
                published=meter.telegrams(NEXT),
            )
            for meter, script in zip(self._meters, before, strict=True)
        ]

    async def start(
        self, name: str, addon: Path, scripts: Sequence[Script], *, awaited: bool = True
    ) -> Start:
        """Start a program, let the meters push, and stop it.

        Args:
            name: of the start.
            addon: the add-on's folder in which the program lies.
            scripts: one for each meter.
            awaited: whether the start is given up when a telegram is not published.
        """
        start = Start(name)
        seen = len(self._client.messages)
        for topic in self._known:
            self._client.pass_over(topic)
        try:
            async with running(
                self._options, self._directory, addon=addon, may_fail=True
            ) as program:
                try:
                    await self._begin(program, scripts)
                    await self._recall(start, seen)
                    await self._push_unpublished(program, scripts)
                    for meter, script in zip(self._meters, scripts, strict=True):
                        for telegram in script.old:
                            await self._replay(start, program, meter, telegram, awaited=awaited)
                    await self._push_all(start, scripts, awaited=awaited)
                    await self._stop(start, program, scripts)
                finally:
                    start.output = program.output
        except AssertionError as error:
            start.failure = str(error).partition("; it wrote:")[0]
            if start.failure == start.output:
                start.failure = "the program wrote to standard error"
        for meter in self._meters:
            await meter.read_by(0)
        await self._mark(self._client)
        start.messages = [one for one in self._client.messages[seen:] if one.topic != _MARK]
        async with self._broker.watch() as late:
            await self._mark(late)
            start.retained = {one.topic: one.payload for one in late.messages if one.retain}
        self._known = judge.known(start)
        try:
            start.state = json.loads(self.state_file.read_text("utf-8"))
        except (OSError, ValueError):
            start.state = None
        return start

    async def _begin(self, program: Program, scripts: Sequence[Script]) -> None:
        """Wait until the program reads; until then, nobody hears the meters."""
        for meter, script in zip(self._meters, scripts, strict=True):
            for telegram in script.unread:
                meter.wire.write(telegram.data)
        await program.logs("connected to the MQTT broker")
        for meter in self._meters:
            await program.logs(f"reading {meter.url}")
            await meter.read_by(1)

    async def _recall(self, start: Start, seen: int) -> None:
        """Let the program say what it knows of before, which a telegram may replace.

        Args:
            start: takes note of it.
            seen: how many messages there were before this start.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(RECALL):
                for topic in self._known:
                    await self._client.wait(topic)
        start.recalled = {one.topic for one in self._client.messages[seen:]}

    async def _push_unpublished(self, program: Program, scripts: Sequence[Script]) -> None:
        """Send what is to give no reading."""
        for meter, script in zip(self._meters, scripts, strict=True):
            for telegram in script.unread[-1:]:
                meter.wire.write(telegram.data[len(telegram.data) // 2 :])
            for telegram in script.unpublished:
                meter.wire.write(telegram.data)
                await asyncio.sleep(PUSH_INTERVAL)
            if meter.line.searched and script.unpublished:
                await program.logs(f"reading {meter.url} ({meter.meter.serial_mode})")

    async def _replay(
        self,
        start: Start,
        program: Program,
        meter: MeterOnLine,
        telegram: Telegram,
        *,
        awaited: bool,
    ) -> None:
        """Send an old telegram, and wait until it is rejected or, which is wrong, published."""
        says = meter.says(telegram)
        for topic, values in says.items():
            start.old.setdefault(topic, []).append(values)
            self._client.pass_over(topic)
        meter.wire.write(telegram.data)
        if not awaited:
            await asyncio.sleep(PUSH_INTERVAL)
            return
        told = [asyncio.create_task(program.logs(sentence)) for sentence in _NOT_ACCEPTED]
        published = [asyncio.create_task(self._client.wait(topic)) for topic in says]
        done, waiting = await asyncio.wait((*told, *published), return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        ended = await asyncio.gather(*done, *waiting, return_exceptions=True)
        if all(isinstance(each, BaseException) for each in ended):
            raise AssertionError("an old telegram was replayed, and neither rejected nor published")

    async def _push_all(self, start: Start, scripts: Sequence[Script], *, awaited: bool) -> None:
        # Where no counter says how many were pushed, the program expects each when it is due.
        counted = all(meter.ciphered for meter in self._meters)
        pause = 0 if awaited and counted else PUSH_INTERVAL
        for turn in zip(*(script.published for script in scripts), strict=True):
            for meter, telegram in zip(self._meters, turn, strict=True):
                topics = _say(start, meter, telegram)
                if awaited:
                    await self._push(meter, telegram, topics)
                else:
                    meter.wire.write(telegram.data)
            await asyncio.sleep(pause)

    async def _push(self, meter: MeterOnLine, telegram: Telegram, topics: Sequence[str]) -> None:
        """Push a telegram, and wait until it is published."""
        for topic in topics:
            self._client.pass_over(topic)
        begin = monotonic()
        meter.wire.write(telegram.data)
        for topic in topics:
            try:
                await self._client.wait(topic)
            except AssertionError:
                raise AssertionError(
                    f"{topic}: nothing was published within {monotonic() - begin:.0f} s after a"
                    " telegram; this start was given up"
                ) from None

    async def _stop(self, start: Start, program: Program, scripts: Sequence[Script]) -> None:
        stopping = asyncio.create_task(program.stop())
        await asyncio.sleep(0)  # the signal is sent
        for meter, script in zip(self._meters, scripts, strict=True):
            for telegram in script.stopping:
                _say(start, meter, telegram, surely=False)
                meter.wire.write(telegram.data)
        ended = await stopping
        if ended.status:
            raise AssertionError(f"the program ended with exit status {ended.status}")

    async def _mark(self, client: Watcher) -> None:
        """Wait until a client has seen all that was published so far."""
        self._marks += 1
        await client.publish(_MARK, str(self._marks))
        await client.wait(_MARK, str(self._marks))


def _say(start: Start, meter: MeterOnLine, telegram: Telegram, *, surely: bool = True) -> list[str]:
    """Note what a telegram says; give the topics."""
    says = meter.says(telegram)
    for topic, values in says.items():
        start.said.setdefault(topic, []).append(Said(values, surely))
    return list(says)


@asynccontextmanager
async def staged(scenario: Scenario, old: Path, directory: Path) -> AsyncGenerator[Stage]:
    """Put up a stage.

    Args:
        scenario: which.
        old: the add-on's folder of the earlier version, of which profiles are copied.
        directory: for all files; empty.
    """
    files, data = directory / "mosquitto", directory / "data"
    files.mkdir()
    data.mkdir()
    _write_profiles(scenario, old, data / "profiles")
    broker = Mosquitto(files).start()
    try:
        async with broker.watch() as client, connected(scenario, directory) as meters:
            yield Stage(broker, client, meters, options_of(scenario, meters, broker), data)
    finally:
        broker.stop()


def _write_profiles(scenario: Scenario, old: Path, folder: Path) -> None:
    folder.mkdir()
    for name, shipped in scenario.profiles.items():
        (profile,) = old.rglob(f"{shipped}.toml")  # not in the same folder in every version
        (folder / f"{name}.toml").write_bytes(profile.read_bytes())
