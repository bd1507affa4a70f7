#!/usr/bin/env bash
# pyMeterBus leaves out the factor by which a meter corrects its scale: 1 MWh is 1 kWh.
#
# Surprising: behind the code for quantity and unit an M-Bus record may have a further one that
# multiplies the value, by 1000 or by powers of ten from -6 to 1 (EN 13757-3, orthogonal VIFE), for
# meters whose scale does not fit into the first. pyMeterBus passes it over and gives the value of
# the record without it, in the unit of the record. The only trace is "UNKNOWN_ENHANCEMENT", which
# many codes have that change no value. The record before it, of the same quantity and without
# factor, is right. pymbusparser multiplies.
#
# pyMeterBus 0.8.5, beside pymbusparser 0.5.3. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyMeterBus==0.8.5 pymbusparser==0.5.3

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import meterbus
import pymbusparser

print(f"pyMeterBus {version('pyMeterBus')}, pymbusparser {version('pymbusparser')}")
RECORDS = {
    "1 kWh": "0406 01000000",
    "1 MWh as 1 kWh, times 1000": "04867D 01000000",
    "10 kWh as 1 kWh, times 10": "048677 01000000",
    "45 °C": "025B 2D00",
    "45 °C as 45000 °C, times 0.001": "04DB73 C8AF0000",
}
body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + "".join(RECORDS.values()))
frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])
records = meterbus.load(frame).records
values = [float(record.value) for record in records]
trace = [record.interpreted.get("unit_enh") for record in records]
other = [float(record["value"]["value"]) for record in pymbusparser.parse(frame)["records"]]
for name, value, hint, right in zip(RECORDS, values, trace, other, strict=True):
    print(f"{name}: {value:g} ({hint}), pymbusparser {right:g}")
unknown = "VIFUnitEnhExt.UNKNOWN_ENHANCEMENT"
sys.exit(
    values != [1000, 1000, 1000, 45, 45000]
    or trace != [None, unknown, unknown, None, unknown]
    or other != [1000, 1_000_000, 10_000, 45, 45]
)
PYTHON
