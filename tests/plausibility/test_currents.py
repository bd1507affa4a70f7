"""Currents that a firmware counts in another unit, in a list that says none."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.cosem.unit import Number
from app.plausibility import currents
from app.plausibility.decision import Violation
from app.plausibility.laws import Values
from app.plausibility.limits import Limits
from simulator.lists import Register, Unit
from tests.support.guarded import GuardedLine, accepted, line_of
from tests.support.simulated import SimulatedMeter

CURRENTS = ("current_l1", "current_l2", "current_l3")


def drawn(watts: int, *amperes: str, power: str = "power") -> dict[str, Number]:
    """Return a power and the currents of the phases."""
    shown: dict[str, Number] = {power: watts}
    return shown | {key: Decimal(one) for key, one in zip(CURRENTS, amperes, strict=False)}


def in_their_unit(
    found: list[Violation], values: Values, before: Values, doubted: tuple[str, ...] = ()
) -> list[Violation]:
    """See there; the limits are the usual ones."""
    return currents.in_their_unit(found, values, before, doubted, Limits())


BEFORE = drawn(2600, "4.00", "3.71", "3.84")


@pytest.mark.parametrize(
    ("values", "is_other"),
    [
        pytest.param(drawn(2600, "40.0", "37.1", "38.4"), True, id="ten-times"),
        pytest.param(drawn(2700, "44.0", "33.0", "38.4"), True, id="while-loads-change"),
        pytest.param(drawn(2600, "48.0", "37.1", "38.4"), False, id="one-by-more-than-15-%"),
        pytest.param(drawn(2600, "40.0", "3.71", "3.84"), False, id="one-of-them-alone"),
        pytest.param(drawn(2600, "4.2", "3.60", "3.84"), False, id="as-usual"),
        pytest.param(drawn(2600, "400.0", "371.0", "384.0"), True, id="a-hundred-times"),
        pytest.param(drawn(8550, "40.0", "37.1", "38.4"), True, id="the-power-moves-a-little"),
        pytest.param(drawn(8600, "40.0", "37.1", "38.4"), False, id="a-quarter-of-it"),
        pytest.param(drawn(2600, "0", "37.1", "38.4"), False, id="one-ends"),
        pytest.param(drawn(2600, *["1E+310"] * 3), False, id="more-than-a-float-holds"),
    ],
)
def test_currents_that_move_by_a_power_of_ten_without_the_power(
    values: dict[str, Number], *, is_other: bool
) -> None:
    found = in_their_unit([], values, BEFORE)
    assert [one.name for one in found] == [f"possible {key}" for key in CURRENTS] * is_other


@pytest.mark.parametrize(("amperes", "is_other"), [("6.27", False), ("6.28", True)])
def test_currents_that_move_as_a_usual_load_does_are_not_compared(
    amperes: str, *, is_other: bool
) -> None:
    """By 5.67 A, as far as a current may move without a cause."""
    found = in_their_unit([], drawn(120, amperes), drawn(120, "0.60"))
    assert bool(found) is is_other
    found = in_their_unit([], drawn(120, "0.60"), drawn(120, amperes))
    assert not found


@pytest.mark.parametrize(("before", "is_other"), [("6.30", False), ("6.31", True)])
def test_nor_are_currents_that_fall_as_when_a_usual_load_goes(
    before: str, *, is_other: bool
) -> None:
    found = in_their_unit([], drawn(1400, "0.63"), drawn(1400, before))
    assert bool(found) is is_other


def test_currents_that_become_a_tenth_of_what_makes_the_power_are_in_another_unit() -> None:
    before, values = drawn(26000, "40.0", "37.1", "38.4"), drawn(26000, "4.00", "3.71", "3.84")
    assert in_their_unit([], values, before)


@pytest.mark.parametrize("amperes", ["6.0", "6.2", "6.5"])
def test_the_usual_telegram_has_no_currents_in_another_unit(amperes: str) -> None:
    """What all checks withhold is not taken at once."""
    meter = SimulatedMeter(None, "e360", "swiss")
    shown = {"1.7.0": "140", "2.7.0": "0", "51.7.0": "0", "71.7.0": "0"}
    meter.more = {key: Decimal(one) for key, one in {**shown, "31.7.0": "0.62"}.items()}
    at_once, general = GuardedLine(), GuardedLine(at_once=False)
    for n in range(26):
        if n == 20:
            meter.more["31.7.0"] = Decimal(amperes)
        data = meter.telegram().data
        found = at_once.take(data)
        assert found == general.take(data)
        assert (found is None) is (amperes == "6.5" and n in {20, 21})


def test_currents_that_did_not_make_the_power_before_are_not_compared() -> None:
    """A battery keeps the power at nothing while loads come and go."""
    before, values = drawn(-40, "0.81", "0.84", "0.31"), drawn(20, "8.52", "8.70", "0.30")
    assert in_their_unit([], values, before) == []
    assert in_their_unit([], values, before | {"power": 400})


@pytest.mark.parametrize(("amperes", "is_other"), [("19.9", False), ("20.0", True)])
def test_no_house_balances_more_than_twenty_amperes(amperes: str, *, is_other: bool) -> None:
    found = in_their_unit([], drawn(20, amperes, "8.0"), drawn(-40, "1.99", "0.8"))
    assert bool(found) is is_other


@pytest.mark.parametrize(("watts", "is_other"), [(2969, True), (2970, False)])
def test_a_power_that_moves_by_a_quarter_of_the_currents_is_their_cause(
    watts: int, *, is_other: bool
) -> None:
    """36 A make 8280 W."""
    found = in_their_unit([], drawn(watts, "40.0"), drawn(900, "4.0"))
    assert bool(found) is is_other


@pytest.mark.parametrize("key", ["reactive_power", "reactive_power_import"])
def test_currents_may_make_a_reactive_power(key: str) -> None:
    """A motor idles."""
    before, values = drawn(150, "0.70"), drawn(280, "7.00")
    assert in_their_unit([], values, before)
    before[key], values[key] = Decimal(40), Decimal(1550)
    assert in_their_unit([], values, before) == []
    assert in_their_unit([], values, before, ("current_l1",)) == []
    values[key] = Decimal(40)
    assert in_their_unit([], values, before)
    del before[key]
    assert in_their_unit([], values, before) == []


def test_a_current_of_less_than_an_ampere_says_nothing() -> None:
    before, values = drawn(900, "4.00", "0.04"), drawn(900, "40.0", "0.99")
    assert len(in_their_unit([], values, before)) == 2
    values["current_l2"] = Decimal("1.00")
    assert in_their_unit([], values, before) == []
    before, values = drawn(900, "0.04", "4.00"), drawn(900, "0.99", "40.0")
    assert len(in_their_unit([], values, before)) == 2


def test_currents_are_compared_with_the_power_that_the_list_says() -> None:
    before = drawn(900, "4.00", power="power_import")
    values = drawn(900, "40.0", power="power_import")
    assert in_their_unit([], values, before)
    assert not in_their_unit([], {"current_l1": 40}, {"current_l1": 4})
    assert not in_their_unit([], values, {"current_l1": 4})


def test_what_else_the_currents_fail_is_told_no_more() -> None:
    """Else they would be taken for a larger connection."""
    energy = Violation("fall", "it falls", "energy_import")
    fails = [Violation("connection", "too much", "current_l1"), Violation("jump", "", "current")]
    values = drawn(2600, "93.0", "37.1", "38.4")
    before = drawn(2600, "9.30", "3.71", "3.84")
    found = in_their_unit([*fails, energy], values, before)
    assert [one.name for one in found] == [
        "fall energy_import",
        *(f"possible {key}" for key in CURRENTS),
    ]


@pytest.mark.parametrize(
    ("watts", "is_other"), [(766, True), (768, False), (3449, False), (3451, True)]
)
def test_currents_that_are_withheld_are_right_again_when_the_power_says_so(
    watts: int, *, is_other: bool
) -> None:
    found = in_their_unit([], drawn(watts, "10.0"), drawn(watts, "1.0"), ("current_l1",))
    assert bool(found) is is_other


@pytest.mark.parametrize(
    ("watts", "is_other"), [(459, True), (460, False), (2070, False), (2071, True)]
)
def test_a_third_and_one_and_a_half_times_the_currents_are_powers_of_a_house(
    watts: int, *, is_other: bool
) -> None:
    """6 A make 1380 W."""
    found = in_their_unit([], drawn(watts, "6.0"), {}, ("current_l1",))
    assert bool(found) is is_other


def test_a_firmware_that_counts_tenths_of_amperes_has_its_currents_withheld() -> None:
    meter = SimulatedMeter(None, "e360", "swiss")
    line = line_of(meter)
    layout = meter.meter.layout
    items = [
        replace(one, scaler=one.scaler - 1)
        if isinstance(one, Register) and one.unit is Unit.A
        else one
        for one in layout.items
    ]
    meter.meter.layout = replace(layout, items=tuple(items))
    readings = line.push(meter, 12)
    assert accepted(readings) == [False] * 2 + [True] * 10
    assert all(reading and "power" in reading.values for reading in readings[2:])
    assert not any(reading and "current_l1" in reading.values for reading in readings)
    assert "current_l1" in str(line.withheld[0].what)
    line.restart()
    meter.meter.layout = layout
    readings = line.push(meter, 4)
    assert all(reading and "current_l1" in reading.values for reading in readings[-2:])


def test_currents_that_are_withheld_stay_so_while_loads_change() -> None:
    """24 A are no power of ten of the last ones that were published."""
    meter = SimulatedMeter(None, "e360", "swiss")
    codes = ("31.7.0", "51.7.0", "71.7.0")
    meter.more = {"1.7.0": Decimal(2600), "2.7.0": Decimal(0)} | dict.fromkeys(codes, Decimal(4))
    line = line_of(meter)
    meter.more |= dict.fromkeys(codes, Decimal(40))
    assert accepted(line.push(meter, 6)) == [False] * 2 + [True] * 4
    meter.more |= {"1.7.0": Decimal(1600)} | dict.fromkeys(codes, Decimal(24))
    assert not any(reading and "current_l1" in reading.values for reading in line.push(meter, 6))
