"""Values that jump without a cause."""

from decimal import Decimal

from app.meters.reading import Reading
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
