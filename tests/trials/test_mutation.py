"""The trial that changes the guard's numbers: which it finds, how, and that tests notice."""

from pathlib import Path

import pytest

from trials import mutation
from trials.mutation import Copies, Mutant, Outcome

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
    found = {number.label: number.text for number in mutation.numbers(module)}
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
    (number,) = (one for one in mutation.numbers(module) if one.label == label)
    for change, expected in zip(mutation.CHANGES, (times, by), strict=True):
        changed = Mutant(number, change).write(module.read_bytes()).decode()
        assert expected in changed
        assert len(changed.splitlines()) == len(SOURCE.splitlines())


def test_every_number_of_the_guard_is_changed_or_excluded() -> None:
    todo = mutation.mutants()
    assert len(todo) > 20
    assert not {one.number.name for one in todo} & mutation.EXCLUDED.keys()
    for mutant in todo:
        path = mutation.ROOT / mutation.GUARD / f"{mutant.number.module}.py"
        source = mutant.write(path.read_bytes())
        compile(source, path, "exec")
    assert all("." in one.number.label for one in todo)


def test_a_change_is_noticed_by_a_test_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutation, "COPIED", ("smartmeter_addon", "pyproject.toml"))
    number = next(
        one.number
        for one in mutation.mutants()
        if one.number.text.isdecimal() and not one.number.place
    )
    package = f"app.plausibility.{number.module}"
    noticing, blind = Path("test_noticing.py"), Path("test_blind.py")
    copies = Copies(tmp_path, 1, [noticing, blind])
    (tmp_path / "0" / blind).write_text("def test_nothing() -> None:\n    pass\n")
    (tmp_path / "0" / noticing).write_text(
        f"from {package} import {number.name}\n\n\n"
        f"def test_number() -> None:\n    assert {number.name}{number.place} == {number.text}\n"
    )
    assert not copies.run()[0]
    assert copies.try_out(Mutant(number, "* 3")).noticed == f"{noticing}::test_number"
    (tmp_path / "0" / noticing).write_text("")
    assert not copies.try_out(Mutant(number, "/ 3")).noticed


def test_the_table_tells_what_no_test_notices(module: Path) -> None:
    number = mutation.numbers(module)[0]
    noticed, lost = (Mutant(number, change) for change in mutation.CHANGES)
    lines = mutation.table([Outcome(noticed, "test_some.py::test", 1.0), Outcome(lost, "", 2.0)])
    assert "| some.WHOLE | 30 | / 3 |\n" in lines
    assert "| some.WHOLE | 30 | * 3 |\n" not in lines
    assert lines[-1] == "2 changes, 1 of them not noticed\n"
