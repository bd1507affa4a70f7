"""Measures both programs side by side: `python3 -m trials.guard_cost --help`."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support import history
from tests.support.history import NotInCloneError
from trials.guard_cost import worker
from trials.guard_cost.worker import SLICE, Slice

LISTS: Final = (
    ("kaifa", "netznoe"),
    ("e450", "burgenland"),
    ("e450", "wien"),
    ("kamstrup", ""),
    ("dsmr", "dsmr5"),
)
"""Family and variant of each list."""

GOAL: Final = 0.2
"""Share of the earlier cost that is aimed at."""

_ADDON: Final = history.ROOT / "smartmeter_addon"
_COLUMNS: Final = (
    *("List", "Guard then", "now", "Derived then", "now", "Together then", "now", "Ratio"),
    *("Median then", "now", "Ratio"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status does not depend on the times."""
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.guard_cost",
        description="Measures guard and derived values, of this tree and an earlier commit.",
    )
    history.add_option(parser)
    parser.add_argument(
        "--slices", type=int, default=100, metavar="N", help=f"of {SLICE} telegrams, for each list"
    )
    parser.add_argument("--family", default="", help="only the lists of this family")
    given = parser.parse_args(arguments)
    lists = [one for one in LISTS if given.family in {"", one[0]}]
    if given.slices < 1 or not lists:
        families = ", ".join(dict.fromkeys(family for family, _ in LISTS))
        parser.error(f"wanted are --slices of at least 1 and --family one of {families}")
    with tempfile.TemporaryDirectory(prefix="smartmeter-guard-cost-") as folder:
        try:
            then = history.unpack(given.commit, Path(folder))
        except NotInCloneError as error:
            parser.error(str(error))
        _print(f"microseconds a telegram, {given.commit} then and this tree now\n\n")
        _print(_row(_COLUMNS))
        _print(_row(["---", *["---:"] * (len(_COLUMNS) - 1)]))
        met = sum(_measure(*one, then, given.slices) <= GOAL for one in lists)
    _print(f"\ngoal: a ratio of at most {GOAL}, met by {met} of {len(lists)} lists\n")
    return 0


def _measure(family: str, variant: str, then: Path, count: int) -> float:
    """Measure one list and print its row; return the ratio of the least times."""
    both: list[list[Slice]] = [[], []]
    with _started(family, variant, then) as old, _started(family, variant, _ADDON) as new:
        turns = list(zip(both, (old, new), strict=True))
        for _ in range(count):
            for measured, run in turns:
                measured.append(run())
            turns.reverse()
    cells = [f"{family} {variant}".strip()]
    for part in (_guard, _derived):
        cells += (f"{min(map(part, measured)):.1f}" for measured in both)
    before, after = ([_together(one) for one in measured] for measured in both)
    ratio = min(after) / min(before)
    cells += f"{min(before):.1f}", f"{min(after):.1f}", f"{ratio:.2f}"
    # A processor's speed changes over seconds, and hardly from one slice to the next.
    pairs = [new / old for old, new in zip(before, after, strict=True)]
    medians = map(statistics.median, (before, after, pairs))
    cells += (f"{value:.{digits}f}" for value, digits in zip(medians, (1, 1, 2), strict=True))
    _print(_row(cells))
    for name, measured in zip(("then", "now"), both, strict=True):
        if lost := sum(one.not_accepted for one in measured):
            _print(f"  {name}: {lost} of {count * SLICE} telegrams were not accepted\n")
    return ratio


def _guard(one: Slice) -> float:
    return one.guard / SLICE / 1000


def _derived(one: Slice) -> float:
    return one.derived / SLICE / 1000


def _together(one: Slice) -> float:
    return _guard(one) + _derived(one)


@contextmanager
def _started(family: str, variant: str, addon: Path) -> Generator[Callable[[], Slice]]:
    """Start a process that measures the program in an add-on's folder.

    Yields:
        A function that lets it measure one slice, and waits for that.

    Raises:
        ChildProcessError: on a call, when the process has ended.
    """
    paths = os.pathsep.join(map(str, (addon, history.ROOT)))
    with subprocess.Popen(  # noqa: S603 - this interpreter, and a module of this repository
        (sys.executable, "-m", worker.__name__, family, variant),
        cwd=history.ROOT,  # a package app in another working directory would be found first
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if hasattr(os, "sched_setaffinity"):  # both on one processor, as another may be slower
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        asked, told = process.stdin, process.stdout
        assert asked is not None
        assert told is not None

        def read() -> Slice:
            if not (line := told.readline()):
                raise ChildProcessError(f"measuring {addon} failed, see above")
            return Slice(*map(int, line.split()))

        def run() -> Slice:
            asked.write("\n")
            asked.flush()
            return read()

        read()  # it has decoded all telegrams
        yield run
        asked.close()


def _row(cells: Sequence[str]) -> str:
    """Give a row of a Markdown table that is aligned."""
    widths = (16, *(max(7, len(column)) for column in _COLUMNS[1:]))
    first, *others = (
        cell.ljust(width) if width == widths[0] else cell.rjust(width)
        for cell, width in zip(cells, widths, strict=True)
    )
    return f"| {' | '.join((first, *others))} |\n"


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
