#!/usr/bin/env bash
# smartmeter-obis loses each telegram of a counter that has grown from four bytes to five.
#
# Surprising: SML lets a meter leave out the leading bytes of a number that say nothing. Here numbers
# without sign are taken with 1 to 4 and 8 bytes, those with sign with 5 too. A counter in tenths of
# a milliwatt hour that is sent as short as can be is read up to 2^32, which is 429 kWh; from then on
# the telegram is an error, with all other values in it.
#
# The checksum of a message is such a number as well. If its first byte is 0 and left out, the
# telegram is refused for a wrong checksum: one in 256.
#
# smllib and pysml read all of these.
#
# smartmeter-obis 4.0.0 with open-sml 1.0.4 (npm), Node.js 18 or newer, beside smllib 1.7 and pysml
# 0.1.9. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >npm.log
npm install --silent smartmeter-obis@4.0.0 open-sml@1.0.4 >>npm.log
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check smllib==1.7 pysml==0.1.9

cat >read.js <<'JAVASCRIPT'
const settings = { protocol: "SmlProtocol", transport: "LocalFileTransport", requestInterval: -1 };
const reader = require("smartmeter-obis").init(
  { ...settings, transportLocalFilePath: "telegram" },
  (error, values) => {
    const list = Object.values(values || {}).map((one) => one.getValue(0).value);
    console.log(JSON.stringify(error ? error.message.split(/:| ->/)[0] : list));
    process.exit(0);
  },
);
reader.process();
JAVASCRIPT
cat >meter.py <<'PYTHON'
import json
import subprocess
import sys
from importlib.metadata import version
from itertools import count
from pathlib import Path

from sml import SmlBase
from smllib import SmlStreamReader

SERVER = "0B 0A015453540000000001"


def checksum(data):
    """CRC-16/X-25, its low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 * (crc & 1)
    return (crc ^ 0xFFFF).to_bytes(2, "little")


def message(number, body, short):
    """An SML message; with "short" without the first byte of a checksum if that is 0."""
    data = bytes.fromhex(f"76 05 {number:08X} 6200 6200 {body}")
    crc = checksum(data)
    if short and not crc[0]:
        return data + b"\x62" + crc[1:] + b"\0"
    return data + b"\x63" + crc + b"\0"


def telegram(energy, short=False):
    """An SML file of a meter with this counter, as TL byte and number, and 300 W."""
    counter = f"77 070100010800FF 01 01 621E 52FC {energy} 01"
    power = "77 070100100700FF 01 01 621B 5200 53012C 01"
    messages = (
        message(1, f"72 630101 76 01 01 0500000001 {SERVER} 01 01", short)
        + message(2, f"72 630701 77 01 {SERVER} 070100620AFFFF 01 72 {counter} {power} 01 01", short)
        + message(3, "72 630201 71 01", short)
    )
    fill = -len(messages) % 4
    data = bytes.fromhex("1B1B1B1B 01010101") + messages + bytes(fill)
    data += bytes.fromhex(f"1B1B1B1B 1A{fill:02X}")
    return data + checksum(data)


def read(name, data):
    """What the three say of a telegram."""
    Path("telegram").write_bytes(data)
    node = subprocess.run(["node", "read.js"], stdout=subprocess.PIPE, timeout=60, check=True)
    said = json.loads(node.stdout)
    stream = SmlStreamReader()
    stream.add(data)
    entries = stream.get_frame().parse_frame()[1].message_body.val_list
    smllib = [entry.get_value() for entry in entries]
    pysml = [entry["value"] for entry in SmlBase.find_frame(data)[1][1]["messageBody"]["valList"]]
    print(f"{name}: {said}, smllib {smllib}, pysml {pysml}")
    return said, smllib == pysml and len(smllib) == 2


package = json.loads(Path("node_modules/smartmeter-obis/package.json").read_text())
print(f"smartmeter-obis {package['version']}, smllib {version('smllib')}, pysml {version('pysml')}")
zero = next(n for n in count(1) if telegram(f"65 {n:08X}") != telegram(f"65 {n:08X}", short=True))
found = [
    read("four bytes", telegram("65 FFFFFFFF")),
    read("five bytes", telegram("66 0100000000")),
    read("five bytes with sign", telegram("56 0100000000")),
    read("eight bytes", telegram("69 0000000100000000")),
    read("checksum with its zero", telegram(f"65 {zero:08X}")),
    read("checksum without it", telegram(f"65 {zero:08X}", short=True)),
]
full = [429.4967296, 300]
sys.exit(
    [said for said, _ in found]
    != [
        [429.4967295, 300],
        "Error while parsing SML message",
        full,
        full,
        [round(zero / 10**7, 10), 300],
        "Message CRC-Check invalid",
    ]
    or not all(others for _, others in found)
)
PYTHON
venv/bin/python meter.py
