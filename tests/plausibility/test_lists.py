"""The lists of one sender, and the push interval of each."""

import pytest

from app.plausibility.lists import KnownList, Lists
from tests.support.guarded import GuardedLine
from tests.support.simulated import SimulatedMeter


def with_intervals(*seconds: float) -> KnownList:
    """Return a list of which telegrams came one after the other."""
    known, time = KnownList(()), 1.8e9
    known.arrived(time, time, 0.0)
    for passed in seconds:
        time += passed
        known.arrived(time, time, 0.0)
    return known


def test_a_push_interval_is_known_when_it_was_kept_three_times() -> None:
    assert with_intervals(5, 5, 5).interval is None
    assert with_intervals(5, 5, 5, 5).interval == 5
    assert with_intervals(5, 5, 20, 5).interval == 5  # three telegrams were lost
    assert with_intervals(5, 5, 5, 5, 7).interval is None
    assert with_intervals(0.3, 0.3, 0.3, 0.3).interval is None


def test_the_usual_gap_follows_what_telegrams_keep() -> None:
    known = with_intervals(*[10.0] * 50, 600.0, *[10.0] * 5)
    assert 8 < known.gap < 12
    known = with_intervals(*[10.0] * 50, *[60.0] * 30)
    assert 50 < known.gap < 70


@pytest.mark.parametrize(
    ("kept", "interval"),
    [
        ([7, 5.0], 5.0),
        ([7, 5.0, 3, 1.8e9, None], 5.0),  # of version 0.1.0
        ([7, None], None),
        ([7, 0.2], None),
        ([7, 900_000], 900_000.0),
        ([7, 2e6], None),
        ([7, float("inf")], None),
    ],
)
def test_a_push_interval_is_restored(kept: list[float | None], interval: float | None) -> None:
    lists = Lists()
    lists.restore([kept])
    assert lists.memory() == [[7, interval]]


def test_eight_lists_are_kept_over_a_restart() -> None:
    lists = Lists()
    lists.restore([[n, 5.0] for n in range(20)])
    assert len(lists.memory()) == 8


def test_a_sender_that_makes_up_lists_does_not_fill_the_memory() -> None:
    meter, line = SimulatedMeter(None, "am550", "text"), GuardedLine()
    line.push(meter, 3)
    (sender,) = line.guard._senders.values()
    found = sender.known.lists.find(sender._last.telegram)  # type: ignore[union-attr]
    for n in range(100):
        sender.known.lists.add(found._replace(known=None, structure=(n,)))
    assert len(sender.known.lists._known) == 32
