"""The one table of what can be published: a row for every reading, and for every diagnostic.

Units, device classes and state classes are pairs that Home Assistant Core accepts together
(homeassistant/components/sensor/const.py); it refuses an entity whose pair it does not know.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True)
class Sensor:
    """A reading, as Home Assistant is to show it.

    Args:
        key: the reading's key, the same in the state message, unique ids and ``decode``.
        name_en: the English name.
        name_de: the German name, as people in Austria know it from their bill.
        unit: what values are in; None when they are a bare number or no number.
        device_class: Home Assistant's kind of quantity; None when it has none for it.
        state_class: what its long-term statistics keep; None when there is nothing to keep.
        precision: decimal places shown unless the user chooses others; None when it is no number.
        diagnostic: about the meter and not about electricity.
        enabled: shown from the start; otherwise the user may enable it.
        platform: Home Assistant's sort of entity, ``sensor`` or ``binary_sensor``.
        details: whether the entity has attributes of its own.
    """

    key: str
    name_en: str
    name_de: str
    unit: str | None
    device_class: str | None
    state_class: str | None
    precision: int | None
    diagnostic: bool = False
    enabled: bool = True
    platform: str = "sensor"
    details: bool = False

    def name(self, language: str) -> str:
        """Give the name in a language: ``de``, or else English."""
        return self.name_de if language == "de" else self.name_en


class _Presentation(NamedTuple):
    unit: str | None
    device_class: str | None
    state_class: str | None
    precision: int | None


_ENERGY: Final = _Presentation("kWh", "energy", "total_increasing", 3)
_REACTIVE_ENERGY: Final = _Presentation("kvarh", "reactive_energy", "total_increasing", 3)
_POWER: Final = _Presentation("W", "power", "measurement", 0)
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
_SHARE: Final = _Presentation("%", None, "measurement", 1)
_SECONDS: Final = _Presentation("s", "duration", "measurement", 0)
_TEXT: Final = _Presentation(None, None, None, None)


def _tariffs(total: Sensor) -> Iterator[Sensor]:
    """Repeat a row for tariffs 1 to 4, of which households have two at most."""
    for n in range(1, 5):
        yield replace(
            total,
            key=f"{total.key}_tariff_{n}",
            name_en=f"{total.name_en} tariff {n}",
            name_de=f"{total.name_de} Tarif {n}",
            enabled=total.enabled and n <= 2,  # noqa: PLR2004 - said above
        )


def _phases(total: Sensor) -> Iterator[Sensor]:
    """Repeat a row for the phases L1 to L3."""
    for n in range(1, 4):
        yield replace(
            total,
            key=f"{total.key}_l{n}",
            name_en=f"{total.name_en} L{n}",
            name_de=f"{total.name_de} L{n}",
        )


def _with_tariffs(total: Sensor) -> Iterator[Sensor]:
    yield total
    yield from _tariffs(total)


def _with_phases(total: Sensor) -> Iterator[Sensor]:
    yield total
    yield from _phases(total)


_TABLE: Final = (
    *_with_tariffs(Sensor("energy_import", "Energy import", "Bezug", *_ENERGY)),
    *_with_tariffs(Sensor("energy_export", "Energy export", "Einspeisung", *_ENERGY)),
    *_with_phases(Sensor("power", "Power", "Wirkleistung", *_POWER)),
    *_with_phases(Sensor("power_import", "Power import", "Wirkleistung Bezug", *_POWER)),
    *_with_phases(Sensor("power_export", "Power export", "Wirkleistung Einspeisung", *_POWER)),
    *_phases(Sensor("voltage", "Voltage", "Spannung", *_VOLTAGE)),
    *_phases(Sensor("current", "Current", "Strom", *_CURRENT)),
    Sensor("current_n", "Neutral current", "Strom Neutralleiter", *_CURRENT),
    Sensor("power_factor", "Power factor", "Leistungsfaktor", *_POWER_FACTOR),
    *_phases(
        Sensor("power_factor", "Power factor", "Leistungsfaktor", *_POWER_FACTOR, enabled=False)
    ),
    *_phases(Sensor("phase_angle", "Phase angle", "Phasenwinkel", *_ANGLE, enabled=False)),
    Sensor("frequency", "Frequency", "Netzfrequenz", *_FREQUENCY),
    *_with_phases(Sensor("apparent_power", "Apparent power", "Scheinleistung", *_APPARENT_POWER)),
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
    Sensor("gas", "Gas", "Gas", *_GAS),
    Sensor("water", "Water", "Wasser", *_WATER),
    Sensor("heat", "Heat", "Wärme", *_HEAT),
    Sensor("timestamp", "Meter time", "Zählerzeit", *_MOMENT, diagnostic=True),
)

_DIAGNOSTICS: Final = (
    Sensor(
        "problem",
        "Problem",
        "Problem",
        None,
        "problem",
        None,
        None,
        platform="binary_sensor",
        details=True,
    ),
    Sensor("last_telegram", "Last telegram", "Letztes Telegramm", *_MOMENT),
    Sensor("telegrams", "Telegrams received", "Empfangene Telegramme", *_COUNT),
    Sensor("errors", "Errors", "Fehler", *_COUNT, details=True),
    Sensor("signal_health", "Signal quality", "Signalqualität", *_SHARE),
    Sensor("clock_drift", "Clock drift", "Uhrabweichung", *_SECONDS),
    Sensor("serial_mode", "Serial mode", "Serieller Modus", *_TEXT),
    Sensor("invocation_counter", "Invocation counter", "Aufrufzähler", *_COUNT, enabled=False),
)

SENSORS: Final[dict[str, Sensor]] = {sensor.key: sensor for sensor in _TABLE}
"""Every row by its key, in the order in which they are announced."""

DIAGNOSTICS: Final[dict[str, Sensor]] = {
    sensor.key: replace(sensor, diagnostic=True) for sensor in _DIAGNOSTICS
}
"""What is told of the line to a meter, in the same manner; `line.health` knows the values."""
