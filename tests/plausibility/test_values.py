"""The walk over the values of a telegram."""

from decimal import Decimal

import pytest

from app.plausibility import values
from app.plausibility.limits import Limits
from app.plausibility.track import Track
from app.plausibility.values import Past


def failed(last: str, value: str, seconds: float, *, before: str | None = None) -> str | None:
    """Return the check that an energy fails after another one."""
    track = Track()
    track.values = {"energy_import": Decimal(last)}
    if before:
        track.changed = {"energy_import": (0.0, Decimal(before))}
    walk = values.check({"energy_import": Decimal(value)}, Past(track, Limits(), seconds))
    return walk.violations[0].check if walk.violations else None


@pytest.mark.parametrize(
    ("value", "seconds", "check"),
    [
        ("500.001", 0, None),  # the last digit of most meters
        ("500.003", 0, "rise"),
        ("500.060", 5, None),  # three phases of 63 A for 5 s, and as much again for what is late
        ("500.070", 5, "rise"),
        ("499.999", 5, "fall"),
        ("5000.000", 5, "unit"),
        ("50.000", 5, "unit"),
        ("0.000", 5, "fall"),
    ],
)
def test_an_energy_rises_as_fast_as_the_connection_allows(
    value: str, seconds: float, check: str | None
) -> None:
    assert failed("500.000", value, seconds) == check


@pytest.mark.parametrize(
    ("last", "value", "check"),
    [
        ("999.999", "0.001", None),
        ("999999.990", "0.010", None),
        ("4294967.290", "0.004", None),
        ("899.999", "0.001", "fall"),
    ],
)
def test_a_full_counter_begins_at_zero(last: str, value: str, check: str | None) -> None:
    assert failed(last, value, 5) == check


def test_what_fell_to_no_less_than_it_was_before_stays_as_published() -> None:
    track = Track()
    track.values = {"energy_import": Decimal("500.016")}
    track.changed = {"energy_import": (0.0, Decimal("500.000"))}
    walk = values.check({"energy_import": Decimal("500.001")}, Past(track, Limits(), 5))
    assert walk.violations == []
    assert walk.floors == {"energy_import": Decimal("500.016")}


@pytest.mark.parametrize(
    ("shown", "watts"),
    [
        ({"power_import": 50_000}, 65_000),
        ({"power_export": Decimal("50000.0")}, 65_000),
        ({"current_l1": 100}, 89_700),
        ({"voltage_l1": 230, "energy_import": 10**9}, 0),
    ],
)
def test_a_connection_carries_more_than_what_was_confirmed(
    shown: dict[str, int | Decimal], watts: int
) -> None:
    assert values.connection_watts(shown) == pytest.approx(watts)


@pytest.mark.parametrize(
    ("volts", "possible"), [((230, 0, 0), True), ((0, 45, 0), True), ((23, 23, 23), False)]
)
def test_a_meter_that_sends_has_voltage_on_a_phase(
    volts: tuple[int, int, int], *, possible: bool
) -> None:
    shown = {f"voltage_l{n}": value for n, value in enumerate(volts, 1)}
    walk = values.check(shown, Past(Track(), Limits(), 5))
    assert {one.check for one in walk.violations} == (set() if possible else {"possible"})


def test_that_no_phase_has_any_voltage_is_to_be_confirmed() -> None:
    """Of a meter with a supply of its own."""
    shown, track = dict.fromkeys(("voltage_l1", "voltage_l2", "voltage_l3"), 0), Track()
    track.values = dict.fromkeys(shown, 230)
    before, after = Past(track, Limits(), 5), Track()
    assert [one.name for one in values.check(shown, before).violations] == ["jump voltage"]
    after.values = dict(shown)
    assert values.check(shown, Past(after, Limits(), 5)).violations == []


@pytest.mark.parametrize(("seconds", "check"), [(250.0, "jump"), (350.0, None)])
def test_a_load_is_compared_with_that_of_the_last_five_minutes(
    seconds: float, check: str | None
) -> None:
    track = Track()
    track.values = {"current_l1": Decimal(1), "power": 230}
    walk = values.check({"current_l1": Decimal(31), "power": 230}, Past(track, Limits(), seconds))
    assert [one.check for one in walk.violations] == ([check] if check else [])
