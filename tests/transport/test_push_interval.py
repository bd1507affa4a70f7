"""How the push interval is learned; all times are made up here."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport.push_interval import LONGEST, USUAL, PushInterval


def learned(*gaps: float, expected: float = USUAL) -> float:
    interval = PushInterval(expected)
    for moment in accumulate(gaps, initial=1000.0):
        interval.arrived(moment)
    return interval.seconds


def test_the_expected_interval_holds_until_a_gap_recurs() -> None:
    assert PushInterval(5.0).seconds == 5.0
    assert learned(expected=5.0) == 5.0
    assert learned(3600.0, expected=5.0) == 5.0


def test_an_interval_longer_than_expected_is_learned_with_the_third_telegram() -> None:
    assert learned(60.0, 60.0, expected=5.0) == 60.0


def test_a_lost_telegram_does_not_change_the_interval() -> None:
    assert learned(*[5.0] * 20, 10.0, *[5.0] * 5) == 5.0


def test_telegrams_delayed_by_a_gateway_do_not_change_the_interval() -> None:
    assert learned(*[5.0] * 20, 20.0, 0.1, 0.1, 0.1, 5.0) == 5.0
    assert learned(*[5.0] * 20, 300.0, *[0.01] * 59, 5.0) == 5.0


@pytest.mark.parametrize("lists", [2, 3, 4])
def test_lists_that_are_pushed_together_count_as_one_push(lists: int) -> None:
    group = [60.0 - 1.2 * (lists - 1), *[1.2] * (lists - 1)]
    for length in range(16, 12 * lists):
        gaps = (group * 12)[:length]
        assert learned(*gaps) == pytest.approx(group[0])


def test_another_interval_is_learned_within_sixteen_telegrams() -> None:
    assert learned(*[5.0] * 100, *[60.0] * 3) == 60.0
    assert learned(*[60.0] * 100, *[5.0] * 16) == 5.0


def test_where_many_telegrams_are_lost_the_median_is_the_push_interval() -> None:
    interval = PushInterval(60.0)
    moment = 0.0
    for lost in (0, 1, 0, 0, 2, 0, 1, 0) * 4:
        moment += 60.0 * (1 + lost)
        interval.arrived(moment)
    assert interval.median == 60.0
    assert interval.seconds == 120.0


def test_an_interval_is_never_longer_than_the_longest() -> None:
    assert learned(86400.0, 86400.0) == LONGEST


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=40))
def test_the_interval_is_the_usual_one_or_a_gap_up_to_the_longest(gaps: list[float]) -> None:
    found = learned(*gaps)
    assert 0.0 <= found <= LONGEST
    assert any(found == pytest.approx(min(gap, LONGEST), abs=1e-6) for gap in [USUAL, *gaps])
