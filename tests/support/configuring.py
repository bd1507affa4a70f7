"""``configure`` in a real pseudo terminal, and the simulator as the meter on another one."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.program import bare_environment
from tests.support.screen import Screen

ROOT = Path(__file__).parents[2]
ADDON = ROOT / "smartmeter_addon"
COLUMNS = 100
TIMEOUT = 30.0
"""Seconds after which a test that waits has failed."""

NO_ADAPTERS = "from serial.tools import list_ports\nlist_ports.comports = lambda: []\n"
"""Code that lets the program live in a world without an adapter."""


def adapters(folder: Path, *named: tuple[str, str]) -> str:
    """Give code that lets the program find adapters.

    Args:
        folder: in which the names that last are, in place of /dev/serial/by-id.
        named: the names there, and what the adapters call themselves.
    """
    return f"""
from pathlib import Path
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo
from app.transport import adapters
adapters.by_id.__defaults__ = (Path({str(folder)!r}),)
def port(name, description):
    one = ListPortInfo(str(Path({str(folder)!r}, name).resolve()))
    one.vid, one.description = 0x0403, description
    return one
list_ports.comports = lambda: [port(*one) for one in {named!r}]
"""


class Terminal:
    """A user's terminal, in which ``configure`` runs.

    ``written`` is everything that the program has written, as it came.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        before: str,
        folder: Path,
    ) -> None:
        self._controller, terminal = pty.openpty()
        size = struct.pack("HHHH", 40, COLUMNS, 0, 0)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
        self.settings = termios.tcgetattr(terminal)
        self.terminal = terminal
        self._read = 0
        self.written = ""
        code = f"import sys\nsys.path.insert(0, {str(ADDON)!r})\n{before}\n"
        code += "import app.cli\nsys.exit(app.cli.main())"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, "configure", *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=folder,
            env={**bare_environment(), "TERM": "xterm", "LANG": "C.UTF-8", **environment},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,  # noqa: PLW1509
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def screen(self) -> Screen:
        """What the user sees."""
        screen = Screen(COLUMNS)
        screen.feed(self.written)
        return screen

    @property
    def text(self) -> str:
        """The same as one text, however it was wrapped."""
        return " ".join(" ".join(self.screen.lines).split())

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def sees(self, text: str) -> None:
        """Wait until a text is on the screen that was not waited for before."""
        text = " ".join(text.split())
        limit = time.monotonic() + TIMEOUT
        while text not in (seen := " ".join(self.written[self._read :].split())):
            assert self._receive(limit - time.monotonic()), f"{text!r} is missing in:\n{seen}"
        self._skip(text)

    def types(self, text: str, *, enter: bool = True) -> None:
        """Type a text, and Enter."""
        os.write(self._controller, text.encode() + (b"\n" if enter else b""))

    def answers(self, question: str, text: str) -> None:
        """Wait for a question and answer it."""
        self.sees(question)
        self.types(text)

    def interrupts(self) -> None:
        """Press Ctrl-C."""
        os.write(self._controller, b"\x03")

    def signals(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ends(self) -> int:
        """Wait for the end; give the exit status."""
        limit = time.monotonic() + TIMEOUT
        while self._process.poll() is None:
            assert time.monotonic() < limit, f"it does not end:\n{self.written}"
            self._receive(0.05)
        while self._receive(0.05):
            pass
        assert "Traceback" not in self.written, self.written
        return self._process.returncode

    def ended_within(self, seconds: float) -> bool:
        """Tell whether it ends soon."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and self._process.poll() is None:
            self._receive(0.05)
        return self._process.poll() is not None

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._controller)
        os.close(self.terminal)

    def _skip(self, text: str) -> None:
        """Pass over what is written up to a text, whatever blanks and line ends are in it."""
        words = text.split()
        position = self._read
        while True:
            position = self.written.index(words[0], position)
            end = position
            for word in words:
                rest = self.written[end:]
                end += len(rest) - len(rest.lstrip())
                if not self.written.startswith(word, end):
                    break
                end += len(word)
            else:
                self._read = end
                return
            position += 1

    def _receive(self, patience: float) -> bool:
        """Take what the program writes; tell whether something came."""
        if not select.select([self._controller], [], [], max(patience, 0))[0]:
            return False
        try:
            data = os.read(self._controller, 65536)
        except OSError:
            return False
        self.written += data.decode(errors="replace")
        return bool(data)


@contextmanager
def configuring(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    before: str = NO_ADAPTERS,
) -> Generator[Terminal]:
    """Run ``configure`` in a terminal.

    Args:
        folder: in which it is called.
        arguments: of the command.
        environment: of the process, beside what it needs.
        before: code that its process runs first, to let it live in another world.
    """
    terminal = Terminal(arguments, environment or {}, before, folder)
    try:
        yield terminal
    finally:
        terminal.close()


@contextmanager
def simulated(path: Path, meter: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the simulator with its line at a path."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--meter", meter, "--pty", str(path), *arguments],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        limit = time.monotonic() + TIMEOUT
        while not path.is_symlink():
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.01)
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        process.wait()
