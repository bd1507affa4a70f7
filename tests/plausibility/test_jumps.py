"""Values that jump without a cause."""

from decimal import Decimal
from math import hypot

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.meters.reading import Reading
from app.plausibility.jumps import is_explained
from app.plausibility.laws import Values
from app.plausibility.limits import Limits
from tests.support.guarded import GuardedLine, line_of
from tests.support.simulated import SimulatedMeter


def test_values_that_jump_in_each_telegram_are_accepted_in_the_end() -> None:
    meter = SimulatedMeter(None, "kaifa")
    line = line_of(meter)
    readings = []
    for n in range(100):
        meter.more = {"32.7.0": Decimal(200 + 45 * (n % 2)), "52.7.0": Decimal(190 + 20 * (n % 3))}
        readings += line.push(meter)
    assert all(readings[-30:])


def test_a_current_that_jumps_goes_with_the_power_or_another_current() -> None:
    meter = SimulatedMeter(None, "aidon", "norway")
    line = GuardedLine()

    def draw(watts: int, *amperes: str) -> list[Reading | None]:
        meter.more = {f"{code}.7.0": Decimal(230) for code in (32, 52, 72)}
        meter.more |= {"1.7.0": Decimal(watts), "2.7.0": Decimal(0)}
        meter.more |= {f"{n}.7.0": Decimal(a) for n, a in zip((31, 51, 71), amperes, strict=True)}
        return line.push(meter)

    for _ in range(10):
        assert all(draw(574, "1.2", "1.0", "0.5"))
    assert draw(580, "1.2", "1.0", "10.9") == [None]
    assert all(draw(590, "1.2", "1.0", "0.6"))
    assert all(draw(2990, "1.2", "1.0", "10.9"))


def test_a_current_on_a_phase_without_voltage_is_pending() -> None:
    meter = SimulatedMeter(None, "kaifa", "netznoe-1ph")
    line = GuardedLine()

    def draw(watts: int, *amperes: str) -> list[Reading | None]:
        meter.more = {"1.7.0": Decimal(watts), "2.7.0": Decimal(0), "13.7.0": Decimal(1)}
        meter.more |= {"1.8.0": Decimal(5_000_000), "2.8.0": Decimal(0)}
        meter.more |= {f"{n}.7.0": Decimal(a) for n, a in zip((31, 51, 71), amperes, strict=True)}
        return line.push(meter)

    for _ in range(10):
        assert all(draw(460, "2.0", "0", "0"))
    assert draw(2300, "10.0", "0", "8.0") == [None]
    assert all(draw(2300, "10.0", "0", "0"))


POWERED: dict[str, int | Decimal] = {
    "power_import": 2000,
    "power_import_l1": 1500,
    "power_export": 0,
    "power": 2000,
    "energy_import": Decimal("500.000"),
    "energy_export": Decimal("100.000"),
}
METERED: dict[str, int | Decimal] = POWERED | {f"current_l{n}": Decimal(3) for n in (1, 2, 3)}
PHASED: dict[str, int | Decimal] = (
    METERED | {f"voltage_l{n}": 230 for n in (1, 2, 3)} | {"power_factor_l1": Decimal(1)}
)


