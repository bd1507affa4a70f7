"""Recordings that users have sent, with what they read off their meters.

A line ``# read off the meter: energy_import = 5341.67 kWh`` says what the display showed while the
recording ran. `record` writes such lines with a question mark, for a person to fill in.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.anonymous import AUTH_KEY, KEY
from app.dlms.ciphering import Keys
from app.meters.sensors import SENSORS
from app.meters.telegram import Telegram
from app.recordings.recorder import READ_OFF
from app.transport import capture, recording
from tests.support.telegrams import decode, telegrams

MADE_UP = Keys(KEY, AUTH_KEY)

_LINE = re.compile(rf"# {re.escape(READ_OFF)}(\w+) *= *(\?|-?[0-9]+(?:[.,][0-9]+)?) *(\S*)")


def problems(data: bytes) -> Iterator[str]:
    """Tell why a recording is no test yet, and what to do; nothing when it is one and passes."""
    if not recording.is_recording(data):
        yield "this is no recording; make one with the command record"
        return
    text = data.decode("ascii")
    if "# anonymous: " not in text:
        yield "the recording is not anonymous; make it so: record THIS_FILE --anonymous -o NEW_FILE"
    read = telegrams(decode([chunk.data for chunk in capture.parse(data).recording], MADE_UP))
    if not read:
        yield "there is no telegram in it"
    for one in read:
        if one.fault:
            yield f"a telegram cannot be read: {one.fault}"
    confirmed = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith(f"# {READ_OFF}"):
            continue
        if problem := _problem(line, read):
            yield f"line {number}: {problem}"
        else:
            confirmed += 1
    if not confirmed:
        yield (
            "no value was read off the meter; add a line for at least one, such as"
            f" # {READ_OFF}energy_import = 5341.67 kWh"
        )


def _problem(line: str, read: Sequence[Telegram]) -> str | None:
    """Compare one line with the telegrams, as exactly as the display shows it."""
    found = _LINE.fullmatch(line.strip())
    if not found:
        return f"wanted is a form like # {READ_OFF}energy_import = 5341.67 kWh"
    key, shown, unit = found.groups()
    if shown == "?":
        return (
            f"what did the meter's display say of {key}? Write it in place of the question mark,"
            " or take the line out"
        )
    if key not in SENSORS:
        return f"there is no reading with the name {key}"
    if unit != (SENSORS[key].unit or ""):
        return f"{key} is in {SENSORS[key].unit}, not in {unit}"
    value = Decimal(shown.replace(",", "."))
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    readings = [one.reading.values for one in read if one.reading]
    said = [Decimal(values[key]) for values in readings if key in values]
    if not any(abs(value - number) < Decimal(1).scaleb(exponent) for number in said):
        numbers = ", ".join(dict.fromkeys(map(str, said))) or "nothing"
        return f"the display said {value}, the telegrams say {numbers}"
    return None
