#!/usr/bin/env bash
# smartmeter-webthing starts with counters of 0 and with the mean feed-in of the day as consumption.
#
# Surprising: until the first telegram has come, its power is no empty value but the mean of all
# negative powers that it keeps, one for each minute of a day, without their sign. A house that fed
# in 3000 W at noon, and whose reader is started at night or with the cable pulled, consumes 3000 W.
# Both counters are 0 for as long: whoever stores them sees a fall to nothing, and with the first
# telegram a day on which the house consumed all that its meter has ever counted.
#
# smartmeter-webthing 1.2.32, smllib 1.2. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check smartmeter-webthing==1.2.32

XDG_DATA_DIRS="$dir/data" timeout 60 "$dir/venv/bin/python" - <<'PYTHON'
import os
import sys
import time
import tty
from importlib.metadata import version

from smartmeter_webthing.meter import Meter

SERVER = "0B 0A015453540000000001"


def checksum(data):
    """CRC-16/X-25, its low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 * (crc & 1)
    return (crc ^ 0xFFFF).to_bytes(2, "little")


def message(number, body):
    data = bytes.fromhex(f"76 05 {number:08X} 6200 6200 {body}")
    return data + b"\x63" + checksum(data) + b"\0"


def telegram(power):
    """An SML file of a meter with this power in W, 10000 Wh consumed and 20000 Wh fed in."""
    entries = (
        "77 070100010800FF 01 01 621E 5200 6500002710 01"
        "77 070100020800FF 01 01 621E 5200 6500004E20 01"
        f"77 070100100700FF 01 01 621B 5200 55{power & 0xFFFFFFFF:08X} 01"
    )
    messages = (
        message(1, f"72 630101 76 01 01 0500000001 {SERVER} 01 01")
        + message(2, f"72 630701 77 01 {SERVER} 01 01 73 {entries} 01 01")
        + message(3, "72 630201 71 01")
    )
    fill = -len(messages) % 4
    data = bytes.fromhex("1B1B1B1B 01010101") + messages + bytes(fill)
    data += bytes.fromhex("1B1B1B1B 1A") + bytes([fill])
    return data + checksum(data)


def start():
    """A reader at a line without telegrams: (the end to write to, the reader)."""
    line_end, terminal = os.openpty()
    tty.setraw(terminal)
    return line_end, Meter(os.ttyname(terminal))


def shown(meter, what):
    found = meter.current_power, meter.consumed_power_total, meter.produced_power_total
    print(f"{what}: {found[0]} W, counters {found[1]} Wh and {found[2]} Wh")
    return found


print(f"smartmeter-webthing {version('smartmeter-webthing')}, smllib {version('smllib')}")
line_end, meter = start()
for _ in range(200):
    os.write(line_end, telegram(-3000))
    time.sleep(0.1)
    if meter.produced_power_total:
        break
running = shown(meter, "while telegrams come")
started = shown(start()[1], "started again, before the first telegram")
sys.exit(running != (-3000, 10000, 20000) or started != (3000, 0, 0))
PYTHON
