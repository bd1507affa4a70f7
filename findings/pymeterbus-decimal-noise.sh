#!/usr/bin/env bash
# pyMeterBus gives a Decimal that is not exact: 123.456 m3 has 46 digits behind the point.
#
# Surprising: a whole number of an M-Bus meter and its power of ten are multiplied as binary floating
# point, and a Decimal is made of the product afterwards, which keeps all of its noise. The type
# promises the digits of the meter, and the JSON of the library writes them out, so that a check for
# equality fails and a database of fixed digits refuses the number. A reading whose power of ten is
# positive is an int, and one of 1 is a Decimal without noise; so only some quantities show it.
#
# pyMeterBus 0.8.5. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyMeterBus==0.8.5

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from decimal import Decimal
from importlib.metadata import version

import meterbus

print(f"pyMeterBus {version('pyMeterBus')}")
RECORDS = {
    "energy, 123456 kWh": "0406 40E20100",
    "volume, 123456 litres": "0413 40E20100",
    "volume, 123456 litres in BCD": "0C13 56341200",
    "flow temperature, 45 °C": "025B 2D00",
    "flow temperature, 45.67 °C": "0259 D711",
}
body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + "".join(RECORDS.values()))
frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])
values = [record.value for record in meterbus.load(frame).records]
for name, value in zip(RECORDS, values, strict=True):
    print(f"{name}: {type(value).__name__} {value}")
expected = [
    123456000,
    Decimal(123456 * 0.001),
    Decimal(123456 * 0.001),
    Decimal(45),
    Decimal(4567 * 0.01),
]
exact = Decimal("123.456"), Decimal("45.67")
sys.exit(values != expected or values[1] == exact[0] or values[4] == exact[1])
PYTHON
