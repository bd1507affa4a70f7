#!/usr/bin/env bash
# broute-j11 gives a reading that the meter does not have as 429496729.4 kWh.
#
# Surprising: a Japanese meter (ECHONET Lite, class 0288) writes FFFFFFFE for an energy that it does
# not have. Asked for the counters of now (E0, E3), the library gives none for it; those of the last
# half hour (EA, EB), which are told each half hour unasked, it takes for a number, so that one
# telegram holds both. A coefficient multiplies it. momonga gives none for both.
#
# broute-j11 0.1.0, beside momonga 0.7.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check broute-j11==0.1.0 momonga==0.7.0

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from decimal import Decimal
from importlib.metadata import version

from broute_j11 import echonet
from momonga.momonga_echonet_data import EchonetDataParser as Parser

print(f"broute-j11 {version('broute-j11')}, momonga {version('momonga')}")
TIME = "07EA0B1D 0B1E00"  # 2026-11-29 11:30:00
PROFILE = echonet.MeterProfile(coefficient=1, unit=Decimal("0.1"))


def frame(energy):
    """A meter's answer with its counter fed in of now and of the last half hour."""
    now, scheduled = f"E3 04 {energy}", f"EB 0B {TIME} {energy}"
    return bytes.fromhex(f"1081 0001 028801 05FF01 72 02 {now} {scheduled}")


def read(name, energy):
    """What both say of it, now and at the half hour."""
    answer = echonet.EchonetLiteFrame.decode(frame(energy)).property_map()
    now, scheduled = answer[0xE3], answer[0xEB]
    found = [
        echonet.decode_cumulative_energy(now, PROFILE),
        echonet.decode_scheduled_energy(scheduled, PROFILE).energy,
        Parser.parse_measured_cumulative_energy(now, 0.1, 1),
        Parser.parse_cumulative_energy_measured_at_fixed_time(scheduled, 0.1, 1)[
            "cumulative energy"
        ],
    ]
    said = [value if value is None else float(value) for value in found]
    print(f"{name}: now {said[0]}, half hour {said[1]}; momonga {said[2]}, {said[3]}")
    return said


sys.exit(
    read("1234.5 kWh", "00003039") != [1234.5] * 4
    or read("none", "FFFFFFFE") != [None, 429496729.4, None, None]
)
PYTHON
