#!/usr/bin/env bash
# pywmbus reads a whole number with its bytes in the wrong order: 1 l is 16777216 l.
#
# Surprising: a wireless M-Bus meter may write its counter as whole number or as BCD, low byte first
# in both. BCD is read rightly, a whole number with its high byte first. A counter that stands at 1 is
# 16777216, each litre adds 16777216, and after 255 of them it falls below where it began; a
# temperature of -0.2 °C is 60671. Numbers of one byte are read rightly.
#
# A date that the meter says it does not have (FFFF) is 1970-01-01.
#
# pywmbus 0.0.7, beside pymbusparser 0.5.3 for the same records in a wired frame. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pywmbus==0.0.7 pymbusparser==0.5.3

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import crcmod.predefined
import pymbusparser
import pywmbus

print(f"pywmbus {version('pywmbus')}, pymbusparser {version('pymbusparser')}")
METER = "2423 78563412 01 07"
RECORDS = {
    "1 l as BCD": "0C13 01000000",
    "1 l as whole number": "0413 01000000",
    "255 l as whole number": "0413 FF000000",
    "256 l as whole number": "0413 00010000",
    "-0.2 °C": "0259 ECFF",
    "no date": "026C FFFF",
}
records = "".join(RECORDS.values())


def with_checksum(part):
    checksum = crcmod.predefined.mkCrcFun("crc-16-en-13757")
    return part + checksum(part).to_bytes(2, "big")


def wireless():
    """The records in a telegram of frame format A: each block with its checksum."""
    application = bytes.fromhex("7A 01 00 0000" + records)
    link = bytes.fromhex("44" + METER)
    telegram = with_checksum(bytes([len(link) + len(application)]) + link)
    for start in range(0, len(application), 16):
        telegram += with_checksum(application[start : start + 16])
    return bytearray(telegram)


def wired():
    body = bytes.fromhex("080172 78563412 2423 01 07 01 00 0000" + records)
    return bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])


found = [repr(record) for record in pywmbus.parse(wireless()).records]
other = [record["value"] for record in pymbusparser.parse(wired())["records"]]
for name, value, right in zip(RECORDS, found, other, strict=True):
    print(f"{name}: {value}, pymbusparser {right['value']}")
sys.exit(
    found != ["1", "16777216", "4278190080", "65536", "60671", "1970-01-01"]
    or [one["value"] for one in other[:-1]] != ["0.001", "0.001", "0.255", "0.256", "-0.2"]
    or other[-1]["value"]["month"] != "invalid"
)
PYTHON
