"""What happens, by where it happens."""

from trials.life.events import clocks, counters, grid, line, units

__all__ = ["clocks", "counters", "grid", "line", "units"]
