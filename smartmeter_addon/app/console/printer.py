"""Prints readings, in a thread: whoever reads standard output may be slow, or pause it."""

import asyncio
import contextlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Never

from app.console import lines
from app.language.catalogue import Sentence
from app.line.output import LineDiagnostics
from app.line.trouble import Problem
from app.log import NOTICE
from app.meters.reading import Meter, Reading
from app.transport.explain import own_words

MOST_WAITING: Final = 1000
"""Lines that wait at most; then the oldest are dropped."""

LAST_LINES: Final = 1.0
"""Seconds that the program's end may wait for whoever reads the lines at most."""

_logger: Final = logging.getLogger(__name__)


class Printer:
    """An `app.line.output.Output` that prints a line for each reading, while `run` runs.

    Args:
        descriptor: of the file that lines go to. Not Python's stream: at its end Python wants that
            stream's lock, which a thread that waits for a slow reader holds.
        json: whether lines are JSON objects.
        language: of the names in other lines.
        now: gives the date and time, aware.
        on_closed: called when nobody reads the lines any more.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        json: bool,
        language: str,
        now: Callable[[], datetime],
        on_closed: Callable[[], object],
    ) -> None:
        self._descriptor = descriptor
        self._json = json
        self._language = language
        self._now = now
        self._on_closed = on_closed
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._news = threading.Condition()
        self._ends = False
        self._drops = False
        self.works = True
        self.sentence = Sentence("console.printing")

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """Print a reading."""
        if not self.works:
            return
        received = self._now().astimezone()
        if self._json:
            line = lines.json_object(reading, name=name, received=received)
        else:
            line = lines.text(reading, name=name, received=received, language=self._language)
        with self._news:
            told = self._drops and bool(self._waiting)
            self._drops = told or len(self._waiting) == MOST_WAITING
            self._waiting.append(line)
            self._news.notify()
        if self._drops and not told:
            _logger.warning(
                "standard output is not read fast enough: the oldest of %d lines are dropped",
                MOST_WAITING,
            )

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        """Do nothing: the log tells it."""

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        """Do nothing: the log tells it."""

    def diagnose_line(self, diagnosed: LineDiagnostics) -> None:
        """Do nothing: the log tells it."""

    def problem(self) -> Problem | None:
        """Give none: whoever reads the lines notices by himself."""
        return None

    async def run(self) -> Never:
        """Print what comes.

        Cancelled, it prints what is left, for LAST_LINES seconds at most.
        """
        closed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def print_all() -> None:
            self._print()
            with contextlib.suppress(RuntimeError):  # the loop is closed, nobody waits
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=print_all, name="console", daemon=True).start()
        try:
            await closed.wait()
            self._on_closed()
            await asyncio.Event().wait()
        finally:
            with self._news:
                self._ends = True
                self._news.notify()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_LINES):
                    await closed.wait()
        raise AssertionError  # it is cancelled while it waits

    def _print(self) -> None:
        """Print until the end, or until nobody reads it."""
        try:
            while (line := self._next()) is not None:
                data = f"{line}\n".encode("utf-8", "replace")
                while data:
                    data = data[os.write(self._descriptor, data) :]
        except OSError as error:  # closed at the other end, or a disk that is full
            self.works = False
            self.sentence = Sentence("console.closed", {"words": own_words(error)})
            _logger.log(NOTICE, "%s", self.sentence)

    def _next(self) -> str | None:
        """Wait for the next line; None at the end."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._ends)
            return self._waiting.popleft() if self._waiting else None
