#!/usr/bin/env bash
# siobrultech-protocols has each circuit of a house draw 65536 W, once in 194 days.
#
# Surprising: a GreenEye Monitor counts seconds in three bytes and watt-seconds in five, and sends
# both. The mean power between two packets is the difference of the one by that of the other. The
# library knows that counters begin anew at 0, and its differences are right. But which of the two
# packets is the later one it tells by the seconds alone: when they begin anew, after 194 days, the
# packets change places, and both differences are taken the wrong way round. All circuits draw
# 65536 W then, one that is switched off 0, and with the next packet all is right again. Within a
# day's mean, or as a highest value, it stays.
#
# siobrultech-protocols 0.14.0. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check siobrultech-protocols==0.14.0

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from siobrultech_protocols.gem.packets import BIN32_ABS

print(f"siobrultech-protocols {version('siobrultech-protocols')}")
CIRCUITS, WATTS, OFF = 32, 515, 1  # all circuits draw as much, but for the one with number 1


def packet(seconds):
    """What the monitor sends when it has run so long (packet format 2.1, 32 channels)."""
    data = bytes.fromhex("FEFF 08") + (2300).to_bytes(2, "big")
    for circuit in range(CIRCUITS):
        counted = 0 if circuit == OFF else WATTS * seconds
        data += counted.to_bytes(5, "little")
    data += bytes.fromhex("0001 00 01") + bytes(2 * CIRCUITS)
    data += (seconds % 2**24).to_bytes(3, "little") + bytes(4 * 3 + 8 * 2 + 2) + b"\xff\xfe"
    return BIN32_ABS.parse(data + bytes([sum(data) % 256]))


def read(first, second):
    """The mean power of circuits 0 and 1 between two packets, and the differences it is made of."""
    before, after = packet(first), packet(second)
    powers = [round(after.get_average_power(circuit, before)) for circuit in (0, OFF)]
    seconds = after.delta_seconds(before.seconds)
    counted = after.delta_absolute_watt_seconds(0, before.absolute_watt_seconds[0])
    print(f"after {before.seconds} and {after.seconds} s: {powers} W, {counted} Ws in {seconds} s")
    return powers, counted / seconds


ROUND = 2**24
sys.exit(
    read(ROUND - 15, ROUND - 5) != ([515, 0], 515)
    or read(ROUND - 5, ROUND + 5) != ([65536, 0], 515)
    or read(ROUND + 5, ROUND + 15) != ([515, 0], 515)
)
PYTHON
