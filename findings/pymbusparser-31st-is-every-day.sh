#!/usr/bin/env bash
# pymbusparser gives a meter's time of the 31st of a month as that of "every" day.
#
# Surprising: in a time of M-Bus (type F) a day of 0 stands for "every day", as a minute of 63 and
# an hour of 31 do for every minute and hour (EN 13757-3). Here 31 stands for every day as well. So
# on seven days of a year the time is no moment but a table of its parts without the day, which a
# program that takes the text for a time refuses, on New Year's Eve too. In a date without time
# (type G) the 31st is the 31st.
#
# pymbusparser 0.5.3, beside pyMeterBus 0.8.5. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  pymbusparser==0.5.3 pyMeterBus==0.8.5

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import meterbus
import pymbusparser

print(f"pymbusparser {version('pymbusparser')}, pyMeterBus {version('pyMeterBus')}")


def read(record):
    """What both make of a time: (pymbusparser, pyMeterBus)."""
    body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + record)
    telegram = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])
    found = pymbusparser.parse(telegram)["records"][0]["value"]["value"]
    other = str(meterbus.load(telegram).records[0].parsed_value)
    print(f"{record}: {found}, pyMeterBus {other}")
    return found, other


sys.exit(
    read("046D 1E0C 3E3C") != ("2025-12-30T12:30:00", "2025-12-30T12:30")
    or read("046D 1E0C 3F3C")
    != (
        {"day": "every", "hour": 12, "minute": 30, "month": "December", "year": 2025},
        "2025-12-31T12:30",
    )
    or read("046D 1E0C 4131") != ("2026-01-01T12:30:00", "2026-01-01T12:30")
    or read("426C 3F3C") != ("2025-12-31", "2025-12-31")
)
PYTHON
