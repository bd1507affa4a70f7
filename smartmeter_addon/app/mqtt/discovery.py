"""The discovery message of a meter: its device with all its entities, in one message.

The form is that of Home Assistant's device-based MQTT discovery. On the top level Core accepts only
the keys of its schema (homeassistant/components/mqtt/schemas.py); with one key more it refuses the
whole device.
"""

import re
import unicodedata
from typing import Final

from app.jsontext import dumps
from app.meters import quantities
from app.meters.model_names import model_name
from app.meters.reading import Meter
from app.meters.sensors import DIAGNOSTICS, SENSORS, Sensor
from app.mqtt.announcements import Announcement
from app.mqtt.topics import Topics

ORIGIN: Final = "Smart meter"

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def payload(
    announcement: Announcement,
    *,
    topics: Topics,
    language: str,
    version: str,
    configuration_url: str | None = None,
    program_status: str | None = None,
    via: str | None = None,
) -> dict[str, object]:
    """Describe a meter to Home Assistant.

    Args:
        announcement: the meter and the keys that it sends; keys that `sensors` does not have are
            left out.
        topics: the topics of its messages.
        language: ``de`` or ``en``, of the entities' names.
        version: the program's.
        configuration_url: where the program is set up; None when that is not known.
        program_status: the topic that says whether the program runs; None for ``topics.status``.
        via: identifies the device that the meter is read through; it is announced before.

    Returns:
        The message for ``topics.discovery``, of values that JSON has.
    """
    meter = announcement.meter
    device = _device(announcement, language, configuration_url)
    if via:
        device["via_device"] = via
    program = {"topic": program_status or topics.status}
    # In English, as the keys after it are: another language changes no entity id.
    prefix = slug(device_name(meter, announcement.name, "en")) or f"smartmeter_{slug(meter.id)}"
    components: dict[str, object] = {
        key: _component(sensor, announcement, prefix, language, topics)
        for key, sensor in SENSORS.items()
        if key in announcement.keys
    }
    for key, sensor in DIAGNOSTICS.items():
        if key in announcement.keys:
            component = _diagnostic_component(sensor, meter, prefix, language, topics)
            component["availability"] = [program]
            components[key] = component
    for key in announcement.gone:
        if sensor_gone := SENSORS.get(key) or DIAGNOSTICS.get(key):
            components[key] = {"p": sensor_gone.platform}
    return {
        "dev": device,
        "o": {"name": ORIGIN, "sw_version": version},
        "cmps": components,
        "state_topic": topics.state(meter.id),
        "availability": [program, {"topic": topics.meter_status(meter.id)}],
        "availability_mode": "all",
    }


def slug(text: str) -> str:
    """Write a text in the characters of an entity id: ``Zähler Süd`` as ``zaehler_sued``.

    A text without any letter or digit of ASCII gives an empty one.
    """
    text = text.lower().translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_")


def device_id(meter: Meter) -> str:
    """Give the identifier of a meter's device."""
    return f"smartmeter_{meter.id}"


def device_name(meter: Meter, name: str | None, language: str) -> str:
    """Give the name of a meter's device: the household's, else one of manufacturer and model."""
    return name or f"{meter.manufacturer} {model_name(meter.model, language)}".strip()


def _device(
    announcement: Announcement, language: str, configuration_url: str | None
) -> dict[str, object]:
    meter = announcement.meter
    device: dict[str, object] = {
        "identifiers": [device_id(meter)],
        "name": device_name(meter, announcement.name, language),
        "model": model_name(meter.model, language),
        # Until 0.2.0 it was the program's; Core would keep that if the key were left out.
        "sw_version": "",
    }
    optional = {
        "manufacturer": meter.manufacturer,
        "model_id": announcement.type_code if announcement.type_code != meter.model else None,
        "serial_number": meter.number,
        "configuration_url": configuration_url,
    }
    device.update((key, value) for key, value in optional.items() if value)
    return device


def _component(
    sensor: Sensor, announcement: Announcement, prefix: str, language: str, topics: Topics
) -> dict[str, object]:
    """Describe an entity of readings."""
    meter = announcement.meter
    component = entity(sensor, device_id(meter), prefix, language)
    topic = topics.state(meter.id)
    if not sensor.live:
        component["state_topic"] = topic = topics.details(meter.id)
    if sensor.details:
        component |= attributes(sensor, topic)
    elif formula := announcement.derived.get(sensor.key):
        component["json_attributes_topic"] = topic
        component["json_attributes_template"] = dumps({"calculated_from": formula})
    return component


def _diagnostic_component(
    sensor: Sensor, meter: Meter, prefix: str, language: str, topics: Topics
) -> dict[str, object]:
    component = entity(sensor, device_id(meter), prefix, language)
    component["state_topic"] = topics.diagnostics(meter.id)
    if sensor.details:
        component |= attributes(sensor, topics.diagnostics(meter.id))
    return component


def attributes(sensor: Sensor, topic: str) -> dict[str, object]:
    """Describe the attributes of an entity that has some of its own."""
    details = f"value_json.{sensor.key}_details | default({{}}) | tojson"
    return {
        "json_attributes_topic": topic,
        "json_attributes_template": f"{{{{ {details} }}}}",
    }


def entity(sensor: Sensor, device: str, prefix: str, language: str) -> dict[str, object]:
    """Describe an entity.

    Args:
        sensor: its row in the table.
        device: what its unique id begins with.
        prefix: what its entity id begins with.
        language: of its name.
    """
    component: dict[str, object] = {
        "p": sensor.platform,
        "unique_id": f"{device}_{sensor.key}",
        "default_entity_id": f"{sensor.platform}.{prefix}_{sensor.key}",
        "name": sensor.name(language),
        "value_template": _template(sensor),
    }
    optional = {
        "unit_of_measurement": sensor.display_unit or sensor.unit,
        "device_class": sensor.device_class,
        "state_class": sensor.state_class,
        "suggested_display_precision": sensor.precision,
        "options": list(sensor.options) or None,
    }
    component.update((key, value) for key, value in optional.items() if value is not None)
    if sensor.diagnostic:
        component["entity_category"] = "diagnostic"
    if not sensor.enabled:
        component["enabled_by_default"] = False
    return component


_MISSING: Final = {"timestamp": "None", "enum": "None"}
"""What is shown while a telegram does not carry a reading, by device class; else an empty text.

With an empty text, Core keeps the last value of a number, and complains of an enum each time. Of
``None`` it makes unknown.
"""


def _template(sensor: Sensor) -> str:
    """Give the template of an entity's state."""
    value = f"value_json.{sensor.key}"
    exponent = quantities.exponent(sensor.unit or "", sensor.display_unit or sensor.unit or "")
    if exponent:
        # Published as null, it is unknown.
        return (
            f"{{{{ {value} if {value} is none else {value} / {10**-exponent}"
            f" if {value} is defined else '' }}}}"
        )
    return f"{{{{ {value} | default('{_MISSING.get(sensor.device_class or '', '')}') }}}}"
