"""What OBIS codes mean: for people, as readings, and to those who judge readings."""

from decimal import Decimal

import pytest

from app.cosem.obis import UNSAID, Obis
from app.cosem.unit import Number
from app.meters import catalogue
from app.meters.catalogue import Conversion, Measurand, Processing
from app.meters.quantities import (
    CONNECTION_WATTS,
    COUNTER,
    QUANTITIES,
    Quantity,
)
from app.meters.sensors import SENSORS
from tests.support import golden

# --- Golden data ---


def test_registers_mean_what_the_golden_data_says() -> None:
    rows = golden.table(golden.REGISTERS)
    assert [golden.register_row(code, unit) for code, unit, *_ in rows] == rows


def test_codes_of_electricity_mean_what_the_golden_data_says() -> None:
    known = golden.meanings(golden.table(golden.CODES))
    for obis in golden.swept():
        assert golden.meaning(obis) == known.pop(obis, golden.NOTHING), obis
    assert not known


def test_all_codes_of_a_reading_take_the_same_units() -> None:
    units = {
        key: golden.exponents(golden.parse(code), golden.UNITS_SWEPT)
        for key, code, *_ in golden.table(golden.READINGS)
        if code
    }
    for obis, meaning in golden.meanings(golden.table(golden.CODES)).items():
        found = golden.exponents(obis, golden.UNITS_SWEPT)
        assert found == units.get(meaning.reading, {}), obis


def test_readings_take_the_units_and_bounds_that_the_golden_data_says() -> None:
    rows = golden.table(golden.READINGS)
    assert [golden.reading_row(key, code) for key, code, *_ in rows] == rows


# --- What a code measures ---


@pytest.mark.parametrize(
    ("code", "measurand"),
    [
        (
            "1-0:1.8.2",
            Measurand(
                Quantity.ACTIVE_ENERGY,
                "import",
                phase=0,
                processing=Processing.INTEGRAL,
                tariff=2,
                reading_key="energy_import_tariff_2",
            ),
        ),
        (
            "1-0:44.7.0",
            Measurand(
                Quantity.REACTIVE,
                "export",
                phase=2,
                processing=Processing.INSTANTANEOUS,
                tariff=0,
                reading_key="reactive_power_export_l2",
            ),
        ),
        (
            "1-0:65.6.1",
            Measurand(
                Quantity.REACTIVE,
                "quadrant 1",
                phase=3,
                processing=Processing.MAXIMUM,
                tariff=1,
                reading_key=None,
            ),
        ),
        (
            "1-0:32.32.0",
            Measurand(
                None, "", phase=1, processing=Processing.UNDER_LIMIT, tariff=0, reading_key=None
            ),
        ),
        ("0-0:96.1.0", None),
    ],
)
def test_a_code_is_taken_apart(code: str, measurand: Measurand | None) -> None:
    assert catalogue.measurand(Obis.parse(code)) == measurand


@pytest.mark.parametrize(
    ("code", "measured", "unit"),
    [
        ("1-0:1.7.0", Quantity.ACTIVE, "W"),
        ("1-0:2.7.0", Quantity.ACTIVE, "W"),
        ("1-0:16.7.0", Quantity.ACTIVE, "W"),
        ("1-0:21.7.0", Quantity.ACTIVE, "W"),
        ("1-0:62.7.0", Quantity.ACTIVE, "W"),
        ("1-0:1.6.0", Quantity.ACTIVE, "W"),
        ("1-0:1.4.0", Quantity.ACTIVE, "W"),
        ("1-0:3.7.0", Quantity.REACTIVE, "var"),
        ("1-0:64.7.0", Quantity.REACTIVE, "var"),
        ("1-0:9.7.0", Quantity.APPARENT, "VA"),
        ("1-0:29.7.0", Quantity.APPARENT, "VA"),
        ("1-0:1.8.0", Quantity.ACTIVE_ENERGY, "Wh"),
        ("1-1:2.8.2", Quantity.ACTIVE_ENERGY, "Wh"),
        ("1-0:1.9.0", Quantity.ACTIVE_ENERGY, "Wh"),
        ("1-0:5.8.0", Quantity.REACTIVE_ENERGY, "varh"),
        ("1-0:10.8.0", Quantity.APPARENT_ENERGY, "VAh"),
        ("1-0:31.7.0", Quantity.CURRENT, "A"),
        ("1-0:91.7.0", Quantity.CURRENT, "A"),
        ("1-0:72.7.0", Quantity.VOLTAGE, "V"),
        ("1-0:92.7.0", Quantity.VOLTAGE, "V"),
        ("1-0:13.7.0", Quantity.POWER_FACTOR, ""),
        ("1-0:53.7.0", Quantity.POWER_FACTOR, ""),
        ("1-0:14.7.0", Quantity.FREQUENCY, "Hz"),
        ("1-0:81.7.40", Quantity.ANGLE, "deg"),
    ],
)
def test_a_code_measures_something_in_a_unit(code: str, measured: Quantity, unit: str) -> None:
    assert catalogue.quantity_of(Obis.parse(code)) is measured
    assert QUANTITIES[measured].unit == unit


