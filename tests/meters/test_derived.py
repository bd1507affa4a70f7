"""What follows from what a meter sends; the figures are reckoned by hand."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.meters.derived import Totals, add_signed_power, completed
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS

METER = Meter("m", "m", "e450", "Landis+Gyr", "E450", None)
NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


def reading(**values: str) -> Reading:
    return Reading(METER, NOON, {key: Decimal(value) for key, value in values.items()})


def new(given: Reading) -> dict[str, str]:
    """Give what was added, as text."""
    made = completed(given)
    assert made.values.keys() == given.values.keys() | made.derived.keys()
    assert made.derived.keys() <= SENSORS.keys()
    assert (made.meter, made.timestamp, made.unknown) == (METER, NOON, given.unknown)
    return {key: str(made.values[key]) for key in made.derived}


# --- Totals ---


def total(totals: Totals, sender: str = "m", **values: str) -> str | None:
    """Give the calculated import of an accepted telegram, None where none is calculated."""
    said: dict[str, Decimal | int] = {key: Decimal(value) for key, value in values.items()}
    formulas = totals.add(sender, said)
    totals.learn(sender, Reading(METER, NOON, said, derived=formulas))
    return str(said["energy_import"]) if "energy_import" in formulas else None


ONE = {"energy_import_tariff_1": "4.426"}
TWO = {**ONE, "energy_import_tariff_2": "2.399"}
THREE = {**TWO, "energy_import_tariff_3": "1.000"}


def test_a_missing_total_is_the_sum_of_its_tariffs() -> None:
    values: dict[str, Decimal | int] = {key: Decimal(value) for key, value in THREE.items()}
    values |= {"energy_export_tariff_2": Decimal(2), "energy_export_tariff_1": Decimal(1)}
    values |= {"reactive_energy_q1_tariff_1": 1, "reactive_energy_q1_tariff_2": 2}
    formulas = Totals().add("m", values)
    tariffs = "energy_import_tariff_1 + energy_import_tariff_2 + energy_import_tariff_3"
    assert formulas == {
        "energy_import": tariffs,
        "energy_export": "energy_export_tariff_1 + energy_export_tariff_2",
        "reactive_energy_q1": "reactive_energy_q1_tariff_1 + reactive_energy_q1_tariff_2",
    }
    assert values["energy_import"] == Decimal("7.825")
    assert values["energy_export"] == 3
    assert formulas.keys() <= SENSORS.keys()


def test_one_tariff_makes_no_total() -> None:
    assert total(Totals(), **ONE) is None


def test_the_meter_s_own_total_stands() -> None:
    assert total(Totals(), energy_import="7", **TWO) is None


def test_a_total_that_the_meter_sends_later_goes_on_from_the_sum() -> None:
    """Tariffs are cut off at their last digit, so a meter's own total is no less than their sum."""
    totals = Totals()
    assert total(totals, **TWO) == "6.825"
    assert total(totals, energy_import="6.826", **TWO) is None
    assert total(totals, **TWO) is None  # another list of the meter: its own total may be more


def test_a_total_never_falls_because_a_tariff_is_missing() -> None:
    totals = Totals()
    assert total(totals, **THREE) == "7.825"
    assert total(totals, **TWO) is None
    assert total(totals, **THREE) == "7.825"


def test_a_total_may_get_another_tariff() -> None:
    totals = Totals()
    assert total(totals, **TWO) == "6.825"
    assert total(totals, **THREE) == "7.825"
    assert total(totals, **TWO) is None


def test_each_sender_has_its_own_tariffs() -> None:
    totals = Totals()
    assert total(totals, **THREE) == "7.825"
    assert total(totals, "other", **TWO) == "6.825"


# --- Powers ---


def test_a_reading_from_which_nothing_follows_stays_as_it_is() -> None:
    given = reading(energy_import="1.5", power="7", voltage_l1="230")
    assert completed(given) is given


