"""Tries mutants of functions in forks of one process that has collected the tests.

That takes a fraction of a second each, where a process of its own takes as long as importing and
collecting. First all tests run once, in a fork, and it is noted which lines each of them runs. Then
there is a fork for each mutant: the code of its function is changed in memory, and the tests that
run the changed line run until one fails: first those of the module, and of these the quickest.

What is decided while the modules are imported and the tests collected cannot be changed in that
way: a function that ran by then, and a default value of an argument. Such mutants are left over.
"""

import ast
import contextlib
import gc
import os
import pickle
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

import pytest
from coverage import Coverage

from trials.mutants import ROOT, Mutant

_SHORTEST_TIMEOUT: Final = 5.0
_TIMEOUT_FACTOR: Final = 10.0
"""Seconds for a test, and what it may take of the time with nothing changed."""

_MEMORY: Final = 4 * 2**30
"""Bytes that a fork may have, as a change can let a loop fill the memory."""


class Tried(NamedTuple):
    """What came of a mutant.

    Args:
        mutant: which.
        noticed: the first test that failed, or that time ran out; empty for not noticed.
        seconds: that the tests took.
        tests: how many tests run its line.
        chosen: how many of them were to run.
    """

    mutant: Mutant
    noticed: str
    seconds: float
    tests: int
    chosen: int


class _Measured(NamedTuple):
    """What the tests do with nothing changed.

    Args:
        lines: by file and number of a line, the tests that run it.
        early: by file, the lines that ran before any test did.
        seconds: by test, what it takes.
        failed: tests that fail.
    """

    lines: Mapping[tuple[str, int], Sequence[str]]
    early: Mapping[str, frozenset[int]]
    seconds: Mapping[str, float]
    failed: frozenset[str]


class Forks:
    """A plugin of pytest that tries mutants where pytest would run the tests.

    It measures from when it is made, which has to be before anything of the program is imported.

    Args:
        todo: the mutants.
        patience: seconds of tests, by what they take with nothing changed, after which a mutant is
            taken for not noticed.
        tell: is given what came of each.
    """

    def __init__(
        self, todo: Sequence[Mutant], patience: float, tell: Callable[[Tried], None]
    ) -> None:
        self.left_over: list[Mutant] = []
        """Mutants that cannot be tried in this way."""
        self.failed: frozenset[str] = frozenset()
        """Tests that fail with nothing changed; they count for nothing."""
        self._todo = todo
        self._patience = patience
        self._tell = tell
        self._seen: list[str] = []  # tests that failed in this process
        files = {str(ROOT / one.spot.path) for one in todo}
        self._coverage = Coverage(data_file=None, config_file=False, include=sorted(files))
        self._coverage.start()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what became of a test."""
        if report.failed:
            self._seen.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutants."""
        items = {item.nodeid: item for item in session.items}
        measured = _in_fork(lambda: self._measure(session.items))
        self._coverage.stop()
        if measured is None:
            raise ChildProcessError("the tests could not be measured")
        self.failed = measured.failed
        for mutant in self._todo:
            changes = _changes(mutant)
            if not changes or _is_early(mutant, measured.early):
                self.left_over.append(mutant)
                continue
            names = _tests_of(mutant, measured)
            chosen = self._choose(names, measured.seconds)
            begun = time.monotonic()
            tests = [items[name] for name in chosen]
            noticed = _in_fork(partial(self._try, changes, tests, measured.seconds))
            noticed = "ended, or ran out of time" if noticed is None else noticed
            seconds = time.monotonic() - begun
            self._tell(Tried(mutant, noticed, seconds, len(names), len(chosen)))
        return True

    def _measure(self, items: Sequence[pytest.Item]) -> _Measured:
        """Run all tests with nothing changed."""
        seconds = {}
        for item, after in _with_next(items):
            self._coverage.switch_context(item.nodeid)
            begun = time.monotonic()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            seconds[item.nodeid] = time.monotonic() - begun
        self._coverage.stop()
        lines: dict[tuple[str, int], Sequence[str]] = {}
        early: dict[str, frozenset[int]] = {}
        data = self._coverage.get_data()
        for file in data.measured_files():
            by_line = data.contexts_by_lineno(file)
            early[file] = frozenset(n for n, tests in by_line.items() if "" in tests)
            lines |= {(file, n): [*filter(None, tests)] for n, tests in by_line.items()}
        return _Measured(lines, early, seconds, frozenset(self._seen))

    def _choose(self, names: Sequence[str], seconds: Mapping[str, float]) -> Sequence[str]:
        """Return as many tests as there is patience for, at least one."""
        expected = 0.0
        for n, name in enumerate(names):
            expected += seconds[name]
            if n and expected > self._patience:
                return names[:n]
        return names

    def _try(
        self, changes: "_Changes", items: Sequence[pytest.Item], seconds: Mapping[str, float]
    ) -> str:
        """Run tests with a mutant until one fails; return which."""
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        for function, code in changes:
            function.__code__ = code
        for item, after in _with_next(items):
            # Ends this process.
            limit = max(_SHORTEST_TIMEOUT, _TIMEOUT_FACTOR * seconds[item.nodeid])
            signal.setitimer(signal.ITIMER_REAL, limit)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self._seen:
                return self._seen[0]
        return ""


