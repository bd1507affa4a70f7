"""Publishes a meter from one line only, where two lines lead to it.

A meter can have two interfaces, such as an optical head and a P1 port, and a gateway can stand in
the options by two names.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from app.line.output import LineDiagnostics, Output
from app.line.trouble import Problem
from app.meters.reading import Meter, Reading

_logger: Final = logging.getLogger(__name__)


class OneLineEach:
    """Knows which lines hear which meter; the first of them in the options publishes it.

    Another line takes over while that one does not hear the meter.

    Args:
        output: where all lines publish to.
    """

    def __init__(self, output: Output) -> None:
        self.output: Final = output
        self._labels: list[str] = []
        self._hearing: defaultdict[str, set[int]] = defaultdict(set)  # lines, by the meter's id
        self._told: set[str] = set()

    def of_line(self, label: str) -> Output:
        """Make the output of the next line in the options."""
        self._labels.append(label)
        return _OfLine(self, len(self._labels) - 1)

    def hears(self, line: int, meter: str, called: str) -> bool:
        """Take that a line hears a meter; tell whether the line publishes it."""
        lines = self._hearing[meter]
        lines.add(line)
        if len(lines) > 1 and meter not in self._told:
            self._told.add(meter)
            first, second = sorted(lines)[:2]
            _logger.warning(
                "the same meter, %s, is read on two lines, %s and %s; it is published from the"
                " first one. Take the second out of the options, or leave it as a spare",
                called,
                self._labels[first],
                self._labels[second],
            )
        return len(lines) == 1 or self.publishes(line, meter)

    def lost(self, line: int, meter: str) -> bool:
        """Take that a line no longer hears a meter; tell whether none does."""
        self._hearing[meter].discard(line)
        return not self._hearing[meter]

    def publishes(self, line: int, meter: str) -> bool:
        """Tell whether a line is the one that publishes a meter, as far as any hears it."""
        return min(self._hearing[meter], default=line) == line


class _OfLine:
    """The output of one line."""

    def __init__(self, lines: OneLineEach, line: int) -> None:
        self._lines = lines
        self._line = line

    def publish(self, reading: Reading, *, name: str | None) -> None:
        """Take a reading over."""
        meter = reading.meter
        if self._lines.hears(self._line, meter.id, meter.number or meter.id):
            self._lines.output.publish(reading, name=name)

    def meter_online(self, meter_id: str, *, online: bool) -> None:
        """Take whether a meter is heard."""
        if online:
            says = self._lines.hears(self._line, meter_id, meter_id)
        else:
            says = self._lines.lost(self._line, meter_id)
        if says:
            self._lines.output.meter_online(meter_id, online=online)

    def diagnose(self, meter: Meter, values: Mapping[str, object], *, name: str | None) -> None:
        """Take how the line to a meter is doing."""
        if self._lines.publishes(self._line, meter.id):
            self._lines.output.diagnose(meter, values, name=name)

    def diagnose_line(self, diagnosed: LineDiagnostics) -> None:
        """Take how the line is doing, also of one that is a spare."""
        self._lines.output.diagnose_line(diagnosed)

    def problem(self) -> Problem | None:
        """Tell what is wrong with the output itself."""
        return self._lines.output.problem()