@pytest.mark.parametrize("phase", [0, 20, 40, 60])
def test_a_sum_and_its_phases_measure_the_same(phase: int) -> None:
    measured = {
        group: catalogue.quantity_of(Obis(1, 0, phase + group, 7, 0)) for group in range(1, 21)
    }
    assert measured == {
        **dict.fromkeys([1, 2, 15, 16, 17, 18, 19, 20], Quantity.ACTIVE),
        **dict.fromkeys([3, 4, 5, 6, 7, 8], Quantity.REACTIVE),
        **dict.fromkeys([9, 10], Quantity.APPARENT),
        11: Quantity.CURRENT,
        12: Quantity.VOLTAGE,
        13: Quantity.POWER_FACTOR,
        14: Quantity.FREQUENCY,
    }


@pytest.mark.parametrize(
    "code",
    [
        "0-0:1.7.0",  # not electricity
        "7-0:3.8.0",
        "1-0:1.2.0",  # not a value of now
        "1-0:32.8.0",  # there is no energy of a voltage
        "1-0:81.8.40",
        "1-0:96.7.0",
        "1-0:0.2.0",
        "0-0:96.1.0",
    ],
)
def test_other_codes_measure_nothing_known(code: str) -> None:
    assert catalogue.quantity_of(Obis.parse(code)) is None


# --- Which reading a register is ---


@pytest.mark.parametrize(
    ("code", "unit", "key", "exponent"),
    [
        ("1-0:1.8.0", "Wh", "energy_import", -3),
        ("1-0:1.8.0", "kWh", "energy_import", 0),
        ("1-0:1.8.0", "MWh", "energy_import", 3),
        ("1-0:2.8.0", "Wh", "energy_export", -3),
        ("1-0:1.8.1", "Wh", "energy_import_tariff_1", -3),
        ("1-0:2.8.4", "Wh", "energy_export_tariff_4", -3),
        ("1-0:3.8.0", "varh", "reactive_energy_import", -3),
        ("1-0:4.8.2", "kVArh", "reactive_energy_export_tariff_2", 0),
        ("1-0:1.7.0", "W", "power_import", 0),
        ("1-0:2.7.0", "kW", "power_export", 3),
        ("1-0:16.7.0", "W", "power", 0),
        ("1-0:36.7.0", "W", "power_l1", 0),
        ("1-0:21.7.0", "W", "power_import_l1", 0),
        ("1-0:62.7.0", "W", "power_export_l3", 0),
        ("1-0:3.7.0", "var", "reactive_power_import", 0),
        ("1-0:44.7.0", "kVAr", "reactive_power_export_l2", 3),
        ("1-0:9.7.0", "VA", "apparent_power", 0),
        ("1-0:32.7.0", "V", "voltage_l1", 0),
        ("1-0:72.7.0", "V", "voltage_l3", 0),
        ("1-0:51.7.0", "A", "current_l2", 0),
        ("1-0:91.7.0", "A", "current_n", 0),
        ("1-0:13.7.0", "", "power_factor", 0),
        ("1-0:53.7.0", "", "power_factor_l2", 0),
        ("1-0:14.7.0", "Hz", "frequency", 0),
        ("1-0:81.7.40", "deg", "phase_angle_l1", 0),
        ("1-0:81.7.51", "deg", "phase_angle_l2", 0),
        ("1-0:81.7.62", "deg", "phase_angle_l3", 0),
        ("1-0:81.7.4", "deg", "phase_angle_l1", 0),
        ("1-0:81.7.15", "deg", "phase_angle_l2", 0),
        ("1-0:81.7.26", "deg", "phase_angle_l3", 0),
        ("1-1:1.8.0", "Wh", "energy_import", -3),
    ],
)
def test_a_register_is_a_reading(code: str, unit: str, key: str, exponent: int) -> None:
    assert catalogue.conversion_of(Obis.parse(code), unit) == Conversion(key, exponent)


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("1-0:1.8.0", "W"),
        ("1-0:1.8.0", ""),
        ("1-0:1.7.0", "Wh"),
        ("1-0:32.7.0", "A"),
        ("1-0:13.7.0", "V"),
        ("1-0:81.7.40", "W"),
    ],
)
def test_a_register_in_a_unit_that_does_not_fit_is_no_reading(code: str, unit: str) -> None:
    assert catalogue.conversion_of(Obis.parse(code), unit) is None


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("0-0:1.8.0", "Wh"),
        ("7-0:1.8.0", "Wh"),
        ("1-0:1.5.0", "W"),  # an average of the past
        ("1-0:1.6.1", "W"),
        ("1-0:13.4.0", ""),
        ("1-0:1.8.6", "Wh"),
        ("1-0:81.7.10", "deg"),  # between two voltages
        ("0-0:96.1.0", ""),
    ],
)
def test_other_registers_are_no_readings(code: str, unit: str) -> None:
    assert catalogue.conversion_of(Obis.parse(code), unit) is None


