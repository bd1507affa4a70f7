#!/usr/bin/env bash
# mbus reads the date 31 December as the 31st of month 11, and a date in January as one in month 0.
#
# Surprising: M-Bus has dates with a time (type F) and dates alone (type G), which heat meters use
# for the due date of the reading that follows. The months of both are numbered from 1. In the first
# the month is right, in the second it is one less, which is not seen eleven times of twelve: the
# reading of the end of the year counts as that of November, though there is no 31 November.
#
# Of both only the last two digits of the year are given.
#
# mbus 0.0.1.dev1, beside pymbusparser 0.5.3. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  mbus==0.0.1.dev1 pymbusparser==0.5.3

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import pymbusparser
from mbus.mbus import MBus

print(f"mbus {version('mbus')}, pymbusparser {version('pymbusparser')}")


def type_g(year, month, day):
    """A date as M-Bus writes it, of type G; with minute and hour in front it is of type F."""
    year -= 2000
    return f"{day | (year & 7) << 5:02X}{month | year >> 3 << 4:02X}"


def read(record):
    """What mbus makes of a time, and beside it pymbusparser."""
    # The library wants a maker's block behind the records.
    body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + record + "0F 0000")
    telegram = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])
    found = MBus().decode_telegram(telegram)[0]["Value"]
    other = pymbusparser.parse(telegram)["records"][0]["value"]
    other = other["value"]
    print(f"{record}: {found}, pymbusparser {other}")
    return found


december = read(f"426C {type_g(2025, 12, 31)}")
january = read(f"426C {type_g(2026, 1, 31)}")
with_time = read(f"046D 1E0C {type_g(2025, 12, 31)}")
sys.exit((december, january, with_time) != ("25:11:31", "26:0:31", "25:12:31 12:30"))
PYTHON
