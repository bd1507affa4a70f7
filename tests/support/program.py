"""The real program in a process of its own, and what it writes, line by line.

Nothing here sleeps to let something happen: whoever waits is woken by every line.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from simulator.ciphering import AUTH_KEY, KEY
from tests.support.mosquitto import TIMEOUT, Mosquitto

ADDON = Path(__file__).parents[2] / "smartmeter_addon"

_ALL_THREADS = 2
"""Of the clocks that Linux has for each process: the time that the scheduler counts, of all its
threads (clock_getcpuclockid, whose number the C library makes so)."""


def bare_environment() -> dict[str, str]:
    """Give the variables that each process needs, and that by which script/coverage measures it."""
    return {
        name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_CONFIG") if name in os.environ
    }


class End(NamedTuple):
    """How the program ended, and after how many seconds."""

    status: int
    seconds: float


class Program:
    """``python3 -m app run``, as the add-on starts it.

    ``start`` is the seconds that passed until its first line.
    """

    def __init__(self, process: asyncio.subprocess.Process, begin: float) -> None:
        self._process = process
        self._begin = begin
        self.start = 0.0
        self._news = asyncio.Condition()
        self._found: defaultdict[str, int] = defaultdict(int)
        self._read_to_the_end = asyncio.Event()
        self.lines: list[str] = []
        self.errors: list[str] = []

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def resident(self) -> int:
        """Kilobytes of memory that it holds."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        return int(status.partition("VmRSS:")[2].split()[0])

    @property
    def busy(self) -> float:
        """Seconds for which it has kept a processor busy."""
        return time.clock_gettime(~self.pid << 3 | _ALL_THREADS)

    @property
    def output(self) -> str:
        """Everything it has written so far."""
        return "".join([*self.lines, *self.errors])

    @property
    def doubled(self) -> list[str]:
        """Lines that it has written twice in one second; bytes of telegrams may be alike."""
        counted = Counter(line for line in self.lines if " TRACE " not in line)
        return [line for line, count in counted.items() if count > 1]

    async def read(self) -> None:
        """Take what it writes until it ends."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(self._process.stdout, self.lines))
            group.create_task(self._read(self._process.stderr, self.errors))
        self._read_to_the_end.set()

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        async for line in stream:
            async with self._news:
                self.start = self.start or monotonic() - self._begin
                lines.append(line.decode())
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()

    async def logs(self, text: str, patience: float = TIMEOUT) -> str:
        """Wait for the next line that contains a text; each line is given once for a text."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(patience), self._news:
                while True:
                    for line in self.lines[self._found[text] :]:
                        self._found[text] += 1
                        if text in line:
                            return line
                    if self._process.stdout.at_eof():
                        break
                    await self._news.wait()
        except TimeoutError:
            pass
        raise AssertionError(f"the program does not write {text!r}; it wrote:\n{self.output}")

    async def ready(self, patience: float = TIMEOUT) -> None:
        """Wait until it is connected to both sides."""
        await self.logs("connected to the MQTT broker", patience)
        await self.logs(" reading ", patience)

    async def received(self, size: int) -> None:
        """Wait until it has read so many bytes in all; its log level has to be trace."""
        got = 0
        while got < size:
            line = await self.logs(" received ")
            got += len(bytes.fromhex(line.partition(" received ")[2]))

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> End:
        """Tell it to stop, as the Supervisor does."""
        begin = monotonic()
        self._process.send_signal(number)
        return End(await self.ends(), monotonic() - begin)

    async def ends(self) -> int:
        """Wait for its end and all that it has written; give the exit status."""
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._read_to_the_end.wait()
                return await self._process.wait()
        except TimeoutError:
            raise AssertionError(f"the program does not end; it wrote:\n{self.output}") from None


@asynccontextmanager
async def running(
    options: object,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    *,
    before: str = "",
    prefix: Sequence[str] = (),
    may_fail: bool = False,
    addon: Path = ADDON,
) -> AsyncGenerator[Program]:
    """Start the program.

    Args:
        options: its options, or a text that is no JSON.
        directory: where its file of options is written.
        environment: what it finds there beside what it needs.
        before: code that its process runs first, to let it live in another world.
        prefix: the command that starts it, such as one that gives up rights.
        may_fail: whether mistakes of its own are what is tested.
        addon: the add-on's folder in which the program lies, as another version of it may.
    """
    file = directory / "options.json"
    text = options if isinstance(options, str) else json.dumps(options)
    if not file.exists() or file.read_text("utf-8") != text:
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)  # else the program warns of it
    begin = monotonic()
    module = ("-c", f"{before}\nimport sys, app.cli\nsys.exit(app.cli.main())")
    process = await asyncio.create_subprocess_exec(
        *prefix,
        sys.executable,
        *(module if before else ("-m", "app")),
        *("run", "--options", str(file)),
        cwd=addon,
        env={
            **bare_environment(),
            "TZ": "UTC",
            "NO_COLOR": "1",
            "PYTHONFAULTHANDLER": "1",
            **(environment or {}),
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    program = Program(process, begin)
    reading = asyncio.create_task(program.read())
    try:
        yield program
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading
    # Whatever happens, the program speaks through its log alone, and never of a crash.
    assert not program.errors, program.output
    assert may_fail or "Traceback" not in program.output, program.output
    assert addon != ADDON or program.doubled == [], program.output


def options(broker: Mosquitto, url: Path | str, **more: object) -> dict[str, Any]:
    """Give the options of somebody with one meter, both keys, and a broker with a password."""
    mqtt = {
        "host": broker.host,
        "port": broker.port,
        "username": broker.username,
        "password": broker.password,
    }
    return {
        "url": str(url),
        "key": KEY.hex(),
        "auth_key": AUTH_KEY.hex(),
        "mqtt": mqtt,
        **more,
    }
