#!/usr/bin/env bash
# mbus-gem-decoder gives -5 as -4611686018427387899, beside a floating point number that is right.
#
# Surprising: the whole number of a reading has 64 bits and a sign, as two's complement. The package
# takes the sign from the highest bit and what is left, less one bit more, as the size: a number
# below zero becomes one near -4.6e18, the nearer to zero the farther. The same reading as floating
# point number stands right beside it. All that is not below zero is read rightly, so a temperature
# sensor shows it with the first frost.
#
# mbus-gem-decoder 0.1.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mbus-gem-decoder==0.1.0

"$dir/venv/bin/python" - <<'PYTHON'
import struct
import sys
from importlib.metadata import version

from mbus_gem_decoder import MBusDecode

print(f"mbus-gem-decoder {version('mbus-gem-decoder')}")
METER_ENTRY, CELSIUS = 0, 19


def read(number):
    """What it says of a temperature of this many whole degrees."""
    data = struct.pack(">qfhBBI", number, number, 0, METER_ENTRY, CELSIUS, 1796000000)
    said = MBusDecode(list(struct.unpack(">10H", data)), 10).to_object()
    print(f"{number} °C: integer {said['integer']}, float {said['float']}")
    return said["integer"], said["float"]


found = [read(21), read(0), read(-1), read(-5)]
sys.exit(
    found
    != [(21, 21.0), (0, 0.0), (-4611686018427387903, -1.0), (-4611686018427387899, -5.0)]
)
PYTHON
