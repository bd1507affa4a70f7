#!/usr/bin/env bash
# p1-reader gives the water meter's reading as that of the gas meter, under the gas meter's number.
#
# Surprising: where a Belgian meter passes on gas on channel 1 and water on channel 2, the object
# "gas" holds parts of both: reading, time and type of device are those of the line that comes last,
# the number stays that of the gas meter. Nothing is missing and nothing says so, and both counters
# are in cubic metres. Which of the two is read depends on the order of the channels, which follows
# from the order in which the fitters came. A house without water at this port is read rightly.
#
# p1-reader 2.0.6 (npm), Node.js 18 or newer. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >npm.log
npm install --silent p1-reader@2.0.6 >>npm.log

cat >read.js <<'JAVASCRIPT'
const P1Reader = require("p1-reader");
const settings = { baudRate: 115200, parity: "none", dataBits: 8, stopBits: 1 };
const reader = new P1Reader({ port: process.argv[2], ...settings });
reader.on("reading", (reading) => {
  console.log(JSON.stringify(reading.gas));
  process.exit(0);
});
JAVASCRIPT
cat >meter.py <<'PYTHON'
import json
import os
import pathlib
import subprocess
import sys
import tty

GAS = ["0-1:24.1.0(003)", "0-1:96.1.1(47415331)", "0-1:24.2.1(261129110000W)(00111.111*m3)"]
WATER = ["0-2:24.1.0(007)", "0-2:96.1.1(57415432)", "0-2:24.2.1(261129110000W)(00872.234*m3)"]


def read(behind):
    """Return what it calls gas, of a meter behind a pseudo terminal with these lines."""
    meter, port = os.openpty()
    tty.setraw(port)
    lines = ["/FLU5\\253769484_A", "", "0-0:96.1.4(50217)", "0-0:1.0.0(261129110421W)", *behind, "!"]
    command = ["node", "read.js", os.ttyname(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as node:
        while True:
            os.write(meter, "\r\n".join([*lines, ""]).encode())
            try:
                node.wait(1)
            except subprocess.TimeoutExpired:
                continue
            return json.loads(node.stdout.read())


version = json.loads(pathlib.Path("node_modules/p1-reader/package.json").read_text())["version"]
print(f"p1-reader {version}")
alone, both = read(GAS), read(GAS + WATER)
print(f"gas alone:     {alone}")
print(f"gas and water: {both}")
sys.exit(
    (alone["deviceType"], alone["equipmentId"], alone["reading"]) != ("003", "47415331", 111.111)
    or (both["deviceType"], both["equipmentId"], both["reading"]) != ("007", "47415331", 872.234)
)
PYTHON
timeout 60 python3 meter.py
