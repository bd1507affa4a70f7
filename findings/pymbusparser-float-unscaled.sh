#!/usr/bin/env bash
# pymbusparser gives 1 kWh as 1 Wh where the meter sends the number as floating point.
#
# Surprising: an M-Bus record says what its number counts, as 10^3 Wh, and how it is written, as
# whole number, BCD or floating point (EN 13757-3). The unit comes out as "W.h" for all of them, and
# a whole number or BCD is multiplied by the power of ten before; floating point is not, and the
# power is told nowhere. So the same reading of the same quantity is a thousandth where a meter
# writes it as floating point, and a voltage in tenths is tenfold. A meter of which the power is 0
# is read rightly. pyMeterBus multiplies all three.
#
# pymbusparser 0.5.3, beside pyMeterBus 0.8.5. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pymbusparser==0.5.3 pyMeterBus==0.8.5

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import meterbus
import pymbusparser

print(f"pymbusparser {version('pymbusparser')}, pyMeterBus {version('pyMeterBus')}")
RECORDS = {
    "1 kWh as whole number": "0406 01000000",
    "1 kWh as BCD": "0C06 01000000",
    "1 kWh as floating point": "0506 0000803F",
    "230 V in tenths as whole number": "02FD48 FC08",
    "230 V in tenths as floating point": "05FD48 00C00F45",
    "200 W in watts as floating point": "052B 00004843",
}
body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + "".join(RECORDS.values()))
frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])
read = pymbusparser.parse(frame)["records"]
other = [float(record.value) for record in meterbus.load(frame).records]
for name, record, right in zip(RECORDS, read, other, strict=True):
    print(f"{name}: {record['value']['value']} {record['unit']}, pyMeterBus {right:g}")
sys.exit(
    [float(record["value"]["value"]) for record in read] != [1000, 1000, 1, 230, 2300, 200]
    or [record["unit"] for record in read] != ["W.h"] * 3 + ["V"] * 2 + ["W"]
    or other != [1000, 1000, 1000, 230, 230, 200]
)
PYTHON
