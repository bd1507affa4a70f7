#!/usr/bin/env bash
# amshan gives the number of the gas meter as that of the electricity meter.
#
# Surprising: in a telegram of DSMR 5 the electricity meter's number is 0-0:96.1.1, that of a meter
# behind it 0-1:96.1.0 to 0-4:96.1.0. Values are filed by the last three groups of their OBIS code, so
# "meter_id" is the number of the gas meter, or of whichever meter comes last, and the electricity
# meter's own number stands under "meter_type". Beside it are the right power and energy. A house
# without gas has no "meter_id" at all; one that gets a new gas or water meter becomes another meter.
#
# amshan 2.1.1. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check amshan==2.1.1

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from han.dlde import ModeDReader, decode_p1_readout

print(f"amshan {version('amshan')}")
ELECTRICITY, GAS, WATER = "E0001", "G0002", "W0003"  # made up


def crc(data):
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 * (value & 1)
    return value


def read(*numbers):
    """What it says of a telegram with meters of these numbers behind the electricity meter."""
    lines = [
        "/TST5TEST", "", "1-3:0.2.8(50)", "0-0:1.0.0(261129110421W)",
        f"0-0:96.1.1({ELECTRICITY.encode().hex().upper()})", "1-0:1.7.0(00.515*kW)",
    ]
    for channel, number in enumerate(numbers, 1):
        lines += [f"0-{channel}:96.1.0({number.encode().hex().upper()})"]
        lines += [f"0-{channel}:24.2.1(261129110000W)(00671.790*m3)"]
    text = "\r\n".join([*lines, "!"]).encode()
    [readout] = ModeDReader().read(text + f"{crc(text):04X}\r\n".encode())
    said = decode_p1_readout(readout)
    found = [said.get("meter_id"), said.get("meter_type")]
    found = [text and bytes.fromhex(text).decode() for text in found]
    power = said["active_power_import"]
    print(f"{ELECTRICITY} {numbers}: meter_id {found[0]}, meter_type {found[1]}, {power} W")
    return readout.is_valid, *found


sys.exit(
    [read(), read(GAS), read(GAS, WATER)]
    != [(True, None, ELECTRICITY), (True, GAS, ELECTRICITY), (True, WATER, ELECTRICITY)]
)
PYTHON
