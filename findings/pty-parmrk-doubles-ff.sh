#!/usr/bin/env bash
# A pseudo terminal with PARMRK gives each byte FF twice.
#
# Surprising: a pseudo terminal has no wire and no parity errors to mark, and the parity check is
# not even switched on (no INPCK). Yet PARMRK alone has its line discipline write FF as FF FF, as
# for a serial port, where FF begins a mark. A reader that sets PARMRK has to undo it there too.
#
# Linux 6.18, of any Python with the module termios. Seen on 2026-11-28.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

python3 - <<'PYTHON'
import os
import platform
import sys
import termios
import tty

print(f"Linux {platform.release()}")
SENT = bytes.fromhex("41ff0042ffff80")


def received(flags):
    """Send the bytes through a new pseudo terminal, raw but for some input flags."""
    master, slave = os.openpty()
    tty.setraw(slave)
    attributes = termios.tcgetattr(slave)
    attributes[0] |= flags
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    os.write(master, SENT)
    return os.read(slave, 100).hex(" ")


raw, marked, both = map(
    received, (0, termios.PARMRK, termios.PARMRK | termios.INPCK)
)
print(f"sent            {SENT.hex(' ')}")
print(f"raw             {raw}")
print(f"PARMRK          {marked}")
print(f"PARMRK + INPCK  {both}")
doubled = SENT.replace(b"\xff", b"\xff\xff").hex(" ")
sys.exit((raw, marked, both) != (SENT.hex(" "), doubled, doubled))
PYTHON
