#!/usr/bin/env bash
# A pseudo terminal takes 8E1 the first time and refuses it the second time.
#
# Surprising: opening the same pseudo terminal twice with the same parity works once and fails once.
# The kernel ignores PARENB on a pseudo terminal without an error, at each time (ioctl TCSETS, below).
# The error is that of tcsetattr in the C library, and it comes only where nothing else of what was
# asked for is new: the first time the baud rate changes too.
#
# pySerial 3.5 (termios.error, EINVAL), glibc 2.36, Linux 6.18. Seen on 2026-11-28.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pyserial==3.5

"$dir/venv/bin/python" - <<'PYTHON'
import errno
import fcntl
import os
import platform
import sys
import termios

import serial

print(f"pySerial {serial.VERSION}, {' '.join(platform.libc_ver())}, Linux {platform.release()}")
master, slave = os.openpty()


def opened():
    """Open the pseudo terminal with even parity; give what comes of it."""
    try:
        with serial.Serial(os.ttyname(slave), 2400, parity=serial.PARITY_EVEN) as port:
            has = termios.tcgetattr(port.fileno())[2] & termios.PARENB
            return "opened, " + ("with parity" if has else "without parity")
    except termios.error as error:
        return f"termios.error {errno.errorcode[error.args[0]]}"


def ioctl():
    """Ask the kernel itself for parity; give what comes of it."""
    termios_ = bytearray(fcntl.ioctl(slave, termios.TCGETS, bytes(36)))
    flags = int.from_bytes(termios_[8:12], sys.byteorder) | termios.PARENB
    termios_[8:12] = flags.to_bytes(4, sys.byteorder)
    fcntl.ioctl(slave, termios.TCSETS, bytes(termios_))
    return "no error"


first, second = opened(), opened()
print(f"first time:  {first}")
print(f"second time: {second}")
kernel = ioctl()
print(f"by ioctl:    {kernel}")
sys.exit((first, second, kernel) != ("opened, without parity", "termios.error EINVAL", "no error"))
PYTHON
