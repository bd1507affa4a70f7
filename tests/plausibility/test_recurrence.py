"""Checks that a meter fails now and then, told from noise."""

import random

from app.plausibility.recurrence import Recurrence


def test_a_check_that_fails_alone_again_and_again_is_to_be_relaxed() -> None:
    recurrence = Recurrence()
    found = [recurrence.count_failed("invariant net") for _ in range(12)]
    assert found == 2 * [*5 * [False], True]


def test_a_check_that_fails_among_many_others_is_noise() -> None:
    recurrence, chance = Recurrence(), random.Random(1)  # noqa: S311 - no cryptography
    checks = ["power", "voltage", "invariant net", None, None, None]
    assert not any(recurrence.count_failed(chance.choice(checks)) for _ in range(2000))


def test_noise_of_long_ago_does_not_keep_a_check_from_being_relaxed() -> None:
    recurrence = Recurrence()
    for _ in range(100):
        recurrence.count_failed(None)
    for _ in range(200_000):
        recurrence.count_accepted()
    assert any(recurrence.count_failed("power") for _ in range(8))


def test_a_check_that_fails_once_in_three_thousand_telegrams_is_to_be_relaxed() -> None:
    recurrence = Recurrence()

    def failed_after(telegrams: int) -> bool:
        for _ in range(telegrams):
            recurrence.count_accepted()
        return recurrence.count_failed("power")

    assert any(failed_after(3000) for _ in range(20))


def test_each_fourth_unfounded_failure_of_a_check_widens_its_tolerance() -> None:
    recurrence = Recurrence()
    found = [recurrence.count_confirmed("voltage") for _ in range(8)]
    assert found == 2 * [False, False, False, True]
