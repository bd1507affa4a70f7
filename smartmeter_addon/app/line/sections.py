"""What the state keeps of each line, and which line goes on with what another one kept.

A program with one meter keeps it without a label, one with several keeps it with the labels of
their lines. So adding a meter, or removing one, must not make a new line of the one that stays.
"""

from collections.abc import Sequence
from typing import Final

from app.config.options import MeterOptions
from app.state import State

METER_NUMBERS: Final = "meter numbers"
"""The section of the state with meters' numbers, by sender; each line has its own."""

HISTORY: Final = "history"
"""The section of the state with the guard's memory, by sender; each line has its own."""

ENERGY_UNITS: Final = "energy units"
"""The section of the state with the units of energies, by the meter's id; each line has its own."""

METERS: Final = "meters"
"""The section of the state with the meters that a line leads to; each line has its own."""

LINE_HEALTH: Final = "line health"
"""The section of the state with how good a line was, by day; each line has its own."""

LINE_EVENTS: Final = "line events"
"""The section of the state with what happened on a line; each line has its own."""

METER_IDS: Final = "meter ids"
"""The section of the state with ids by number, see `MeterIds`; one for all lines."""

_LINES: Final = "lines"
"""The section of the state with the address of each line, by its label."""

_OF_A_LINE: Final = (METER_NUMBERS, HISTORY, ENERGY_UNITS, METERS, LINE_HEALTH, LINE_EVENTS)


def section(name: str, label: str) -> str:
    """Return the name of a line's section."""
    return f"{name} {label}".strip()


def labels_of(meters: Sequence[MeterOptions]) -> list[str]:
    """Tell several meters apart, by what the user knows them by; no two have the same label."""
    if len(meters) == 1:
        return [""]
    labels: dict[str, None] = {}  # a set that keeps its order
    for number, meter in enumerate(meters, 1):
        label = _name(meter) or f"meter {number}"
        while label in labels:
            label += f" ({number})"
        labels[label] = None
    return [*labels]


def carry_over(state: State, meters: Sequence[MeterOptions]) -> None:
    """Let the line that stays go on with what it kept, when a meter was added or removed.

    That is the line with the same address, else the first one, which was there before others could
    be added.
    """
    labels = labels_of(meters)
    addresses = [address_of(meter) for meter in meters]
    known = state.section(_LINES)
    if len(meters) == 1:
        same = [label for label, address in known.items() if label and address == addresses[0]]
        for old in filter(None, (*same, _name(meters[0]))):
            _move(state, old, "")
    else:
        alone = known.get("")
        heir = addresses.index(alone) if alone in addresses else 0
        _move(state, "", labels[heir])
    state.forget(_LINES, *known.keys() - set(labels))
    state.update(_LINES, dict(zip(labels, addresses, strict=True)))


def _move(state: State, old: str, new: str) -> None:
    """Give what one label kept to another, unless that has something of its own."""
    if any(state.section(section(name, new)) for name in _OF_A_LINE):
        return
    for name in _OF_A_LINE:
        if kept := state.section(section(name, old)):
            state.update(section(name, new), kept)
            state.forget(section(name, old), *kept)


def _name(meter: MeterOptions) -> str:
    return meter.name or address_of(meter)


def address_of(meter: MeterOptions) -> str:
    """Give the device or url of a line; empty where neither is chosen."""
    return meter.url or meter.device or ""
