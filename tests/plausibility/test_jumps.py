"""Values that jump without a cause."""

from decimal import Decimal

import pytest

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
    "power": 2000,
    "energy_import": Decimal("500.000"),
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
        ("power", {"power": 8000, "current_l1": Decimal(15)}, False),
        # or with what was counted in five seconds: a quarter.
        ("power", {"power": 12_000, "energy_import": Decimal("500.007")}, True),
        ("power", {"power": 12_000, "energy_import": Decimal("500.005")}, False),
        # A power of a phase or direction goes with all: a quarter.
        ("power_import", {"power_import": 9000, "power": 3800}, True),
        ("power_import", {"power_import": 9000, "power": 3700}, False),
        # A current goes with the power or the other currents.
        ("current_l1", {"current_l1": Decimal(23), "power": 3200}, True),
        ("current_l1", {"current_l1": Decimal(23), "power": 3100}, False),
        ("current_l1", {"current_l1": Decimal(23), "current_l2": Decimal(8)}, True),
        ("current_l1", {"current_l1": Decimal(23), "current_l2": Decimal(7)}, False),
        # A voltage goes with another one.
        ("voltage_l1", {"voltage_l1": 270, "voltage_l2": 220}, True),
        ("voltage_l1", {"voltage_l1": 270, "voltage_l2": 221}, False),
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


@pytest.mark.parametrize(("amperes", "explained"), [("1.9", True), ("2.1", False)])
def test_a_power_factor_says_nothing_at_a_small_current(amperes: str, *, explained: bool) -> None:
    before: Values = {"current_l1": Decimal(amperes), "power_factor_l1": Decimal(1)}
    values = {**before} | {"power_factor_l1": Decimal(0)}
    limit = Limits().of("power_factor_l1")
    assert is_explained("power_factor_l1", limit, before, values, 5.0) is explained


@pytest.mark.parametrize(
    ("before", "power", "explained"),
    [(2000, 2299, False), (2000, 2301, True), (0, 2, False), (0, 4, True)],
)
def test_a_power_factor_without_currents_goes_with_the_power(
    before: int, power: int, *, explained: bool
) -> None:
    old: Values = {"power_factor": Decimal(1), "power_import": before}
    limit = Limits().of("power_factor")
    new: Values = {"power_factor": Decimal(0), "power_import": power}
    assert is_explained("power_factor", limit, old, new, 5.0) is explained
