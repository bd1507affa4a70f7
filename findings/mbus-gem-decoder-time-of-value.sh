#!/usr/bin/env bash
# mbus-gem-decoder makes the time of a reading out of the reading itself.
#
# Surprising: an M-Bus gateway gives each reading as ten Modbus registers: whole number (0 to 3),
# floating point (4 and 5), scale (6), type and unit (7), time (8 and 9). So the package describes
# them itself, and reads the value from where it says, but the time from registers 4 and 5, the bits
# of the floating point number. The result is a date that looks like one, in 2004 for 21.5 and in
# 2005 for 215, and it goes on as the value does, whatever the registers of the time hold. In the
# registers of the meter itself, 4 and 5 are where the time is.
#
# mbus-gem-decoder 0.1.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mbus-gem-decoder==0.1.0

"$dir/venv/bin/python" -W ignore - <<'PYTHON'
import struct
import sys
from datetime import datetime, timezone
from importlib.metadata import version

from mbus_gem_decoder import MBusDecode

print(f"mbus-gem-decoder {version('mbus-gem-decoder')}")
METER_ENTRY, CELSIUS = 0, 19
READ_AT = datetime(2026, 11, 29, 11, 4, 21, tzinfo=timezone.utc)


def read(number, at):
    """What it says of a temperature of this many tenths, read at this time."""
    data = struct.pack(
        ">qfhBBI", number, number / 10, -1, METER_ENTRY, CELSIUS, int(at.timestamp())
    )
    said = MBusDecode(list(struct.unpack(">10H", data)), 10, 2).to_object()
    value, unit, time = said["integer"], said["unit_string"], said["timestamp"]
    print(f"{value} tenths of {unit}, read {at:%F %T}: {time}")
    return value, time


found = [
    read(215, READ_AT),
    read(216, READ_AT),
    read(2150, READ_AT),
    read(215, READ_AT.replace(year=2020)),
]
sys.exit(
    found
    != [
        (215, "2004-11-30 05:07:12"),
        (216, "2004-11-30 19:41:01"),
        (2150, "2005-10-20 02:25:04"),
        (215, "2004-11-30 05:07:12"),
    ]
)
PYTHON
