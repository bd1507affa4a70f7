"""The ids of lines in topics and unique ids, which stay while names and addresses change.

An id is a number: the first line's is ``1`` at the first start. A line is known again by its
address, else by its name. Lines that are known by neither take, in their order, the ids of those
that are missing: whoever changes the address of his only line still has the same line.
"""

import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from app.config.options import MeterOptions
from app.line.sections import address_of, labels_of
from app.state import State

LINE_IDS: Final = "line ids"
"""The section of the state with address and name of each line that there ever was, by its id."""

_ID: Final = re.compile("[1-9][0-9]{0,5}")


class Line(NamedTuple):
    """A line, as outputs are told of it.

    Args:
        id: names it for as long as it is in the options; digits.
        label: tells it from others, for people; empty where there is no other.
    """

    id: str
    label: str


ALONE: Final = Line("1", "")
"""The line of a program that has no other."""


class Lines(NamedTuple):
    """All lines.

    Args:
        current: those in the options, in their order.
        gone: ids of those that were in the options before.
    """

    current: Sequence[Line]
    gone: Sequence[str] = ()


NO_LINES: Final = Lines(())


def lines_of(state: State, meters: Sequence[MeterOptions]) -> Lines:
    """Give the lines of the meters in the options; which has which id is kept in the state."""
    kept: dict[str, Mapping[str, Any]] = {
        one: entry
        for one, entry in state.section(LINE_IDS).items()
        if _ID.fullmatch(one) and isinstance(entry, dict)
    }
    order = sorted(kept, key=lambda one: (not kept[one].get("used"), int(one)))
    free = dict.fromkeys(order)  # a set that keeps its order
    ids: dict[int, str] = {}  # by the meter's position
    now = [{"address": address_of(meter), "name": meter.name} for meter in meters]
    for key in ("address", "name"):
        same: defaultdict[str, deque[str]] = defaultdict(deque)  # of those that are free
        for one in free:
            if (value := kept[one].get(key)) and isinstance(value, str):
                same[value].append(one)
        for position, line in enumerate(now):
            if position not in ids and (found := same[line[key] or ""]):
                ids[position] = found.popleft()
                del free[ids[position]]
    missing = deque(one for one in free if kept[one].get("used"))
    new = (str(number) for number in count(1) if str(number) not in kept)
    for position in range(len(now)):
        if position not in ids:
            ids[position] = missing.popleft() if missing else next(new)
    taken = set(ids.values())
    gone = [one for one in kept if one not in taken]
    state.update(
        LINE_IDS,
        {one: {**kept[one], "used": False} for one in gone}
        | {ids[position]: {**line, "used": True} for position, line in enumerate(now)},
    )
    labels = labels_of(meters)
    return Lines(
        tuple(Line(ids[position], label) for position, label in enumerate(labels)),
        tuple(gone),
    )
