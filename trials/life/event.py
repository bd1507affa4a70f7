"""The events: each a function that happens to a life, and to which meters it can happen."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trials.life.life import Life
    from trials.life.subjects import Facts

MORNING = datetime(2026, 6, 21, 9, 0, 3, tzinfo=UTC)
"""A sunny one, on which the panels give more than the house takes."""

NOON = datetime(2026, 6, 21, 11, 0, 3, tzinfo=UTC)
EVENING = datetime(2026, 6, 21, 19, 55, 3, tzinfo=UTC)
"""Five minutes before the tariff of the night begins."""

NIGHT = datetime(2026, 6, 21, 0, 30, 3, tzinfo=UTC)

Happening = Callable[["Life"], None]
Applies = Callable[["Facts"], bool]


@dataclass(frozen=True)
class Event:
    """Something that happens to a meter, its household, its line, or the host.

    Args:
        name: of the function.
        story: its docstring.
        happen: the function.
        applies: to which meters it can happen, by what they say.
        before: what is arranged before the meter is read for the first time.
        begin: when the meter is read for the first time.
        hours: whether it lasts hours for meters that push their energies once an hour.
        hold: telegrams in a row of one list that may be withheld.
    """

    name: str
    story: str
    happen: Happening
    applies: Applies
    before: Happening
    begin: datetime
    hours: bool
    hold: int


EVENTS: dict[str, Event] = {}
"""All of them, by name."""


def event(
    applies: Applies = lambda _: True,
    *,
    before: Happening = lambda _: None,
    begin: datetime = MORNING,
    hours: bool = False,
    hold: int = 2,
) -> Callable[[Happening], Happening]:
    """Make an event of a function; see `Event`."""

    def add(happen: Happening) -> Happening:
        story = " ".join((inspect.getdoc(happen) or "").split())
        enroll(
            happen.__name__,
            story,
            happen,
            applies,
            before=before,
            begin=begin,
            hours=hours,
            hold=hold,
        )
        return happen

    return add


def enroll(
    name: str,
    story: str,
    happen: Happening,
    applies: Applies = lambda _: True,
    *,
    before: Happening = lambda _: None,
    begin: datetime = MORNING,
    hours: bool = False,
    hold: int = 2,
) -> None:
    """Add an event that is a row of a table; see `Event`."""
    name = name.replace("_", "-")
    EVENTS[name] = Event(name, story, happen, applies, before, begin, hours, hold)


# --- To which meters an event can happen ---


def says(*beginnings: str) -> Applies:
    """Such as say a reading of each of these beginnings."""
    return lambda facts: all(any(key.startswith(one) for key in facts.keys) for one in beginnings)


def both(*conditions: Applies) -> Applies:
    """Such as meet all conditions."""
    return lambda facts: all(condition(facts) for condition in conditions)


def one_of(*conditions: Applies) -> Applies:
    """Such as meet one of the conditions."""
    return lambda facts: any(condition(facts) for condition in conditions)


def three_phases(facts: Facts) -> bool:
    """Such as have three phases."""
    return facts.phases == 3  # noqa: PLR2004


def ciphered(facts: Facts) -> bool:
    """Such as cipher."""
    return facts.ciphered


def dated(facts: Facts) -> bool:
    """Such as say the time in each telegram."""
    return facts.dated


def named(facts: Facts) -> bool:
    """Such as can be told from another meter of their family."""
    return facts.named


def hourly(facts: Facts) -> bool:
    """Such as push their energies once an hour, in a list of their own."""
    return facts.hourly


def text(facts: Facts) -> bool:
    """Such as send text."""
    return facts.text
