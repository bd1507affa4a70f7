import re

import pytest

from app.meters.sensors import SENSORS, Sensor

PHASES = ("l1", "l2", "l3")
TARIFFS = ("tariff_1", "tariff_2", "tariff_3", "tariff_4", "tariff_5")
QUADRANTS = ("q1", "q2", "q3", "q4")


def numbered(stem: str, suffixes: tuple[str, ...]) -> list[str]:
    return [f"{stem}_{suffix}" for suffix in suffixes]


KEYS = {
    *("energy_import", *numbered("energy_import", TARIFFS)),
    *("energy_export", *numbered("energy_export", TARIFFS)),
    *("reactive_energy_import", *numbered("reactive_energy_import", TARIFFS)),
    *("reactive_energy_export", *numbered("reactive_energy_export", TARIFFS)),
    *("power", *numbered("power", PHASES)),
    *("power_import", *numbered("power_import", PHASES)),
    *("power_export", *numbered("power_export", PHASES)),
    *("reactive_power_import", *numbered("reactive_power_import", PHASES)),
    *("reactive_power_export", *numbered("reactive_power_export", PHASES)),
    *("apparent_power", *numbered("apparent_power", PHASES)),
    *(*numbered("energy_import", PHASES), *numbered("energy_export", PHASES), "energy_combined"),
    *("power_import_average", "power_import_peak", "power_export_average", "power_export_peak"),
    *("power_combined", "apparent_power_export"),
    *numbered("reactive_power", QUADRANTS),
    *numbered("reactive_energy", QUADRANTS),
    *(f"reactive_energy_{q}_{tariff}" for q in QUADRANTS for tariff in TARIFFS),
    *(*numbered("voltage", PHASES), *(f"voltage_{phase}_average" for phase in PHASES)),
    *(*numbered("current", PHASES), *(f"current_{phase}_average" for phase in PHASES)),
    "current_n",
    *("power_factor", *numbered("power_factor", PHASES)),
    *numbered("phase_angle", PHASES),
    "frequency",
    *("gas", "water", "heat", "cooling", "energy", "valve"),
    *("active_tariff", "breaker", *numbered("relay", ("1", "2", "3", "4"))),
    *("power_limit", "apparent_power_limit", "current_limit", *numbered("current_limit", PHASES)),
    *("power_failures", "long_power_failures"),
    *(*numbered("voltage_sags", PHASES), *numbered("voltage_swells", PHASES)),
    *("message", *numbered("message", ("2", "3", "4", "5")), "message_code"),
    *("p1_version", "error_register"),
    "timestamp",
}

# By device class: units and the state class that Home Assistant Core accepts with it.
PAIRS: dict[str | None, tuple[set[str | None], str | None]] = {
    "energy": ({"kWh", "GJ"}, "total_increasing"),
    "enum": ({None}, None),
    "opening": ({None}, None),
    "reactive_energy": ({"kvarh"}, "total_increasing"),
    "power": ({"W"}, "measurement"),
    "reactive_power": ({"var"}, "measurement"),
    "apparent_power": ({"VA"}, "measurement"),
    "voltage": ({"V"}, "measurement"),
    "current": ({"A"}, "measurement"),
    "frequency": ({"Hz"}, "measurement"),
    "power_factor": ({None}, "measurement"),
    "gas": ({"m³"}, "total_increasing"),
    "water": ({"m³"}, "total_increasing"),
    "timestamp": ({None}, None),
    None: ({"°"}, "measurement_angle"),
}

COUNTS = re.compile("(long_)?power_failures|voltage_(sags|swells)_l[123]")
TEXTS = re.compile("message(_[2-5]|_code)?|p1_version|error_register")
STATES = re.compile("active_tariff|breaker|relay_[1-4]|valve")

EVERY_SENSOR = pytest.mark.parametrize("sensor", SENSORS.values(), ids=SENSORS)


def test_the_table_has_every_reading_key_and_no_other() -> None:
    assert set(SENSORS) == KEYS


@EVERY_SENSOR
def test_a_row_is_found_under_its_own_key(sensor: Sensor) -> None:
    assert SENSORS[sensor.key] is sensor


@EVERY_SENSOR
def test_unit_and_classes_go_together(sensor: Sensor) -> None:
    units, state_class = PAIRS[sensor.device_class]
    if COUNTS.fullmatch(sensor.key):
        units, state_class = {None}, "total_increasing"
    elif TEXTS.fullmatch(sensor.key) or sensor.key.startswith("relay_"):
        units, state_class = {None}, None
    elif sensor.key == "energy_combined":
        state_class = "total"
    assert sensor.unit in units
    assert sensor.state_class == state_class


@EVERY_SENSOR
def test_what_takes_one_of_a_few_values_says_which(sensor: Sensor) -> None:
    assert bool(sensor.options) == (sensor.device_class == "enum")


def test_electricity_is_counted_in_one_unit_and_heat_in_its_own() -> None:
    """Heat meters count gigajoules, which Home Assistant takes for energy, too."""
    joules = [sensor.key for sensor in SENSORS.values() if sensor.unit == "GJ"]
    assert joules == ["heat", "cooling"]


def test_the_peaks_of_a_bill_are_shown_in_its_unit() -> None:
    shown = {key: row.display_unit for key, row in SENSORS.items() if row.display_unit}
    assert shown == {"power_import_peak": "kW", "power_export_peak": "kW"}


