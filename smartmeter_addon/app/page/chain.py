"""The way from the line to the outputs as steps, for whoever is setting up."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from app.line.health import Counts
from app.line.trouble import Problem, Trouble


class Step(StrEnum):
    """A step of the way; each needs the one before it."""

    LINE = "line"
    """The adapter or gateway is open."""
    BYTES = "bytes"
    FRAMES = "frames"
    DECIPHERED = "deciphered"
    RECOGNISED = "recognised"
    PUBLISHED = "published"


class Condition(StrEnum):
    """How a step is doing."""

    DONE = "done"
    WRONG = "wrong"
    WAITING = "waiting"
    """It is this step's turn."""
    LATER = "later"


class Told(NamedTuple):
    """A step and how it is doing."""

    step: Step
    condition: Condition


_FAILING: Final[Mapping[Trouble, Step]] = {
    Trouble.NOT_OPEN: Step.LINE,
    Trouble.NO_BYTES: Step.BYTES,
    Trouble.NO_FRAMES: Step.FRAMES,
    Trouble.CHECKSUM_WRONG: Step.FRAMES,
    Trouble.KEY_MISSING: Step.DECIPHERED,
    Trouble.KEY_WRONG: Step.DECIPHERED,
    Trouble.AUTH_KEY_WRONG: Step.DECIPHERED,
    Trouble.OTHER_METER: Step.RECOGNISED,
    Trouble.UNKNOWN_LIST: Step.RECOGNISED,
    Trouble.UNSUPPORTED: Step.RECOGNISED,
    Trouble.SUSPICIOUS: Step.RECOGNISED,
    Trouble.REPLAYED: Step.RECOGNISED,
    Trouble.WITHHELD: Step.RECOGNISED,
    Trouble.BROKER: Step.PUBLISHED,
    Trouble.BROKER_RIGHTS: Step.PUBLISHED,
    Trouble.DATABASE: Step.PUBLISHED,
}
"""The step that a trouble is about; the meter's clock is about none."""


def chain(
    problem: Problem | None, counts: Counts, *, opened: bool, heard: bool, published: bool
) -> Iterator[Told]:
    """Tell how each step is doing.

    Args:
        problem: of the line, if there is one.
        counts: of the line, since the program started.
        opened: whether the line is open.
        heard: whether a meter's values were read.
        published: whether all outputs work.
    """
    failing = _FAILING.get(problem.trouble) if problem else None
    reached = {
        Step.LINE: opened,
        Step.BYTES: counts.bytes > 0,
        Step.FRAMES: counts.frames > 0,
        Step.DECIPHERED: counts.telegrams > 0 or failing is Step.RECOGNISED,
        Step.RECOGNISED: heard,
        Step.PUBLISHED: heard and published,
    }
    blocked = False
    for step in Step:
        outputs_fail = step is Step.PUBLISHED and not published
        if not blocked and (step is failing or outputs_fail):
            blocked = True
            yield Told(step, Condition.WRONG)
        elif blocked:
            yield Told(step, Condition.LATER)
        elif reached[step]:
            yield Told(step, Condition.DONE)
        else:
            blocked = True
            yield Told(step, Condition.WAITING)