@pytest.mark.parametrize(
    ("key", "changes", "explained"),
    [
        # A power goes with the currents: half of it,
        ("power", {"power": 8000, "current_l1": Decimal(17)}, True),
        ("power", {"power": 6600, "current_l1": Decimal(13)}, True),
        ("power", {"power": 8000, "current_l1": Decimal(15)}, False),
        # or with what was counted in five seconds: a quarter.
        ("power", {"power": 12_000, "energy_import": Decimal("500.007")}, True),
        ("power", {"power": 12_000, "energy_import": Decimal("500.005")}, False),
        ("power", {"power": -10_000, "energy_export": Decimal("100.002")}, True),
        ("power", {"power": -10_000, "energy_export": Decimal("100.001")}, False),
        # or with the powers of the phases, or with both directions: a quarter.
        ("power", {"power": 12_000, "power_import_l1": 4000}, True),
        ("power", {"power": 12_000, "power_import_l1": 3990}, False),
        ("power", {"power": -6000, "power_import": 0, "power_export": 6000}, True),
        ("power", {"power": -6010, "power_import": 0, "power_export": 6010}, False),
        ("power", {"power": -6100, "power_export": 6100}, False),
        # or with all of these: an eighth and a quarter, a load that turns one of three currents.
        (
            "power",
            {"power": -6400, "power_import": 0, "power_export": 6400, "current_l1": Decimal(6)},
            True,
        ),
        (
            "power",
            {"power": -9000, "power_import": 0, "power_export": 9000, "current_l1": Decimal(9)},
            False,
        ),
        # A power of a phase or direction goes with all: a quarter.
        ("power_import", {"power_import": 9000, "power": 3800}, True),
        ("power_import", {"power_import": 9000, "power": 3750}, True),
        ("power_import", {"power_import": 9000, "power": 3700}, False),
        # A current goes with the power or the other currents,
        ("current_l2", {"current_l2": Decimal(23), "power": 3200}, True),
        ("current_l2", {"current_l2": Decimal(23), "power": 3150}, True),
        ("current_l2", {"current_l2": Decimal(23), "power": 3100}, False),
        ("current_l2", {"current_l2": Decimal(23), "power": 3200, "voltage_l2": 0}, False),
        ("current_l2", {"current_l2": Decimal(23), "current_l1": Decimal(8)}, True),
        ("current_l2", {"current_l2": Decimal(23), "current_l1": Decimal(7)}, False),
        # but for one that moves by more than 4.6 kVA, which no other phase balances,
        ("current_l2", {"current_l2": Decimal("23.1"), "current_l1": Decimal(23)}, False),
        # and where that is said with the power of its phase.
        ("current_l1", {"current_l1": Decimal(23), "power_import_l1": 2650}, True),
        ("current_l1", {"current_l1": Decimal(23), "power_import_l1": 2640}, False),
        (
            "current_l1",
            {"current_l1": Decimal(23), "current_l2": Decimal(23), "power": 9000},
            False,
        ),
        # Capacitors move all three.
        (
            "current_l1",
            {"current_l1": Decimal(23), "current_l2": Decimal(8), "current_l3": Decimal(8)},
            True,
        ),
        (
            "current_l1",
            {"current_l1": Decimal(23), "current_l2": Decimal(8), "current_l3": Decimal(7)},
            False,
        ),
        # Behind a broken neutral voltages rise while others fall by a quarter of that. All move.
        ("voltage_l1", {"voltage_l1": 270, "voltage_l2": 222, "voltage_l3": 228}, True),
        ("voltage_l1", {"voltage_l1": 270, "voltage_l2": 223, "voltage_l3": 228}, False),
        ("voltage_l1", {"voltage_l1": 270, "voltage_l2": 221, "voltage_l3": 229}, False),
        ("voltage_l1", {"voltage_l1": 482, "voltage_l2": 98}, False),
        ("voltage_l1", {"voltage_l1": 0, "voltage_l2": 400, "voltage_l3": 400}, True),
        ("voltage_l1", {"voltage_l1": 486, "voltage_l2": 486}, False),
        # The grid moves all of them one way, up to 40 V.
        ("voltage_l1", {"voltage_l1": 270, "voltage_l2": 240, "voltage_l3": 240}, True),
        ("voltage_l1", {"voltage_l1": 270, "voltage_l2": 240, "voltage_l3": 239}, False),
        ("voltage_l1", {"voltage_l1": 271, "voltage_l2": 271, "voltage_l3": 271}, False),
        # A power factor goes with its current, or says nothing at a small one.
        ("power_factor_l1", {"power_factor_l1": Decimal(0), "current_l1": Decimal("3.5")}, True),
        ("power_factor_l1", {"power_factor_l1": Decimal(0), "current_l1": Decimal("3.4")}, False),
    ],
)
def test_what_explains_a_jump(
    key: str, changes: dict[str, int | Decimal], *, explained: bool
) -> None:
    before: dict[str, int | Decimal] = dict(PHASED)
    limit = Limits().of(key)
    assert is_explained(key, limit, before, before | changes, 5.0) is explained


@given(fed=st.integers(300, 12_000), drawn=st.integers(0, 10_000))
def test_a_load_of_one_phase_may_turn_the_power_of_panels_of_three(fed: int, drawn: int) -> None:
    """Its current falls to nothing and rises again, so it moves by less than the load."""
    assume(drawn >= fed / 15)
    part = Decimal(fed) / 3

    def sent(power: int, *watts: Decimal) -> Values:
        amperes = {f"current_l{n}": abs(one) / 230 for n, one in enumerate(watts, 1)}
        directions = {"power_import": max(power, 0), "power_export": max(-power, 0)}
        return {"power": power, **directions, **amperes}

    before, after = sent(-fed, part, part, part), sent(drawn, part - fed - drawn, part, part)
    assert is_explained("power", Limits().of("power"), before, after, 5.0)


