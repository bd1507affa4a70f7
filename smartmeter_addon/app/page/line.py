"""One line, as the page shows it: what it does, and what it did."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from app.config.options import MeterOptions
from app.fault import Fault
from app.jsontext import dumps
from app.language.catalogue import Text
from app.line.reader import LineReader
from app.line.watcher import Notes, Watcher
from app.meters.profile import Profile
from app.meters.reading import Reading
from app.meters.telegram import Telegram
from app.page.answers import Stream
from app.page.chain import Condition, Told, chain
from app.page.download import made
from app.page.events import Events
from app.page.hidden import Hider
from app.page.history import History
from app.page.line_health import LineHealth
from app.page.live import Audience
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
    ) -> None:
        self._label = label
        self._options = options
        self.health = health
        self._hide = hide
        self._history = history
        self.audience: Final = Audience()
        self.notes: Final = Notes(self, self.audience.sinks)
        """What the line is to be watched by: it is handed on when somebody looks."""
        self._recent = Recent(clock)
        self._places: dict[str, int] = {}  # of meters, by their ids
        self._meters: list[MeterView] = []
        self.events: Final = events
        self._clock = clock
        self._wall_clock = wall_clock
        self._telegrams = Telegrams(hide)
        self._opened = False
        self._line: str | None = None
        self._mode: SerialMode | None = None
        self._searching = False
        self._given_up: list[str] = []
        self._problem: str | None = None
        self.reader: LineReader | None = None

    # --- What the line does ---

    def event(self, event: Event, at: float) -> None:
        """Take what the source gives."""
        if isinstance(event, bytes):
            self._recent.add(event, at)
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

    def decoded(self, item: Telegram | Fault, at: float) -> None:
        """Take a telegram, or what was damaged."""
        self._telegrams.take(item, self._moment(at))

    def read(self, reading: Reading, at: float, name: str | None) -> None:
        """Take what an accepted telegram says."""
        place = self._places.get(reading.meter.id)
        if place is None:
            if len(self._meters) >= MOST_METERS:
                return
            place = self._places[reading.meter.id] = len(self._meters)
            self._hide.learn_meter(reading.meter)
            self._meters.append(MeterView(reading.meter, name, self._history(), self._hide))
        meter = self._meters[place]
        meter.take(reading, at, self._moment(at))
        if self.audience:
            self.audience.tell("reading", dumps({"meter": place, **meter.said()}))

    def _moment(self, at: float) -> float:
        """Give a time of the steady clock in seconds since 1970."""
        return self._wall_clock() - self._clock() + at

    def silent(self, meter_id: str, at: float) -> None:  # noqa: ARG002 - it is told at once
        """Take that a meter is no longer heard."""
        place = self._places.get(meter_id)
        if place is None:
            return
        self._meters[place].online = False
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
        if self.events.is_due:
            self.notes.hand_on()  # numbers that are not to be kept are learned of telegrams
            self.events.keep()

    def keep(self) -> None:
        """Keep what is to be known after a restart."""
        self.notes.hand_on()
        self.look()
        self.health.keep()
        self.events.keep()

    # --- What is shown ---

    @property
    def meters(self) -> Sequence[MeterView]:
        """The meters that were heard, in the order in which they were first."""
        self.notes.hand_on()
        return self._meters

    def hide(self, text: Text) -> str:
        """Give a text without what identifies the meters of this line."""
        self.notes.hand_on()
        return self._hide(text)

    def names(self, language: str) -> list[str]:
        """Give what the household calls the line and each of its meters."""
        return [self._hide(self._label), *(meter.called(language) for meter in self.meters)]

    def facts(self, language: str, *, published: bool) -> dict[str, object]:
        """Tell all of the line, for JSON.

        Args:
            language: of names.
            published: whether all outputs work.
        """
        meters = [meter.facts(language) for meter in self.meters]
        return {**self.doing(published=published), "meters": meters}

    def doing(self, *, published: bool) -> dict[str, object]:
        """Tell how the line is doing, for JSON.

        Args:
            published: see `facts`.
        """
        if self.reader is None:
            return {}
        hide = self.hide
        problem = self.reader.problem
        counts = self.reader.health.counts
        told = {"kind": problem.trouble.value, "text": hide(problem.sentence)} if problem else None
        return {
            "label": hide(self._label),
            "line": hide(self._line or ""),
            "mode": str(self._mode) if self._mode else None,
            "searching": self._searching,
            "given_up": list(self._given_up),
            "contents": self._telegrams.contents.value,
            "steps": [list(step) for step in self._steps(published=published)],
            "problem": told,
            "bytes": counts.bytes,
            "frames": counts.frames,
            "telegrams": counts.telegrams,
            "minutes": int(self._recent.seconds // 60),
            "online": [meter.online for meter in self._meters],
        }

    def is_stuck(self, *, published: bool) -> bool:
        """Tell whether something is wrong that somebody has to do something about."""
        if self.reader is None:
            return False
        conditions = (step.condition for step in self._steps(published=published))
        return bool(self.reader.problem) or Condition.WRONG in conditions

    def _steps(self, *, published: bool) -> Iterator[Told]:
        assert self.reader  # noqa: S101 - both who call it have looked
        return chain(
            self.reader.problem,
            self.reader.health.counts,
            opened=self._opened,
            heard=bool(self.meters),
            published=published,
        )

    def stream(self) -> Stream:
        """Give the answer to somebody who wants to look on; what came before is not told as new."""
        self.notes.hand_on()
        return self.audience.stream()

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
        self.notes.hand_on()  # numbers that are not to be told are learned of telegrams
        return self.events.told()

    def telegram(self) -> dict[str, object]:
        """Give the last telegram and what was rejected, for JSON."""
        self.notes.hand_on()
        return self._telegrams.told()

    def report(self) -> str:
        """Give the block for a bug report: no key, no values, no full number."""
        self.notes.hand_on()
        return self._telegrams.report(self._line or "none", self.reader)

    async def recording(self, seconds: float, profiles: Mapping[str, Profile]) -> str:
        """Give what came last as a recording, see `download`.

        Args:
            seconds: how far back.
            profiles: every meter family there is.
        """
        self.notes.hand_on()
        return await made(
            list(self._recent.chunks(seconds)),
            self._telegrams.contents,
            self._options,
            profiles,
            hide=self._hide,
            now=datetime.fromtimestamp(self._wall_clock(), UTC).astimezone(),
            mode=self._mode,
        )