def test_apparent_power_is_voltage_times_current() -> None:
    given = reading(voltage_l1="230.1", current_l1="1.23")
    assert new(given) == {"apparent_power_l1": "283.023", "apparent_power": "283.023"}
    assert completed(given).derived["apparent_power_l1"] == "voltage_l1 * current_l1"


def test_apparent_power_of_three_phases_is_their_sum() -> None:
    given = reading(
        voltage_l1="230",
        current_l1="1",
        voltage_l2="231",
        current_l2="2",
        voltage_l3="232",
        current_l3="0",
    )
    made = new(given)
    assert made["apparent_power"] == "692"
    how = "apparent_power_l1 + apparent_power_l2 + apparent_power_l3"
    assert completed(given).derived["apparent_power"] == how


def test_nothing_is_said_of_the_whole_while_a_part_is_missing() -> None:
    given = reading(voltage_l1="230", current_l1="1", voltage_l2="231")
    assert new(given) == {}


def test_what_the_meter_sends_itself_stands() -> None:
    given = reading(
        voltage_l1="230",
        current_l1="1",
        apparent_power="231",
        power_import_l1="5",
        power_export_l1="0",
        power_l1="4",
    )
    assert new(given) == {"apparent_power_l1": "230"}
    assert completed(given).values["apparent_power"] == 231


def test_import_and_export_of_a_phase_make_its_signed_power() -> None:
    assert new(reading(power_import_l2="0", power_export_l2="42.5")) == {"power_l2": "-42.5"}


def test_both_directions_of_a_phase_may_have_other_decimals() -> None:
    powers = {"power_import_l1": "1200", "power_export_l1": "0.5"}
    powers |= {"power_import_l2": "0.25", "power_export_l2": "300"}
    assert new(reading(**powers)) == {"power_l1": "1199.5", "power_l2": "-299.75"}


def test_each_phase_may_have_other_decimals() -> None:
    phases = {"voltage_l1": "230.1", "current_l1": "2", "voltage_l2": "231", "current_l2": "0.25"}
    assert new(reading(**phases)) == {
        "apparent_power_l1": "460.2",
        "apparent_power_l2": "57.75",
        "apparent_power": "517.95",
    }


@pytest.mark.parametrize(
    ("power", "agrees"),
    [("70.0", True), ("69.9", False), ("130.0", True), ("130.1", False), ("100.0", True)],
)
def test_angles_are_believed_within_20_w_and_a_tenth_of_the_apparent_power(
    power: str, *, agrees: bool
) -> None:
    one = {"voltage_l1": "100", "current_l1": "1.00", "phase_angle_l1": "0.0"}
    made = new(reading(**one, power=power))
    assert ("power_l1" in made) == agrees


def test_an_angle_may_have_decimals() -> None:
    one = {"voltage_l1": "100", "current_l1": "1.00", "phase_angle_l1": "60.0", "power": "50"}
    assert new(reading(**one))["power_l1"] == "50.0"


@given(st.integers(1, 4000), st.integers(1, 9999), st.integers(-3600, 3600))
@example(1, 5, 0)
@example(1, 15, 1800)
def test_a_power_by_angle_is_right_to_the_last_decimal(
    volts: int, amperes: int, angle: int
) -> None:
    """Tenths of a volt, hundredths of an ampere, tenths of a degree."""
    exact = volts * amperes / 1000 * math.cos(math.radians(angle / 10))
    one = {
        "voltage_l1": f"{volts / 10:.1f}",
        "current_l1": f"{amperes / 100:.2f}",
        "phase_angle_l1": f"{angle / 10:.1f}",
    }
    made = new(reading(**one, power=f"{exact:.1f}"))["power_l1"]
    assert abs(float(made) - exact) < 0.05 + 1e-9
    assert Decimal(made).as_tuple().exponent == -1


