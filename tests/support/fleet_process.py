"""The commands of a fleet as processes, and what they say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from tests.support.nats import TIMEOUT
from tests.support.processes import put_down

APP = Path(__file__).parents[2] / "smartmeter_addon"


class Process:
    """The program, and what it logs."""

    def __init__(self, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(APP), "TZ": "Europe/Vienna"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.reading = Thread(target=self._read)
        self.reading.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def logged(self, sentence: str) -> bool:
        return any(sentence in line for line in self.lines)

    def wait(self) -> int:
        status = self.process.wait(TIMEOUT)
        self.reading.join()
        assert self.process.stdout
        self.process.stdout.close()
        return status


@contextmanager
def process(*arguments: str) -> Iterator[Process]:
    one = Process(*arguments)
    try:
        yield one
    finally:
        put_down(one.process, one.reading)


def done(*arguments: str) -> tuple[int, str]:
    with process(*arguments) as one:
        return one.wait(), "".join(one.lines)