@pytest.mark.parametrize(
    ("code", "unit", "key"),
    [
        (Obis(UNSAID, UNSAID, 1, 8, 0), "kWh", "energy_import"),
        (Obis(UNSAID, UNSAID, 1, 8, UNSAID), "kWh", "energy_import"),
        (Obis(UNSAID, UNSAID, 32, 7, UNSAID), "V", "voltage_l1"),
        (Obis(UNSAID, UNSAID, 2, 8, 2), "kWh", "energy_export_tariff_2"),
    ],
)
def test_a_code_that_is_cut_short_means_the_same(code: Obis, unit: str, key: str) -> None:
    assert catalogue.conversion_of(code, unit) == Conversion(key, 0)


@pytest.mark.parametrize(
    ("key", "value", "can_be"),
    [
        ("power_factor", Decimal("0.941"), True),
        ("power_factor", 1, True),
        ("power_factor", Decimal(-1), True),
        ("power_factor", Decimal("1.001"), False),
        ("power_factor_l2", 4, False),
        ("power", -100_000, True),
    ],
)
def test_a_power_factor_is_never_above_one(key: str, value: Number, *, can_be: bool) -> None:
    assert catalogue.possible(key, value) is can_be


@pytest.mark.parametrize(
    ("code", "unit", "has_fuses", "key"),
    [
        ("1-0:31.4.0", "A", True, "current_limit_l1"),
        ("1-0:51.4.0", "A", True, "current_limit_l2"),
        ("1-0:71.4.0", "kA", True, "current_l3_average"),
        ("1-0:31.4.0", "A", False, "current_l1_average"),
        ("1-0:31.4.0", "kA", False, "current_l1_average"),
        ("1-0:31.24.0", "A", True, "current_l1_average"),
        ("1-0:32.24.0", "kV", True, "voltage_l1_average"),
        ("1-0:31.7.0", "A", True, "current_l1"),
    ],
)
def test_the_threshold_of_a_fuse_has_the_code_of_an_average(
    code: str, unit: str, key: str, *, has_fuses: bool
) -> None:
    found = catalogue.conversion_of(Obis.parse(code), unit, has_fuses=has_fuses)
    assert found is not None
    assert found.key == key


def test_every_reading_of_electricity_is_some_register() -> None:
    codes = [
        *(Obis(1, 0, c, d, 0) for c in range(256) for d in (4, 6, 7)),
        *(Obis(1, 0, c, 8, tariff) for c in range(256) for tariff in range(6)),
        *(Obis(1, 0, 81, 7, pair) for pair in range(256)),
    ]
    found = {
        named.key
        for code in codes
        for row in QUANTITIES.values()
        for has_fuses in (True, False)
        if (named := catalogue.conversion_of(code, row.unit, has_fuses=has_fuses))
    }
    of_submeters = {"gas", "water", "heat", "cooling", "energy", "valve"}
    limits = {"power_limit", "apparent_power_limit", "current_limit"}
    of_no_unit = {
        key
        for key, row in SENSORS.items()
        if row.unit is None and row.device_class != "power_factor"
    }
    assert found == SENSORS.keys() - of_submeters - limits - of_no_unit


# --- What a register is called ---


