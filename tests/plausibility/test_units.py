"""Energies in another unit: by a jump of the counters, and by the mean power."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plausibility.laws import Values
from app.plausibility.units import MOST_DIGITS, Flow, MeanPower, flows_of, power_of_ten, step_of

DIGITS = st.sampled_from([-3, -2, -1, 1, 2, 3])

BEGUN = 1.8e9
"""Seconds since 1970."""


class PowerOfValues:
    """A mean power that takes values by key."""

    def __init__(self) -> None:
        self._power = MeanPower()
        self.pause = self._power.pause

    def add(self, values: Values, now: float, interval: float, samples: int = 1) -> None:
        self._power.add(flows_of(values), now, interval, samples)

    def digits(self, values: Values, now: float) -> int | None:
        return self._power.digits(flows_of(values), now)


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


EXTREMES = [Decimal(one) for one in ("5E-452", "1.7E-99", "7", "1E+300", "1.7E+435")]
"""What floats of 64 bits and scalers make at most and at least, and others between these."""


@pytest.mark.parametrize("value", EXTREMES)
@pytest.mark.parametrize("last", EXTREMES)
def test_numbers_that_no_float_holds_are_in_no_other_unit(last: Decimal, value: Decimal) -> None:
    assert power_of_ten(last, value, 0.06) is None


@given(st.lists(st.tuples(*[st.sampled_from(EXTREMES)] * 2), min_size=2, max_size=4))
def test_powers_and_energies_that_no_float_holds_are_compared(
    numbers: list[tuple[Decimal, Decimal]],
) -> None:
    power, steady = PowerOfValues(), Decimal(5000)
    for n in range(40):
        steady += Decimal("0.021")
        power.add({"power_import": 3600, "energy_import": steady}, BEGUN + 21 * n, 21)
    for n, (watts, energy) in enumerate(numbers, 40):
        values: dict[str, Decimal | int] = {"power_import": watts, "energy_import": energy}
        found = power.digits(values, BEGUN + 21 * n)
        assert found in {None, 0} or found > MOST_DIGITS
        power.add(values, BEGUN + 21 * n, 21)


def digits_of(
    *, watts: int, times: Decimal, interval: int, every: int, count: int
) -> set[int | None]:
    """Return what is found while an energy is sent with each telegram, or one of several."""
    power, found = PowerOfValues(), set()
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
    power, energy, now = PowerOfValues(), Decimal(5000), BEGUN
    for n in range(100):
        lost = n == 60
        now += 60 * minutes if lost else 10
        energy += Decimal("0.001") + lost * Decimal(11 * minutes) / 60  # 11 kW meanwhile
        values: dict[str, Decimal | int] = {"power_import": 360, "energy_import": energy}
        assert power.digits(values, now) in {None, 0}
        power.add(values, now, 10)


def test_energies_are_compared_by_their_tariffs_where_the_total_is_not_sent() -> None:
    power, energy, found = PowerOfValues(), Decimal(5000), set()
    for n in range(300):
        energy += Decimal("0.20")  # ten times what 3.6 kW make
        values: dict[str, Decimal | int] = {
            "power_import": 3600,
            "energy_import_tariff_1": Decimal(800),
            "energy_import_tariff_2": energy,
        }
        found.add(power.digits(values, BEGUN + 20 * n))
        power.add(values, BEGUN + 20 * n, 20)
    assert found == {None, 1}


@pytest.mark.parametrize("kwh", ["2.778", "27.778", "277.778"])
def test_an_energy_that_no_power_made_is_in_no_other_unit(kwh: str) -> None:
    """It may be of loads between two powers."""
    power, energy = PowerOfValues(), Decimal(5000)
    for n in range(100):
        energy += Decimal("0.001") * (n == 1)
        power.add({"power_import": 0, "energy_import": energy}, BEGUN + 20 * n, 20)
    values: dict[str, Decimal | int] = {"power_import": 0, "energy_import": energy + Decimal(kwh)}
    assert power.digits(values, BEGUN + 2000) is None


@pytest.mark.parametrize(
    ("number", "step"), [("5341.671", "0.001"), ("12", "1"), ("5E+6", "1"), ("5E+3", "1")]
)
def test_zeros_at_the_end_of_a_number_are_said(number: str, step: str) -> None:
    """The shortest form of a float has none."""
    assert step_of(Decimal(number)) == Decimal(step)


def test_counters_that_count_for_little_are_in_no_other_unit() -> None:
    """What a counter shows soon after a reset may be a power of ten by chance."""
    assert power_of_ten(Decimal("2655.096"), Decimal("0.266"), 0.06) is None


def test_a_direction_whose_power_is_no_longer_sent_says_nothing() -> None:
    power, energy = PowerOfValues(), Decimal(5000)
    for n in range(200):
        energy += Decimal("0.005")
        values: dict[str, Decimal | int] = {"power_import": 0, "energy_export": energy}
        if n < 20:
            values["power_export"] = 3600
        assert power.digits(values, BEGUN + 5 * n) in {None, 0}
        power.add(values, BEGUN + 5 * n, 5)


def found_at(
    *,
    watts: int,
    interval: int,
    gap: int = 0,
    times: Decimal = Decimal(10),
    unit: str = "0.001",
) -> int:
    """Return with which telegram another unit is told; the 12th comes later by a gap. -1: none."""
    power, energy, now = PowerOfValues(), Decimal(5000), BEGUN
    for n in range(100):
        passed = interval + gap * (n == 12)
        now += passed
        energy += Decimal(watts * passed) / 3_600_000 * times
        values: dict[str, Decimal | int] = {
            "power_import": watts,
            "energy_import": energy.quantize(Decimal(unit)),
        }
        if power.digits(values, now):
            return n
        power.add(values, now, interval)
    return -1


@pytest.mark.parametrize(
    ("watts", "interval", "unit", "telegrams"),
    [
        pytest.param(7200, 20, "0.001", 13, id="twelve-powers"),
        pytest.param(7200, 5, "0.001", 49, id="of-20-seconds-each"),
        pytest.param(7200, 20, "1", 51, id="twenty-steps-of-the-counter"),
        pytest.param(360, 20, "0.001", 68, id="nine-loads-of-24-kw"),
        pytest.param(360, 3600, "0.001", 68, id="pushed-rarely"),
    ],
)
def test_what_it_takes_to_compare_an_energy_with_the_power(
    watts: int, interval: int, unit: str, telegrams: int
) -> None:
    found = found_at(watts=watts, interval=interval, unit=unit)
    assert found == pytest.approx(telegrams, abs=1)


@pytest.mark.parametrize(("gap", "telegrams"), [(80, 13), (81, 25)])
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
    power, energy, now = PowerOfValues(), Decimal(5000), BEGUN
    for n in range(60):
        lost = n == 30
        now += 75 if lost else 40
        energy += Decimal("0.027") if lost else Decimal(10 * 40) / 3_600_000
        values: dict[str, Decimal | int] = {"power_import": 0 if lost else 10}
        values["energy_import"] = energy.quantize(Decimal("0.001"))
        assert power.digits(values, now) in {None, 0}, n
        power.add(values, now, 5, samples=8)


@pytest.mark.parametrize(
    ("last", "value", "allowed", "digits"),
    [
        ("0.625", "6.250", 0.0625, 1),  # ten times what it can have risen by
        ("0.624", "6.240", 0.0625, None),
        ("5000.000", "50000.636", 0.0625, 1),  # as it rose, and as it was rounded
        ("5000.000", "50000.637", 0.0625, None),
        ("10.0000", "1.0000", 0.0625, -1),
        ("8375.17", "8.38", 0.0625, -3),  # whole kWh after tens of Wh
        ("3010.00", "3.01", 0.0625, -3),
        ("3000.00", "3.00", 0.0625, None),  # too few units to tell it from a reset
        ("500.000", "500.001", 0.0625, None),  # the same unit
        ("0", "5", 0.0625, None),
        ("5", "0", 0.0625, None),
    ],
)
def test_a_counter_in_another_unit_goes_on_from_a_multiple_of_what_it_was(
    last: str, value: str, allowed: float, digits: int | None
) -> None:
    assert power_of_ten(Decimal(last), Decimal(value), allowed) == digits


def test_a_whole_number_is_rounded_to_one() -> None:
    assert power_of_ten(1000, 10_000, 0.06) == 1
    assert power_of_ten(100, 1000, 0.06) is None


def measured(
    *, watts: int = 7200, interval: int = 20, times: int = 10
) -> tuple[PowerOfValues, Decimal]:
    """Return what was taken of 20 powers until `BEGUN`, and the energy then."""
    power, energy = PowerOfValues(), Decimal(5000)
    for n in range(-19, 1):
        energy += Decimal(7200 * interval * times) / 3_600_000
        values: dict[str, Decimal | int] = {"power_import": watts, "energy_import": energy}
        power.add(values, BEGUN + interval * n, interval)
    return power, energy


@pytest.mark.parametrize(("later", "digits"), [(0, 1), (20, 1), (100, 1), (101, None)])
def test_a_comparison_takes_no_power_from_before_a_mean_and_three_intervals(
    later: int, digits: int | None
) -> None:
    power, energy = measured()
    values = {"energy_import": energy + Decimal("0.4")}
    assert power.digits(values, BEGUN + later) == digits


@pytest.mark.parametrize(("gap", "telegrams"), [(0, 34), (20, 67)])
def test_a_load_may_come_and_go_in_the_longest_time_between_two_powers(
    gap: int, telegrams: int
) -> None:
    found = found_at(watts=720, interval=20, gap=gap)
    assert found == pytest.approx(telegrams, abs=1)


@pytest.mark.parametrize(("watts", "digits"), [(7200, 1), (7200 * 200, None)])
def test_the_power_of_a_telegram_counts_from_the_one_before(watts: int, digits: int | None) -> None:
    power, energy = measured()
    values = {"energy_import": energy + Decimal("0.4")}
    assert power.digits({**values, "power_import": watts}, BEGUN + 20) == digits


@pytest.mark.parametrize(("times", "found"), [(1, [0, None]), (10, [1, 1])])
def test_a_comparison_that_fits_ends_and_another_one_goes_on(
    times: int, found: list[int | None]
) -> None:
    power, energy = measured(times=times)
    values = {"energy_import": energy + Decimal("0.04") * times}
    assert [power.digits(values, BEGUN + 20) for _ in range(2)] == found


def test_an_energy_that_rises_without_a_power_tells_nothing() -> None:
    power, energy = measured(watts=0)
    assert power.digits({"energy_import": energy + 1}, BEGUN + 20) is None


def test_powers_of_the_same_second_count_once() -> None:
    first = []
    for repeats in (1, 2):
        found = []
        power, energy = PowerOfValues(), Decimal(5000)
        for n in range(20):
            energy += Decimal("0.4")
            values: dict[str, Decimal | int] = {"power_import": 7200, "energy_import": energy}
            if power.digits(values, BEGUN + 20 * n):
                found.append(n)
            for _ in range(repeats):
                power.add(values, BEGUN + 20 * n, 20)
        first.append(min(found))
    assert first == [14, 14]


def test_a_counter_that_is_refreshed_rarely_is_compared_from_one_refresh_on() -> None:
    """It was first seen five minutes before it caught up with fifty."""
    power, found = PowerOfValues(), set()
    for n in range(600):
        refreshes = (20 * n + 2700) // 3000
        values: dict[str, Decimal | int] = {
            "power_import": 3600,
            "energy_import": 5000 + 3 * Decimal(refreshes) + Decimal("0.000"),
        }
        found.add(power.digits(values, BEGUN + 20 * n))
        power.add(values, BEGUN + 20 * n, 20)
    assert found == {None, 0}


def test_powers_and_energies_are_compared_by_direction() -> None:
    """The energy by its total, or by its tariffs where the total is not sent."""
    values: dict[str, Decimal | int] = {
        "power_import": Decimal("0.5"),
        "energy_import": Decimal("12.30"),
        "energy_import_tariff_1": Decimal("12.2"),
        "energy_export_tariff_1": 3,
        "energy_export_tariff_2": Decimal("0.125"),
    }
    assert flows_of(values) == (Flow(0.5, 12.3, 0.01), Flow(None, 3.125, 0.001))
    assert flows_of({"power_export": 100}) == (Flow(None, None, 1.0), Flow(100.0, None, 1.0))


def test_after_a_pause_a_comparison_begins_anew() -> None:
    power, energy = measured()
    power.pause()
    assert power.digits({"energy_import": energy + Decimal("0.4")}, BEGUN + 20) is None


@pytest.mark.parametrize("telegrams", [20, 21, 22])
def test_a_load_that_goes_between_two_powers_is_no_other_unit(telegrams: int) -> None:
    """A house gives 4.6 kW, and from one power to the next its panels and loads balance."""
    power, energy, now = PowerOfValues(), Decimal(5000), BEGUN
    for n in range(80):
        passed = 30 if n == telegrams else 40
        now += passed
        energy += Decimal((4600 if n <= telegrams else 20) * passed) / 3_600_000
        shown = 4600 if n < telegrams else 198 if n == telegrams else 20
        counted: dict[str, Decimal | int] = {"power_export": shown}
        counted["energy_export"] = energy.quantize(Decimal("0.001"))
        assert power.digits(counted, now) in {None, 0}, n
        power.add(counted, now, 5, samples=passed // 5)


@pytest.mark.parametrize(("watts", "telegrams"), [(100, 4), (100, 21), (150, 15)])
def test_a_load_that_came_since_the_last_power_is_no_other_unit(watts: int, telegrams: int) -> None:
    """Its 40 seconds make ten times the energy of all minutes before."""
    power, energy, now = PowerOfValues(), Decimal(5000), BEGUN
    for n in range(telegrams + 1):
        now += 40
        shown = 2100 if n == telegrams else watts
        energy += Decimal(shown * 40) / 3_600_000
        counted: dict[str, Decimal | int] = {"power_export": shown}
        counted["energy_export"] = energy.quantize(Decimal("0.001"))
        assert power.digits(counted, now) in {None, 0}, n
        power.add(counted, now, 5, samples=8)


@pytest.mark.parametrize("interval", [60, 300])
@pytest.mark.parametrize("seed", range(3))
def test_a_heater_that_no_power_or_each_one_shows_is_no_other_unit(
    interval: int, seed: int
) -> None:
    """An instant heater of 18 kW runs for half a minute, in a house that takes 100 W else."""
    chance = random.Random(seed)  # noqa: S311 - no cryptography
    power, joules, heats = PowerOfValues(), 0, range(0)
    for second in range(0, 86400, 10):
        if second >= heats.stop:
            begin = second + chance.randrange(600, 3600)
            heats = range(begin, begin + chance.randrange(10, 60))
        watts = 18_100 if second in heats else 100
        joules += watts * 10
        if second % interval == 0:
            values: dict[str, Decimal | int] = {"power_import": watts}
            values["energy_import"] = Decimal(5_000_000 + joules // 3600).scaleb(-3)
            assert power.digits(values, BEGUN + second) in {None, 0}, second
            power.add(values, BEGUN + second, interval)
