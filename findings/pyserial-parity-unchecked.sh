#!/usr/bin/env bash
# pySerial sets a parity and does not have it checked.
#
# Surprising: with parity=PARITY_EVEN the terminal's input flags have no INPCK, so a byte that comes
# with a parity error is an ordinary byte to the reader. PARMRK is off too. Whoever sets the two by
# himself loses them again, without a word, with the next change of any setting of the port, such
# as its baud rate.
#
# pySerial 3.5, Linux 6.18. Seen on 2026-11-28.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyserial==3.5

"$dir/venv/bin/python" - <<'PYTHON'
import os
import platform
import sys
import termios

import serial

print(f"pySerial {serial.VERSION}, Linux {platform.release()}")
INPUT = {"INPCK": termios.INPCK, "PARMRK": termios.PARMRK}


def flags(port):
    now = termios.tcgetattr(port.fileno())[0]
    return [name for name, bit in INPUT.items() if now & bit]


master, slave = os.openpty()
port = serial.Serial(os.ttyname(slave), 2400, parity=serial.PARITY_EVEN)
opened = flags(port)
print(f"opened with parity={port.parity}: input flags {opened}")

attributes = termios.tcgetattr(port.fileno())
attributes[0] |= termios.INPCK | termios.PARMRK
termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
by_hand = flags(port)
print(f"set by hand: input flags {by_hand}")

port.baudrate = 9600
after = flags(port)
print(f"after port.baudrate = 9600: input flags {after}")

sys.exit((opened, by_hand, after) != ([], ["INPCK", "PARMRK"], []))
PYTHON
