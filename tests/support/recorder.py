"""An output that remembers what it was handed: the one stand-in for a publisher."""

import asyncio
from collections.abc import Mapping, Sequence

from app.language.catalogue import in_language
from app.language.languages import ENGLISH
from app.line.line_ids import Line
from app.line.output import LineDiagnostics
from app.line.trouble import Problem
from app.meters.reading import Meter, Reading
from tests.support.mosquitto import TIMEOUT


class Recorder:
    """Takes what a line hands on; an `app.line.output.Output`.

    Args:
        language: of what is said of problems.
    """

    def __init__(self, language: str = ENGLISH) -> None:
        self._language = language
        self.published: list[tuple[Reading, str | None]] = []
        self.statuses: list[tuple[str, bool]] = []
        self.diagnosed: list[tuple[Meter, Mapping[str, object], str | None]] = []
        self.lines: list[tuple[Line, Mapping[str, object], Sequence[Meter], str | None]] = []
        self.own_problem: Problem | None = None
        self._unread: asyncio.Queue[Reading] = asyncio.Queue()

    def publish(self, reading: Reading, *, name: str | None) -> None:
        self.published.append((reading, name))
        self._unread.put_nowait(reading)

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        self.statuses.append((meter_id, online))

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        said = {key: in_language(value, self._language) for key, value in values.items()}
        self.diagnosed.append((meter, said, name))

    def diagnose_line(self, diagnosed: LineDiagnostics) -> None:
        line, values, meters, name = diagnosed
        said = {key: in_language(value, self._language) for key, value in values.items()}
        self.lines.append((line, said, meters, name))

    def problem(self) -> Problem | None:
        return self.own_problem

    async def reading(self, within: float = TIMEOUT) -> Reading:
        """Wait for the next reading, for some seconds at most."""
        async with asyncio.timeout(within):
            return await self._unread.get()
