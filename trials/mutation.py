"""Changes each number of the guard by a factor of three: does a test notice?

    PYTHONPATH=smartmeter_addon:. python3 -m trials.mutation
    PYTHONPATH=smartmeter_addon:. python3 -m trials.mutation --only counters. --processes 4
    PYTHONPATH=smartmeter_addon:. python3 -m trials.mutation --list

The numbers are those of module level in ``app/plausibility``, also inside tuples, dicts and calls.
Each is multiplied and divided by three in turn, in a copy of the tree, and the tests of the guard
run there until one fails: first those of the module, then the others. It prints a Markdown table of
the changes that no test notices; the exit status is 1 when there are any.
"""

import argparse
import ast
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

ROOT: Final = Path(__file__).parents[1]
GUARD: Final = Path("smartmeter_addon/app/plausibility")
TESTS: Final = Path("tests/plausibility")
COPIED: Final = ("smartmeter_addon", "simulator", "tests", "trials", "pyproject.toml")

FACTOR: Final = 3
CHANGES: Final = ("* 3", "/ 3")

EXCLUDED: Final = {
    "JOULES_PER_KWH": "what kWh means",
    "_MILLIJOULES_PER_KWH": "what kWh means",
    "_ALL_WAYS": "signs",
    "_WHOLE": "bits of a checksum; there are 8 and 16",
    "_HEADER": "bytes of a header",
    "_DESCRIPTOR_SIZE": "bytes of an attribute descriptor",
    "_CLOCK_TEXT": "bytes and bits of a date-time",
    "_FULL_TURN": "degrees of a circle",
    "_WEEKDAYS": "numbers of the days of a week",
    "_DATE": "where the date stands in a date-time",
    "_TIME": "where the time stands in a date-time",
    "_CENTURIES": "high bytes of a year",
    "_NAME_SIZE": "bytes of a logical name",
    "_PAIR": "elements of scaler and unit",
    "_CAPTURE_OBJECT": "elements of a capture object",
    "_ROLLOVERS": "digits and bits of a counter",
}
"""Numbers that are as they are, each with the reason."""

_SHORTEST_TIMEOUT: Final = 60.0
_TIMEOUT_FACTOR: Final = 10.0
"""Seconds for the tests, and what they may take of the time with nothing changed."""

_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_SOME_FAILED: Final = (1, 2)
"""Exit statuses of pytest when tests failed, and when they could not be collected."""


class Number(NamedTuple):
    """A number in the source.

    Args:
        module: its name in the package.
        name: of the constant.
        place: inside the constant's value; empty for the whole.
        text: as it is written.
        begin: index of its first byte in the file.
    """

    module: str
    name: str
    place: str
    text: str
    begin: int

    @property
    def label(self) -> str:
        """What it is called in the table."""
        return f"{self.module}.{self.name}{self.place}"


class Mutant(NamedTuple):
    """A number, and how it is changed: one of `CHANGES`."""

    number: Number
    change: str

    def write(self, source: bytes) -> bytes:
        """Return the source of the module with the number changed."""
        begin, text = self.number.begin, self.number.text
        changed = f"({text}) {self.change}"
        if self.change.startswith("/") and _is_whole(text):
            changed = f"round({changed})"
        end = begin + len(text.encode())
        return source[:begin] + f"({changed})".encode() + source[end:]


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


# --- The numbers ---


