"""Which register is which reading, and in which unit."""

from decimal import Decimal

import pytest

from app.cosem.obis import UNSAID, Obis
from app.cosem.unit import Number
from app.meters import naming
from app.meters.naming import Naming
from app.meters.quantities import QUANTITIES
from app.meters.sensors import SENSORS


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
    assert naming.of(Obis.parse(code), unit) == Naming(key, exponent)


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
    assert naming.of(Obis.parse(code), unit) is None


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("0-0:1.8.0", "Wh"),
        ("7-0:1.8.0", "Wh"),
        ("1-0:1.6.0", "W"),
        ("1-0:5.8.0", "varh"),
        ("1-0:1.8.5", "Wh"),
        ("1-0:81.7.10", "deg"),  # between two voltages
        ("0-0:96.1.0", ""),
    ],
)
def test_other_registers_are_no_readings(code: str, unit: str) -> None:
    assert naming.of(Obis.parse(code), unit) is None


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
    assert naming.of(code, unit) == Naming(key, 0)


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
    assert naming.possible(key, value) is can_be


def test_every_reading_of_electricity_is_some_register() -> None:
    codes = [
        *(Obis(1, 0, c, 7, 0) for c in range(256)),
        *(Obis(1, 0, c, 8, tariff) for c in range(256) for tariff in range(5)),
        *(Obis(1, 0, 81, 7, pair) for pair in range(256)),
    ]
    found = {
        named.key
        for code in codes
        for row in QUANTITIES.values()
        if (named := naming.of(code, row.unit))
    }
    assert found == set(SENSORS) - {"timestamp", "gas", "water", "heat"}
