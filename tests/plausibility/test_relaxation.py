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
