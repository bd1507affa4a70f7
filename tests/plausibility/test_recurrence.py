"""What a meter does now and then, told from noise."""

import random

from app.plausibility.recurrence import Recurrence


def test_the_same_reason_again_and_again_is_a_habit() -> None:
    patience = Recurrence()
    assert [patience.count_failed("law net") for _ in range(12)] == 2 * [*5 * [False], True]


def test_a_reason_among_many_is_noise() -> None:
    patience, chance = Recurrence(), random.Random(1)  # noqa: S311 - no cryptography
    reasons = ["power", "voltage", "law net", None, None, None]
    assert not any(patience.count_failed(chance.choice(reasons)) for _ in range(2000))


def test_noise_of_long_ago_does_not_keep_a_habit_from_being_learned() -> None:
    patience = Recurrence()
    for _ in range(100):
        patience.count_failed(None)
    for _ in range(200_000):
        patience.count_accepted()
    assert any(patience.count_failed("power") for _ in range(8))


def test_a_habit_may_be_as_rare_as_one_telegram_in_three_thousand() -> None:
    patience = Recurrence()

    def held_after(telegrams: int) -> bool:
        for _ in range(telegrams):
            patience.count_accepted()
        return patience.count_failed("power")

    assert any(held_after(3000) for _ in range(20))


def test_a_doubt_that_proved_unfounded_each_time_says_that_a_threshold_is_wrong() -> None:
    patience = Recurrence()
    assert [patience.count_confirmed("voltage") for _ in range(8)] == 2 * [
        False,
        False,
        False,
        True,
    ]
