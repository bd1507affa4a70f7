#!/usr/bin/env bash
# mbusreader publishes the energy of the last due date as that of today, and a flow of 4 l/h as 0.
#
# Surprising: many heat meters send the energy of now, and behind it that of the last due date, in
# storage 1. Both are instantaneous values in the words of M-Bus. The message for Home Assistant has
# one key for a quantity, and the last one wins: so the energy stands still for a year, jumps on the
# due date, and the date of it stands beside it as if it were a clock. The telegram, as pyMeterBus
# parses it, has both, with their storage numbers.
#
# What is no whole number is rounded to two digits behind the point, whatever its unit: a flow of
# 0.004 m3/h is 0, and a water meter that counts litres moves in steps of ten.
#
# mbusreader 0.1.0, pyMeterBus 0.8.5. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mbusreader==0.1.0 pyMeterBus==0.8.5

"$dir/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

from mbusread.mbus_config import MqttConfig
from mbusread.mbus_mqtt import MBusMqtt
from mbusread.mbus_parser import MBusParser

RECORDS = (
    "0406 39300000"  # energy 12345 kWh
    "426C 3F3C"  # storage 1: 31 December 2025
    "4406 10270000"  # storage 1: energy 10000 kWh
    "0413 40E20100"  # volume 123.456 m3
    "023B 0400"  # flow 0.004 m3/h
)

print(f"mbusreader {version('mbusreader')}, pyMeterBus {version('pyMeterBus')}")
body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + RECORDS)
telegram = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])

parser = MBusParser()
error, frame = parser.parse_mbus_frame(parser.extract_frame(telegram).hex())
record = json.loads(parser.get_frame_json(frame))
parsed = [(one["storage_number"], one["value"]) for one in record["body"]["records"]]
message = MBusMqtt(MqttConfig()).transform_json(record)
print(f"parsed, with storage numbers: {parsed}")
print(f"message for Home Assistant: {message}")
sys.exit(
    error is not None
    or parsed != [(0, 12345000), (1, "2025-12-31"), (1, 10000000), (0, 123.456), (0, 0.004)]
    or message
    != {
        "VIFUnit.ENERGY_WH": 10000000,
        "VIFUnit.DATE": "2025-12-31",
        "VIFUnit.VOLUME": 123.46,
        "VIFUnit.VOLUME_FLOW": 0,
    }
)
PYTHON
