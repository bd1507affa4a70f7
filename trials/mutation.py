"""Changes the program in one place after the other: does a test notice?

    PYTHONPATH=smartmeter_addon:. python3 -m trials.mutation                  numbers of the guard
    PYTHONPATH=smartmeter_addon:. python3 -m trials.mutation --code cosem     code of a folder
    PYTHONPATH=smartmeter_addon:. python3 -m trials.mutation --code link --only crc. --processes 4
    PYTHONPATH=smartmeter_addon:. python3 -m trials.mutation --list

`mutants` says what is changed. Code of functions is changed in memory, see `forks`. Numbers, and
what cannot be changed there, are changed in a copy of the tree, where the tests of the folder run
until one fails: first those of the module, then all. It prints a Markdown table of the changes that
no test notices; the exit status is 1 when there are any. Some of them change nothing that anybody
can see: `UNSEEN` names those that were looked at.
"""

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from trials import mutants
from trials.mutants import APP, EXCLUDED, ROOT, UNSEEN, Mutant

GUARD: Final = "plausibility"
COPIED: Final = (
    *("smartmeter_addon", "simulator", "tests", "trials"),
    *("pyproject.toml", "RELIABILITY.md"),  # whose table of checks is compared with the code
)

_SHORTEST_TIMEOUT: Final = 60.0
_TIMEOUT_FACTOR: Final = 10.0
"""Seconds for the tests, and what they may take of the time with nothing changed."""

_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_SOME_FAILED: Final = (1, 2)
"""Exit statuses of pytest when tests failed, and when they could not be collected."""


class Outcome(NamedTuple):
    """What came of a mutant.

    Args:
        mutant: which.
        noticed: the first test that failed, or that time ran out; empty for not noticed.
        seconds: that the tests took.
    """

    mutant: Mutant
    noticed: str
    seconds: float


# --- The tests ---


class Copies:
    """Copies of the tree in which mutants are tried, one for each process.

    Args:
        folder: where they are made.
        count: how many.
        tests: what pytest is told to run.
    """

    def __init__(self, folder: Path, count: int, tests: Sequence[Path]) -> None:
        self.timeout: float | None = None
        """Seconds after which tests are ended that a change keeps from ending; None for never."""
        self._tests = tests
        self._free: queue.Queue[Path] = queue.Queue()
        for n in range(count):
            copy = folder / str(n)
            copy.mkdir(parents=True)
            for name in COPIED:
                _copy(ROOT / name, copy / name)
            self._free.put(copy)

    def run(self) -> tuple[str, float]:
        """Run the tests of the unchanged tree; return as `Outcome` does."""
        copy = self._free.get()
        try:
            return self._run_tests(copy)
        finally:
            self._free.put(copy)

    def try_out(self, mutant: Mutant) -> Outcome:
        """Run the tests with a mutant in the tree: first those of its module, then all."""
        copy = self._free.get()
        path = copy / mutant.spot.path
        source = path.read_bytes()
        own = Path("tests") / path.parent.name / f"test_{path.stem}.py"
        begun = time.monotonic()
        try:
            path.write_bytes(mutant.write(source))
            # Python tells a changed source by size and second, which may both be the same.
            shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
            noticed = ""
            if (copy / own).exists():
                noticed, _ = self._run_tests(copy, own)
            if not noticed:
                noticed, _ = self._run_tests(copy)
            return Outcome(mutant, noticed, time.monotonic() - begun)
        finally:
            path.write_bytes(source)
            self._free.put(copy)

    def _run_tests(self, copy: Path, *tests: Path) -> tuple[str, float]:
        begun = time.monotonic()
        try:
            done = subprocess.run(  # noqa: S603 - this interpreter, and tests of this repository
                (*_PYTEST, *map(str, tests or self._tests)),
                cwd=copy,
                env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
                capture_output=True,
                text=True,
                check=False,
                timeout=self.timeout,
            )
        except subprocess.TimeoutExpired:
            return "time ran out", time.monotonic() - begun
        seconds = time.monotonic() - begun
        if not done.returncode:
            return "", seconds
        failed = _FAILED.search(done.stdout)
        if done.returncode not in _SOME_FAILED or not failed:
            raise ChildProcessError(f"pytest could not run:\n{done.stdout}{done.stderr}")
        return failed[1], seconds


_PYTEST: Final = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    else:
        shutil.copyfile(source, to)


