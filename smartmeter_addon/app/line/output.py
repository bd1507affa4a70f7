"""The interface between a meter's line and what its readings are published by.

A line knows nothing of its outputs but this Protocol, and outputs know nothing of each other. The
MQTT publisher is one.
"""

from collections.abc import Mapping
from typing import Protocol

from app.line.trouble import Problem
from app.meters.reading import Meter, Reading


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
            name: as for `publish`.
        """

    def problem(self) -> Problem | None:
        """Tell what is wrong with the output itself and could be seen through it."""