@given(drawn=st.integers(3000, 12_000), off=st.integers(-90, 90))
def test_directions_that_damage_exchanged_do_not_turn_a_power(drawn: int, off: int) -> None:
    """By how much they then miss what they were is what loads moved meanwhile."""
    other = drawn + drawn * off // 1000
    for way in (1, -1):
        before, after = _turned(way * drawn), _turned(-way * other)
        assert not is_explained("power", Limits().of("power"), before, after, 5.0)


@given(drawn=st.integers(3000, 12_000), off=st.integers(150, 900))
def test_a_power_that_loads_turn_is_hardly_as_large_as_before(drawn: int, off: int) -> None:
    other = drawn + drawn * off // 1000
    for one, two in ((drawn, -other), (-other, drawn)):
        assert is_explained("power", Limits().of("power"), _turned(one), _turned(two), 5.0)


def _turned(watts: int) -> Values:
    return {"power": watts, "power_import": max(watts, 0), "power_export": max(-watts, 0)}


@given(
    amperes=st.lists(st.integers(0, 4000), min_size=3, max_size=3),
    larger=st.integers(2001, 5000),
    smaller=st.integers(600, 5000),
)
def test_two_currents_that_are_damaged_by_more_than_can_balance_are_not_explained(
    amperes: list[int], larger: int, smaller: int
) -> None:
    before: Values = {"power": 3000, **_currents(*amperes)}
    after: Values = {**before, **_currents(amperes[0] + larger, amperes[1] + smaller)}
    assert not is_explained("current_l1", Limits().of("current_l1"), before, after, 5.0)


@given(
    amperes=st.lists(st.integers(-1500, 1500), min_size=3, max_size=3),
    load=st.integers(600, 2000),
    phases=st.permutations((0, 1, 2)),
)
def test_a_battery_of_one_phase_balances_a_load_of_another(
    amperes: list[int], load: int, phases: list[int]
) -> None:
    """Fed in or drawn, its current moves by as much as that of the load; a meter shows sizes."""
    one, two, _ = phases
    after = [*amperes]
    after[one] += load
    after[two] -= load
    old, new = ([abs(ampere) for ampere in each] for each in (amperes, after))
    moved = [abs(a - b) for a, b in zip(old, new, strict=True)]
    assume(4 * moved[two] >= moved[one])  # one that turns may be as large as before
    before: Values = {"power": 3000, **_currents(*old)}
    key = f"current_l{one + 1}"
    assert is_explained(key, Limits().of(key), before, {**before, **_currents(*new)}, 5.0)


def _currents(*hundredths: int) -> dict[str, Decimal]:
    return {f"current_l{n}": Decimal(one) / 100 for n, one in enumerate(hundredths, 1)}


@pytest.mark.parametrize(
    ("key", "power", "reactive", "explained"),
    [
        pytest.param("reactive_power", 4300, 100, True, id="half-by-the-power"),
        pytest.param("reactive_power", 4290, 100, False, id="less"),
        pytest.param("reactive_power_import", 2000, 2400, True, id="half-by-a-coil"),
        pytest.param("reactive_power_export", 3380, 1940, True, id="half-by-both"),
        pytest.param("reactive_power_export", 3380, 1880, False, id="less-by-both"),
    ],
)
def test_a_current_goes_with_all_of_its_power_where_the_reactive_one_is_said(
    key: str, power: int, reactive: int, *, explained: bool
) -> None:
    """The current rises by 20 A, which are 4.6 kVA: two flipped bits moved it and the power."""
    before: Values = {"power": 2000, key: 100, "current_l1": Decimal(3)}
    values: Values = {"power": power, key: reactive, "current_l1": Decimal(23)}
    limit = Limits().of("current_l1")
    assert is_explained("current_l1", limit, before, values, 5.0) is explained


def test_a_meter_of_one_phase_has_no_other_voltage_that_explains_a_jump() -> None:
    limit = Limits().of("voltage_l1")
    assert not is_explained("voltage_l1", limit, {"voltage_l1": 230}, {"voltage_l1": 250}, 5.0)


