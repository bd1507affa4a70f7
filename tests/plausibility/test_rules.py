"""What the usual telegrams of a list keep to."""

from decimal import Decimal

import pytest

from app.meters.values import Layout
from app.plausibility import laws
from app.plausibility.laws import Law
from app.plausibility.limits import Limits
from app.plausibility.rules import Rules, _prepared


def is_kept(law: Law, layout: Layout, counts: tuple[int, ...]) -> bool:
    keeps, pick, one = _prepared(law, layout)
    return keeps(pick(counts), one)


def test_what_is_not_limited_has_no_bounds_of_64_bits() -> None:
    """Energies are compared by themselves, and other counters not at all."""
    exponents = {"energy_import": -3, "power": 0, "gas": -3, "voltage_l1": -1}
    rules = Rules(Layout(tuple(exponents), exponents, {}), (), 5.0, Limits())
    counts = (1 << 64, 230, 1 << 64, 2300)
    assert rules.pick_limited(counts) == (230, 2300)
    assert [(key, place) for key, place, _, _ in rules.energies] == [("energy_import", 0)]
    assert len(rules.ranges) == 2


@pytest.mark.parametrize("exponents", [(-3, -3, -3), (-3, 0, 0), (-3, 0, 1), (0, 0, 0), (1, 1, 1)])
def test_a_law_is_kept_by_counts_if_the_numbers_keep_it(exponents: tuple[int, int, int]) -> None:
    """Counts of one scale are compared as they are, others as numbers."""
    keys = ("energy_import", "energy_import_tariff_1", "energy_import_tariff_2")
    law = Law("sum", keys, lambda numbers, one: numbers[0] - sum(numbers[1:]) in (0, one))
    layout = Layout(keys, dict(zip(keys, exponents, strict=True)), {})
    for off, kept in ((0, True), (1, exponents[0] < 1), (2, False), (-1, False)):
        numbers = 110 + off * max(1, 10 ** exponents[0]), 40, 70
        counts = (
            int(Decimal(number).scaleb(-exponent))
            for number, exponent in zip(numbers, exponents, strict=True)
        )
        assert is_kept(law, layout, tuple(counts)) is kept


@pytest.mark.parametrize("exponent", [-1, 0])
def test_a_law_may_say_something_of_one_value_alone(exponent: int) -> None:
    layout = Layout(("power",), {"power": exponent}, {})
    law = Law("less", ("power",), lambda numbers, one: numbers[0] < 5 * one)
    kept = [is_kept(law, layout, (int(watts * 10**-exponent),)) for watts in (4, 5)]
    assert kept == [True, False]


@pytest.mark.parametrize(
    ("exponents", "counts", "kept"),
    [
        ({"power_l1": 0, "power_l2": 0, "power": 0}, (300, 300, 612), True),
        ({"power_l1": 0, "power_l2": 0, "power": 0}, (300, 300, 613), False),
        ({"power_l1": 1, "power_l2": 1, "power": 1}, (30, 30, 61), True),
        ({"power_l1": 1, "power_l2": 1, "power": 1}, (30, 30, 62), False),
        (
            {"voltage_l1": -1, "current_l1": -2, "phase_angle_l1": 0, "power": 0},
            (2300, 500, 60, 587),
            True,
        ),
        (
            {"voltage_l1": -1, "current_l1": -2, "phase_angle_l1": 0, "power": 0},
            (2300, 500, 60, 600),
            False,
        ),
    ],
)
def test_powers_make_their_sum_whatever_they_are_counted_in(
    exponents: dict[str, int], counts: tuple[int, ...], *, kept: bool
) -> None:
    """12 W are rounded at 600 W."""
    layout = Layout(tuple(exponents), exponents, {})
    (law,) = laws.applicable(layout.keys)
    assert is_kept(law, layout, counts) is kept
