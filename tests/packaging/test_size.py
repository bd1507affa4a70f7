"""The program stays in pieces that a reader can hold in mind."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "smartmeter_addon" / "app"
MODULES = sorted(APP.rglob("*.py"))
MOST_AT_THE_ROOT = 12
LONGEST_MODULE = 400
LONGEST_CLASS = 250


def classes(path: Path) -> Iterator[tuple[str, int]]:
    """Give the classes of a module, and how many lines each has."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_few_modules_stand_at_the_root() -> None:
    names = [path.name for path in MODULES if path.parent == APP and path.name != "__init__.py"]
    assert len(names) <= MOST_AT_THE_ROOT, names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(APP)))
def test_no_module_or_class_is_long(path: Path) -> None:
    assert path.read_text("utf-8").count("\n") <= LONGEST_MODULE
    assert {name: size for name, size in classes(path) if size > LONGEST_CLASS} == {}
