"""What Home Assistant is told about a meter: one message with the device and all its entities.

The form is Home Assistant's device-based MQTT discovery. On the top level Core allows only what
the schema names (homeassistant/components/mqtt/schemas.py); one key more and it drops the device.
"""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from app.meters.reading import Meter
from app.meters.sensors import SENSORS, Sensor
from app.mqtt.topics import Topics

ORIGIN: Final = "Smart meter"

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def payload(
    meter: Meter,
    keys: Collection[str],
    *,
    topics: Topics,
    language: str,
    version: str,
    name: str | None = None,
) -> dict[str, object]:
    """Describe a meter to Home Assistant.

    Args:
        meter: the meter.
        keys: the reading keys that it sends; those without a row in the table are left out.
        topics: where its messages go.
        language: ``de`` or ``en``, of the entities' names.
        version: the program's.
        name: the device's name; None makes one of manufacturer and model.

    Returns:
        The message for ``topics.discovery``, of values that JSON knows.
    """
    device_name = name or f"{meter.manufacturer} {meter.model}".strip()
    prefix = slug(device_name) or f"smartmeter_{slug(meter.id)}"
    return {
        "dev": _device(meter, device_name),
        "o": {"name": ORIGIN, "sw_version": version},
        "cmps": {
            key: _component(sensor, meter, prefix, language)
            for key, sensor in SENSORS.items()
            if key in keys
        },
        "state_topic": topics.state(meter.id),
        "availability": [{"topic": topics.status}, {"topic": topics.meter_status(meter.id)}],
        "availability_mode": "all",
    }


def slug(text: str) -> str:
    """Give a text in the characters of an entity id: ``Zähler Süd`` as ``zaehler_sued``.

    A text without any letter or digit of ASCII gives nothing.
    """
    text = text.lower().translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_")


def _device(meter: Meter, name: str) -> dict[str, object]:
    device: dict[str, object] = {
        "identifiers": [f"smartmeter_{meter.id}"],
        "name": name,
        "manufacturer": meter.manufacturer,
        "model": meter.model,
    }
    if meter.number is not None:
        device["serial_number"] = meter.number
    return device


def _component(sensor: Sensor, meter: Meter, prefix: str, language: str) -> dict[str, object]:
    # A telegram need not carry every reading. A number that is missing keeps its last value, which
    # is what Core makes of an empty text; a missing moment is unknown, which is its "None".
    missing = "None" if sensor.device_class == "timestamp" else ""
    component: dict[str, object] = {
        "p": "sensor",
        "unique_id": f"smartmeter_{meter.id}_{sensor.key}",
        "default_entity_id": f"sensor.{prefix}_{sensor.key}",
        "name": sensor.name(language),
        "value_template": f"{{{{ value_json.{sensor.key} | default('{missing}') }}}}",
    }
    optional = {
        "unit_of_measurement": sensor.unit,
        "device_class": sensor.device_class,
        "state_class": sensor.state_class,
        "suggested_display_precision": sensor.precision,
    }
    component.update((key, value) for key, value in optional.items() if value is not None)
    if sensor.diagnostic:
        component["entity_category"] = "diagnostic"
    if not sensor.enabled:
        component["enabled_by_default"] = False
    return component