# --- The command ---


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all mutants and print the table; the exit status is 1 when one is not noticed."""
    parser = argparse.ArgumentParser(
        prog="python3 -m trials.mutation",
        description="Changes the program in one place after the other: does a test notice?",
    )
    parser.add_argument(
        "--code",
        metavar="FOLDER",
        help=f"change what the functions in that folder of {APP} decide, not the guard's numbers",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="TEXT",
        help="places with it in the name; may be repeated",
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--tests",
        action="append",
        type=Path,
        metavar="PATH",
        help="what is run, from the root; may be repeated (default: tests of the folder)",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="of tests that a change of code is tried with (default: %(default)s)",
    )
    parser.add_argument(
        "--list", action="store_true", help="print what is changed, and try nothing"
    )
    given = parser.parse_args(arguments)
    made = mutants.code_mutants(given.code) if given.code else mutants.number_mutants(GUARD)
    todo = [
        one
        for text in given.only or [""]
        for one in made
        if text in one.spot.label and one.described not in UNSEEN
    ]
    if given.list:
        sys.stdout.writelines(f"{one.described}\n" for one in todo)
        sys.stdout.writelines(_left_out(given.code))
        return 0
    if not todo:
        parser.error(f"nothing that could be changed has one of {given.only} in the name")
    tests = given.tests or [Path("tests") / (given.code or GUARD)]
    outcomes, todo = _try_in_forks(todo, tests, given.patience) if given.code else ([], todo)
    if todo:
        outcomes += _try_in_copies(todo, tests, given.processes)
    sys.stdout.writelines(table(outcomes))
    return int(any(not one.noticed for one in outcomes))


def _try_in_forks(
    todo: Sequence[Mutant], tests: Sequence[Path], patience: float
) -> tuple[list[Outcome], list[Mutant]]:
    """Try mutants of functions; give what came of them, and those that are left over."""
    from trials.forks import Forks, Tried  # noqa: PLC0415 - numbers are tried without coverage.py

    outcomes: list[Outcome] = []
    with os.fdopen(os.dup(2), "w") as told:  # pytest captures what is written to standard error

        def tell(one: Tried) -> None:
            outcomes.append(Outcome(one.mutant, one.noticed, one.seconds))
            told.write(
                f"{len(outcomes)} of {len(todo)}: {one.mutant.described}:"
                f" {one.noticed or 'NOT NOTICED'} ({one.seconds:.1f} s, {one.chosen} of {one.tests}"
                " tests)\n"
            )
            told.flush()

        forks = Forks(todo, patience, tell)
        pytest.main(
            ["-p", "no:cacheprovider", "-p", "no:terminal", *map(str, tests)], plugins=[forks]
        )
    for test in sorted(forks.failed):
        _note(f"fails with nothing changed, and does not count: {test}")
    return outcomes, forks.left_over


def _try_in_copies(todo: Sequence[Mutant], tests: Sequence[Path], processes: int) -> list[Outcome]:
    """Try mutants in copies of the tree; none is noticed where the tests fail anyway."""
    with tempfile.TemporaryDirectory(prefix="smartmeter-mutation-") as folder:
        copies = Copies(Path(folder), processes, tests)
        failed, seconds = copies.run()
        if failed:
            _note(f"the tests fail with nothing changed: {failed}; {len(todo)} changes left over")
            return [Outcome(one, "", 0.0) for one in todo]
        copies.timeout = max(_SHORTEST_TIMEOUT, _TIMEOUT_FACTOR * seconds)
        _note(f"nothing changed: the tests take {seconds:.0f} s")
        return _try_all(copies, todo, processes)


def _try_all(copies: Copies, todo: Sequence[Mutant], processes: int) -> list[Outcome]:
    """Try mutants, and say what comes of each; an interruption ends with those done by then."""
    outcomes = []
    with ThreadPoolExecutor(processes) as pool:
        try:
            for outcome in pool.map(copies.try_out, todo):
                outcomes.append(outcome)
                _note(
                    f"{len(outcomes)} of {len(todo)}: {outcome.mutant.described}:"
                    f" {outcome.noticed or 'NOT NOTICED'} ({outcome.seconds:.0f} s)"
                )
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            _note("interrupted; the table is of what was done until now")
    return outcomes


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the lines of the table, and of the counts below it."""
    lost = [one.mutant for one in outcomes if not one.noticed]
    lines = []
    if lost:
        lines = ["| Place | Line | Change that no test notices |\n", "| --- | --- | --- |\n"]
        lines += [_row(one.spot.label, one.spot.line, one.becomes) for one in lost]
        lines += ["\n"]
    return [*lines, f"{len(outcomes)} changes, {len(lost)} of them not noticed\n"]


def _row(*cells: str) -> str:
    escaped = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


def _left_out(folder: str | None) -> Iterator[str]:
    """Give the lines that tell what is not changed, and why."""
    if folder:
        for described, reason in UNSEEN.items():
            yield f"not seen: {described}, {reason}\n"
        return
    names = {spot.name for spot in mutants.all_numbers(GUARD)}
    for name, reason in EXCLUDED.items():
        yield f"excluded: {name}, {reason}{'' if name in names else ' (there is none)'}\n"


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
