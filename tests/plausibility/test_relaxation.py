"""Checks that a meter fails now and then, told from damage."""

import random

import pytest

from app.plausibility.evidence import Evidence
from app.plausibility.relaxation import Relaxation


@pytest.mark.parametrize(
    ("evidence", "telegrams"), [(Evidence.NOTHING, 10), (Evidence.SUM, 6), (Evidence.CHECKSUM, 6)]
)
def test_a_check_that_fails_alone_again_and_again_is_relaxed(
    evidence: Evidence, telegrams: int
) -> None:
    relaxation = Relaxation()
    found = [relaxation.is_due({"law net"}, evidence) for _ in range(2 * telegrams)]
    assert found == 2 * [*(telegrams - 1) * [False], True]


def test_a_check_that_fails_among_others_is_damage() -> None:
    relaxation, chance = Relaxation(), random.Random(1)  # noqa: S311 - no cryptography
    failed: list[set[str]] = [{"jump voltage"}, {"jump current"}, {"law net"}, set(), set(), set()]
    assert not any(relaxation.is_due(chance.choice(failed), Evidence.SUM) for _ in range(2000))


def test_damage_of_long_ago_is_forgotten() -> None:
    relaxation = Relaxation()
    for _ in range(5000):
        assert not relaxation.is_due(set(), Evidence.SUM)
    assert any(relaxation.is_due({"law net"}, Evidence.SUM) for _ in range(140))
    relaxation = Relaxation()
    for _ in range(60):
        assert not relaxation.is_due(set(), Evidence.SUM)
    assert not any(relaxation.is_due({"law net"}, Evidence.SUM) for _ in range(30))


@pytest.mark.parametrize(
    ("others", "telegrams"),
    [
        (2, 6),
        (3, 7),  # six are two thirds of nine, and not more
        (40, 51),  # with the 25th, 65 failed: 32 count on, and 12 + 1 of these
        (44, 53),  # with the 21st likewise, 10 + 1; then 64 have failed, which is not too many
        (62, 47),  # with the third likewise, 1 + 1; with the 36th once more, 17 + 1
    ],
)
def test_a_check_is_relaxed_that_most_telegrams_fail_of_which_any_is_remembered(
    others: int, telegrams: int
) -> None:
    relaxation = Relaxation()
    for _ in range(others):
        assert not relaxation.is_due(set(), Evidence.SUM)
    due = (n for n in range(1, 200) if relaxation.is_due({"law net"}, Evidence.SUM))
    assert next(due) == telegrams
