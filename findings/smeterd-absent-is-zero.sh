#!/usr/bin/env bash
# smeterd says 0 m3 of gas for a gas meter that is not on channel 1, and 0 W for phases not told.
#
# Surprising: of all values that a telegram lacks, these four are 0 and the others None. The gas is
# looked for on M-Bus channel 1 alone; after an exchange of the gas meter it can be on another one,
# and then its total falls to 0.0, with its number and time None. Whoever stores the total sees the
# counter fall to nothing and, once it is back, a house that burnt all of it in an hour. DSMR 2 and 3
# tell no power of each phase: there "watts" is 0 on all three while the house draws power.
#
# smeterd 2.9.2. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check smeterd==2.9.2

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from smeterd.meter import P1Packet, crc16

print(f"smeterd {version('smeterd')}")


def parse(channel, *more):
    """Parse a telegram of DSMR 5 whose gas meter is on this channel."""
    lines = [
        "/TST5TEST",
        "",
        "1-3:0.2.8(50)",
        "0-0:1.0.0(261129120000W)",
        "1-0:1.7.0(00.515*kW)",
        *more,
        f"0-{channel}:24.1.0(003)",
        f"0-{channel}:96.1.0(4730303233353631)",
        f"0-{channel}:24.2.1(261129115500W)(00111.111*m3)",
    ]
    text = ("\r\n".join(lines) + "\r\n!").encode()
    packet = P1Packet(text + b"%04X\r\n" % crc16(text))
    gas, phase = packet["gas"], packet["instantaneous"]["l1"]
    print(f"gas on channel {channel}: {gas}, phase 1: {phase}")
    return gas["total"], gas["eid"], gas["measured_at"] is None, phase["watts"], phase["volts"]


first = parse(1, "1-0:32.7.0(233.1*V)", "1-0:21.7.0(00.515*kW)")
second = parse(2)
number = b"4730303233353631"
sys.exit(
    first not in {(111.111, n, False, 515.0, 233.1) for n in (number, number.decode())}
    or second != (0, None, True, 0, None)
)
PYTHON
