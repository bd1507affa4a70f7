"""One line, as the page shows it: what it does, and what it did."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from app.config.options import MeterOptions
from app.fault import Fault
from app.line.reader import LineReader
from app.line.watcher import Watcher
from app.meters.profile import Profile
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.page.chain import chain
from app.page.download import made
from app.page.events import Events
from app.page.hidden import Hider
from app.page.history import History
from app.page.line_health import LineHealth
from app.page.meter import MeterView
from app.page.recent import Recent
from app.page.telegrams import Telegrams
from app.transport.events import GaveUp, Lost, Opened, Settled
from app.transport.serial_mode import SerialMode
from app.transport.source import Event

MOST_METERS: Final = 8
"""Meters of one line that are shown: itself, and those behind it."""


class LineView(Watcher):
    """Watches one line.

    Args:
        label: of the line.
        options: of its meter.
        events: keeps what happens.
        health: counts by the hour.
        hide: takes out secrets, and learns whose meter it is.
        clock: a steady one, in seconds.
        wall_clock: seconds since 1970.
        history: makes a meter's history; None where there are enough.
        on_reading: is called with the line and the place of its meter that said something.
    """

    def __init__(
        self,
        label: str,
        options: MeterOptions,
        *,
        events: Events,
        health: LineHealth,
        hide: Hider,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        history: Callable[[], History | None],
        on_reading: Callable[["LineView", int], None],
    ) -> None:
        self._label = label
        self._options = options
        self.health = health
        self.hide: Final = hide
        """Takes out of texts what identifies the meters of this line."""
        self._history = history
        self._on_reading = on_reading
        self._recent = Recent(clock)
        self._places: dict[str, int] = {}  # of meters, by their ids
        self.meters: list[MeterView] = []
        self.events: Final = events
        self._wall_clock = wall_clock
        self._telegrams = Telegrams(hide, wall_clock)
        self._opened = False
        self._line: str | None = None
        self._mode: SerialMode | None = None
        self._searching = False
        self._given_up: list[str] = []
        self._problem: str | None = None
        self.reader: LineReader | None = None

    # --- What the line does ---

    def event(self, event: Event) -> None:
        """Take what the source gives."""
        if isinstance(event, bytes):
            self._recent.add(event)
            return
        self.events.take(event)
        if isinstance(event, Opened):
            self._opened = True
            self._line, self._mode = event.line, event.mode
            self._searching = event.searching
        elif isinstance(event, Lost):
            self._opened = False
            self._line = event.line
        elif isinstance(event, GaveUp):
            mode = str(event.mode)
            self._given_up = [*(other for other in self._given_up if other != mode), mode]
        elif isinstance(event, Settled):
            self._searching = False
            self._given_up.clear()

    def decoded(self, item: Telegram | Fault) -> None:
        """Take a telegram, or what was damaged."""
        self._telegrams.take(item)

    def read(self, reading: Reading, *, name: str | None) -> None:
        """Take what an accepted telegram says."""
        place = self._places.get(reading.meter.id)
        if place is None:
            if len(self.meters) >= MOST_METERS:
                return
            place = self._places[reading.meter.id] = len(self.meters)
            self.hide.learn_meter(reading.meter)
            self.meters.append(MeterView(reading.meter, name, self._history(), self.hide))
        self.meters[place].take(reading, self._wall_clock())
        self._on_reading(self, place)

    def silent(self, meter_id: str) -> None:
        """Take that a meter is no longer heard."""
        place = self._places.get(meter_id)
        if place is None:
            return
        self.meters[place].online = False
        if place == 0:
            self.health.gap()
            self.events.happened("silent")

    def look(self) -> None:
        """Take note of what came about since the last look."""
        if self.reader is None:
            return
        self.health.look(self.reader.health.counts, self.reader.health.clock_drift)
        problem = self.reader.problem
        kind = problem.trouble.value if problem else None
        if kind != self._problem:
            self._problem = kind
            text = problem.sentence if problem else ""
            self.events.happened("problem" if problem else "well", text)
        self.events.look()

    def keep(self) -> None:
        """Keep what is to be known after a restart."""
        self.look()
        self.health.keep()
        self.events.keep()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall_clock(), UTC)

    # --- What is shown ---

    def facts(self, language: str, *, published: bool) -> dict[str, object]:
        """Tell how the line is doing, for JSON.

        Args:
            language: of names.
            published: whether all outputs work.
        """
        if self.reader is None:
            return {}
        hide = self.hide
        problem = self.reader.problem
        counts = self.reader.health.counts
        steps = chain(
            problem,
            counts,
            opened=self._opened,
            heard=bool(self.meters),
            published=published,
        )
        told = {"kind": problem.trouble.value, "text": hide(problem.sentence)} if problem else None
        return {
            "label": hide(self._label),
            "line": hide(self._line or ""),
            "mode": str(self._mode) if self._mode else None,
            "searching": self._searching,
            "given_up": list(self._given_up),
            "contents": self._telegrams.contents.value,
            "steps": [list(step) for step in steps],
            "problem": told,
            "bytes": counts.bytes,
            "frames": counts.frames,
            "telegrams": counts.telegrams,
            "minutes": int(self._recent.seconds // 60),
            "meters": [meter.facts(language) for meter in self.meters],
        }

    @property
    def signature(self) -> object:
        """Is another one when something is to be shown at once."""
        problem = self.reader.problem if self.reader else None
        online = [meter.online for meter in self.meters]
        return (
            problem and problem.key,
            self._line,
            self._mode,
            self._opened,
            tuple(self._given_up),
            online,
        )

    def told_events(self) -> list[list[str]]:
        """Give what happened, see `Events`."""
        return self.events.told()

    def telegram(self) -> dict[str, object]:
        """Give the last telegram and what was rejected, for JSON."""
        return self._telegrams.told()

    def report(self) -> str:
        """Give the block for a bug report: no key, no values, no full number."""
        return self._telegrams.report(self._line or "none", self.reader)

    async def recording(self, seconds: float, profiles: Mapping[str, Profile]) -> str:
        """Give what came last as a recording, see `download`.

        Args:
            seconds: how far back.
            profiles: every meter family there is.
        """
        return await made(
            list(self._recent.chunks(seconds)),
            self._telegrams.contents,
            self._options,
            profiles,
            hide=self.hide,
            now=self._now().astimezone(),
            mode=self._mode,
        )
