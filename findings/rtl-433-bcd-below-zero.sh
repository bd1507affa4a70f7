#!/usr/bin/env bash
# rtl_433 takes the minus of a BCD number for a digit: -0.5 °C is 1500.5 °C.
#
# Surprising: a BCD number below zero has F as its first digit (EN 13757-3, type A), which here counts
# 15. So a house that feeds in 234 W takes 15234 W, and a temperature jumps by 1500 degrees with the
# first frost. The same value as whole number is read rightly, and so is all that is not below zero.
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
    "-0.5 °C as BCD": "0A66 05F0",
    "0.5 °C as BCD": "0A66 0500",
    "-0.5 °C as whole number": "0266 FBFF",
    "-234 W as BCD": "0A2B 34F2",
    "-234 W as whole number": "022B 16FF",
}

print(f"rtl_433 {rtl_433('-V').stderr.split()[2]}, pymbusparser {version('pymbusparser')}")
found, other = [], []
for name, record in RECORDS.items():
    [(_, value)] = read(record)
    [right] = pymbusparser.parse(wired(record))["records"]
    found.append(value)
    other.append(right["value"]["value"])
    print(f"{name}: {value}, pymbusparser {other[-1]}")
sys.exit(
    found != ["1500.500 C", "0.500 C", "-0.500 C", "15234.000 W", "-234.000 W"]
    or other != ["-0.5", "0.5", "-0.5", "-234", "-234"]
)
PYTHON
