#!/usr/bin/env bash
# dlms-cosem gives a time in UTC without a zone, like a time of which the zone is not known.
#
# Surprising: the deviation 0000 says that a time is in UTC, 8000 that the meter does not say. Both
# come out as the same datetime without a zone, which Python takes for the machine's local time. So
# a meter that says UTC is an hour or two off on a machine in Central Europe, and a British meter
# is right in summer and wrong by the reader's zone in winter.
#
# The clock status FF, not specified, comes out as all faults at once and summer time.
#
# dlms-cosem 25.1.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check dlms-cosem==25.1.0

TZ=Europe/Vienna "$dir/venv/bin/python" - <<'PYTHON'
import sys
from datetime import UTC
from importlib.metadata import version

from dlms_cosem.time import datetime_from_bytes

print(f"dlms-cosem {version('dlms-cosem')}; the machine's zone is Europe/Vienna")


def read(deviation, status="00"):
    """12:00:00 on 29 November 2026; its offset, the moment as Python has it, and the status."""
    moment, clock_status = datetime_from_bytes(
        bytes.fromhex("07ea0b1d07 0c000000" + deviation + status)
    )
    found = str(moment.utcoffset()), f"{moment.astimezone(UTC):%H:%M} UTC"
    print(f"deviation {deviation}, status {status}: offset {found[0]}, that is {found[1]}")
    print(f"  {clock_status}")
    return *found, clock_status


west = read("0000")[:2]
unknown = read("8000")[:2]
vienna = read("ffc4")[:2]
azores = read("003c")[:2]
status = read("0000", "ff")[2]
sys.exit(
    west != ("None", "11:00 UTC")
    or unknown != west
    or vienna != ("1:00:00", "11:00 UTC")
    or azores != ("-1 day, 23:00:00", "13:00 UTC")
    or not (status.invalid and status.doubtful and status.daylight_saving_active)
)
PYTHON
