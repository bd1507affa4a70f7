#!/usr/bin/env bash
# rtl_433 gives a meter's total and its tariffs one name in one JSON object: the total is a tariff.
#
# Surprising: an object in which a name stands several times is left to whoever reads it, and most
# keep the value that comes last. So where a meter sends its total and two tariffs, as many do, its
# energy is that of the second tariff; behind a water meter that tells what flowed backwards (EN
# 13757-3, a byte behind the unit), the volume is that. Nothing in the object tells them apart. A
# value of the past is left out, so a meter without tariffs is read rightly.
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


TOTAL, FIRST, SECOND = "0C06 60000000", "8C1006 40000000", "8C2006 20000000"
VOLUME, BACKWARDS = "0C13 10000000", "0C933C 02000000"

print(f"rtl_433 {rtl_433('-V').stderr.split()[2]}, pymbusparser {version('pymbusparser')}")
energy, volume = read(TOTAL + FIRST + SECOND), read(VOLUME + BACKWARDS)
for pairs in (energy, volume):
    print(f"{json.dumps(pairs)}, read as {json.dumps(dict(pairs))}")
tariffs = pymbusparser.parse(wired(TOTAL + FIRST + SECOND))["records"]
other = {one["tariff"]: one["value"]["value"] for one in tariffs}
print(f"pymbusparser, Wh by tariff: {other}")
sys.exit(
    energy != [("inst_energy_wh_0", f"{value}.000 kWh") for value in (60, 40, 20)]
    or volume != [("inst_volume_0", "0.010 m3"), ("inst_volume_0", "0.002 m3")]
    or other != {0: "60000", 1: "40000", 2: "20000"}
)
PYTHON
