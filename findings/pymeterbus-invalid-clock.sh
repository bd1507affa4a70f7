#!/usr/bin/env bash
# pyMeterBus reads a clock that its meter calls invalid like any other, and summer time like winter.
#
# Surprising: a date and time of M-Bus (type F) has a bit with which the meter says that the time is
# not right, as after a battery was changed, and a bit for summer time. Both are cut off: the text is
# the same with and without them. So nobody can see that a time is not to be used, the hour that
# comes twice in autumn is told twice, and a date that was never set is the month 0 of the year 2000.
# The library knows both bits by name (TIME_INVALID, SOMMERTIME) and asks for neither.
#
# pyMeterBus 0.8.5. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyMeterBus==0.8.5

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import meterbus

print(f"pyMeterBus {version('pyMeterBus')}")
TIMES = {  # minute with the bit "invalid", hour with the bit "summer time", day, month, year
    "27 October 2024, 2:30, winter time": "1E 02 1B 3A",
    "the same, summer time": "1E 82 1B 3A",
    "the same, not valid": "9E 02 1B 3A",
    "never set, not valid": "80 00 00 00",
}
records = "".join("046D" + value for value in TIMES.values())
body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + records)
frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])
values = [record.value for record in meterbus.load(frame).records]
for name, value in zip(TIMES, values, strict=True):
    print(f"{name}: {value}")
sys.exit(values != [*["2024-10-27T02:30"] * 3, "2000-00-00T00:00"])
PYTHON