@pytest.mark.parametrize(
    ("code", "unit", "name"),
    [
        ("1-0:1.8.0", "Wh", "energy import"),
        ("1-0:2.8.2", "kWh", "energy export tariff 2"),
        ("1-0:32.7.0", "V", "voltage L1"),
        ("1-0:1.7.0", "", "active power import"),  # of no known unit, and so no reading
        ("1-0:32.7.0", "", "voltage L1"),
        ("1-0:5.8.0", "varh", "reactive energy quadrant 1"),
        ("1-0:5.9.0", "varh", "reactive energy quadrant 1"),
        ("1-0:1.8.7", "Wh", "active energy import tariff 7"),
        ("1-0:15.8.0", "Wh", "energy import and export"),
        ("1-0:1.6.0", "kW", "peak power import"),
        ("1-0:1.6.1", "kW", "maximum active power import tariff 1"),
        ("1-0:42.6.1", "kW", "maximum active power export tariff 1 L2"),
        ("1-0:29.7.0", "VA", "apparent power L1"),
        ("1-0:90.7.0", "A", "current"),
        ("1-0:52.32.0", "", "voltage sags L2"),
        ("1-0:72.36.0", "", "voltage swells L3"),
        ("0-0:96.1.0", "", "device number"),
        ("0-0:42.0.0", "", "logical device name"),
        ("0-0:1.0.0", "", "clock"),
        ("0-1:24.2.1", "m3", "counter of the meter behind"),
        ("0-0:96.14.0", "", "tariff in use"),
        ("1-1:0.2.129", "", "version of the list"),
    ],
)
def test_a_register_has_a_name(code: str, unit: str, name: str) -> None:
    assert catalogue.name_of(Obis.parse(code), unit) == name


def test_a_code_that_is_cut_short_has_the_same_name() -> None:
    assert catalogue.name_of(Obis(UNSAID, UNSAID, 1, 8, UNSAID), "kWh") == "energy import"


@pytest.mark.parametrize("code", ["0-0:97.98.0", "7-0:3.1.0", "1-0:200.7.0", "0-5:25.1.0"])
def test_a_register_that_nobody_knows_has_none(code: str) -> None:
    assert catalogue.name_of(Obis.parse(code), "") is None


def test_every_reading_is_called_what_its_sensor_is_called() -> None:
    for tariff in range(1, 5):
        name = catalogue.name_of(Obis(1, 0, 1, 8, tariff), "Wh")
        assert name == SENSORS[f"energy_import_tariff_{tariff}"].name_en.lower()


# --- What values a reading can have ---


@pytest.mark.parametrize(
    ("key", "measured"),
    [
        ("power", Quantity.ACTIVE),
        ("power_export_l3", Quantity.ACTIVE),
        ("reactive_power_import", Quantity.REACTIVE),
        ("apparent_power_l1", Quantity.APPARENT),
        ("energy_import_tariff_4", Quantity.ACTIVE_ENERGY),
        ("reactive_energy_export", Quantity.REACTIVE_ENERGY),
        ("voltage_l2", Quantity.VOLTAGE),
        ("current_n", Quantity.CURRENT),
        ("power_factor", Quantity.POWER_FACTOR),
        ("power_factor_l1", Quantity.POWER_FACTOR),
        ("phase_angle_l3", Quantity.ANGLE),
        ("frequency", Quantity.FREQUENCY),
        ("gas", None),
        ("timestamp", None),
    ],
)
def test_a_reading_measures_a_quantity(key: str, measured: Quantity | None) -> None:
    assert catalogue.quantity_of_reading(key) is measured


def test_every_reading_measures_what_its_registers_measure() -> None:
    for key, code, *_ in golden.table(golden.READINGS):
        measured = catalogue.quantity_of(golden.parse(code)) if code else None
        assert catalogue.quantity_of_reading(key) is measured, key


def test_a_reading_is_bounded_like_its_quantity() -> None:
    voltage = QUANTITIES[Quantity.VOLTAGE].bounds
    assert catalogue.bounds_of_reading("voltage_l1") == voltage
    current = QUANTITIES[Quantity.CURRENT].bounds
    assert catalogue.bounds_of_reading("current_n") == current.at(CONNECTION_WATTS)
    assert catalogue.bounds_of_reading("current_n", 20_000.0) == current.at(20_000.0)


def test_what_is_no_electricity_is_a_counter() -> None:
    assert catalogue.bounds_of_reading("gas") is COUNTER