def test_angles_make_the_power_of_each_phase() -> None:
    given = reading(
        power="331",
        voltage_l1="230",
        current_l1="1",
        phase_angle_l1="0",
        voltage_l2="230",
        current_l2="2",
        phase_angle_l2="60",
        voltage_l3="230",
        current_l3="1",
        phase_angle_l3="120",
    )
    made = new(given)
    assert (made["power_l1"], made["power_l2"], made["power_l3"]) == ("230.0", "230.0", "-115.0")
    how = "voltage_l2 * current_l2 * cos(phase_angle_l2)"
    assert completed(given).derived["power_l2"] == how


def test_a_phase_without_current_needs_no_angle() -> None:
    given = reading(
        power="230",
        voltage_l1="230",
        current_l1="0",
        voltage_l2="230",
        current_l2="1",
        phase_angle_l2="0",
    )
    made = new(given)
    assert [Decimal(made["power_l1"]), Decimal(made["power_l2"])] == [Decimal(0), Decimal(230)]


def test_a_phase_of_next_to_nothing_has_no_power() -> None:
    """A float of 64 bits can be as little, and makes a product that no float holds."""
    given = reading(
        power="230",
        voltage_l1="230",
        current_l1="1",
        phase_angle_l1="0",
        voltage_l2="5E-324",
        current_l2="5E-324",
        phase_angle_l2="0",
    )
    made = new(given)
    assert [Decimal(made["power_l1"]), Decimal(made["power_l2"])] == [Decimal(230), Decimal(0)]


@pytest.mark.parametrize(
    "changed",
    [{"power": "-230"}, {"power": "500"}, {"phase_angle_l1": "180"}],
    ids=["the other sign", "too much", "turned"],
)
def test_angles_that_contradict_the_whole_are_not_believed(changed: dict[str, str]) -> None:
    agreeing = {"power": "230", "voltage_l1": "230", "current_l1": "1", "phase_angle_l1": "0"}
    assert "power_l1" in new(reading(**agreeing))
    assert "power_l1" not in new(reading(**{**agreeing, **changed}))


def test_a_phase_with_current_and_without_angle_leaves_all_without_power() -> None:
    given = reading(
        power="230",
        voltage_l1="230",
        current_l1="0.5",
        voltage_l2="230",
        current_l2="0.5",
        phase_angle_l2="0",
    )
    assert not [key for key in new(given) if key.startswith("power")]


def test_angles_alone_are_checked_against_nothing_and_not_believed() -> None:
    given = reading(voltage_l1="230", current_l1="1", phase_angle_l1="0")
    assert "power_l1" not in new(given)


def test_a_power_factor_does_not_tell_the_direction() -> None:
    given = reading(power="115", voltage_l1="230", current_l1="1", power_factor_l1="0.5")
    assert not [key for key in new(given) if key.startswith("power")]


# --- The signed power of the whole meter ---


def test_signed_power_is_added_to_values_that_have_both_directions() -> None:
    values: dict[str, Decimal | int] = {"power_import": 0, "power_export": Decimal("42.5")}
    assert add_signed_power(values) == {"power": "power_import - power_export"}
    assert values["power"] == Decimal("-42.5")


@pytest.mark.parametrize(
    "sent",
    [
        {"power_import": 5},
        {"power_export": 5},
        {"power_import": 5, "power_export": 0, "power": 4},
    ],
)
def test_signed_power_is_not_made_where_the_meter_sends_it_or_a_direction_is_missing(
    sent: dict[str, Decimal | int],
) -> None:
    values = dict(sent)
    assert add_signed_power(values) == {}
    assert values == sent


def test_what_is_for_the_household_alone_is_not_made_when_a_telegram_is_read() -> None:
    """And what is made then is not made again."""
    values: dict[str, Decimal | int] = {
        "power_import": 5,
        "power_export": 0,
        "power_import_l1": 5,
        "power_export_l1": 0,
        "voltage_l1": 230,
        "current_l1": 1,
    }
    formulas = add_signed_power(values)
    assert formulas.keys() == {"power"}
    made = completed(Reading(METER, NOON, values, derived=formulas))
    assert made.derived.keys() == {"power", "power_l1", "apparent_power_l1", "apparent_power"}
