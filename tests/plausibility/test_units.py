"""Energies in another unit: by a jump of the counters, and by the mean power."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plausibility.units import MeanPower, power_of_ten

DIGITS = st.sampled_from([-3, -2, -1, 1, 2, 3])


@given(st.integers(2_000_000, 99_999_999), DIGITS, st.integers(0, 20))
def test_a_counter_that_moves_its_point_is_recognised(
    watt_hours: int, digits: int, used: int
) -> None:
    last = Decimal(watt_hours).scaleb(-3)
    value = (last + Decimal(used).scaleb(-3)).scaleb(digits).quantize(Decimal("0.001"))
    assert power_of_ten(last, value, 0.06) == digits


@given(st.integers(0, 99_999_999), st.integers(0, 99_999_999))
def test_any_two_counters_are_hardly_ever_a_power_of_ten_apart(one: int, other: int) -> None:
    last, value = Decimal(one).scaleb(-3), Decimal(other).scaleb(-3)
    if (digits := power_of_ten(last, value, 0.06)) is not None:
        assert abs(value - last.scaleb(digits)) <= Decimal("0.08") * max(1, 10**digits)


def test_a_counter_that_was_reset_is_not_taken_for_another_unit() -> None:
    assert power_of_ten(Decimal("5341.671"), Decimal(0), 0.06) is None
    assert power_of_ten(Decimal("0.9"), Decimal("0.09"), 0.06) is None


BEGUN = 1.8e9
"""Seconds since 1970."""


def digits_of(
    *, watts: int, times: Decimal, interval: int, every: int, count: int
) -> set[int | None]:
    """Return what is found while an energy is sent with each telegram, or one of several."""
    power, found = MeanPower(), set()
    energy = Decimal(5000)
    for n in range(count):
        energy += Decimal(watts * interval) / 3_600_000 * times
        values: dict[str, Decimal | int] = {"power_import": watts}
        if not n % every:
            values["energy_import"] = energy.quantize(Decimal("0.001"))
        found.add(power.digits(values, BEGUN + n * interval))
        power.add(values, BEGUN + n * interval, interval)
    return found


@pytest.mark.parametrize(("interval", "every"), [(5, 1), (10, 1), (60, 60), (300, 12), (10, 360)])
@pytest.mark.parametrize("digits", [-2, -1, 1, 2])
def test_energies_that_grow_otherwise_than_the_power_are_in_another_unit(
    interval: int, every: int, digits: int
) -> None:
    times = Decimal(10) ** digits
    found = digits_of(watts=2300, times=times, interval=interval, every=every, count=4000)
    assert digits in found
    assert found <= {None, digits}


@pytest.mark.parametrize(("interval", "every"), [(1, 1), (5, 1), (10, 1), (60, 60), (300, 12)])
@pytest.mark.parametrize("share", ["0.8", "1", "1.25"])
def test_energies_that_grow_about_as_the_power_says_are_right(
    interval: int, every: int, share: str
) -> None:
    found = digits_of(watts=700, times=Decimal(share), interval=interval, every=every, count=6000)
    assert found <= {None, 0}


@pytest.mark.parametrize("minutes", [1, 5, 14, 46])
def test_a_load_while_telegrams_were_lost_is_no_other_unit(minutes: int) -> None:
    power, energy, now = MeanPower(), Decimal(5000), BEGUN
    for n in range(100):
        lost = n == 60
        now += 60 * minutes if lost else 10
        energy += Decimal("0.001") + lost * Decimal(11 * minutes) / 60  # 11 kW meanwhile
        values: dict[str, Decimal | int] = {"power_import": 360, "energy_import": energy}
        assert power.digits(values, now) in {None, 0}
        power.add(values, now, 10)


def test_counters_that_count_for_little_are_in_no_other_unit() -> None:
    """What a counter shows soon after a reset may be a power of ten by chance."""
    assert power_of_ten(Decimal("2655.096"), Decimal("0.266"), 0.06) is None


def test_a_direction_whose_power_is_no_longer_sent_says_nothing() -> None:
    power, energy = MeanPower(), Decimal(5000)
    for n in range(200):
        energy += Decimal("0.005")
        values: dict[str, Decimal | int] = {"power_import": 0, "energy_export": energy}
        if n < 20:
            values["power_export"] = 3600
        assert power.digits(values, BEGUN + 5 * n) in {None, 0}
        power.add(values, BEGUN + 5 * n, 5)


def found_at(*, watts: int, interval: int, gap: int = 0, times: Decimal = Decimal(10)) -> int:
    """Return with which telegram another unit is told; the 12th comes later by a gap. -1: none."""
    power, energy, now = MeanPower(), Decimal(5000), BEGUN
    for n in range(100):
        passed = interval + gap * (n == 12)
        now += passed
        energy += Decimal(watts * passed) / 3_600_000 * times
        values: dict[str, Decimal | int] = {
            "power_import": watts,
            "energy_import": energy.quantize(Decimal("0.001")),
        }
        if power.digits(values, now):
            return n
        power.add(values, now, interval)
    return -1


@pytest.mark.parametrize(
    ("watts", "interval", "telegrams"),
    [
        pytest.param(7200, 20, 13, id="twelve-powers"),
        pytest.param(7200, 5, 49, id="of-20-seconds-each"),
        pytest.param(9, 20, 38, id="twenty-steps-of-the-counter"),
        pytest.param(7200, 800, 13, id="pushed-rarely"),
        pytest.param(7200, 1000, -1, id="pushed-too-rarely"),
    ],
)
def test_what_it_takes_to_compare_an_energy_with_the_power(
    watts: int, interval: int, telegrams: int
) -> None:
    assert found_at(watts=watts, interval=interval) == pytest.approx(telegrams, abs=1)


@pytest.mark.parametrize(("gap", "telegrams"), [(59, 13), (61, 25)])
def test_after_a_gap_without_a_power_a_comparison_begins_anew(gap: int, telegrams: int) -> None:
    found = found_at(watts=7200, interval=20, gap=gap)
    assert found == pytest.approx(telegrams, abs=1)


@pytest.mark.parametrize(("times", "told"), [("12.5", True), ("15", False)])
def test_an_energy_that_misses_a_power_of_ten_is_in_no_other_unit(
    times: str, *, told: bool
) -> None:
    assert (found_at(watts=7200, interval=20, times=Decimal(times)) >= 0) is told


def test_a_counter_moves_its_point_by_six_digits_at_most() -> None:
    last = Decimal("5341.671")
    assert power_of_ten(last, last * 10**6, 0.06) == 6
    assert power_of_ten(last, last * 10**7, 0.06) is None


def test_a_counter_is_ten_times_what_it_can_have_risen_by() -> None:
    assert power_of_ten(Decimal("1.000"), Decimal("10.000"), 0.06) == 1
    assert power_of_ten(Decimal("0.500"), Decimal("5.000"), 0.06) is None


def test_a_load_while_telegrams_were_lost_after_usual_ones_is_no_other_unit() -> None:
    """The means of 40 seconds do not say how long a single power stands for."""
    power, energy, now = MeanPower(), Decimal(5000), BEGUN
    for n in range(60):
        lost = n == 30
        now += 75 if lost else 40
        energy += Decimal("0.027") if lost else Decimal(10 * 40) / 3_600_000
        values: dict[str, Decimal | int] = {"power_import": 0 if lost else 10}
        values["energy_import"] = energy.quantize(Decimal("0.001"))
        assert power.digits(values, now) in {None, 0}, n
        power.add(values, now, 5, samples=8)
