"""What the page tells of a line."""

from typing import Any

from app.page.chain import Condition, Step
from app.transport.events import GaveUp, Lost, Opened, Settled
from tests.support.lines import MODE, PORT
from tests.support.paged import Paged, steps


def test_the_modes_that_are_tried_are_told() -> None:
    paged = Paged()
    paged.take(PORT._replace(searching=True), GaveUp(MODE, was_right=False), Opened("x", MODE))
    facts: Any = paged.line.facts("en", published=True)
    assert facts["given_up"] == ["2400 8E1"]
    paged.take(Settled(MODE, searched=True), Lost("x", "it is gone", 1.0))
    facts = paged.line.facts("en", published=True)
    assert facts["given_up"] == []
    assert steps(paged)[Step.LINE] == Condition.WRONG
    assert [event[1] for event in paged.line.told_events()][:2] == ["lost", "settled"]