@pytest.mark.parametrize(
    ("seconds", "power", "kwh", "explained"),
    [
        pytest.param(1.0, 12_000, "500.003", True, id="one-second"),
        pytest.param(0.0, 12_000, "500.003", False, id="at-once"),
        pytest.param(3.6, 10_000, "500.004", True, id="a-step-of-the-count"),
        pytest.param(3.6, 7900, "500.0035", False, id="less-than-a-step"),
    ],
)
def test_a_power_goes_with_what_was_counted_meanwhile(
    seconds: float, power: int, kwh: str, *, explained: bool
) -> None:
    limit = Limits().of("power")
    for energy in ("energy_import", "energy_import_tariff_1"):  # a meter may count by tariff only
        before: Values = {"power": 2000, energy: Decimal(500)}
        values: Values = {"power": power, energy: Decimal(kwh)}
        assert is_explained("power", limit, before, values, seconds) is explained


@pytest.mark.parametrize(
    ("before", "after", "explained"),
    [
        pytest.param({}, {}, False, id="no-energies"),
        pytest.param({"energy_import": 500}, {}, False, id="none-now"),
        pytest.param({}, {"energy_import": 500}, False, id="none-before"),
        pytest.param({"energy_import": 500}, {"energy_import": 500}, False, id="whole-kWh"),
        pytest.param(
            {"energy_import": Decimal("500.00")},
            {"energy_import": Decimal("500.00")},
            True,
            id="hundredths",
        ),
    ],
)
def test_a_power_falls_beside_a_counter_that_would_have_moved(
    before: dict[str, int | Decimal], after: dict[str, int | Decimal], *, explained: bool
) -> None:
    old, new = {"power": 11_480, **before}, {"power": 3260, **after}
    assert is_explained("power", Limits().of("power"), old, new, 5.0) is explained


@pytest.mark.parametrize(
    ("key", "value", "changes", "explained"),
    [
        # A mean begins at nothing, or is about what is measured now.
        ("power_import_average", 3900, {}, True),
        ("power_import_average", 3920, {}, False),
        ("power_import_average", 3920, {"power_import": 100}, True),
        ("power_import_average", 21_000, {"power_import": 17_000}, False),
        ("current_l1_average", Decimal(9), {"current_l1": Decimal(4)}, True),
        ("voltage_l1_average", 200, {"voltage_l1": 215}, True),
        ("voltage_l1_average", 200, {"voltage_l1": 216}, False),
        # A peak is a mean that ended.
        ("power_import_peak", 3900, {}, False),
        ("power_import_peak", 8000, {"power_import": 8000}, False),
        ("power_import_peak", 9000, {"power_import_average": 5100}, True),
        ("power_import_peak", 15_900, {"power_import_average": 0}, True),
        ("power_import_peak", 16_000, {"power_import_average": 0}, False),
    ],
)
def test_a_mean_or_a_peak_jumps_with_its_period(
    key: str, value: Decimal, changes: dict[str, int | Decimal], *, explained: bool
) -> None:
    before: dict[str, int | Decimal] = {"power_import_average": 12_000, key: 40_000}
    now = {**before, key: value, **changes}
    assert is_explained(key, Limits().of(key), before, now, 1.0) is explained


@pytest.mark.parametrize(("amperes", "explained"), [("22.9", False), ("23", True)])
def test_a_power_factor_goes_with_a_share_of_its_current(amperes: str, *, explained: bool) -> None:
    before: Values = {"current_l1": Decimal(20), "power_factor_l1": Decimal(1)}
    values: Values = {"current_l1": Decimal(amperes), "power_factor_l1": Decimal(0)}
    limit = Limits().of("power_factor_l1")
    assert is_explained("power_factor_l1", limit, before, values, 5.0) is explained


def test_a_current_that_was_not_sent_twice_explains_no_other_one() -> None:
    limit = Limits().of("current_l1")
    before: Values = {"current_l1": Decimal(3), "current_l2": Decimal(3), "power": 2000}
    values: Values = {"current_l1": Decimal(23), "current_l3": Decimal(23), "power": 2000}
    assert not is_explained("current_l1", limit, before, values, 5.0)


def test_a_current_that_was_not_sent_before_explains_no_power_factor() -> None:
    before: Values = {"power_factor_l1": Decimal(1), "power": 2000}
    values: Values = {"power_factor_l1": Decimal(0), "power": 2000, "current_l1": Decimal(1)}
    limit = Limits().of("power_factor_l1")
    assert not is_explained("power_factor_l1", limit, before, values, 5.0)
    assert is_explained("power_factor_l1", limit, before, {**values, "power": 2300}, 5.0)


