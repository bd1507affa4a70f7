"""What happens, by where it happens; each module adds its events to `trials.life.event.EVENTS`."""

from trials.life.events import (
    clocks,
    counters,
    firmware,
    grid,
    hourly,
    line,
    loads,
    program,
    security,
    submeters,
    texts,
    units,
)

__all__ = [
    "clocks",
    "counters",
    "firmware",
    "grid",
    "hourly",
    "line",
    "loads",
    "program",
    "security",
    "submeters",
    "texts",
    "units",
]
