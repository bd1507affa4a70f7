"""What each quantity of a household can be, by which errors are graded.

Written down here once more, so that a mistake in the program's own bounds is not compared with
itself.
"""

from typing import Final

CONNECTION: Final = 3 * 63 * 230
"""W of a household's connection: three phases of 63 A at 230 V."""

RANGES: Final = {
    "power_factor": 2.0,
    "power": CONNECTION,
    "reactive_power": CONNECTION,
    "apparent_power": CONNECTION,
    "voltage": 300.0,
    "current": 63.0,
    "phase_angle": 360.0,
    "frequency": 20.0,
}
"""Distance between the least and the most of a quantity, in its unit, by beginning of the key."""


def range_key(key: str) -> str | None:
    """Return the key of `RANGES` that a reading's begins with; None for a counter's."""
    return next((name for name in RANGES if key.startswith(name)), None)
