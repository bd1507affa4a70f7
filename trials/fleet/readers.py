"""Readers as processes, and what they cost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Set as AbstractSet
from pathlib import Path
from time import monotonic
from typing import Final

from tests.support.nats import Node
from trials.fleet.pushers import Meter
from trials.fleet.stored import PATIENCE, TrialError

_ROOT: Final = Path(__file__).parents[2]
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Readers:
    """Starts readers of one fleet.

    Args:
        folder: for options and logs.
        nodes: of the engine.
        partitions: how many.
        meters: that are to be read; one whose key is to be wrong is among `wrong`.
        wrong: names whose keys are wrong.
    """

    def __init__(
        self,
        folder: Path,
        nodes: list[Node],
        partitions: int,
        meters: list[Meter],
        wrong: frozenset[str] = frozenset(),
    ) -> None:
        self.running: list[subprocess.Popen[bytes]] = []
        self._folder = folder
        options = {"servers": [node.url for node in nodes], "partitions": partitions}
        options |= {"replicas": len(nodes)}
        (folder / "fleet.json").write_text(json.dumps(options))
        keys = {one.name: bytes(16) if one.name in wrong else one.key for one in meters}
        content = {name: {"key": key.hex()} for name, key in keys.items()}
        (folder / "meters.json").write_text(json.dumps(content))

    async def set_up(self) -> None:
        """Set the engine up, as soon as it has started.

        Raises:
            TrialError: it cannot be, within PATIENCE.
        """
        until = monotonic() + PATIENCE
        while await asyncio.to_thread(self._start("setup", log="setup").wait):
            if monotonic() > until:
                *_, why = (self._folder / "setup").read_text().splitlines()
                raise TrialError(f"the engine could not be set up for {PATIENCE:.0f} s: {why}")
            await asyncio.sleep(1)

    def join(self) -> subprocess.Popen[bytes]:
        """Start a reader."""
        reader = self._start(log=f"reader-{len(list(self._folder.glob('reader-*')))}")
        self.running.append(reader)
        return reader

    def end(self, reader: subprocess.Popen[bytes], number: signal.Signals) -> None:
        """End a reader."""
        self.running.remove(reader)
        reader.send_signal(number)
        reader.wait()

    def end_all(self) -> None:
        """End all readers."""
        for reader in [*self.running]:
            reader.send_signal(signal.SIGCONT)
            self.end(reader, signal.SIGTERM)

    def told(self, names: AbstractSet[str]) -> list[str]:
        """Give what the logs say of some meters."""
        logs = sorted(self._folder.glob("reader-*"))
        lines = [f"{log.name}: {line}" for log in logs for line in log.read_text().splitlines()]
        return [line for line in lines if any(f" {name}: " in line for name in names)]

    def _start(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "app", "fleet", *arguments]
        command += ["--options", str(self._folder / "fleet.json")]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT / "smartmeter_addon")}
        with (self._folder / log).open("ab") as file:
            return subprocess.Popen(command, env=environment, stdout=file, stderr=file)  # noqa: S603 - this program


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """The processor time of a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def megabytes(process: subprocess.Popen[bytes], what: str = "VmRSS") -> float:
    """The resident memory of a process, or another line of its status."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024
