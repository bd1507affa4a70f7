"""What `mutation` changes, one at a time: numbers of module level, and what functions decide.

A number is multiplied and divided by three. In the code of a function, a comparison becomes its
neighbour or its opposite, ``and`` becomes ``or``, ``not`` is left out, a condition is turned round,
an operator becomes another one, a number grows by one, a truth value becomes the other one,
``break`` becomes ``continue``, and a call whose result nobody takes is left out; each also the
other way.
"""

import ast
import copy
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
APP: Final = Path("smartmeter_addon/app")

CHANGES: Final = ("* 3", "/ 3")

EXCLUDED: Final = {
    "JOULES_PER_KWH": "what kWh means",
    "_MILLIJOULES_PER_KWH": "what kWh means",
    "_WHOLE": "bits of a checksum; there are 8 and 16",
    "_WEEKDAYS": "numbers of the days of a week",
    "_DATE": "where the date stands in a date-time",
    "_TIME": "where the time stands in a date-time",
    "_MOST_COUNTS": "the most of 64 bits",
}
"""Numbers that are as they are, each with the reason."""


UNSEEN: Final[Mapping[str, str]] = {
    described: reason
    for reason, mutants in tomllib.loads(
        Path(__file__).with_name("unseen.toml").read_text("utf-8")
    ).items()
    for described in mutants
}
"""Mutants of code that nobody could tell from the original, as described, each with the reason."""


class Spot(NamedTuple):
    """A part of the source.

    Args:
        path: of the file, from the root.
        name: of the constant or function that it is part of.
        place: inside the constant's value; empty for the whole, and in a function.
        text: as it is written.
        begin: index of its first byte in the file.
        line: the one in which it begins, without blanks around.
    """

    path: Path
    name: str
    place: str
    text: str
    begin: int
    line: str

    @property
    def label(self) -> str:
        """What it is called in the table."""
        return f"{self.path.stem}.{self.name}{self.place}"


class Mutant(NamedTuple):
    """A spot, what is changed in it in words, and what is written there."""

    spot: Spot
    change: str
    new: str

    @property
    def described(self) -> str:
        """The place, the line that stands there, and what is changed in it."""
        return f"{self.spot.label}: `{self.spot.line}`: {self.becomes}"

    @property
    def becomes(self) -> str:
        """What is changed, and into what."""
        return f"{' '.join(self.spot.text.split())} -> {self.change}"

    def write(self, source: bytes) -> bytes:
        """Return the source of the module with the spot changed."""
        begin, end = self.spot.begin, self.spot.begin + len(self.spot.text.encode())
        return source[:begin] + self.new.encode() + source[end:]


class _Source:
    """A file, and the spots of its nodes."""

    def __init__(self, path: Path) -> None:
        self._path = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        self._bytes = path.read_bytes()
        self.tree = ast.parse(self._bytes)
        # Columns of `ast` count bytes.
        self._begins = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._begins.append(self._begins[-1] + len(line))

    def spot(self, node: ast.expr | ast.stmt, name: str, place: str = "") -> Spot:
        """Return where a node stands."""
        begin = self._begins[node.lineno - 1] + node.col_offset
        end = self._begins[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        line = (
            self._bytes[self._begins[node.lineno - 1] : self._begins[node.lineno]].decode().strip()
        )
        return Spot(self._path, name, place, self._bytes[begin:end].decode(), begin, line)


# --- Numbers of module level ---


def numbers(path: Path) -> list[Spot]:
    """Find the numbers of module level in a file."""
    source = _Source(path)
    found = []
    for statement in source.tree.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case _:
                continue
        found += [source.spot(node, name, place) for node, place in _leaves(value, "")]
    return found


def scaled(spot: Spot, change: str) -> Mutant:
    """Return a number changed by one of `CHANGES`; an integer stays one."""
    changed = f"({spot.text}) {change}"
    if change.startswith("/") and _is_whole(spot.text):
        changed = f"round({changed})"
    return Mutant(spot, change, f"({changed})")


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


def number_mutants(folder: str) -> list[Mutant]:
    """Return the mutants of all numbers in a folder of the program that are not excluded."""
    return [
        scaled(spot, change)
        for spot in all_numbers(folder)
        if spot.name not in EXCLUDED and not _stays(spot.text)
        for change in CHANGES
    ]


def all_numbers(folder: str) -> list[Spot]:
    """Return the numbers of module level in a folder of the program."""
    return [spot for path in _modules(folder) for spot in numbers(path)]


def _stays(text: str) -> bool:
    """Tell whether a number is zero, which no factor changes."""
    return not re.search(r"[1-9]", text)


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / APP / folder).glob("*.py"))


# --- The code of functions ---

_OTHER_COMPARISON: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OTHER_OPERATOR: Final[Mapping[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
"""By the type of an operator, that of the one that it becomes."""


def code_mutants(folder: str) -> list[Mutant]:
    """Return the mutants of all functions in a folder of the program."""
    return [mutant for path in _modules(folder) for mutant in code(path)]


def code(path: Path) -> list[Mutant]:
    """Return the mutants of the functions in a file."""
    source = _Source(path)
    found = []
    for node, name, is_condition in _in_functions(source.tree, ""):
        spot = source.spot(node, name)
        found += [
            Mutant(spot, f"`{new}`", new) for new in _changed(node, is_condition=is_condition)
        ]
    return found


_Node = ast.expr | ast.stmt


def _in_functions(tree: ast.AST, outer: str) -> Iterator[tuple[_Node, str, bool]]:
    """Give the nodes in functions, each with the function's name, and whether it is a condition."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.ClassDef):
            yield from _in_functions(child, f"{outer}{child.name}.")
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            defaults = (*child.args.defaults, *child.args.kw_defaults)
            for part in (*defaults, *child.body):
                if part:
                    for node, is_condition in _inside(part):
                        yield node, f"{outer}{child.name}", is_condition


def _inside(node: ast.AST, *, is_condition: bool = False) -> Iterator[tuple[_Node, bool]]:
    # What an error says and what mypy is told decides nothing; and the parts of an f-string have no
    # place of their own in the source before Python 3.12.
    if isinstance(node, (ast.Raise, ast.Assert, ast.JoinedStr)):
        return
    if isinstance(node, (ast.expr, ast.stmt)):
        yield node, is_condition
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns"}:
            continue
        decides = field in {"test", "ifs"} or isinstance(node, ast.BoolOp)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield from _inside(part, is_condition=decides)


def _changed(  # noqa: C901 - one case a kind of node
    node: _Node, *, is_condition: bool
) -> Iterator[str]:
    """Give what is written instead of a node: it is changed, and nothing that is in it."""
    match node:
        case ast.Compare(ops=operators):
            for n, operator in enumerate(operators):
                compared = copy.deepcopy(node)
                compared.ops[n] = _OTHER_COMPARISON[type(operator)]()
                yield f"({ast.unparse(compared)})"
        case ast.BoolOp(op=op):
            joined = copy.deepcopy(node)
            joined.op = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield f"({ast.unparse(joined)})"
        case ast.BinOp(op=op) if type(op) in _OTHER_OPERATOR:
            calculated = copy.deepcopy(node)
            calculated.op = _OTHER_OPERATOR[type(op)]()
            yield f"({ast.unparse(calculated)})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.Constant(value=bool() as truth):
            yield str(not truth)
        case ast.Constant(value=int() as number):
            yield str(number + 1)
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield "None"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"
        case ast.Name() | ast.Attribute() | ast.Call() | ast.Subscript() if is_condition:
            yield f"(not {ast.unparse(node)})"
        case _:
            pass
