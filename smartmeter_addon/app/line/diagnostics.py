"""Keeps Home Assistant told of how one line is doing: what is counted, and what is wrong."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from app.line.health import Line, Trouble
from app.meters.reading import Meter
from app.mqtt.publisher import Publisher
from app.state import State

INTERVAL: Final = 30.0
"""Seconds between two messages at the least, unless a trouble begins or ends."""

UNSTEADY: Final = 3
"""So many connections to the broker lost within an hour are worth a word."""

GONE_AFTER: Final = 86400.0
"""Seconds without a word of a meter, while its line carries others, after which it is replaced."""

SECTION: Final = "meters"
"""The section of the state that names the meters heard on a line, those behind them apart."""


class Diagnosis:
    """One line's diagnostics, published as those of the meters that it leads to.

    Args:
        line: what is known of the line.
        publisher: takes the messages.
        state: what is known from before the last restart: a meter that is not heard any more is
            what somebody wants to be told of.
        label: tells this line from others.
        name: what the household calls the meter.
        wall_clock: gives the date and time, aware.
        interval: seconds between two messages, unless a trouble begins or ends.
    """

    def __init__(
        self,
        line: Line,
        publisher: Publisher,
        state: State,
        *,
        label: str,
        name: str | None,
        wall_clock: Callable[[], datetime],
        interval: float = INTERVAL,
    ) -> None:
        self._line = line
        self._publisher = publisher
        self._state = state
        self._name = name
        self._wall_clock = wall_clock
        self._interval = interval
        self._section = f"{SECTION} {label}".strip()
        ids = state.section(self._section)
        self._meters = {meter.id: meter for meter in publisher.known_meters() if meter.id in ids}
        self._heard: dict[str, float] = {}  # when, by a meter's id
        self._problem: Trouble | None = None
        self._since = wall_clock()
        self._published_at: float | None = None

    def heard(self, meter: Meter, now: float) -> None:
        """Take note of a meter that the line leads to; a new one is told of the line at once."""
        told = meter.id in self._heard and self._meters[meter.id] == meter
        self._heard[meter.id] = now
        # Those of before the restart that did not speak first have likely been replaced, too.
        for meter_id in list(self._meters):
            if now - self._heard.get(meter_id, float("-inf")) > GONE_AFTER:
                del self._meters[meter_id]
                self._heard.pop(meter_id, None)
                self._state.forget(self._section, meter_id)
        if told:
            return
        self._meters[meter.id] = meter
        self._state.set(self._section, meter.id, "")
        self._publish(now)

    def look(self, trouble: Trouble | None, now: float) -> None:
        """Publish what is due.

        Args:
            trouble: what keeps the meter from being read; None when nothing does.
            now: the time, of a steady clock.
        """
        problem = trouble or self._unsteady() or self._line.advice()
        news = (problem and problem.key) != (self._problem and self._problem.key)
        if news:
            self._since = self._wall_clock()
        self._problem = problem
        if news or self._published_at is None or now - self._published_at >= self._interval:
            self._publish(now)

    def _unsteady(self) -> Trouble | None:
        """Tell of a broker that comes and goes; of one that is away nobody could hear."""
        lost = self._publisher.interruptions()
        if lost < UNSTEADY:
            return None
        sentence = (
            f"the connection to the MQTT broker was lost {lost} times within the last hour; look"
            " into the broker's log, and see that the network between is steady"
        )
        return Trouble("broker", sentence, "broker")

    def _publish(self, now: float) -> None:
        self._published_at = now
        details: dict[str, object] = {}
        if problem := self._problem:
            since = self._since.isoformat("T", "seconds")
            details = {"kind": problem.kind, "message": problem.sentence, "since": since}
        values = {
            **self._line.diagnostics(now),
            "problem": "ON" if problem else "OFF",
            "problem_details": details,
            "errors_details": {kind.value: n for kind, n in self._line.counts.kinds.items()},
        }
        for meter in self._meters.values():
            self._publisher.diagnose(meter, values, name=self._name)
