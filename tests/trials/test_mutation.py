"""The trial that changes the program: what it finds, how it changes it, and that tests notice."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trials import mutants, mutation
from trials.mutation import Copies, Outcome

SOURCE = '''
"""Äpfel: 3 bytes more than characters."""
WHOLE: Final = 30
PLAIN = 0.5
NEGATIVE: Final = -10 * WHOLE
HALF: Final = WHOLE / 2
NAMED: Final = WHOLE
TEXT: Final = "3"
FLAG: Final = True
NOTHING: Final = 0
PAIR: Final = (7, other.TAG)
BY_KEY: Final = {"ä": 1, "b": (2.0, "3")}
ROWS: Final = (Check("clock", 4, most=5), *(6,))
declared: int

def function() -> int:
    LOCAL = 3
'''


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "some.py"
    path.write_text(SOURCE, "utf-8")
    return path


def test_the_numbers_of_module_level_are_found(module: Path) -> None:
    found = {number.label: number.text for number in mutants.numbers(module)}
    assert found == {
        "some.WHOLE": "30",
        "some.PLAIN": "0.5",
        "some.NEGATIVE": "-10 * WHOLE",
        "some.HALF": "WHOLE / 2",
        "some.NOTHING": "0",
        "some.PAIR[0]": "7",
        "some.BY_KEY['ä']": "1",
        "some.BY_KEY['b'][0]": "2.0",
        "some.ROWS[0](1)": "4",
        "some.ROWS[0](most)": "5",
        "some.ROWS[1]*[0]": "6",
    }


@pytest.mark.parametrize(
    ("label", "times", "by"),
    [
        ("some.WHOLE", "WHOLE: Final = ((30) * 3)\n", "WHOLE: Final = (round((30) / 3))\n"),
        ("some.PLAIN", "PLAIN = ((0.5) * 3)\n", "PLAIN = ((0.5) / 3)\n"),
        ("some.HALF", "HALF: Final = ((WHOLE / 2) * 3)\n", "HALF: Final = ((WHOLE / 2) / 3)\n"),
        ("some.BY_KEY['b'][0]", '"b": (((2.0) * 3), "3")', '"b": (((2.0) / 3), "3")'),
    ],
)
def test_a_number_is_changed_in_its_place(module: Path, label: str, times: str, by: str) -> None:
    (number,) = (one for one in mutants.numbers(module) if one.label == label)
    for change, expected in zip(mutants.CHANGES, (times, by), strict=True):
        changed = mutants.scaled(number, change).write(module.read_bytes()).decode()
        assert expected in changed
        assert len(changed.splitlines()) == len(SOURCE.splitlines())


def test_every_number_of_the_guard_is_changed_or_excluded() -> None:
    todo = mutants.number_mutants(mutation.GUARD)
    assert len(todo) > 20
    assert not {one.spot.name for one in todo} & mutants.EXCLUDED.keys()
    for mutant in todo:
        path = mutants.ROOT / mutant.spot.path
        compile(mutant.write(path.read_bytes()), path, "exec")
    assert all("." in one.spot.label for one in todo)


CODE = '''
LIMIT = 3


class Meter:
    def read(self, line: str, most: "int | None" = 4) -> bool:
        """Ä."""
        if not line and self.open or most < 2 <= LIMIT:
            raise ValueError(f"{most + 1} is more than {line}" + "!")
        while self.open:
            self.close()
            break
        return [n for n in range(most * 2) if self.wants(n)] == [] and True


async def wait(flag):
    def inner():
        return flag is None

    await flag.wait(6 % 4, [x
        for x in "ab"])
'''


def test_what_functions_decide_is_changed_in_every_way(tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text(CODE, "utf-8")
    found = mutants.code(path)
    assert {f"{one.spot.name}: {one.becomes}" for one in found} == {
        "Meter.read: 4 -> `5`",
        (
            "Meter.read: not line and self.open or most < 2 <= LIMIT"
            " -> `((not line and self.open) and most < 2 <= LIMIT)`"
        ),
        "Meter.read: not line and self.open -> `(not line or self.open)`",
        "Meter.read: not line -> `(line)`",
        "Meter.read: self.open -> `(not self.open)`",
        "Meter.read: most < 2 <= LIMIT -> `(most <= 2 <= LIMIT)`",
        "Meter.read: most < 2 <= LIMIT -> `(most < 2 < LIMIT)`",
        "Meter.read: 2 -> `3`",
        "Meter.read: self.close() -> `None`",
        "Meter.read: break -> `continue`",
        "Meter.read: most * 2 -> `(most // 2)`",
        "Meter.read: self.wants(n) -> `(not self.wants(n))`",
        (
            "Meter.read: [n for n in range(most * 2) if self.wants(n)] == []"
            " -> `([n for n in range(most * 2) if self.wants(n)] != [])`"
        ),
        (
            "Meter.read: [n for n in range(most * 2) if self.wants(n)] == [] and True"
            " -> `([n for n in range(most * 2) if self.wants(n)] == [] or True)`"
        ),
        "Meter.read: True -> `False`",
        "wait: flag is None -> `(flag is not None)`",
        'wait: await flag.wait(6 % 4, [x for x in "ab"]) -> `None`',
        "wait: 6 % 4 -> `(6 * 4)`",
        "wait: 6 -> `7`",
        "wait: 4 -> `5`",
    }
    assert found[0].described == (
        'some.Meter.read: `def read(self, line: str, most: "int | None" = 4) -> bool:`: 4 -> `5`'
    )
    for mutant in found:
        changed = mutant.write(path.read_bytes())
        compile(changed, path, "exec")
        assert changed != path.read_bytes()


@pytest.mark.slow
def test_all_code_of_decoding_and_plausibility_can_be_changed() -> None:
    unseen = set()
    for folder in ("link", "dlms", "cosem", "meters", "plausibility"):
        found = mutants.code_mutants(folder)
        assert len(found) > 100
        unseen |= {one.described for one in found}
        for mutant in found:
            path = mutants.ROOT / mutant.spot.path
            compile(mutant.write(path.read_bytes()), path, "exec")
    assert mutants.UNSEEN.keys() <= unseen


def test_a_change_is_noticed_by_a_test_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutation, "COPIED", ("smartmeter_addon", "pyproject.toml"))
    number = next(
        one.spot
        for one in mutants.number_mutants(mutation.GUARD)
        if one.spot.text.isdecimal() and not one.spot.place
    )
    package = f"app.plausibility.{number.path.stem}"
    noticing, blind = Path("test_noticing.py"), Path("test_blind.py")
    copies = Copies(tmp_path, 1, [noticing, blind])
    (tmp_path / "0" / blind).write_text("def test_nothing() -> None:\n    pass\n")
    (tmp_path / "0" / noticing).write_text(
        f"from {package} import {number.name}\n\n\n"
        f"def test_number() -> None:\n    assert {number.name}{number.place} == {number.text}\n"
    )
    assert not copies.run()[0]
    assert copies.try_out(mutants.scaled(number, "* 3")).noticed == f"{noticing}::test_number"
    (tmp_path / "0" / noticing).write_text("")
    assert not copies.try_out(mutants.scaled(number, "/ 3")).noticed


def test_the_table_tells_what_no_test_notices(module: Path) -> None:
    number = mutants.numbers(module)[0]
    noticed, lost = (mutants.scaled(number, change) for change in mutants.CHANGES)
    lines = mutation.table([Outcome(noticed, "test_some.py::test", 1.0), Outcome(lost, "", 2.0)])
    assert "| some.WHOLE | WHOLE: Final = 30 | 30 -> / 3 |\n" in lines
    assert "| some.WHOLE | WHOLE: Final = 30 | 30 -> * 3 |\n" not in lines
    assert lines[-1] == "2 changes, 1 of them not noticed\n"


TRIED = """
import functools


