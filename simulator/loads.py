"""What draws power in a household, and what can happen to the household and its connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Appliance(NamedTuple):
    """A load that comes and goes.

    Args:
        watts: Real power on each phase.
        vars: Reactive power on each phase; negative is capacitive.
        pause: Seconds between two runs, on average.
        shortest: Shortest run in seconds.
        longest: Longest run in seconds.
    """

    watts: tuple[int, int, int]
    vars: tuple[int, int, int]
    pause: int
    shortest: int
    longest: int


APPLIANCES = (
    Appliance((95, 0, 0), (60, 0, 0), 1800, 600, 1200),  # refrigerator
    Appliance((2050, 0, 0), (0, 0, 0), 5400, 90, 240),  # kettle
    Appliance((0, 2300, 0), (0, 20, 0), 14400, 900, 3600),  # oven
    Appliance((0, 0, 1900), (0, 0, 150), 28800, 1200, 2400),  # washing machine
    Appliance((620, 615, 625), (210, 205, 215), 3600, 900, 2700),  # heat pump
    Appliance((3650, 3650, 3650), (-120, -115, -125), 43200, 3600, 10800),  # wall box
    Appliance((0, 140, 0), (0, -90, 0), 9000, 3600, 10800),  # television
)
"""What stands in the house: resistive, inductive and capacitive loads."""


class Load(NamedTuple):
    """A power that is drawn.

    Args:
        watts: Real power on each phase.
        vars: Reactive power on each phase; negative is capacitive.
    """

    watts: tuple[int, int, int]
    vars: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is as it is in a household until something happens.

    Args:
        solar: Peak power of the solar panels in W.
        loads: Powers that are drawn beside what comes and goes, real and reactive, by phase.
        idle: Whether everything else is switched off.
        volts: How far the voltage of the grid is off.
        dead: Phases without voltage, from 0. The inverter of the panels is off as well.
        neutral: Whether the neutral conductor is whole. Behind a broken one the voltages of the
            phases depend on how much their loads differ, and the inverter is off.
    """

    solar: int = 6000
    loads: tuple[Load, ...] = ()
    idle: bool = False
    volts: int = 0
    dead: frozenset[int] = frozenset()
    neutral: bool = True
