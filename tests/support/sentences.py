"""The catalogue of sentences: what a language of it lacks, and which sentences the program says."""

import ast
import errno
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app import language
from app.language.languages import ENGLISH, file_of
from app.line.trouble import Case, Problem, Trouble
from app.transport.explain import KNOWN_ERRORS

Sentences = Mapping[str, Mapping[str, Any]]

_ALIKE = ("words", "choice", "meter", "link")
"""Groups whose texts may be the same in two languages."""


def sentences(code: str = ENGLISH) -> Sentences:
    """Read the sentences of a language."""
    return tomllib.loads(file_of(code).read_text("utf-8"))


ENGLISH_ONES: Final = sentences()


def keys(of: Sentences) -> list[str]:
    """Give the keys of all sentences, in their order."""
    return [f"{group}.{name}" for group, some in of.items() for name in some]


def text(of: Sentences, key: str) -> str:
    """Give a sentence as it stands in the file."""
    group, name = key.split(".")
    return str(of[group][name])


def parameters(template: str) -> set[str]:
    """Give the names of what a sentence takes."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def mistakes(own: Sentences) -> list[str]:
    """Say what is wrong with a language, compared with English; nothing for a complete one."""
    said = [f"missing: {key}" for key in keys(ENGLISH_ONES) if key not in keys(own)]
    said += [f"unknown: {key}" for key in keys(own) if key not in keys(ENGLISH_ONES)]
    if not said and keys(own) != keys(ENGLISH_ONES):
        said.append("in another order than in en.toml")
    for key in set(keys(own)) & set(keys(ENGLISH_ONES)):
        template, wanted = text(own, key), text(ENGLISH_ONES, key)
        if template.startswith("[") is not wanted.startswith("["):
            said.append(f"words where a text should be, or the reverse: {key}")
        elif template in {"", "[]"} or template.isspace():
            said.append(f"empty: {key}")
        elif parameters(template) != parameters(wanted):
            said.append(f"other parameters: {key}")
        elif _blanks(template) != _blanks(wanted):
            said.append(f"other blanks around it: {key}")
    return sorted(said)


def untranslated(own: Sentences) -> list[str]:
    """Give the keys of long sentences that are those in English."""
    return [
        key
        for key in keys(own)
        if len(text(own, key)) >= 40
        and text(own, key) == text(ENGLISH_ONES, key)
        and key.split(".")[0] not in _ALIKE
    ]


def written(of: Sentences) -> str:
    """Give the file of a language."""
    lines: list[str] = []
    for group, some in of.items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {_toml(value)}" for name, value in some.items()]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _blanks(template: str) -> tuple[str, str]:
    """Give what stands around a text: nothing, or one blank."""
    first, last = template[:1], template[-1:]
    return first if first.isspace() else "", last if last.isspace() else ""


# What the program says


PROBLEMS = [
    (trouble, case)
    for trouble in Trouble
    for case in Case
    if Problem(trouble, case).sentence.key in keys(ENGLISH_ONES)
]
"""Each kind of problem with each of its cases."""


def unsaid() -> list[str]:
    """Give the keys of sentences that the program never says."""
    program = Path(language.__file__).parents[1]
    trees = [ast.parse(path.read_text("utf-8")) for path in program.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    constants = {one.value for one in nodes if isinstance(one, ast.Constant)}
    names = {one.id.lower() for one in nodes if isinstance(one, ast.Name)}
    # As f"broker.{cause.name.lower()}": what follows is a constant, or a member of an enumeration.
    composed = {
        str(first.value).partition(".")[0]
        for one in nodes
        if isinstance(one, ast.JoinedStr) and isinstance(first := one.values[0], ast.Constant)
    }
    problems = {Problem(*one).sentence.key for one in PROBLEMS}
    errors = {f"system.{errno.errorcode[number].lower()}" for number in KNOWN_ERRORS}

    def is_said(key: str) -> bool:
        group, name = key.split(".")
        if group in {"problem", "system"} and key not in constants:
            return key in problems | errors
        known = {name, name.rpartition("_")[2]} & constants or {name, f"gateway_{name}"} & names
        return key in constants or (bool(known) and group in {*composed, "words", "list"})

    return [key for key in keys(ENGLISH_ONES) if not is_said(key)]
