"""A reading as a line of InfluxDB's line protocol.

    smartmeter,meter=181221234567,name=House energy_import=5341.671,power=-505 1795277623000

A field keeps its type for ever, and InfluxDB refuses a point with another one: so each key has one
type, by its row in ``sensors.SENSORS``. Numbers are always floats, also whole ones, written with
every digit that the meter sent; states and texts are strings.
"""

import re
from decimal import Decimal
from typing import Final

from app import jsontext
from app.meters.reading import Meter, Reading
from app.meters.sensors import SENSORS

MEASUREMENT: Final = "smartmeter"

_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SPECIAL: Final = re.compile("[,= ]")


def line(reading: Reading, *, name: str | None, milliseconds: int) -> bytes | None:
    """Write a reading as a line, without a line break.

    Args:
        reading: what a telegram said; what it does not say is no field.
        name: what the household calls the meter; None for manufacturer and model.
        milliseconds: the time of the point, since 1970.

    Returns:
        None for a reading without a value that could be written.
    """
    fields = ",".join(
        f"{key}={text}"
        for key, value in reading.values.items()
        if (text := _field(key, value)) is not None
    )
    if not fields:
        return None
    return f"{_series(reading.meter, name)} {fields} {milliseconds}".encode()


def _series(meter: Meter, name: str | None) -> str:
    """Write the measurement and the tags."""
    tags = {"meter": meter.id, "name": name or f"{meter.manufacturer} {meter.model}"}
    written = ((key, _tag(value)) for key, value in tags.items())
    return MEASUREMENT + "".join(f",{key}={text}" for key, text in written if text)


def _tag(value: str) -> str:
    """Write a tag's value.

    There is no way to write a backslash before a comma, an equals sign, a blank or the end, nor a
    line break; so the one becomes a slash, the other a blank.
    """
    text = _CONTROLS.sub(" ", value).replace("\\", "/").strip()
    return _SPECIAL.sub(r"\\\g<0>", text)


def _field(key: str, value: Decimal | int | str) -> str | None:
    """Write a field's value; None for one that does not fit its key."""
    sensor = SENSORS.get(key)
    if sensor is None:
        return None
    if sensor.precision is not None:
        return None if isinstance(value, str) else jsontext.dumps(value)
    escaped = _CONTROLS.sub(" ", str(value)).replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