def is_more(number, limit=3):
    return number > limit


class Counter:
    def __init__(self):
        self.count = 0

    @functools.cached_property
    def first(self):
        return [n for n in range(9) if n > 4][0]

    def loop(self):
        while self.count < 3:
            self.count += 1
        return self.count

    def never_run(self):
        return not self.count


def at_import():
    return 2 * 3


AT_IMPORT = at_import()
"""
TESTS = """
from tried import AT_IMPORT, Counter, is_more


def test_more():
    assert is_more(9)
    assert not is_more(1)


def test_first():
    assert Counter().first == 5
    assert Counter().loop() == 3


def test_that_fails():
    assert is_more(0)
"""


def test_functions_are_changed_in_memory(tmp_path: Path) -> None:
    pytest.importorskip("coverage")
    (tmp_path / "tried.py").write_text(TRIED)
    (tmp_path / "test_tried.py").write_text(TESTS)
    (tmp_path / "try.py").write_text(
        "import pathlib, sys, pytest\n"
        "from trials import forks, mutants\n"
        "def tell(tried):\n"
        "    told.append((tried.mutant.becomes, tried.noticed, tried.tests))\n"
        "told = []\n"
        "mutants.ROOT = forks.ROOT = pathlib.Path.cwd()\n"
        "trial = forks.Forks(mutants.code(pathlib.Path.cwd() / 'tried.py'), 60, tell)\n"
        "arguments = ['-p', 'no:cacheprovider', '-p', 'no:terminal', 'test_tried.py']\n"
        "pytest.main(arguments, plugins=[trial])\n"
        "left_over = [one.becomes for one in trial.left_over]\n"
        "print(repr((told, left_over, sorted(trial.failed))))\n"
    )
    done = subprocess.run(
        [sys.executable, "try.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{mutants.ROOT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    told, left_over, failed = ast.literal_eval(done.stdout)
    first = "test_tried.py::test_first"
    assert told == [
        ("number > limit -> `(number >= limit)`", "", 1),
        ("0 -> `1`", "", 1),
        ("9 -> `10`", "", 1),
        ("n > 4 -> `(n >= 4)`", first, 1),
        ("4 -> `5`", first, 1),
        ("0 -> `1`", first, 1),
        ("self.count < 3 -> `(self.count <= 3)`", first, 1),
        ("3 -> `4`", first, 1),
        ("1 -> `2`", first, 1),
        ("not self.count -> `(self.count)`", "", 0),
    ]
    # The default value of an argument, and a function that ran when it was imported.
    assert left_over == ["3 -> `4`", "2 * 3 -> `(2 // 3)`", "2 -> `3`", "3 -> `4`"]
    assert failed == ["test_tried.py::test_that_fails"]