def _with_next(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items, None][1:], strict=True)


def _tests_of(mutant: Mutant, measured: _Measured) -> list[str]:
    """Return the tests that run a mutant's lines: those of the module first, then by speed."""
    spot = mutant.spot
    first = _line(mutant)
    ran = {
        test
        for n in range(first, first + spot.text.count("\n") + 1)
        for test in measured.lines.get((str(ROOT / spot.path), n), ())
    }
    own = f"test_{spot.path.stem}.py::"
    return sorted(ran - measured.failed, key=lambda test: (own not in test, measured.seconds[test]))


def _in_fork(run: Callable[[], Any]) -> Any:  # noqa: ANN401 - what it returns
    """Run a function in a fork; give what it returns, or None when it ends before."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.setsid()  # what it starts can be ended with it
        try:
            with open(write, "wb") as out:  # noqa: PTH123 - a descriptor
                out.write(pickle.dumps(run()))
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as answer:  # noqa: PTH123 - the same
        said = answer.read()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return pickle.loads(said) if said else None  # noqa: S301 - from ourselves


# --- Code in memory ---

_Changes = Sequence[tuple[FunctionType, CodeType]]


def _changes(mutant: Mutant) -> _Changes:
    """Return the functions in memory that a mutant changes, each with its other code."""
    path = str(ROOT / mutant.spot.path)
    changed = compile(mutant.write(Path(path).read_bytes()), path, "exec")
    codes = {_key(code): code for code in _codes(changed)}
    return [
        (function, code)
        for function in _functions(path)
        if (code := codes.get(_key(function.__code__))) and code != function.__code__
    ]


@lru_cache(maxsize=1)
def _functions(path: str) -> Sequence[FunctionType]:
    """Return all functions in memory that were written in a file."""
    return [
        one
        for one in gc.get_objects()
        if isinstance(one, FunctionType) and one.__code__.co_filename == path
    ]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Give the code of everything inside some code."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


@lru_cache(maxsize=1)
def _bodies(path: Path) -> Sequence[range]:
    """Return the lines of the bodies of all functions in a file."""
    return [
        range(node.body[0].lineno, (node.end_lineno or 0) + 1)
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def _is_early(mutant: Mutant, early: Mapping[str, frozenset[int]]) -> bool:
    """Tell whether a mutant is of a function that ran before the tests, or of a default value."""
    path = ROOT / mutant.spot.path
    around = [body for body in _bodies(path) if _line(mutant) in body]
    outermost = max(around, key=len, default=None)
    return outermost is None or not early.get(str(path), frozenset()).isdisjoint(outermost)


def _line(mutant: Mutant) -> int:
    """Return the number of the line in which a mutant begins."""
    source = (ROOT / mutant.spot.path).read_bytes()
    return source.count(b"\n", 0, mutant.spot.begin) + 1
