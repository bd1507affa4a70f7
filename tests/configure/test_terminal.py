"""The terminal where there is none to steer, and what may not steer it."""

import io

import pytest

from app.configure.hearing import Progress
from app.configure.steps import Say
from app.configure.terminal import Terminal, may_colour
from app.language.catalogue import Catalogue
from app.transport.serial_mode import SerialMode

MODES = tuple(map(SerialMode.parse, ("2400 8E1", "9600 8N1")))


class Page:
    """A terminal whose input and output are no terminals."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        self.terminal = Terminal(Catalogue.load("en"), io.StringIO(), self._out)

    @property
    def text(self) -> str:
        return self._out.getvalue()


def test_what_is_no_terminal_is_not_asked_and_gets_plain_text() -> None:
    page = Page()
    assert not page.terminal.interactive
    with page.terminal.session():
        page.terminal.say(Say("part.meter"))
    assert page.text == "\nThe meter\n"


def test_progress_is_one_line_for_each_mode() -> None:
    page = Page()
    for count in (0, 10, 20):
        page.terminal.show(Progress("x", MODES[0], count, 1.5, b"\x01\xff"))
    page.terminal.show(Progress("x", MODES[1], 0, 0.0, b""))
    page.terminal.say(Say("key.fits"))
    assert page.text.splitlines() == [
        "  2400 8E1: 20 bytes, 1 s   01 ff",
        "  9600 8N1: nothing yet, 0 s",
        "The key fits.",
    ]


def test_what_others_say_does_not_steer_the_terminal() -> None:
    page = Page()
    page.terminal.say(Say("meter.known", {"model": "\x1b[2J\x07\u202e", "number": "1\r2"}))
    assert page.text == "It is a ?[2J??, number 1\n2:\n"


@pytest.mark.parametrize("width", [30, 60, 200])
def test_lines_are_broken_between_words(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    page = Page()
    page.terminal.say(Say("heard.silent"))
    lines = page.text.splitlines()
    assert max(map(len, lines)) <= min(width, 100)
    assert " ".join(lines) == Catalogue.load("en").text(Say("heard.silent"))


@pytest.mark.parametrize(
    ("variables", "may"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_bold_is_for_terminals_that_know_it(variables: dict[str, str], may: bool) -> None:  # noqa: FBT001
    assert may_colour(variables) == may
