"""What registers are called where people look at a line."""

import pytest

from app.cosem.obis import UNSAID, Obis
from app.meters.register_names import name_of
from app.meters.sensors import SENSORS


@pytest.mark.parametrize(
    ("code", "unit", "name"),
    [
        ("1-0:1.8.0", "Wh", "energy import"),
        ("1-0:2.8.2", "kWh", "energy export tariff 2"),
        ("1-0:32.7.0", "V", "voltage L1"),
        ("1-0:1.7.0", "", "active power import"),  # of no known unit, and so no reading
        ("1-0:32.7.0", "", "voltage L1"),
        ("1-0:5.8.0", "varh", "reactive energy quadrant 1"),
        ("1-0:1.8.7", "Wh", "active energy import tariff 7"),
        ("1-0:15.8.0", "Wh", "active energy import and export"),
        ("1-0:1.6.0", "kW", "maximum active power import"),
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
    assert name_of(Obis.parse(code), unit) == name


def test_a_code_that_is_cut_short_has_the_same_name() -> None:
    assert name_of(Obis(UNSAID, UNSAID, 1, 8, UNSAID), "kWh") == "energy import"


@pytest.mark.parametrize("code", ["0-0:97.98.0", "7-0:3.1.0", "1-0:200.7.0", "0-5:25.1.0"])
def test_a_register_that_nobody_knows_has_none(code: str) -> None:
    assert name_of(Obis.parse(code), "") is None


def test_every_reading_is_called_what_its_sensor_is_called() -> None:
    for tariff in range(1, 5):
        name = name_of(Obis(1, 0, 1, 8, tariff), "Wh")
        assert name == SENSORS[f"energy_import_tariff_{tariff}"].name_en.lower()
