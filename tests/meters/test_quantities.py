"""Quantities: their units, and what values they can have."""

import math
from decimal import Decimal

import pytest

from app.meters import quantities
from app.meters.quantities import CONNECTION_WATTS, COUNTER, QUANTITIES, USUAL_VOLTAGE, Quantity


def test_every_quantity_has_a_unit() -> None:
    assert set(QUANTITIES) == set(Quantity)


@pytest.mark.parametrize(
    ("given", "wanted", "exponent"),
    [
        ("Wh", "kWh", -3),
        ("kWh", "kWh", 0),
        ("MWh", "kWh", 3),
        ("kW", "W", 3),
        ("kVArh", "kvarh", 0),
        ("kVAr", "var", 3),
        ("deg", "°", 0),
        ("m3", "m³", 0),
        ("dm3", "m³", -3),
        ("MJ", "GJ", -3),
        ("GJ", "GJ", 0),
        ("", "", 0),
        ("W", "kWh", None),
        ("", "W", None),
        ("m3", "kWh", None),
        ("kWh", "GJ", None),
    ],
)
def test_units_that_differ_in_their_prefix_are_a_power_of_ten_apart(
    given: str, wanted: str, exponent: int | None
) -> None:
    assert quantities.exponent(given, wanted) == exponent


@pytest.mark.parametrize(
    ("quantity", "value", "allowed"),
    [
        (Quantity.VOLTAGE, Decimal("229.9"), True),
        (Quantity.VOLTAGE, 0, True),  # a phase that is not connected
        (Quantity.VOLTAGE, 40, True),
        (Quantity.VOLTAGE, Decimal("39.9"), False),
        (Quantity.VOLTAGE, 501, False),
        (Quantity.FREQUENCY, 0, False),
        (Quantity.FREQUENCY, 50.02, True),
        (Quantity.POWER_FACTOR, Decimal("-1.001"), False),
        (Quantity.ANGLE, 360, True),
        (Quantity.ACTIVE_ENERGY, 10**12, True),
        (Quantity.ACTIVE_ENERGY, -1, False),
    ],
)
def test_a_value_is_possible_within_its_bounds(
    quantity: Quantity, value: Decimal | float, *, allowed: bool
) -> None:
    assert QUANTITIES[quantity].bounds.allow(value) is allowed


def test_what_is_not_a_number_is_never_possible() -> None:
    assert not any(row.bounds.allow(math.nan) for row in QUANTITIES.values())


def test_a_connection_bounds_powers_and_currents() -> None:
    power = QUANTITIES[Quantity.ACTIVE].bounds.at(CONNECTION_WATTS)
    current = QUANTITIES[Quantity.CURRENT].bounds.at(CONNECTION_WATTS)
    assert power.range == 3 * 63 * USUAL_VOLTAGE
    assert power.jump == pytest.approx(0.09 * power.range)
    assert power.allow(-1.4 * power.range)
    assert not power.allow(1.5 * power.range)
    assert current.range == 63
    assert current.allow(90)
    assert not current.allow(-91)
    assert QUANTITIES[Quantity.CURRENT].bounds.at(2 * CONNECTION_WATTS).range == 126


@pytest.mark.parametrize(
    "quantity",
    [
        Quantity.VOLTAGE,
        Quantity.POWER_FACTOR,
        Quantity.FREQUENCY,
        Quantity.ANGLE,
        Quantity.ACTIVE_ENERGY,
    ],
)
def test_a_connection_bounds_nothing_else(quantity: Quantity) -> None:
    bounds = QUANTITIES[quantity].bounds
    assert bounds.at(2 * CONNECTION_WATTS) == bounds


def test_a_counter_may_rise_by_any_amount() -> None:
    assert COUNTER.jump == math.inf
