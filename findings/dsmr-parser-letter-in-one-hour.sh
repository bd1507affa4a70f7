#!/usr/bin/env bash
# dsmr-parser looks at the letter of a time in one hour of the year only.
#
# Surprising: the letter behind a DSMR time says summer (S) or winter time (W), so each time with
# its letter is one moment. dsmr-parser takes the moment from the calendar of Amsterdam, and the
# letter only chooses between the two in the hour that comes twice. A meter whose clock stays in
# winter time all year and says so is read an hour early from March to October: 12:00 W in July
# comes out as 10:00 UTC, like 12:00 S. A comparison with the real time then calls the meter late
# by an hour.
#
# Without a letter, as DSMR 3 sends it, the hour that comes twice is always the first one, so a gas
# reading of 2:30 winter time lies an hour before it was taken.
#
# dsmr-parser 1.11.2. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check dsmr-parser==1.11.2

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from dsmr_parser.value_types import timestamp

print(f"dsmr-parser {version('dsmr-parser')}")
EXPECTED = {
    "260715120000S": "2026-07-15 10:00",
    "260715120000W": "2026-07-15 10:00",  # by its letter 11:00
    "260115120000W": "2026-01-15 11:00",
    "261025023000S": "2026-10-25 00:30",
    "261025023000W": "2026-10-25 01:30",
    "261025023000": "2026-10-25 00:30",
}
found = {text: f"{timestamp(text):%Y-%m-%d %H:%M}" for text in EXPECTED}
for text, moment in found.items():
    print(f"{text:13} is read as {moment} UTC")
sys.exit(found != EXPECTED)
PYTHON