def numbers(path: Path) -> list[Number]:
    """Find the numbers of module level in a file."""
    source = path.read_bytes()
    # Columns of `ast` count bytes.
    begins = [0]
    for line in source.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    found = []
    for statement in ast.parse(source).body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case _:
                continue
        for node, place in _leaves(value, ""):
            begin = begins[node.lineno - 1] + node.col_offset
            end = begins[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
            found.append(Number(path.stem, name, place, source[begin:end].decode(), begin))
    return found


def _leaves(node: ast.expr, place: str) -> Iterator[tuple[ast.expr, str]]:
    """Give the expressions of a number inside an expression, each with its place."""
    if isinstance(node, (ast.Constant, ast.UnaryOp, ast.BinOp)) and _is_number(node):
        yield node, place
    for part, inside in _parts(node):
        yield from _leaves(part, f"{place}{inside}")


def _parts(node: ast.expr) -> list[tuple[ast.expr, str]]:
    """Return what an expression is put together of, each part with its place."""
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return [(part, f"[{n}]") for n, part in enumerate(parts)]
        case ast.Dict(keys=keys, values=parts):
            named = zip(keys, parts, strict=True)
            return [(part, f"[{ast.unparse(key)}]") for key, part in named if key]
        case ast.Call(args=parts, keywords=keywords):
            given = [(one.value, f"({one.arg})") for one in keywords]
            return [*((part, f"({n})") for n, part in enumerate(parts)), *given]
        case ast.Starred(value=part):
            return [(part, "*")]
        case _:
            return []


def _is_number(node: ast.expr) -> bool:
    """Tell whether an expression is made of literal numbers, at least one, and of names."""
    literals = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    # bool is an int, and no number.
    return bool(literals) and all(type(value) in {int, float} for value in literals)


def _is_whole(text: str) -> bool:
    """Tell whether a number is an integer, as far as its literals and operators tell."""
    return not any(
        isinstance(node, ast.Div)
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        for node in ast.walk(ast.parse(text.strip(), mode="eval"))
    )


def mutants(only: str = "") -> list[Mutant]:
    """Return the mutants of all numbers that are not excluded and have a text in the label."""
    return [
        Mutant(number, change)
        for number in _all_numbers()
        if number.name not in EXCLUDED and only in number.label
        for change in CHANGES
        if not _stays(number.text)
    ]


def _all_numbers() -> list[Number]:
    return [number for path in sorted((ROOT / GUARD).glob("*.py")) for number in numbers(path)]


def _stays(text: str) -> bool:
    """Tell whether a number is zero, which no factor changes."""
    return not re.search(r"[1-9]", text)


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

    def run(self, module: str = "") -> tuple[str, float]:
        """Run the tests of the unchanged tree; return as `Outcome` does."""
        copy = self._free.get()
        try:
            return self._run_tests(copy, module)
        finally:
            self._free.put(copy)

    def try_out(self, mutant: Mutant) -> Outcome:
        """Run the tests with a number changed."""
        copy = self._free.get()
        path = copy / GUARD / f"{mutant.number.module}.py"
        source = path.read_bytes()
        try:
            path.write_bytes(mutant.write(source))
            return Outcome(mutant, *self._run_tests(copy, mutant.number.module))
        finally:
            path.write_bytes(source)
            self._free.put(copy)

    def _run_tests(self, copy: Path, module: str) -> tuple[str, float]:
        # Python tells a changed source by size and second, which may both be the same.
        shutil.rmtree(copy / GUARD / "__pycache__", ignore_errors=True)
        own = TESTS / f"test_{module}.py"
        first = [own] if (copy / own).exists() else []  # these are the likeliest to notice
        begun = time.monotonic()
        try:
            done = subprocess.run(  # noqa: S603 - this interpreter, and tests of this repository
                (*_PYTEST, *map(str, (*first, *self._tests))),
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
        description="Changes each number of the guard by a factor of three: does a test notice?",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="numbers with it in the name")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--tests",
        action="append",
        type=Path,
        metavar="PATH",
        help=f"what is run, from the root; may be repeated (default: {TESTS})",
    )
    parser.add_argument("--list", action="store_true", help="print the numbers, and try nothing")
    given = parser.parse_args(arguments)
    todo = mutants(given.only)
    if given.list:
        sys.stdout.writelines(_listed(todo))
        return 0
    if not todo:
        parser.error(f"no number has {given.only!r} in the name")
    with tempfile.TemporaryDirectory(prefix="smartmeter-mutation-") as folder:
        copies = Copies(Path(folder), given.processes, given.tests or [TESTS])
        failed, seconds = copies.run()
        if failed:
            parser.error(f"the tests fail with nothing changed: {failed}")
        copies.timeout = max(_SHORTEST_TIMEOUT, _TIMEOUT_FACTOR * seconds)
        _note(f"nothing changed: the tests take {seconds:.0f} s")
        outcomes = _try_all(copies, todo, given.processes)
    sys.stdout.writelines(table(outcomes))
    return int(any(not one.noticed for one in outcomes))


def _try_all(copies: Copies, todo: Sequence[Mutant], processes: int) -> list[Outcome]:
    """Try mutants, and say what comes of each; an interruption ends with those done by then."""
    outcomes = []
    with ThreadPoolExecutor(processes) as pool:
        try:
            for outcome in pool.map(copies.try_out, todo):
                outcomes.append(outcome)
                number, change = outcome.mutant
                _note(
                    f"{len(outcomes)} of {len(todo)}: {number.label} {change}:"
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
        lines = ["| Number | Value | Change that no test notices |\n", "| --- | --- | --- |\n"]
        lines += [f"| {number.label} | {number.text} | {change} |\n" for number, change in lost]
        lines += ["\n"]
    return [*lines, f"{len(outcomes)} changes, {len(lost)} of them not noticed\n"]


def _listed(todo: Sequence[Mutant]) -> Iterator[str]:
    """Give the lines that tell which numbers are changed, and which are not."""
    for number in dict.fromkeys(one.number for one in todo):
        yield f"{number.label} = {number.text}\n"
    names = {number.name for number in _all_numbers()}
    for name, reason in EXCLUDED.items():
        yield f"excluded: {name}, {reason}{'' if name in names else ' (there is none)'}\n"


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
