"""The one table of what can be published: a row for every reading, and for every diagnostic.

Units, device classes and state classes are pairs that Home Assistant Core accepts together
(homeassistant/components/sensor/const.py); it refuses an entity whose pair it does not know.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Sensor(NamedTuple):
    """A reading, as Home Assistant is to show it.

    Args:
        key: the reading's key, the same in the state message, unique ids and ``decode``.
        name_en: the English name.
        name_de: the German name, as people in Austria know it from their bill.
        unit: what values are in; None when they are a bare number or no number.
        device_class: Home Assistant's kind of quantity; None when it has none for it.
        state_class: what its long-term statistics keep; None when there is nothing to keep.
        precision: decimal places shown unless the user chooses others; None when it is no number.
        display_unit: the unit that Home Assistant shows, where that is another than ``unit``.
        options: all values that there can be, of what takes one of a few.
        diagnostic: about the meter and not about electricity.
        enabled: shown from the start; otherwise the user may enable it.
        platform: Home Assistant's sort of entity, ``sensor`` or ``binary_sensor``.
        details: whether the entity has attributes of its own.
        live: whether the entity follows every telegram; others have the pace of details.
    """

    key: str
    name_en: str
    name_de: str
    unit: str | None
    device_class: str | None
    state_class: str | None
    precision: int | None
    display_unit: str | None = None
    options: tuple[str, ...] = ()
    diagnostic: bool = False
    enabled: bool = True
    platform: str = "sensor"
    details: bool = False
    live: bool = False

    def name(self, language: str) -> str:
        """Give the name in a language: ``de``, or else English."""
        return self.name_de if language == "de" else self.name_en


TARIFFS: Final = range(1, 6)
"""The tariffs that energies are counted by."""

RELAYS: Final = range(1, 5)
"""The relays of a meter, such as those for a boiler."""


class _Presentation(NamedTuple):
    unit: str | None
    device_class: str | None
    state_class: str | None
    precision: int | None
    display_unit: str | None = None
    options: tuple[str, ...] = ()


_ENERGY: Final = _Presentation("kWh", "energy", "total_increasing", 3)
# The sum of import and export is nothing that the Energy dashboard may count.
_COMBINED_ENERGY: Final = _Presentation("kWh", "energy", "total", 3)
_REACTIVE_ENERGY: Final = _Presentation("kvarh", "reactive_energy", "total_increasing", 3)
_POWER: Final = _Presentation("W", "power", "measurement", 0)
# Bills are by kW. MQTT discovery knows no suggested unit, so the template converts.
_PEAK: Final = _Presentation("W", "power", "measurement", 3, display_unit="kW")
_REACTIVE_POWER: Final = _Presentation("var", "reactive_power", "measurement", 0)
_APPARENT_POWER: Final = _Presentation("VA", "apparent_power", "measurement", 0)
_VOLTAGE: Final = _Presentation("V", "voltage", "measurement", 1)
_CURRENT: Final = _Presentation("A", "current", "measurement", 2)
_POWER_FACTOR: Final = _Presentation(None, "power_factor", "measurement", 3)
# The mean of 359° and 1° is 0°: that takes the state class made for angles.
_ANGLE: Final = _Presentation("°", None, "measurement_angle", 0)
_FREQUENCY: Final = _Presentation("Hz", "frequency", "measurement", 2)
_GAS: Final = _Presentation("m³", "gas", "total_increasing", 3)
_WATER: Final = _Presentation("m³", "water", "total_increasing", 3)
_HEAT: Final = _Presentation("GJ", "energy", "total_increasing", 3)
_MOMENT: Final = _Presentation(None, "timestamp", None, None)
_COUNT: Final = _Presentation(None, None, "total_increasing", 0)
_SIZE: Final = _Presentation("B", "data_size", "total_increasing", 0)
_SHARE: Final = _Presentation("%", None, "measurement", 1)
_SECONDS: Final = _Presentation("s", "duration", "measurement", 0)
_TEXT: Final = _Presentation(None, None, None, None)
_ENUM: Final = _Presentation(None, "enum", None, None)
_TARIFF: Final = _ENUM._replace(options=("1", "2", "3", "4"))
_BREAKER: Final = _ENUM._replace(options=("disconnected", "connected", "ready"))
_SWITCH: Final = _Presentation(None, None, None, None)
_OPENING: Final = _Presentation(None, "opening", None, None)


def _tariffs(total: Sensor) -> Iterator[Sensor]:
    """Repeat a row for the tariffs, of which households have two at most."""
    for n in TARIFFS:
        yield total._replace(
            key=f"{total.key}_tariff_{n}",
            name_en=f"{total.name_en} tariff {n}",
            name_de=f"{total.name_de} Tarif {n}",
            enabled=total.enabled and n <= 2,  # noqa: PLR2004 - said above
        )


def _phases(total: Sensor) -> Iterator[Sensor]:
    """Repeat a row for the phases L1 to L3."""
    for n in range(1, 4):
        yield total._replace(
            key=f"{total.key}_l{n}",
            name_en=f"{total.name_en} L{n}",
            name_de=f"{total.name_de} L{n}",
        )


def _phase_averages(total: Sensor) -> Iterator[Sensor]:
    """Repeat a row for the averages of the phases."""
    for sensor in _phases(total):
        yield sensor._replace(key=f"{sensor.key}_average")


def _quadrants(total: Sensor) -> Iterator[Sensor]:
    """Repeat a row for the quadrants of reactive power."""
    for n in range(1, 5):
        yield total._replace(
            key=f"{total.key}_q{n}",
            name_en=f"{total.name_en} quadrant {n}",
            name_de=f"{total.name_de} Quadrant {n}",
        )


def _numbered(first: Sensor, numbers: Iterable[int]) -> Iterator[Sensor]:
    """Repeat a row for several of a kind."""
    for n in numbers:
        yield first._replace(
            key=f"{first.key}_{n}",
            name_en=f"{first.name_en} {n}",
            name_de=f"{first.name_de} {n}",
        )


def _with_tariffs(total: Sensor) -> Iterator[Sensor]:
    yield total
    yield from _tariffs(total)


def _with_numbers(first: Sensor, others: Iterable[int]) -> Iterator[Sensor]:
    yield first
    yield from _numbered(first, others)


def _rare(*sensors: Sensor) -> Iterator[Sensor]:
    """Make rows of what few look at, and what is about the meter."""
    for sensor in sensors:
        yield sensor._replace(diagnostic=True, enabled=False)


def _with_phases(total: Sensor) -> Iterator[Sensor]:
    yield total
    yield from _phases(total)


_STATES: Final = (
    Sensor("active_tariff", "Active tariff", "Aktiver Tarif", *_TARIFF),
    *_rare(
        Sensor("power_limit", "Power limit", "Leistungsgrenze", *_POWER),
        Sensor(
            "apparent_power_limit",
            "Apparent power limit",
            "Scheinleistungsgrenze",
            *_APPARENT_POWER,
        ),
        *_with_phases(Sensor("current_limit", "Current limit", "Stromgrenze", *_CURRENT)),
        Sensor("breaker", "Breaker", "Abschalteinrichtung", *_BREAKER),
        Sensor("power_failures", "Power failures", "Stromausfälle", *_COUNT),
        Sensor(
            "long_power_failures",
            "Long power failures",
            "Lange Stromausfälle",
            *_COUNT,
            details=True,
        ),
        *_phases(Sensor("voltage_sags", "Voltage sags", "Spannungseinbrüche", *_COUNT)),
        *_phases(Sensor("voltage_swells", "Voltage swells", "Spannungsüberhöhungen", *_COUNT)),
        *_with_numbers(
            Sensor("message", "Message", "Nachricht", *_TEXT, details=True), range(2, 6)
        ),
        Sensor("p1_version", "P1 version", "P1-Version", *_TEXT),
        Sensor("error_register", "Error register", "Fehlerregister", *_TEXT),
    ),
    Sensor("message_code", "Message code", "Nachrichtencode", *_TEXT, enabled=False),
    *_numbered(
        Sensor("relay", "Relay", "Relais", *_SWITCH, enabled=False, platform="binary_sensor"),
        RELAYS,
    ),
)
"""What a meter says of itself and of what it is set to, beside what it measures."""

_TABLE: Final = (
    *_with_tariffs(Sensor("energy_import", "Energy import", "Bezug", *_ENERGY)),
    *_with_tariffs(Sensor("energy_export", "Energy export", "Einspeisung", *_ENERGY)),
    *_phases(Sensor("energy_import", "Energy import", "Bezug", *_ENERGY, enabled=False)),
    *_phases(Sensor("energy_export", "Energy export", "Einspeisung", *_ENERGY, enabled=False)),
    Sensor(
        "energy_combined",
        "Energy import and export",
        "Bezug und Einspeisung",
        *_COMBINED_ENERGY,
        enabled=False,
    ),
    Sensor("power", "Power", "Wirkleistung", *_POWER, live=True),
    *_phases(Sensor("power", "Power", "Wirkleistung", *_POWER)),
    Sensor("power_import", "Power import", "Wirkleistung Bezug", *_POWER, live=True),
    # What a phase takes and gives is its signed power once more.
    *_phases(Sensor("power_import", "Power import", "Wirkleistung Bezug", *_POWER, enabled=False)),
    Sensor("power_export", "Power export", "Wirkleistung Einspeisung", *_POWER, live=True),
    *_phases(
        Sensor("power_export", "Power export", "Wirkleistung Einspeisung", *_POWER, enabled=False)
    ),
    Sensor("power_import_average", "Average power import", "Mittlere Leistung Bezug", *_POWER),
    Sensor("power_import_peak", "Peak power import", "Leistungsspitze Bezug", *_PEAK, details=True),
    Sensor(
        "power_export_average",
        "Average power export",
        "Mittlere Leistung Einspeisung",
        *_POWER,
        enabled=False,
    ),
    Sensor(
        "power_export_peak",
        "Peak power export",
        "Leistungsspitze Einspeisung",
        *_PEAK,
        enabled=False,
        details=True,
    ),
    Sensor(
        "power_combined",
        "Power import and export",
        "Wirkleistung Bezug und Einspeisung",
        *_POWER,
        enabled=False,
    ),
    *_phases(Sensor("voltage", "Voltage", "Spannung", *_VOLTAGE)),
    *_phase_averages(
        Sensor("voltage", "Average voltage", "Mittlere Spannung", *_VOLTAGE, enabled=False)
    ),
    *_phases(Sensor("current", "Current", "Strom", *_CURRENT)),
    *_phase_averages(
        Sensor("current", "Average current", "Mittlerer Strom", *_CURRENT, enabled=False)
    ),
    Sensor("current_n", "Neutral current", "Strom Neutralleiter", *_CURRENT),
    Sensor("power_factor", "Power factor", "Leistungsfaktor", *_POWER_FACTOR),
    *_phases(
        Sensor("power_factor", "Power factor", "Leistungsfaktor", *_POWER_FACTOR, enabled=False)
    ),
    *_phases(Sensor("phase_angle", "Phase angle", "Phasenwinkel", *_ANGLE, enabled=False)),
    Sensor("frequency", "Frequency", "Netzfrequenz", *_FREQUENCY),
    # Mostly the product of voltage and current.
    *_with_phases(
        Sensor(
            "apparent_power", "Apparent power", "Scheinleistung", *_APPARENT_POWER, enabled=False
        )
    ),
    Sensor(
        "apparent_power_export",
        "Apparent power export",
        "Scheinleistung Einspeisung",
        *_APPARENT_POWER,
        enabled=False,
    ),
    *_with_phases(
        Sensor(
            "reactive_power_import",
            "Reactive power import",
            "Blindleistung Bezug",
            *_REACTIVE_POWER,
            enabled=False,
        )
    ),
    *_with_phases(
        Sensor(
            "reactive_power_export",
            "Reactive power export",
            "Blindleistung Einspeisung",
            *_REACTIVE_POWER,
            enabled=False,
        )
    ),
    *_with_tariffs(
        Sensor(
            "reactive_energy_import",
            "Reactive energy import",
            "Blindenergie Bezug",
            *_REACTIVE_ENERGY,
            enabled=False,
        )
    ),
    *_with_tariffs(
        Sensor(
            "reactive_energy_export",
            "Reactive energy export",
            "Blindenergie Einspeisung",
            *_REACTIVE_ENERGY,
            enabled=False,
        )
    ),
    *_quadrants(
        Sensor("reactive_power", "Reactive power", "Blindleistung", *_REACTIVE_POWER, enabled=False)
    ),
    *(
        sensor
        for total in _quadrants(
            Sensor(
                "reactive_energy",
                "Reactive energy",
                "Blindenergie",
                *_REACTIVE_ENERGY,
                enabled=False,
            )
        )
        for sensor in _with_tariffs(total)
    ),
    Sensor("gas", "Gas", "Gas", *_GAS),
    Sensor("water", "Water", "Wasser", *_WATER),
    Sensor("heat", "Heat", "Wärme", *_HEAT),
    Sensor("cooling", "Cooling", "Kälte", *_HEAT),
    # Of an electricity meter behind the meter.
    Sensor("energy", "Energy", "Energie", *_ENERGY),
    Sensor("valve", "Valve", "Ventil", *_OPENING, enabled=False, platform="binary_sensor"),
    *_STATES,
    *_rare(Sensor("timestamp", "Meter time", "Zählerzeit", *_MOMENT)),
)

_PROBLEM: Final = Sensor(
    "problem",
    "Problem",
    "Problem",
    None,
    "problem",
    None,
    None,
    platform="binary_sensor",
    details=True,
)

_DIAGNOSTICS: Final = (
    _PROBLEM,
    # Each change of a moment is shown on Home Assistant's page Activity, none of a number is.
    Sensor("last_telegram", "Last telegram", "Letztes Telegramm", *_MOMENT, enabled=False),
    Sensor("silence", "Time without telegrams", "Zeit ohne Telegramme", *_SECONDS),
    Sensor("telegrams", "Telegrams received", "Empfangene Telegramme", *_COUNT),
    Sensor("errors", "Errors", "Fehler", *_COUNT, details=True),
    Sensor("signal_health", "Signal quality", "Signalqualität", *_SHARE),
    Sensor("parity_errors", "Parity errors", "Paritätsfehler", *_COUNT),
    Sensor("clock_drift", "Clock drift", "Uhrabweichung", *_SECONDS),
    Sensor("serial_mode", "Serial mode", "Serieller Modus", *_TEXT),
    Sensor("invocation_counter", "Invocation counter", "Aufrufzähler", *_COUNT, enabled=False),
)

_LINE_DIAGNOSTICS: Final = (
    _PROBLEM,
    Sensor("meter", "Meter", "Zähler", *_TEXT),
    Sensor(
        "line",
        "Line",
        "Leitung",
        None,
        "connectivity",
        None,
        None,
        platform="binary_sensor",
        details=True,
    ),
    Sensor("bytes", "Bytes received", "Empfangene Bytes", *_SIZE),
    Sensor("frames", "Frames received", "Empfangene Rahmen", *_COUNT),
)

SENSORS: Final[dict[str, Sensor]] = {sensor.key: sensor for sensor in _TABLE}
"""Every row by its key, in the order in which they are announced."""

TARIFFS_OF: Final[dict[str, tuple[str, ...]]] = {
    key: tuple(f"{key}_tariff_{n}" for n in TARIFFS)
    for key in SENSORS
    if f"{key}_tariff_1" in SENSORS
}
"""The keys of the tariffs that add up to each total."""

DIAGNOSTICS: Final[dict[str, Sensor]] = {
    sensor.key: sensor._replace(diagnostic=True) for sensor in _DIAGNOSTICS
}
"""What is told of the line to a meter, in the same manner; `line.health` knows the values."""

LINE_DIAGNOSTICS: Final[dict[str, Sensor]] = {
    sensor.key: sensor._replace(diagnostic=True) for sensor in _LINE_DIAGNOSTICS
}
"""What is told of a line, also before any meter is heard, in the same manner."""
