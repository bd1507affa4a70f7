"""What a user sees: the lines that a program's output leaves on a terminal.

It knows what this program writes: text, line ends, carriage returns, erasing to the end of the line
and bold. Anything else is a mistake, of the program or of this module.
"""

import re
from typing import NamedTuple

_TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|[\r\n]|[^\x1b\r\n]+")


class Cell(NamedTuple):
    """A character on the screen."""

    text: str
    bold: bool = False


class Screen:
    """A terminal of some width whose lines are all kept.

    Args:
        columns: characters in a line; longer ones go on in the next.
    """

    def __init__(self, columns: int = 100) -> None:
        self._columns = columns
        self._lines: list[list[Cell]] = [[]]
        self._column = 0
        self._bold = False

    @property
    def lines(self) -> list[str]:
        """The lines, without blanks at their ends."""
        return ["".join(cell.text for cell in line).rstrip() for line in self._lines]

    @property
    def cells(self) -> list[list[Cell]]:
        """The same, character by character."""
        return self._lines

    def feed(self, text: str) -> None:
        """Take what the program writes."""
        position = 0
        for token in _TOKEN.finditer(text):
            assert token.start() == position, f"unknown: {text[position : token.start()]!r}"
            position = token.end()
            if token[2]:
                self._control(token[2], token[1])
            elif token[0] == "\r":
                self._column = 0
            elif token[0] == "\n":
                self._lines.append([])
                self._column = 0
            else:
                for character in token[0]:
                    self._put(character)
        assert position == len(text), f"unknown: {text[position:]!r}"

    def _put(self, character: str) -> None:
        assert character.isprintable(), f"{character!r} is on the screen"
        if self._column == self._columns:
            self._lines.append([])
            self._column = 0
        line = self._lines[-1]
        line[self._column : self._column + 1] = [Cell(character, self._bold)]
        self._column += 1

    def _control(self, letter: str, parameters: str) -> None:
        assert (letter, parameters) in {("K", ""), ("m", "0"), ("m", "1")}, (letter, parameters)
        if letter == "K":
            del self._lines[-1][self._column :]
        else:
            self._bold = parameters == "1"
