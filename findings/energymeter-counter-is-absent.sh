#!/usr/bin/env bash
# energymeter takes a reading of 655.35 kWh for none, and a missing phase for 429496729.5 V.
#
# Surprising: an ABB meter sets all bits of a number that it does not have, or all but the first of
# one with a sign. energymeter knows that as a list of six numbers, those of 16, 32 and 64 bits, and
# compares each value with all of them, whatever its width: a counter of 64 bits that stands at
# 327.67 or 655.35 kWh is None, as is a power of 327.67 or 655.35 W.
#
# Of registers that are read one at a time, those of one and two words are not compared at all: the
# voltage of a phase that a meter does not have is None if it is read together with others, and
# 429496729.5 V alone.
#
# energymeter 1.3.0 with minimalmodbus 2.1.1. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  energymeter==1.3.0 minimalmodbus==2.1.1 tinysbus==0.1.0

"$dir/venv/bin/python" - <<'PYTHON'
import os
import pty
import sys
import threading
import tty
from importlib.metadata import version

from energymeter import ABBMeter

print(f"energymeter {version('energymeter')}, minimalmodbus {version('minimalmodbus')}")
COUNTER, VOLTAGE_2, POWER = 20480, 23298, 23316  # of 4, 2 and 2 registers
registers = {}


def put(register, count, number):
    for more in range(count):
        registers[register + more] = number >> 16 * (count - 1 - more) & 0xFFFF


def with_crc(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 * (crc & 1)
    return data + crc.to_bytes(2, "little")


def answer():
    """Answer requests as a meter does that speaks Modbus RTU."""
    request = b""
    while True:
        request += os.read(line, 8)
        if len(request) == 8:
            first, count = (int.from_bytes(request[at : at + 2], "big") for at in (2, 4))
            data = b"".join(registers.get(first + n, 0).to_bytes(2, "big") for n in range(count))
            os.write(line, with_crc(request[:2] + bytes([len(data)]) + data))
            request = b""


line, port = pty.openpty()
tty.setraw(port)
threading.Thread(target=answer, daemon=True).start()
meter = ABBMeter(os.ttyname(port))


def read(name, register, count, number):
    """What is read of a register, together with others and alone."""
    put(register, count, number)
    together, alone = meter.read([name, "frequency"])[name], meter.read(name)
    print(f"{name} {number}: with others {together}, alone {alone}")
    return together, alone


found = [
    read("active_import", COUNTER, 4, 65534),
    read("active_import", COUNTER, 4, 65535),
    read("active_import", COUNTER, 4, 32767),
    read("active_power_total", POWER, 2, 32766),
    read("active_power_total", POWER, 2, 32767),
    read("voltage_l2_n", VOLTAGE_2, 2, 0xFFFFFFFF),
]
sys.exit(
    found
    != [
        (655.34, 655.34),
        (None, None),
        (None, None),
        (327.66, 327.66),
        (None, 327.67),
        (None, 429496729.5),
    ]
)
PYTHON
