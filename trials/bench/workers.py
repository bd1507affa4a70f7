"""Processes that measure one program each, and take turns."""

import json
import os
import statistics
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.history import ROOT

_TOLERANCE: Final = 1e-6


class Worker:
    """A process that measures one program on one list.

    ``figures`` are nanoseconds, one for each round.

    Args:
        process: as `trials.bench.worker` describes.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.figures: list[int] = []

    def numbers(self) -> list[float] | None:
        """Give the numbers that it read; None when it does not read this list.

        Raises:
            ChildProcessError: the process has ended.
        """
        numbers: list[float] | None = json.loads(self._line())
        return numbers

    def measure(self) -> None:
        """Measure one slice.

        Raises:
            ChildProcessError: the process has ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.figures.append(int(self._line()))

    def _line(self) -> str:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise ChildProcessError("measuring failed, see above")
        return line


@contextmanager
def started(command: Sequence[str], paths: Sequence[Path] = ()) -> Generator[Worker]:
    """Start a process that measures.

    Args:
        command: what it runs.
        paths: where it finds packages, beside this repository.
    """
    with subprocess.Popen(  # noqa: S603 - an interpreter or program of this trial's own
        command,
        cwd=ROOT,  # a package app in another working directory would be found first
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT)))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if hasattr(os, "sched_setaffinity"):  # all on one processor, as another may be slower
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        try:
            yield Worker(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def take_turns(workers: Sequence[Worker], rounds: int) -> None:
    """Let each measure so many slices: one after the other, each round in the other direction."""
    turns = list(workers)
    for _ in range(rounds):
        for worker in turns:
            worker.measure()
        turns.reverse()


def holds(numbers: Sequence[float], power: int) -> bool:
    """Tell whether a power in watts is among some numbers, in watts or kilowatts."""
    return any(
        abs(number - wanted) < _TOLERANCE for number in numbers for wanted in (power, power / 1000)
    )


def ratio(figures: Sequence[float], others: Sequence[float]) -> float:
    """Give the median of the ratios of each round."""
    return statistics.median(one / other for one, other in zip(figures, others, strict=True))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Make a Markdown table; all columns but the first are figures."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))