@pytest.mark.parametrize(
    ("factor", "reactive", "explained"),
    [
        pytest.param("0.6", 450, True, id="with-it"),
        pytest.param("0.6", 100, False, id="alone"),
        pytest.param("0.3", 450, True, id="by-three-times-as-much"),
        pytest.param("0.2", 450, False, id="by-more"),
    ],
)
def test_a_power_factor_goes_with_what_active_and_reactive_power_make(
    factor: str, reactive: int, *, explained: bool
) -> None:
    """From 0.99 to 0.8, while the power alone moves by a fifth."""
    before: Values = {"power": 500, "reactive_power_import": 50, "power_factor": Decimal("1.0")}
    values: Values = {
        "power": 600,
        "reactive_power_import": reactive,
        "power_factor": Decimal(factor),
    }
    limit = Limits().of("power_factor")
    assert is_explained("power_factor", limit, before, values, 5.0) is explained


@pytest.mark.parametrize(
    ("before", "after", "explained"),
    [(100, 2100, True), (2100, 100, True), (100, 200, True), (100, 199, False), (200, 101, False)],
)
def test_a_power_factor_goes_with_a_load_of_another_kind(
    before: int, after: int, *, explained: bool
) -> None:
    """That of a power supply is lowered by harmonics, and that of a kettle is not."""
    old: Values = {"power": before, "reactive_power": 20, "power_factor": Decimal("0.62")}
    new: Values = {"power": after, "reactive_power": 20, "power_factor": Decimal("0.99")}
    assert is_explained("power_factor", Limits().of("power_factor"), old, new, 5.0) is explained


@given(
    watts=st.tuples(st.integers(0, 3000), st.integers(20, 3000)),
    more=st.integers(0, 3000),
    share=st.integers(0, 100),
)
def test_a_power_factor_is_no_higher_than_active_and_reactive_power_make_it(
    watts: tuple[int, int], more: int, share: int
) -> None:
    """However much the load moved. Harmonics make it lower."""
    reactive = 3 * watts[1] // 4 + more  # so that there is room above
    old, new = (one / hypot(one, reactive) for one in watts)
    limit = Limits().of("power_factor")
    least = Decimal(new) + Decimal(limit.jump) + Decimal("0.001")
    shown = (least + (1 - least) * share / 100).quantize(Decimal("0.0001"), "ROUND_CEILING")
    before: Values = {
        "power": watts[0],
        "reactive_power": reactive,
        "power_factor": Decimal(int(1000 * old)) / 1000,
    }
    after: Values = {"power": watts[1], "reactive_power": reactive, "power_factor": shown}
    assert not is_explained("power_factor", limit, before, after, 5.0)


@pytest.mark.parametrize(("given", "explained"), [(0, False), (500, True)])
def test_a_power_factor_goes_with_what_phases_take_and_give_together(
    given: int, *, explained: bool
) -> None:
    before: Values = {
        "power": 200,
        "reactive_power_import": 500,
        "reactive_power_export": 0,
        "power_factor": Decimal("0.37"),
    }
    values: Values = {**before, "reactive_power_export": given, "power_factor": Decimal("0.99")}
    limit = Limits().of("power_factor")
    assert is_explained("power_factor", limit, before, values, 5.0) is explained


@pytest.mark.parametrize(("watts", "explained"), [(0, True), (19, True), (20, False)])
def test_a_power_factor_may_be_any_at_a_small_power(watts: int, *, explained: bool) -> None:
    before: Values = {"power": 100, "reactive_power": 200, "power_factor": Decimal("0.45")}
    values: Values = {"power": watts, "reactive_power": 200, "power_factor": Decimal(1)}
    assert is_explained("power_factor", Limits().of("power_factor"), before, values, 5) is explained


@pytest.mark.parametrize(("amperes", "explained"), [("1.9", True), ("2.0", True), ("2.1", False)])
def test_a_power_factor_says_nothing_at_a_small_current(amperes: str, *, explained: bool) -> None:
    before: Values = {"current_l1": Decimal(amperes), "power_factor_l1": Decimal(1)}
    values = {**before} | {"power_factor_l1": Decimal(0)}
    limit = Limits().of("power_factor_l1")
    assert is_explained("power_factor_l1", limit, before, values, 5.0) is explained


@pytest.mark.parametrize(
    ("before", "power", "explained"),
    [(2000, 2299, False), (2000, 2300, True), (0, 2, False), (0, 3, True)],
)
def test_a_power_factor_without_currents_goes_with_the_power(
    before: int, power: int, *, explained: bool
) -> None:
    old: Values = {"power_factor": Decimal(1), "power_import": before}
    limit = Limits().of("power_factor")
    new: Values = {"power_factor": Decimal(0), "power_import": power}
    assert is_explained("power_factor", limit, old, new, 5.0) is explained
