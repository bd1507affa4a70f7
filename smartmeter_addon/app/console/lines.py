"""A reading as a line of text, or as a JSON object."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from app.jsontext import dumps
from app.meters.reading import Reading
from app.meters.sensors import SENSORS


def text(reading: Reading, *, name: str | None, received: datetime, language: str) -> str:
    """Write a reading for people: when it came, the meter, and each value with its name and unit.

    Args:
        reading: what a telegram said.
        name: what the household calls the meter; None for manufacturer, model and number.
        received: when it came, aware.
        language: of the values' names, ``en`` or ``de``.
    """
    meter = reading.meter
    title = name or meter.called()
    values = ", ".join(
        f"{sensor.name(language)} {value} {sensor.unit or ''}".rstrip()
        for key, value in reading.values.items()
        if (sensor := SENSORS.get(key))
    )
    return _harmless(f"{received:%Y-%m-%d %H:%M:%S} {title}: {values}", lambda _: "?")


def json_object(reading: Reading, *, name: str | None, received: datetime) -> str:
    """Write a reading for programs.

    Args:
        reading: what a telegram said.
        name: what the household calls the meter; None when it has no name.
        received: when it came, aware.

    Returns:
        One JSON object: ``meter`` (its id), ``name`` (text or null), ``received`` and ``timestamp``
        (ISO 8601; the latter, the meter's own time, is null when it does not say), and the values
        by their keys, as in the message at the MQTT topic ``state``.
    """
    values: Mapping[str, object] = {**reading.values, **dict.fromkeys(reading.unknown)}
    timestamp = reading.timestamp.isoformat() if reading.timestamp else None
    said = {
        "meter": reading.meter.id,
        "name": name,
        "received": received.isoformat("T", "seconds"),
        "timestamp": timestamp,
        **values,
    }
    return _harmless(dumps(said), lambda character: json.dumps(character)[1:-1])


def _harmless(line: str, replaced: Callable[[str], str]) -> str:
    """Replace what cannot be printed: a meter's text must not steer a terminal."""
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else replaced(c) for c in line)
