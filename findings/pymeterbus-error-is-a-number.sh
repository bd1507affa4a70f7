#!/usr/bin/env bash
# pyMeterBus reads the digits by which a meter says "error" as a number: 141.4 °C.
#
# Surprising: an M-Bus meter whose sensor is broken may send letters in place of the BCD digits; a
# letter behind the first digit says that the whole field is in error (EN 13757-3, Annex B).
# pyMeterBus makes 141.4 °C of EEEE and -151.5 °C of FFFF, and nothing tells them from readings.
#
# pymbusparser does not take the letters for a number, but everything behind them is lost as well:
# of a telegram with two readings behind a broken sensor nothing comes, of one with a reading before
# it that one. No error is raised; "decode_state" says "partial".
#
# pyMeterBus 0.8.5, pymbusparser 0.5.3. Seen on 2026-11-29.
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
ENERGY, VOLUME = "0406 40E20100", "0C13 56341200"


def read(*records):
    """What pyMeterBus and pymbusparser say of a telegram with these records."""
    body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + "".join(records))
    frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])
    numbers = [round(float(record.value), 3) for record in meterbus.load(frame).records]
    parsed = pymbusparser.parse(frame)
    others = [float(record["value"]["value"]) for record in parsed["records"]]
    print(f"{', '.join(records)}: {numbers}; {others}, {parsed['decode_state']}")
    return numbers, others, parsed["decode_state"]


right = read("0A5A 6904", ENERGY, VOLUME)
first = read("0A5A EEEE", ENERGY, VOLUME)
last = read(ENERGY, "0A5A FFFF", VOLUME)
sys.exit(
    right != ([46.9, 123456000, 123.456], [46.9, 123456000, 123.456], "complete")
    or first != ([141.4, 123456000, 123.456], [], "partial")
    or last != ([123456000, -151.5, 123.456], [123456000], "partial")
)
PYTHON
