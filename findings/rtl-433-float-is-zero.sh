#!/usr/bin/env bash
# rtl_433 reads each floating point number as 0, with the right unit.
#
# Surprising: M-Bus has whole numbers, BCD and floating point (EN 13757-3). The third is not read,
# which nothing says: the reading stands under its name, with its unit and three digits behind the
# point, and is 0. So a meter that writes its power in that way consumes nothing, and one that changes
# to it with a new software looks as if it had been set back. A text is 0 as well.
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

METER = "2423 78563412 01 04"  # maker, number, version, medium
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
    body = bytes.fromhex("080172 78563412 2423 01 04 01 00 0000" + records)
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


RECORDS = {
    "100 W as floating point": "052B 0000C842",
    "100 W as whole number": "022B 6400",
    "21 °C as floating point": "055B 0000A841",
    "21 °C as BCD": "0A5B 2100",
}

print(f"rtl_433 {rtl_433('-V').stderr.split()[2]}, pymbusparser {version('pymbusparser')}")
found, other = [], []
for name, record in RECORDS.items():
    [(_, value)] = read(record)
    [right] = pymbusparser.parse(wired(record))["records"]
    found.append(value)
    other.append(float(right["value"]["value"]))
    print(f"{name}: {value}, pymbusparser {other[-1]:g}")
sys.exit(
    found != ["0.000 W", "100.000 W", "0.000 C", "21.000 C"] or other != [100, 100, 21, 21]
)
PYTHON