@EVERY_SENSOR
def test_a_key_says_which_quantity_it_is(sensor: Sensor) -> None:
    if any(form.fullmatch(sensor.key) for form in (COUNTS, TEXTS, STATES)):
        return
    stem = re.sub(r"(_average|_peak)$", "", sensor.key)
    stem = re.sub(r"(_l[123]|_n|_tariff_[1-5])?$", "", stem)
    stem = re.sub(r"_(import|export|combined|limit|q[1-4])$", "", stem)
    expected = "energy" if stem in {"heat", "cooling"} else stem
    assert expected == (sensor.device_class or "phase_angle")


@EVERY_SENSOR
def test_names_are_short_and_tell_phase_and_tariff(sensor: Sensor) -> None:
    for name, tariff in ((sensor.name_en, "tariff"), (sensor.name_de, "Tarif")):
        assert name[0].isupper()
        assert len(name) <= 40
        number = sensor.key[-1]
        if "_tariff_" in sensor.key:
            assert name.endswith(f" {tariff} {number}")
        if sensor.key.endswith(PHASES):
            assert name.endswith(f" L{number}")


@EVERY_SENSOR
def test_only_what_is_no_number_has_no_precision(sensor: Sensor) -> None:
    is_number = not (TEXTS.fullmatch(sensor.key) or STATES.fullmatch(sensor.key))
    is_number = is_number and sensor.device_class != "timestamp"
    assert (sensor.precision is not None) == is_number


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_two_sensors_have_the_same_name(language: str) -> None:
    names = [sensor.name(language) for sensor in SENSORS.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("key", "english", "german"),
    [
        ("energy_import", "Energy import", "Bezug"),
        ("energy_export", "Energy export", "Einspeisung"),
        ("energy_import_tariff_2", "Energy import tariff 2", "Bezug Tarif 2"),
        ("power", "Power", "Wirkleistung"),
        ("power_import", "Power import", "Wirkleistung Bezug"),
        ("power_export_l3", "Power export L3", "Wirkleistung Einspeisung L3"),
        ("voltage_l1", "Voltage L1", "Spannung L1"),
        ("current_l2", "Current L2", "Strom L2"),
        ("current_n", "Neutral current", "Strom Neutralleiter"),
        ("power_factor", "Power factor", "Leistungsfaktor"),
        ("phase_angle_l1", "Phase angle L1", "Phasenwinkel L1"),
        ("frequency", "Frequency", "Netzfrequenz"),
        ("gas", "Gas", "Gas"),
        ("water", "Water", "Wasser"),
        ("heat", "Heat", "Wärme"),
        ("power_import_average", "Average power import", "Mittlere Leistung Bezug"),
        ("power_import_peak", "Peak power import", "Leistungsspitze Bezug"),
        ("active_tariff", "Active tariff", "Aktiver Tarif"),
        ("current_l1_average", "Average current L1", "Mittlerer Strom L1"),
        ("cooling", "Cooling", "Kälte"),
        ("timestamp", "Meter time", "Zählerzeit"),
    ],
)
def test_readings_are_called_as_people_call_them(key: str, english: str, german: str) -> None:
    assert SENSORS[key].name("en") == english
    assert SENSORS[key].name("de") == german


def test_what_a_household_looks_at_is_shown_from_the_start() -> None:
    for key in ("energy_import", "energy_export", "power", "power_import", "voltage_l1"):
        assert SENSORS[key].enabled
        assert not SENSORS[key].diagnostic


def test_what_few_look_at_waits_to_be_enabled() -> None:
    for key in ("reactive_energy_import", "phase_angle_l1", "power_factor_l1"):
        assert not SENSORS[key].enabled
    assert SENSORS["energy_import_tariff_2"].enabled
    assert not SENSORS["energy_import_tariff_3"].enabled


def test_of_what_p1_meters_say_only_the_usual_is_enabled() -> None:
    enabled = {
        *("active_tariff", "power_import_average", "power_import_peak", "energy_import"),
        *("cooling", "energy", "water"),
    }
    disabled = {
        *("power_export_average", "power_export_peak", "energy_combined", "power_combined"),
        *("reactive_power_q1", "reactive_energy_q4", "apparent_power_export"),
        *("voltage_l1_average", "current_l1_average", "energy_import_l1", "energy_import_tariff_5"),
        *("relay_1", "valve", "message_code"),
    }
    assert all(SENSORS[key].enabled and not SENSORS[key].diagnostic for key in enabled)
    assert not any(SENSORS[key].enabled or SENSORS[key].diagnostic for key in disabled)


def test_what_a_meter_says_of_itself_is_a_diagnostic_and_waits_to_be_enabled() -> None:
    diagnostics = {sensor.key for sensor in SENSORS.values() if sensor.diagnostic}
    assert diagnostics == {
        *("power_limit", "apparent_power_limit", "current_limit"),
        *numbered("current_limit", PHASES),
        *("breaker", "power_failures", "long_power_failures"),
        *(*numbered("voltage_sags", PHASES), *numbered("voltage_swells", PHASES)),
        *("message", *numbered("message", ("2", "3", "4", "5"))),
        *("p1_version", "error_register", "timestamp"),
    }
    assert not {key for key in diagnostics if SENSORS[key].enabled}
