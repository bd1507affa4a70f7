"""The page: watches each line, and shows it to whoever looks."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Never

from app import __version__
from app.config.options import MeterOptions
from app.jsontext import dumps
from app.language.catalogue import Text
from app.line.mistakes import Mistakes
from app.line.reader import LineReader
from app.line.ticks import tick
from app.line.watcher import Watcher
from app.log import NOTICE
from app.meters.profile import Profile
from app.page.access import Access
from app.page.events import Events
from app.page.files import Files
from app.page.hidden import Hider
from app.page.history import History
from app.page.line import LineView
from app.page.line_health import LineHealth
from app.page.server import Server
from app.page.site import Site
from app.state import State
from app.status import OutputState
from app.transport.explain import own_words

MOST_HISTORIES: Final = 8
"""Meters of which a day is kept: 0.55 MB each."""

LOOK_INTERVAL: Final = 10.0
SHOW_INTERVAL: Final = 2.0
"""Seconds between two looks at the lines, while nobody looks at the page and while somebody does.
Those who look are told how the lines are doing at once when it has changed, and else by every other
look, as the numbers grow; by the looks between, only that the connection is alive."""

RETRY_AFTER: Final = 60.0
"""Seconds after which the server is tried again where its address is taken."""

_logger: Final = logging.getLogger(__name__)


class Page:
    """Shows what the lines do while `run` runs.

    Args:
        access: where it listens, and who may see it.
        language: of the page.
        redactor: takes secrets out of texts.
        state: keeps how good each line was, and what happened on it.
        profiles: every meter family there is.
        outputs: tells how each output is doing, by name.
        clock: a steady one, in seconds.
        wall_clock: seconds since 1970.
    """

    def __init__(
        self,
        access: Access,
        *,
        language: str,
        redactor: Callable[[str], str],
        state: State,
        profiles: Mapping[str, Profile],
        outputs: Callable[[], Mapping[str, OutputState]],
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._access = access
        self._language = language
        self._redactor = redactor
        self._state = state
        self._outputs = outputs
        self._clock = clock
        self._wall_clock = wall_clock
        self._histories = 0
        self._lines: list[LineView] = []
        self._left_out: list[Text] = []
        self._mistakes = Mistakes(_logger, "what a line did could not be kept")
        self._shown: dict[LineView, object] = {}  # what those who look were told last
        site = Site(Files(language), self._lines, self._facts, profiles)
        self.server: Final = Server(access, site.respond)
        self.works = True
        self.sentence = _where(access)

    def watcher(self, label: str, options: MeterOptions) -> Watcher:
        """Give what watches a line.

        Args:
            label: of the line.
            options: of its meter.
        """
        hide = Hider(self._redactor, self._language)
        line = LineView(
            label,
            options,
            events=Events(self._state, label, hide, clock=self._clock, wall_clock=self._wall_clock),
            health=LineHealth(self._state, label, self._wall_clock),
            hide=hide,
            clock=self._clock,
            wall_clock=self._wall_clock,
            history=self._history,
        )
        self._lines.append(line)
        return line.notes

    def leave_out(self, why: Text) -> None:
        """Take that a meter of the options is not read, with a sentence that says why."""
        self._left_out.append(why)

    def _hide(self, text: Text) -> str:
        """Give a text that is of no line alone without what identifies the meters of any."""
        said = Hider(self._redactor, self._language)(text)
        for line in self._lines:
            said = line.hide(said)
        return said

    async def run(self, readers: Sequence[LineReader]) -> Never:
        """Show the page.

        Args:
            readers: of the lines, in the order in which `watcher` was called.
        """
        for line, reader in zip(self._lines, readers, strict=True):
            line.reader = reader
        if self._access.is_open:
            _logger.warning(
                "the page is shown at %s, where everybody in the network can see it, without a"
                " password; to keep it to this computer, set the option page to 127.0.0.1:%d",
                self._access.host,
                self._access.port,
            )
        # What is there now stays. Else Python's garbage collector looks through all of it when a
        # recording was made, and telegrams wait for that.
        gc.freeze()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._serve())
                group.create_task(self._look())
        finally:
            for line in self._lines:
                try:
                    line.keep()
                except Exception as error:  # noqa: BLE001 - it must not keep the program from its end
                    self._mistakes.tell(error)
        raise AssertionError  # it is cancelled while it waits

    async def _serve(self) -> Never:
        """Listen, and try again where that is not possible."""
        while True:
            try:
                await self.server.run(self._listening)
            except OSError as error:
                sentence = (
                    f"the page cannot be shown at {self._access.address} ({own_words(error)});"
                    " choose another address in the option page"
                )
                if sentence != self.sentence:
                    _logger.warning("%s", sentence)
                self.works, self.sentence = False, sentence
            await asyncio.sleep(RETRY_AFTER)

    def _listening(self) -> None:
        """Tell where the page is, also where its address was taken before."""
        self.works, self.sentence = True, _where(self._access)
        if not self._access.only:
            _logger.log(NOTICE, "%s", self.sentence)

    async def _look(self) -> Never:
        """Take note of what the lines do, and tell those who look."""
        while True:
            looked_at = any(line.audience for line in self._lines)
            await tick(SHOW_INTERVAL if looked_at else LOOK_INTERVAL)
            for line in self._lines:
                line.look()
            self._show([line for line in self._lines if line.audience])

    def _show(self, lines: Sequence[LineView]) -> None:
        """Tell how lines are doing, unless only the numbers of that have changed."""
        whole = self._whole() if lines else {}
        for line in lines:
            shown = whole, line.signature
            if shown == self._shown.get(line):
                del self._shown[line]
                line.audience.alive()
                continue
            self._shown[line] = shown
            doing = line.doing(published=self._published)
            line.audience.tell("doing", dumps({**whole, "line": doing}))

    def _history(self) -> History | None:
        if self._histories >= MOST_HISTORIES:
            return None
        self._histories += 1
        return History(self._clock, self._wall_clock)

    @property
    def _published(self) -> bool:
        return all(state.works for state in self._outputs().values())

    def _whole(self) -> dict[str, object]:
        """Tell how all is doing, in few words however many lines there are."""
        published = self._published
        return {
            "outputs": [
                [name, state.works, self._hide(state.sentence)]
                for name, state in self._outputs().items()
            ],
            "stuck": any(line.is_stuck(published=published) for line in self._lines),
            "meters": sum(len(line.meters) for line in self._lines),
        }

    def _facts(self, line: LineView | None) -> dict[str, object]:
        """Tell all there is to show of a line, and which others there are."""
        language = self._language
        return {
            **self._whole(),
            "version": __version__,
            "supervised": bool(self._access.only),
            "left_out": list(map(self._hide, self._left_out)),
            "names": [one.names(language) for one in self._lines],
            "line": line.facts(language, published=self._published) if line else None,
        }


def _where(access: Access) -> str:
    """Tell people where they find the page."""
    if access.only:
        return "the page is in Home Assistant's sidebar"
    return f"the page is at {access.place}"
