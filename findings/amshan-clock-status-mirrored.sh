#!/usr/bin/env bash
# amshan reads the bits of the clock status from the wrong end: summer time is "invalid".
#
# Surprising: bit 0 of the status is the lowest one (Blue Book, 4.1.6.1), so 80 is summer time and
# 01 an invalid clock. amshan takes the highest bit for bit 0: in its own words 80 is an invalid
# value without summer time, as a healthy meter sends it from March to October, and a clock that
# the meter calls invalid is a valid one in summer time. amshan's dictionary of readings leaves the
# status out; whoever takes it from the parsed structure to tell bad times has it the wrong way
# round.
#
# amshan 2.1.1, beside dlms-cosem 25.1.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check amshan==2.1.1 dlms-cosem==25.1.0

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from dlms_cosem.time import datetime_from_bytes
from han import cosem

print(f"amshan {version('amshan')}, dlms-cosem {version('dlms-cosem')}")


def read(status):
    """What both say of 12:00:00 on 29 July 2026, +02:00: (invalid, doubtful, summer time)."""
    data = bytes.fromhex(f"07ea071d03 0c000000 ff88 {status}")
    said = cosem.DateTime.parse(b"\x0c" + data).clock_status
    amshan = said.invalid_value, said.doubtful_value, said.daylight_saving_active
    other = datetime_from_bytes(data)[1]
    other = other.invalid, other.doubtful, other.daylight_saving_active
    found = tuple(map(bool, amshan)), other
    for name, flags in zip(("amshan", "dlms-cosem"), found, strict=True):
        invalid, doubtful, summer = flags
        print(f"status {status}: {name:10} invalid {invalid}, doubtful {doubtful}, summer {summer}")
    return found


summer, invalid, doubtful = map(read, ("80", "01", "02"))
sys.exit(
    summer != ((True, False, False), (False, False, True))
    or invalid != ((False, False, True), (True, False, False))
    or doubtful != ((False, False, False), (False, True, False))
)
PYTHON
