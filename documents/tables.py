"""Tables in Markdown, and how they are put in place of old ones."""

import re
from collections.abc import Iterable, Sequence

Row = Sequence[str]


def table(head: Row, rows: Iterable[Row]) -> str:
    """Write a table."""
    return "".join(map(line, (head, ("---",) * len(head), *rows)))


def line(cells: Row) -> str:
    """Write a row of a table."""
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|\n"


def found(text: str, head: Row) -> str:
    """Give the one table of a text that has this head.

    Raises:
        ValueError: there is none, or more than one.
    """
    tables = re.findall(rf"^{re.escape(line(head))}(?:\|.*\n)+", text, re.MULTILINE)
    if len(tables) != 1:
        raise ValueError(f"{len(tables)} tables that begin with {head[0]} and {head[1]}, not 1")
    only: str = tables[0]
    return only


def replaced(text: str, head: Row, new: str) -> str:
    """Put a table in place of the one with this head.

    Raises:
        ValueError: there is none, or more than one.
    """
    return text.replace(found(text, head), new)
