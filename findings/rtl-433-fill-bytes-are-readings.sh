#!/usr/bin/env bash
# rtl_433 finds readings of 0 in fill bytes and in what a maker puts behind the readings.
#
# Surprising: the byte 2F fills a telegram up, and behind 0F stand bytes that only the maker knows (EN
# 13757-3). Both are read as records here: two fill bytes at the end are a lowest power of 0 MW, and
# 0F with a byte from 00 to 07 behind it is an energy of 0. That bears the name of the meter's own
# reading, which it follows in the same JSON object, so most who read the object get 0 for the energy;
# with 13 it is the volume. The maker's first byte decides, which may be a counter or a state and then
# does so now and then. Two fill bytes ahead of all records, where encryption puts them, are skipped.
#
# rtl_433 22.11 (Debian 12, package 22.11-1), beside pymbusparser 0.5.3. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download --quiet --quiet rtl-433=22.11-1 librtlsdr0 libsoapysdr0.8 libusb-1.0-0 2>apt.log ||
  { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pymbusparser==0.5.3

venv/bin/python - <<'PYTHON'
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pymbusparser

METER = "2423 78563412 01 02"  # maker, number, version, medium
SYNC = "5555 543D 54CD"  # mode C, frame format A


def with_checksum(part):
    """A block with its CRC-16/EN-13757."""
    crc = 0
    for byte in part:
        crc ^= byte << 8
        for _ in range(8):
            crc = crc << 1 ^ 0x13D65 * (crc >> 15)
    return part + (crc ^ 0xFFFF).to_bytes(2, "big")


def wireless(records):
    application = bytes.fromhex("7A 01 00 0000" + records)
    link = bytes.fromhex("44" + METER)
    telegram = with_checksum(bytes([len(link) + len(application)]) + link)
    for start in range(0, len(application), 16):
        telegram += with_checksum(application[start : start + 16])
    return bytes.fromhex(SYNC) + telegram


def wired(records):
    body = bytes.fromhex("080172 78563412 2423 01 02 01 00 0000" + records)
    return bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])


def rtl_433(*arguments):
    folders = {str(one.parent) for one in Path("root").resolve().rglob("*.so*")}
    environment = os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(sorted(folders))}
    command = ["root/usr/bin/rtl_433", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def read(records):
    """The names and values it gives for records, as they stand in its JSON object."""
    data = wireless(records)
    code = f"{{{8 * len(data)}}}{data.hex()}"
    said = rtl_433("-F", "json", "-R", "104", "-y", code).stdout
    pairs = json.loads(said, object_pairs_hook=list)
    names = [name for name, _ in pairs]
    return pairs[names.index("CW") + 1 :]


ENERGY, READING = "0C06 60000000", ("inst_energy_wh_0", "60.000 kWh")
TAILS = {
    "nothing": ("", []),
    "two fill bytes": ("2F2F", [("min_power_w_0", "0.000 MW")]),
    "a maker's 01 02": ("0F 0102", [("inst_energy_wh_0", "0.000 Wh")]),
    "a maker's 13 02": ("0F 1302", [("inst_volume_0", "0.000 m3")]),
    "a maker's 78 02": ("0F 7802", []),
}

print(f"rtl_433 {rtl_433('-V').stderr.split()[2]}, pymbusparser {version('pymbusparser')}")
changed = False
for name, (tail, invented) in TAILS.items():
    found = read(ENERGY + tail)
    records = pymbusparser.parse(wired(ENERGY + tail))["records"]
    other = [one["value"]["value"] for one in records if one.get("unit")]
    print(f"60 kWh and {name}: {json.dumps(dict(found))}, pymbusparser {other} Wh")
    changed |= found != [READING, *invented] or other != ["60000"]
sys.exit(changed)
PYTHON
