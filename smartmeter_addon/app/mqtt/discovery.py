"""What Home Assistant is told about a meter: one message with the device and all its entities.

The form is Home Assistant's device-based MQTT discovery. On the top level Core allows only what
the schema names (homeassistant/components/mqtt/schemas.py); one key more and it drops the device.
"""

import re
import unicodedata
from typing import Final

from app.jsontext import dumps
from app.meters.reading import Meter
from app.meters.sensors import DIAGNOSTICS, SENSORS, Sensor
from app.mqtt.announcements import Announcement
from app.mqtt.topics import Topics

ORIGIN: Final = "Smart meter"

_MODELS_DE: Final = {
    "Gas meter": "Gaszähler",
    "Heat meter": "Wärmezähler",
    "Water meter": "Wasserzähler",
    "P1 meter": "P1-Zähler",
    "smart meter": "Smart Meter",
}
"""What stands in for the model of a meter that does not name it, in German."""

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def payload(
    announced: Announcement,
    *,
    topics: Topics,
    language: str,
    version: str,
    configuration_url: str | None = None,
    program_status: str | None = None,
) -> dict[str, object]:
    """Describe a meter to Home Assistant.

    Args:
        announced: the meter, and what it sends; keys without a row in the tables are left out.
        topics: where its messages go.
        language: ``de`` or ``en``, of the entities' names.
        version: the program's.
        configuration_url: where the program is set up; None when that is not known.
        program_status: the topic that says whether the program runs; None for ``topics.status``.

    Returns:
        The message for ``topics.discovery``, of values that JSON knows.
    """
    meter = announced.meter
    device = _device(announced, language, version, configuration_url)
    program = {"topic": program_status or topics.status}
    # In English, as the keys behind it are: another language changes no entity id.
    prefix = slug(_name(announced, "en")) or f"smartmeter_{slug(meter.id)}"
    components: dict[str, object] = {}
    for key, sensor in SENSORS.items():
        if key in announced.keys:
            component = _component(sensor, meter, prefix, language)
            if how := announced.derived.get(key):
                component["json_attributes_topic"] = topics.state(meter.id)
                component["json_attributes_template"] = dumps({"calculated_from": how})
            components[key] = component
    for key, sensor in DIAGNOSTICS.items():
        if key in announced.keys:
            components[key] = _diagnostic(sensor, meter, prefix, language, topics) | {
                "availability": [program]
            }
    for key in announced.gone:
        if row := SENSORS.get(key) or DIAGNOSTICS.get(key):
            components[key] = {"p": row.platform}
    return {
        "dev": device,
        "o": {"name": ORIGIN, "sw_version": version},
        "cmps": components,
        "state_topic": topics.state(meter.id),
        "availability": [program, {"topic": topics.meter_status(meter.id)}],
        "availability_mode": "all",
    }


def slug(text: str) -> str:
    """Give a text in the characters of an entity id: ``Zähler Süd`` as ``zaehler_sued``.

    A text without any letter or digit of ASCII gives nothing.
    """
    text = text.lower().translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_")


def _name(announced: Announcement, language: str) -> str:
    meter = announced.meter
    return announced.name or f"{meter.manufacturer} {_model(meter, language)}".strip()


def _model(meter: Meter, language: str) -> str:
    return _MODELS_DE.get(meter.model, meter.model) if language == "de" else meter.model


def _device(
    announced: Announcement, language: str, version: str, configuration_url: str | None
) -> dict[str, object]:
    meter = announced.meter
    device: dict[str, object] = {
        "identifiers": [f"smartmeter_{meter.id}"],
        "name": _name(announced, language),
        "model": _model(meter, language),
        "sw_version": version,
    }
    optional = {
        "manufacturer": meter.manufacturer,
        "serial_number": meter.number,
        "configuration_url": configuration_url,
    }
    device.update((key, value) for key, value in optional.items() if value)
    return device


def _diagnostic(
    sensor: Sensor, meter: Meter, prefix: str, language: str, topics: Topics
) -> dict[str, object]:
    """Describe what is told of the line, which is known also while the meter is not heard."""
    component = {
        **_component(sensor, meter, prefix, language),
        "state_topic": topics.diagnostics(meter.id),
    }
    if sensor.details:
        component["json_attributes_topic"] = topics.diagnostics(meter.id)
        component["json_attributes_template"] = (
            f"{{{{ value_json.{sensor.key}_details | default({{}}) | tojson }}}}"
        )
    return component


def _component(sensor: Sensor, meter: Meter, prefix: str, language: str) -> dict[str, object]:
    # A telegram need not carry every reading. A number that is missing keeps its last value, which
    # is what Core makes of an empty text; a missing moment is unknown, which is its "None".
    missing = "None" if sensor.device_class == "timestamp" else ""
    component: dict[str, object] = {
        "p": sensor.platform,
        "unique_id": f"smartmeter_{meter.id}_{sensor.key}",
        "default_entity_id": f"{sensor.platform}.{prefix}_{sensor.key}",
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
