"""The terminal: shows sentences and what comes over a line, and takes answers.

Input needs no library: an answer is one line, edited by the terminal itself. What is typed while
nothing is asked is not echoed and thrown away, so that a key that is pasted too early is not on the
screen.
"""

import contextlib
import shutil
import termios
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final, TextIO

from app.configure.hearing import Progress
from app.configure.steps import Ask, Form, Say
from app.language.catalogue import Catalogue

_WIDEST: Final = 100
_ERASE: Final = "\x1b[K"
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"
_HEADINGS: Final = ("start.title", "part.")
_INDENTED: Final = ("choice.", "meter.value", "sum.")
_LFLAG: Final = 3


class Terminal:
    """Talks with the user.

    Args:
        catalogue: the sentences.
        stdin: where answers come from.
        stdout: where everything is shown.
        colours: whether headings may be bold.
    """

    def __init__(
        self, catalogue: Catalogue, stdin: TextIO, stdout: TextIO, *, colours: bool = True
    ) -> None:
        self._catalogue = catalogue
        self._in = stdin
        self._out = stdout
        self.interactive = stdin.isatty()
        self._moves = stdout.isatty()
        self._bold = colours and self._moves
        self._echoes = True
        self._shown: Progress | None = None

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Have nothing echoed that is typed unasked; the settings come back at the end."""
        if not self.interactive:
            yield
            return
        before = termios.tcgetattr(self._in)
        try:
            self._echo(on=False)
            yield
        finally:
            # What is typed and not read yet, such as half a key, is not for the shell to show.
            termios.tcsetattr(self._in, termios.TCSAFLUSH, before)

    def say(self, said: Say) -> None:
        """Show a sentence."""
        self.end_progress()
        text = self._catalogue.text(said)
        if said.key.startswith(_HEADINGS):
            self._print("")
            self._print(printable(text), bold=True)
        elif said.key.startswith(_INDENTED):
            self._print(_wrapped(printable(text), indent=2))
        else:
            for line in text.strip().splitlines():
                self._print(_wrapped(printable(line)))

    def ask(self, ask: Ask) -> str:
        """Ask, and give the answer; without blanks around it, but for a secret.

        Raises:
            EOFError: there will be no answer.
            KeyboardInterrupt: the user wants no more.
        """
        self.end_progress()
        for number, choice in enumerate(ask.choices, 1):
            text = printable(self._catalogue.text(choice))
            self._print(_wrapped(f"{number}  {text}", indent=2))
        question = self._catalogue.text(Say(f"ask.{ask.name}", ask.parameters))
        prompt = f"{_wrapped(printable(question))}{self._hint(ask)}: "
        if ask.form is Form.SECRET:
            return self._line(prompt)
        self._echo(on=True)
        try:
            answer = self._line(prompt).strip()
        finally:
            self._echo(on=False)
        if ask.form is Form.YES_NO:
            meant = {word: one for one in ("yes", "no") for word in self._catalogue.words(one)}
            return meant.get(answer.lower(), answer)
        return answer

    def show(self, progress: Progress) -> None:
        """Show what has come over a line so far, on one line of the screen for each mode."""
        before, self._shown = self._shown, progress
        if before and (before.line, before.mode) != (progress.line, progress.mode):
            self._shown = before
            self.end_progress()
            self._shown = progress
        if self._moves:
            width = shutil.get_terminal_size().columns - 1
            self._out.write(f"\r{self._progress(progress)[:width]}{_ERASE}")
            self._out.flush()

    def end_progress(self) -> None:
        """Leave what has come over a line on the screen, and go on below it."""
        if self._shown is None:
            return
        if self._moves:
            self._out.write("\n")
        else:
            self._out.write(f"{self._progress(self._shown)}\n")
        self._shown = None
        self._out.flush()

    def forget_typed(self) -> None:
        """Throw away what was typed while nothing was asked."""
        if self.interactive:
            termios.tcflush(self._in, termios.TCIFLUSH)

    def _line(self, prompt: str) -> str:
        """Read a line, without its end.

        Raises:
            EOFError, KeyboardInterrupt: there is none; what comes next begins a line of its own.
        """
        self._out.write(prompt)
        self._out.flush()
        echoed = self._echoes
        try:
            line = self._in.readline()
        except OSError:  # the terminal was closed
            line = ""
        except KeyboardInterrupt:
            self._print("")
            raise
        if not (echoed and line):
            self._print("")
        if not line:
            raise EOFError
        return line.removesuffix("\n")

    def _progress(self, progress: Progress) -> str:
        mode = progress.mode or progress.line
        tail = progress.tail.hex(" ")
        key = "listening.bytes" if progress.count else "listening.nothing"
        parameters = {"mode": mode, "count": progress.count, "seconds": int(progress.seconds)}
        text = self._catalogue.text(Say(key, parameters))
        return printable(f"  {text}   {tail}".rstrip())

    def _hint(self, ask: Ask) -> str:
        """Say what Enter stands for."""
        if ask.enter is None:
            return ""
        yes, no = (self._catalogue.words(one)[0] for one in ("yes", "no"))
        if ask.form is Form.YES_NO:
            return f" [{yes.upper()}/{no}]" if ask.enter == "yes" else f" [{yes}/{no.upper()}]"
        shown = self._catalogue.text(ask.enter) if isinstance(ask.enter, Say) else ask.enter
        return f" [{printable(shown)}]"

    def _echo(self, *, on: bool) -> None:
        self._echoes = on
        settings = termios.tcgetattr(self._in)
        settings[_LFLAG] &= ~termios.ECHO
        settings[_LFLAG] |= termios.ECHO if on else 0
        termios.tcsetattr(self._in, termios.TCSADRAIN, settings)

    def _print(self, text: str, *, bold: bool = False) -> None:
        self._out.write(f"{_BOLD}{text}{_PLAIN}\n" if bold and self._bold else f"{text}\n")
        self._out.flush()


def may_colour(environment: Mapping[str, str]) -> bool:
    """Tell whether the user wants bold text (no-color.org), and the terminal knows it."""
    return not environment.get("NO_COLOR") and environment.get("TERM", "") not in ("", "dumb")


def _wrapped(text: str, indent: int = 0) -> str:
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    return textwrap.fill(
        text,
        width,
        initial_indent=indent * " ",
        subsequent_indent=2 * indent * " ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def printable(text: str) -> str:
    """Keep what adapters, meters and brokers say from steering the terminal."""
    return "".join(one if one.isprintable() else "?" for one in text)
