"""What the values of one sender can be, and what was learned of that."""

from decimal import Decimal

import pytest

from app.plausibility.limits import Limits

MOST = (1 << 63) - 1


def test_a_limit_is_doubled_until_it_is_sixty_four_times_the_usual_one() -> None:
    limits = Limits()
    factors = []
    for _ in range(8):
        limits.relax("jump voltage")
        factors.append(limits.factor("jump voltage"))
    assert factors == [2, 4, 8, 16, 32, 64, 64, 64]


def test_a_doubled_limit_counts_for_the_next_telegram() -> None:
    limits = Limits()
    usual = limits.of("voltage_l1").jump
    limits.relax("jump voltage")
    assert limits.of("voltage_l1").jump == 2 * usual


def test_a_connection_grows_with_what_is_confirmed_and_never_shrinks() -> None:
    limits = Limits()
    limits.enlarge_connection(60_000)
    limits.enlarge_connection(50_000)
    assert limits.connection_watts == 60_000
    limits.enlarge_connection(5e6)
    assert limits.connection_watts == 1_000_000


def test_counters_stand_still_for_a_day_at_most() -> None:
    limits = Limits()
    limits.slow_refresh(900)
    limits.slow_refresh(300)
    assert limits.refresh_seconds == 900
    limits.slow_refresh(200_000)
    assert limits.refresh_seconds == 86_400


def test_a_limit_that_is_given_up_is_so_for_good() -> None:
    limits = Limits()
    limits.relax("jump voltage", give_up=True)
    assert limits.factor("jump voltage") == 0


@pytest.mark.parametrize(
    ("key", "is_energy", "by_connection", "is_bounded"),
    [
        ("energy_import", True, False, False),
        ("power_import", False, True, True),
        ("voltage_l1", False, False, True),
        ("gas", False, False, False),
    ],
)
def test_what_a_reading_measures_tells_what_it_is_compared_with(
    key: str, *, is_energy: bool, by_connection: bool, is_bounded: bool
) -> None:
    limit = Limits().of(key)
    assert (limit.is_energy, limit.by_connection) == (is_energy, by_connection)
    assert (limit.most < Decimal("Infinity")) is is_bounded
    assert (limit.jump < Decimal("Infinity")) is is_bounded


def test_limits_that_are_wider_for_one_sender_stay_as_usual_for_others() -> None:
    """All senders with the same limits share those that were looked up."""
    usual = Limits()
    before = usual.of("power"), usual.of("voltage_l1")
    wide, large = Limits(), Limits()
    wide.relax("jump voltage")
    large.enlarge_connection(900_000.0)
    assert wide.of("voltage_l1").jump == 2 * before[1].jump
    assert large.of("power").most > before[0].most
    assert (usual.of("power"), usual.of("voltage_l1")) == before
    assert Limits().of("voltage_l1") is before[1]


def test_a_connection_carries_so_much_in_an_hour() -> None:
    assert Limits().kwh(3600) == pytest.approx(43.47)


@pytest.mark.parametrize(
    ("key", "exponent", "counts"),
    [
        # A phase that lacks it is looked at beside others.
        ("voltage_l1", -1, (400, 5000, 150)),
        ("frequency", -2, (0, 7000, 100)),
        ("power", 3, (-62, 62, 3)),  # of 62.6 kW; a jump is 3.9
        ("power", -15, (-MOST, MOST, 3_912_299_999_999_999_700)),
        ("phase_angle_l1", -1, (-3600, 3600, MOST)),
    ],
)
def test_limits_of_counts_are_cut_off(
    key: str, exponent: int, counts: tuple[int, int, int]
) -> None:
    assert Limits().of(key).in_counts(exponent) == counts
