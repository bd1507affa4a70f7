"""The interface between a meter's line and what its readings are published by.

A line knows nothing of its outputs but this Protocol, and outputs know nothing of each other. The
MQTT publisher is one. `Outputs` makes one of several.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from app.line.line_ids import Line
from app.line.mistakes import Mistakes
from app.line.trouble import Problem
from app.meters.reading import Meter, Reading


class LineDiagnostics(NamedTuple):
    """How a line is doing.

    Args:
        line: the line.
        values: by key of ``sensors.LINE_DIAGNOSTICS``; with ``_details`` after it, the attributes.
        meters: those that it leads to, of which `Output.diagnose` tells more.
        name: what the household calls them, as for `Output.publish`.
    """

    line: Line
    values: Mapping[str, object]
    meters: Sequence[Meter] = ()
    name: str | None = None


class Output(Protocol):
    """Takes what a line has to say, at once: no call waits for anything outside the program."""

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """Take a reading over; the meter is online from here on.

        Args:
            reading: what a telegram said.
            name: what the household calls the meter; None makes one of manufacturer and model.
        """

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        """Take whether a meter is heard."""

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        """Take how the line to a meter is doing.

        Args:
            meter: the meter.
            values: by key of ``sensors.DIAGNOSTICS``; with ``_details`` after it, the attributes.
                A sentence among them is for the output to put into a language.
            name: as for `publish`.
        """

    def diagnose_line(self, diagnosed: LineDiagnostics) -> None:
        """Take how a line is doing, also before any meter is heard."""

    def problem(self) -> Problem | None:
        """Tell what is wrong with the output itself and could be seen through it."""


_logger: Final = logging.getLogger(__name__)


class Outputs:
    """Hands all that it is told on to several outputs, in their order.

    A mistake in one of them keeps nothing from the others.

    Args:
        outputs: each an `Output`.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = outputs
        self._mistakes = Mistakes(_logger, "a reading could not be published")

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """Take a reading over; as `_each`, in one function, as it comes with each telegram."""
        for output in self._outputs:
            try:
                output.publish(reading, name=name)
            except Exception as error:  # noqa: BLE001 - as in `_each`
                self._mistakes.tell(error, type(output).__name__)

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        """Take whether a meter is heard."""
        self._each(lambda output: output.meter_online(meter_id, online=online))

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        """Take how the line to a meter is doing."""
        self._each(lambda output: output.diagnose(meter, values, name=name))

    def diagnose_line(self, diagnosed: LineDiagnostics) -> None:
        """Take how a line is doing."""
        self._each(lambda output: output.diagnose_line(diagnosed))

    def problem(self) -> Problem | None:
        """Tell the problem of the first output that has one."""
        problems = (output.problem() for output in self._outputs)
        return next((problem for problem in problems if problem), None)

    def _each(self, tell: Callable[[Output], None]) -> None:
        for output in self._outputs:
            try:
                tell(output)
            except Exception as error:  # noqa: BLE001 - it must keep nothing from the others
                self._mistakes.tell(error, type(output).__name__)
