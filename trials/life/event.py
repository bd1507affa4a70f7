"""The events: each a function to which a life happens, and to which subjects it can."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trials.life.subjects import Facts, Subject

if TYPE_CHECKING:
    from trials.life.life import Life

MORNING = datetime(2026, 6, 21, 9, 0, 3, tzinfo=UTC)
"""A sunny one, on which the panels give more than the house takes."""

Applies = Callable[[Facts], bool]


@dataclass(frozen=True)
class Event:
    """Something that happens to a meter, its household, its line, or the host.

    Args:
        name: of the function.
        story: its docstring.
        happen: the function.
        applies: to which meters it can happen, by what they say.
        hourly: whether it is about energies, which some meters push in a list of their own once an
            hour; it lasts some hours for these. None when it is about these only.
        hold: telegrams in a row of one list that may be withheld.
        begin: when, by the meter's clock.
        long: telegrams that are read before.
    """

    name: str
    story: str
    happen: Callable[[Life], None]
    applies: Applies
    hourly: bool
    hourly_only: bool
    hold: int
    begin: datetime
    read_before: int

    def can_happen_to(self, subject: Subject) -> bool:
        """Tell whether it can happen to a subject."""
        return self.applies(subject.about) and (bool(subject.hourly) or not self.hourly_only)


EVENTS: dict[str, Event] = {}
"""All of them, by name."""


def event(
    applies: Applies = lambda _: True,
    *,
    hourly: bool = False,
    hourly_only: bool = False,
    hold: int = 2,
    begin: datetime = MORNING,
    read_before: int = 30,
) -> Callable[[Callable[[Life], None]], Callable[[Life], None]]:
    """Make an event of a function; see `Event`."""

    def add(happen: Callable[[Life], None]) -> Callable[[Life], None]:
        name = happen.__name__.strip("_").replace("_", "-")
        story = " ".join((inspect.getdoc(happen) or "").split())
        EVENTS[name] = Event(
            name, story, happen, applies, hourly, hourly_only, hold, begin, read_before
        )
        return happen

    return add


# --- To which meters an event can happen ---


def says(*beginnings: str) -> Applies:
    """Such as say a reading of each of these beginnings."""
    return lambda facts: all(any(key.startswith(one) for key in facts.keys) for one in beginnings)


def both(*conditions: Applies) -> Applies:
    """Such as meet all conditions."""
    return lambda facts: all(condition(facts) for condition in conditions)


def ciphered(facts: Facts) -> bool:
    """Such as cipher."""
    return facts.ciphered


def dated(facts: Facts) -> bool:
    """Such as say the time in each telegram."""
    return facts.dated


def three_phases(facts: Facts) -> bool:
    """Such as have three phases."""
    return facts.phases == 3  # noqa: PLR2004
