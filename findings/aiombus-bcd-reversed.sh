#!/usr/bin/env bash
# aiombus reads the digits of a BCD number from the wrong end: 12345678 is 78563412.
#
# Surprising: M-Bus sends numbers with their low byte first, and BCD numbers too (EN 13757-3). Here
# the bytes of a whole number are put in order, those of a BCD number are not, so the same reading
# of the same meter depends on how it is written. The result is a number of the same size, made of
# the right digits in pairs, and it moves by a million where the counter moves by one. A number of
# one byte is read rightly, and what the library writes itself it reads back as it was.
#
# aiombus 0.1.1, beside pyMeterBus 0.8.5. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check aiombus==0.1.1 pyMeterBus==0.8.5

"$dir/venv/bin/python" - <<'PYTHON'
import asyncio
import sys
from importlib.metadata import version

import meterbus
from aiombus.frame import Frame, RawMBusFrame

print(f"aiombus {version('aiombus')}, pyMeterBus {version('pyMeterBus')}")
RECORDS = {
    "12345678 l as whole number": "0413 4E61BC00",
    "12345678 l as BCD of 4 bytes": "0C13 78563412",
    "12345679 l as BCD of 4 bytes": "0C13 79563412",
    "1234 l/h as BCD of 2 bytes": "0A3B 3412",
    "21 °C as BCD of 1 byte": "095B 21",
}
END = "0F"
body = bytes.fromhex("080172 78563412 2423 01 07 01 00 0000" + "".join(RECORDS.values()) + END)
frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])


async def read():
    reader = asyncio.StreamReader()
    reader.feed_data(frame)
    reader.feed_eof()
    return Frame.from_raw_frame(await RawMBusFrame.from_reader(reader))


found = [block.value for block in asyncio.run(read()).data._blocks[:-1]]
other = [float(record.value) for record in meterbus.load(frame).records[:-1]]
for name, value, right in zip(RECORDS, found, other, strict=True):
    print(f"{name}: {value}, pyMeterBus {right:g}")
sys.exit(
    found != [12345678, 78563412, 79563412, 3412, 21]
    or other != [12345.678, 12345.678, 12345.679, 1.234, 21]
)
PYTHON
