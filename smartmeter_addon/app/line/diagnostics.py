"""Keeps the outputs told of how one line is doing: what is counted, and what is wrong."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from app.language.catalogue import Text
from app.line.health import Health
from app.line.line_ids import Line
from app.line.output import LineDiagnostics, Output
from app.line.sections import METERS, section
from app.line.trouble import Problem, Trouble
from app.meters.reading import Meter
from app.state import State
from app.transport.push_interval import PushInterval

INTERVAL: Final = 60.0
"""Seconds between two messages at the least, unless a problem begins or ends."""

KNOWN_INTERVAL: Final = 300.0
"""Seconds between two messages on a line without a problem that leads to a known meter: the
diagnostics of the meter tell more."""

GONE_AFTER: Final = 86400.0
"""Seconds without a telegram of a meter, while its line carries others, until it is replaced."""


class Diagnostics:
    """One line's diagnostics, told as its own and as those of the meters that it leads to.

    Args:
        health: what is known of the line.
        output: takes what is told.
        state: what is known from before the last restart: a meter that is not heard any more is
            what somebody wants to be told of.
        line: this one.
        name: what the household calls the meter.
        wall_clock: gives the date and time, aware.
        interval: seconds between two messages on meters, unless a problem begins or ends.
    """

    def __init__(
        self,
        health: Health,
        output: Output,
        state: State,
        *,
        line: Line,
        name: str | None,
        wall_clock: Callable[[], datetime],
        interval: float = INTERVAL,
    ) -> None:
        self._health = health
        self._output = output
        self._state = state
        self._name = name
        self._wall_clock = wall_clock
        self._interval = interval
        self._line = line
        self._section = section(METERS, line.label)
        self._meters = {meter.id: meter for meter in kept_meters(state, line.label)}
        self._heard: dict[str, float] = {}  # when, by a meter's id
        self._problem: Problem | None = None
        self._since = wall_clock()
        self._told_at = self._line_told_at = float("-inf")

    @property
    def problem(self) -> Problem | None:
        """The problem that was told last."""
        return self._problem

    def heard(self, meter: Meter, now: float) -> None:
        """Take note of a meter that the line leads to; of a new one the line is told at once."""
        known = self._meters[meter.id] if meter.id in self._heard else None
        told = known is meter or known == meter
        self._heard[meter.id] = now
        # A meter of before the restart that has not been heard since was likely replaced.
        for meter_id in list(self._meters):
            if now - self._heard.get(meter_id, float("-inf")) > GONE_AFTER:
                del self._meters[meter_id]
                self._heard.pop(meter_id, None)
                self._state.forget(self._section, meter_id)
        if told:
            return
        self._meters[meter.id] = meter
        self._state.set(self._section, meter.id, asdict(meter))
        self._tell(now)
        self._tell_line(now)

    def look(self, problem: Problem | None, now: float) -> None:
        """Tell what is due.

        Args:
            problem: what keeps the meter from being read; None when nothing does.
            now: the time, of a steady clock.
        """
        withheld = next(iter(self._health.withheld()), None)
        problem = problem or withheld or self._output.problem() or self._health.advice()
        changed = (problem and problem.key) != (self._problem and self._problem.key)
        if changed:
            self._since = self._wall_clock()
            if problem and problem.since is not None:
                self._since = datetime.fromtimestamp(problem.since, UTC)
        self._problem = problem
        if changed or now - self._told_at >= self._interval:
            self._tell(now)
        interval = KNOWN_INTERVAL if self._meters and not problem else INTERVAL
        if changed or now - self._line_told_at >= interval:
            self._tell_line(now)

    def _tell(self, now: float) -> None:
        self._told_at = now
        values = {
            **self._health.diagnostics(now),
            **_told(self._problem, self._since),
            "errors_details": {kind.value: n for kind, n in self._health.counts.kinds.items()},
        }
        for meter in self._meters.values():
            self._output.diagnose(meter, values, name=self._name)

    def _tell_line(self, now: float) -> None:
        self._line_told_at = now
        values = {**self._health.line_diagnostics(), **_told(self._problem, self._since)}
        meters = tuple(self._meters.values())
        self._output.diagnose_line(LineDiagnostics(self._line, values, meters, self._name))


def diagnose_unread(line: Line, reason: Text, output: Output, now: datetime) -> None:
    """Tell of a line that is in the options and is not read.

    Args:
        line: the line.
        reason: a sentence that says why.
        output: takes what is told.
        now: the date and time, aware.
    """
    health = Health(PushInterval(), 0.0)
    problem = Problem(Trouble.NOT_OPEN, parameters={"reason": reason})
    values = {**health.line_diagnostics(), **_told(problem, now)}
    output.diagnose_line(LineDiagnostics(line, values))


def _told(problem: Problem | None, since: datetime) -> dict[str, object]:
    details: dict[str, object] = {}
    if problem:
        details = {
            "kind": problem.trouble.value,
            "message": problem.sentence,
            "since": since.isoformat("T", "seconds"),
        }
    return {"problem": "ON" if problem else "OFF", "problem_details": details}


def kept_meters(state: State, label: str) -> Iterator[Meter]:
    """Give the meters of a line that were heard before the restart."""
    for kept in state.section(section(METERS, label)).values():
        with contextlib.suppress(TypeError, ValueError):  # damaged, or of another version
            yield Meter.from_state(kept)
