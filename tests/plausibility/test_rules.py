"""What the usual telegrams of a list keep to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.meters.values import Layout, Values
from app.plausibility.limits import Limits
from app.plausibility.rules import Rules, near
from app.plausibility.units import flows_of


def is_kept(layout: Layout, counts: tuple[int, ...]) -> bool:
    (keeps,) = Rules(layout, (), 5.0, Limits()).laws
    return keeps(counts)


def test_what_is_not_limited_has_no_bounds_of_64_bits() -> None:
    """Energies are compared by themselves, and other counters not at all."""
    exponents = {"energy_import": -3, "power": 0, "gas": -3, "voltage_l1": -1}
    rules = Rules(Layout(tuple(exponents), exponents, {}), (), 5.0, Limits())
    counts = (1 << 64, 230, 1 << 64, 2300)
    assert rules.pick_limited(counts) == (230, 2300)
    assert [(key, place) for key, place, _, _ in rules.energies] == [("energy_import", 0)]
    assert len(rules.ranges) == 2


@pytest.mark.parametrize(
    ("exponents", "counts", "kept"),
    [
        ({"power_l1": 0, "power_l2": 0, "power": 0}, (300, 300, 612), True),
        ({"power_l1": 0, "power_l2": 0, "power": 0}, (300, 300, 613), False),
        ({"power_l1": 1, "power_l2": 1, "power": 1}, (30, 30, 61), True),
        ({"power_l1": 1, "power_l2": 1, "power": 1}, (30, 30, 62), False),
        ({"power_l1": -1, "power_l2": 1, "power": 0}, (3000, 30, 612), True),
        ({"power_l1": -1, "power_l2": 1, "power": 0}, (3000, 30, 613), False),
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
    assert is_kept(layout, counts) is kept


FLOWS = ["power_import", "energy_import", "power_export"]
FLOWS += [f"energy_export_tariff_{n}" for n in (1, 2, 3)]


@given(
    st.dictionaries(st.sampled_from(FLOWS), st.integers(-4, 3)),
    st.lists(st.integers(0, 1 << 64), min_size=len(FLOWS), max_size=len(FLOWS)),
    st.integers(1, 8),
)
def test_powers_and_energies_are_those_of_the_values(
    exponents: dict[str, int], numbers: list[int], taken: int
) -> None:
    """The energies are the last ones, the powers a mean, of which the rest is left out."""
    layout = Layout(tuple(exponents), exponents, {})
    rules, counts = Rules(layout, (), 5.0, Limits()), tuple(numbers[: len(exponents)])
    sums = tuple(count * taken + taken - 1 for count in rules.pick_powers(counts))
    found = tuple(flow(counts, sums, taken) for flow in rules.flows)
    values = Values(layout, counts)
    assert found == flows_of({key: values.number(key) for key in layout.numbers})


COUNTS = st.one_of(st.integers(-1000, 1000), st.integers(-(1 << 63), 1 << 63))


@given(
    st.lists(COUNTS, min_size=3, max_size=3).map(sorted),
    st.one_of(st.integers(0, 9), st.integers(0, (1 << 63) - 1)),
)
def test_what_is_near_is_possible_and_no_jump(ordered: list[int], jump: int) -> None:
    """It reaches a quarter of a jump to both sides at least, as far as that is possible."""
    least, count, most = ordered
    low, high = near(count, least, most, jump)
    assert least <= low <= count <= high <= most
    assert high - low <= jump
    quarter = jump // 4
    assert low <= max(least, count - quarter)
    assert high >= min(most, count + quarter)
